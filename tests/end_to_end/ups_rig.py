"""A UPS that is none: NUT's upsd, upsmon and dummy-ups, with the files of tools/nut; the test empties its battery."""
import os
import subprocess
from pathlib import Path

from rig import LIMIT_S, TWINLINK, Processes, Skipped, check, free_udp_ports, wait_for

NUT = Path("/lib/nut")  # where Debian has the programs themselves; those in PATH obey /etc/nut/nut.conf
FILES = Path(__file__).resolve().parents[2] / "tools/nut"


class Ups:
    """A UPS that is none, with what watches it, in a folder and a mount namespace of their own."""

    def __init__(self, folder, server):
        for program in (NUT / "upsd", NUT / "upsmon", NUT / "dummy-ups"):
            if not program.exists():
                raise Skipped(f"there is no {program}: tools/setup ups")
        if os.geteuid() != 0:
            raise Skipped("upsmon wants to be started by root")
        self.folder = folder / "nut"
        self.folder.mkdir()
        self.port = free_udp_ports(1)[0]
        self.shut_down = self.folder / "shut_down"
        self.environment = {**os.environ, "NUT_CONFPATH": str(self.folder), "NUT_STATEPATH": str(self.folder),
                            "NUT_ALTPIDPATH": str(self.folder), "TWINLINK": str(TWINLINK.resolve()),
                            "TWINLINK_SOCKET": str(server.socket), "SHUTDOWN": str(self.folder / "shutdown")}
        self.write("ups.conf", f"[ups]\ndriver = dummy-ups\nport = {self.folder}/battery.dev\n")
        self.write("battery.dev", "ups.status: OL\nbattery.charge: 100\n")
        self.write("upsd.conf", f"LISTEN 127.0.0.1 {self.port}\n")
        self.write("upsd.users", "[hand]\npassword = secret\nactions = SET\n[upsmon]\npassword = secret\nupsmon primary\n")
        # What ships, but for places, the user and the name.
        conf = (FILES / "upsmon.conf").read_text()
        for ours, here in (("ups@localhost", f"ups@127.0.0.1:{self.port}"), ("PASSWORD", "secret"), ("RUN_AS_USER nut", "RUN_AS_USER root"),
                           ("/usr/libexec/twinlink", str(FILES)), ("/etc/killpower", f"{self.folder}/killpower")):
            check(ours in conf, f"upsmon.conf has no {ours}")
            conf = conf.replace(ours, here)
        self.write("upsmon.conf", conf)
        sched = (FILES / "upssched.conf").read_text()
        self.write("upssched.conf", sched.replace("/usr/libexec/twinlink", str(FILES)).replace("/run/nut", str(self.folder)))
        self.write("shutdown", f'#!/bin/sh\necho "$@" >{self.shut_down}\n').chmod(0o755)

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        file.chmod(0o640)
        return file

    def program(self, *command):
        """/run/nut, where upsmon keeps its number, is one of its own."""
        inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                  'mkdir -p /run/nut && mount -t tmpfs none /run/nut && exec "$@"', "sh"]
        return Processes.start([*inside, *command], env=self.environment, stdout=open(self.folder / "log", "a"), stderr=subprocess.STDOUT)

    def start(self):
        if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
            raise Skipped("no right to a mount namespace")
        self.program(NUT / "dummy-ups", "-a", "ups", "-u", "root", "-D")
        wait_for("the driver", lambda: (self.folder / "dummy-ups-ups").exists(), said=self.log)
        self.program(NUT / "upsd", "-F", "-u", "root")
        wait_for("upsd", lambda: "OL" in self.ask("upsc", f"ups@127.0.0.1:{self.port}", "ups.status"), said=self.log)
        self.program(NUT / "upsmon", "-F", "-u", "root")
        wait_for("upsmon to log in", lambda: "logged into UPS" in self.log(), said=self.log)
        return self

    def ask(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=self.environment).stdout

    def says(self, status):
        self.ask("upsrw", "-s", f"ups.status={status}", "-u", "hand", "-p", "secret", f"ups@127.0.0.1:{self.port}")

    def log(self):
        return (self.folder / "log").read_text()[-1500:]
