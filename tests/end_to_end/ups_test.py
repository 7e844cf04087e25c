"""Power, real processes: NUT's upsd, upsmon and dummy-ups, with the files of tools/nut; a battery that the test empties."""
import os
import shutil
import subprocess
from pathlib import Path

from pair_rig import ON_AND_ON, SMALL, asked, connected, equal_rows, healed, missing_equals_truth, proven_equal, two_servers
from rig import LIMIT_S, TWINLINK, Processes, Skipped, Truth, check, end_orderly, equal, free_udp_ports, main, switch, wait_for

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


def power(server):
    return server.status()["service"]["power"]["state"]


def power_fails(folder):
    """on battery: told on both servers, backups wait, also after a restart; back; low: all is durable, the partner knows why, the host goes down"""
    one, two = two_servers(folder, **SMALL)
    ups = Ups(folder, one)
    one.start(), two.start()
    connected(one, two)
    sender = switch([one, two], folder, "--agents", "40", *ON_AND_ON, "--start", "2026-03-02T09:25:00Z", "--speed", "300", "--seed", "61",
                    wait=False)
    ups.start()
    wait_for("messages", lambda: min(one.messages(), two.messages()) > 100)
    equal((power(one), one.status()["service"]["backups_wait"]), ("online", False), "power at first")

    def tells_of_battery():
        wait_for("the server to know", lambda: power(one) == "on-battery", said=ups.log)
        check(one.status()["service"]["backups_wait"], "backups do not wait")
        check(any("on battery since" in r for r in one.status()["reasons"]), one.status()["reasons"])
        wait_for("the partner to know", lambda: any("on battery" in n for n in two.status()["notes"]), said=lambda: two.status()["notes"])
    ups.says("OB")
    tells_of_battery()
    asked_for = subprocess.run([str(TWINLINK), "ups", "--socket", str(one.socket)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(asked_for.returncode, 1, f"exit code of twinlink ups on battery ({asked_for.stderr})")
    check("Backups wait" in asked_for.stdout, asked_for.stdout)
    one.kill()
    one.start()
    connected(one, two)
    tells_of_battery()
    ups.says("OL")
    wait_for("power again", lambda: power(one) == "online", said=ups.log)
    wait_for("the partner to know", lambda: not two.status()["notes"], said=lambda: two.status()["notes"])
    told = [e for e in one.twinlink("report", "exceptions")["exceptions"] if e["EXCEPTION"] == "on_battery"]
    equal(len(told), 1, "episodes on battery")
    # And away again, for good.
    ups.says("OB")
    wait_for("the server to know", lambda: power(one) == "on-battery", said=ups.log)
    ups.says("OB LB")
    equal(one.process.wait(LIMIT_S), 0, f"exit code on low battery ({one.tail()} {ups.log()})")
    wait_for("the host to be shut down", ups.shut_down.exists, said=ups.log)
    equal(ups.shut_down.read_text().strip(), "-h +0", "how it is shut down")
    wait_for("the partner to say why", lambda: any("want of power" in r for r in two.status()["reasons"]),
             said=lambda: two.status()["reasons"])
    equal(asked(two)["state"] != "up", True, "the session is over")
    log = one.log.read_text()
    collected, durable = [int(word) for word in log[log.rindex("stopped in good order: "):].split() if word.isdigit()][:2]
    equal(durable, collected, "messages durable, of those collected")
    # Power is back, the machine comes up.
    one.start()
    connected(one, two)
    wait_for("an interval to be over", lambda: two.twinlink("report", "skills")["rows"])
    end_orderly(sender)
    one.settle(), two.settle()
    healed(one, two)
    proven_equal(one, two)
    one.stop(), two.stop()
    missing_equals_truth(one, two, Truth(folder / "truth.json"))
    equal_rows(one, two)


if __name__ == "__main__":
    main([power_fails])
