"""The rig of the end-to-end tests: real processes, real wires, real stores; started, watched and ended here.

A Server is a twinlinkd with its own folder (configuration, store, sockets, log). A Switch run is acdsim with its truth.
Nothing waits for luck: every wait names its condition and fails with what was seen after a generous limit. Whatever a
test starts ends with it. Python's standard library only.
"""
import atexit
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(os.environ.get("TWINLINK_BIN", "build/release"))
TWINLINKD = BIN / "tools/twinlinkd/twinlinkd"
TWINLINK = BIN / "tools/twinlink/twinlink"
ACDSIM = BIN / "tools/acdsim/acdsim"
LIMIT_S = 120  # sanitizer builds on a busy machine; a healthy run needs a few seconds
# For what is sent at full speed: one link may be far ahead of the other on a busy machine. That is no loss, so holes may wait.
PATIENT = "[links]\nreorder_window_ms = 60000"


class Failed(Exception):
    """A check of a test did not hold."""


class Skipped(Exception):
    """The machine cannot run this test."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(seen, wanted, what):
    check(seen == wanted, f"{what}: seen {seen!r}, wanted {wanted!r}")


def wait_for(what, condition, limit_s=LIMIT_S, said=lambda: "no more is known"):
    """Polls until condition() is true; returns its value."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failed(f"waited {limit_s} s in vain for: {what} ({said()})")


class Processes:
    """All children, so that none outlives the test."""

    children = []

    @classmethod
    def start(cls, command, **options):
        child = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, **options)
        cls.children.append(child)
        return child

    @classmethod
    def end_all(cls):
        for child in cls.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        cls.children.clear()


atexit.register(Processes.end_all)
# A rig that is asked to leave takes its children along.
for asked in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(asked, lambda number, _: sys.exit(128 + number))


class Wire:
    """How the two links reach a server: what the daemon opens and what the switch sends to."""

    def __init__(self, daemon, switch, switch_args=(), dpdk=True, prefix=()):
        self.daemon = daemon            # {"A": (driver, device), ...}
        self.switch = switch            # {"A": spec, ...}
        self.switch_args = list(switch_args)
        self.dpdk = dpdk
        self.prefix = list(prefix)      # runs the switch elsewhere: ["ip", "netns", "exec", NAME]


def vhost(folder, first=0):
    """`first` numbers the switch's devices: a switch with two servers has four."""
    return Wire({l: ("dpdk", f"net_vhost{i},iface={folder}/{l}.sock") for i, l in enumerate("AB")},
                {l: f"dpdk:net_virtio_user{i},path={folder}/{l}.sock" for i, l in enumerate("AB", first)},
                ["--no-huge", "--memory-mb", "256"])


def free_udp_ports(count):
    """Below those that the kernel gives away itself: nobody gets the port of a server that is down for a moment."""
    ports = []
    for port in random.sample(range(20_000, 32_000), 1000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", port))
                ports.append(port)
            except OSError:
                continue
        if len(ports) == count:
            return ports
    raise Failed("no UDP port is free")


class Server:
    """A twinlinkd."""

    def __init__(self, folder, wire="vhost", acds=1, store=None, extra_store="", extra="", prefix=(), extra_acd="",
                 addresses=None, pool_frames=32768, crashes_max=0):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = Path(store) if store else self.folder / "store"
        self.socket = self.folder / "control.sock"
        self.log = self.folder / "log"
        self.config = self.folder / "twinlinkd.toml"
        self.process = None
        self.program = TWINLINKD
        self.prefix = list(prefix)  # runs the daemon elsewhere: ["ip", "netns", "exec", NAME]
        addresses = addresses or {"A": "10.101.1.2", "B": "10.101.2.2"}
        ports = {"A": 5500, "B": 5500}
        if wire == "vhost":
            self.wire = vhost(self.folder)
        elif wire == "udp":
            numbers = dict(zip("AB", free_udp_ports(2)))
            addresses = {"A": "127.0.0.1", "B": "127.0.0.1"}
            ports = numbers
            self.wire = Wire({l: ("udp", "") for l in "AB"},
                             {l: f"udp:127.0.0.1:{numbers[l]}" for l in "AB"}, dpdk=False)
        else:
            self.wire = wire
        # Tests kill servers as often as they like: that alone puts no store aside. None: older programs do not know the key.
        crashes = [] if crashes_max is None else [f"crashes_max = {crashes_max}"]
        lines = [f'control_socket = "{self.socket}"', *crashes, extra, "[store]", f'path = "{self.store}"', "map_gib = 8",
                 "journal_mib = 2048", extra_store, "[dpdk]", 'hugepages = "no"']
        for acd in range(1, acds + 1):
            lines += ["[[acd]]", f"number = {acd}", extra_acd]
        for link, (driver, device) in self.wire.daemon.items():
            lines += ["[[port]]", f'link = "{link}"', f'driver = "{driver}"']
            if device:
                lines.append(f'device = "{device}"')
            lines += [f'addresses = ["{addresses[link]}"]', f"udp_port = {ports[link]}",
                      f"pool_frames = {pool_frames}"]
        self.config.write_text("\n".join(lines) + "\n")

    def start(self, *options, limit_s=LIMIT_S):
        self.process = Processes.start([*self.prefix, self.program, "-c", self.config, *options], stderr=open(self.log, "a"))
        wait_for("twinlinkd to answer", lambda: self.process.poll() is not None or self.asked() is not None, limit_s)
        check(self.process.poll() is None, f"twinlinkd ended: {self.tail()}")
        return self

    def start_to_end(self):
        """For captures: runs until the daemon leaves by itself; the exit code must be 0."""
        self.process = Processes.start([TWINLINKD, "-c", self.config], stderr=open(self.log, "a"))
        equal(self.process.wait(LIMIT_S), 0, f"exit code of twinlinkd ({self.tail()})")

    def asked(self):
        """The daemon's status document, or None while it does not answer."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(str(self.socket))
                s.sendall(b"status\n")
                data = b""
                while chunk := s.recv(1 << 16):
                    data += chunk
            return json.loads(data)
        except (OSError, ValueError):
            return None

    def status(self):
        """The daemon's status document; a busy daemon is asked again, one that has ended is a failure."""
        def answer():
            document = self.asked()
            check(document is not None or self.process.poll() is None, f"twinlinkd ended: {self.tail()}")
            return document
        return wait_for("twinlinkd to answer", answer)

    def messages(self):
        return sum(a["messages"] for a in self.status()["acds"])

    def open_gaps(self):
        return sum(a["open_gaps"] for a in self.status()["acds"])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Orderly; the exit code must be 0."""
        self.process.terminate()
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            raise Failed(f"twinlinkd did not end: {self.tail()}") from None
        equal(code, 0, f"exit code of twinlinkd ({self.tail()})")

    def settle(self, dead=()):
        """Waits until every stream has come to its end, on each link that is not dead, and the commits are down."""
        what_lacks = "no stream began"

        def settled():
            nonlocal what_lacks
            status = self.status()
            if not status["acds"]:
                return False
            lacks = [f"ACD {a['acd']} has not ended" for a in status["acds"] if not a["ended"]]
            lacks += [f"{a['parked_frames']} frames are parked" for a in status["acds"] if a["parked_frames"]]
            lacks += [f"link {link['link']} of ACD {a['acd']} is {link['behind']} messages behind"
                      for a in status["acds"] for link in a["links"] if link["behind"] and link["link"] not in dead]
            lacks += [f"{p['ring_frames']} frames wait in the ring of link {p['link']}" for p in status["ports"]
                      if p["ring_frames"]]
            durable = status["store"]["committed_messages"]
            lacks += [f"{durable} of {status['messages']} messages are durable"] if durable != status["messages"] else []
            what_lacks = ", ".join(lacks)
            return not lacks
        wait_for("all streams to end and be durable", settled, said=lambda: what_lacks)

    def tail(self):
        return self.log.read_text()[-2000:] if self.log.exists() else "no log"

    # ---- what the operator's command says
    def twinlink(self, *words, codes=(0, 1), store=True):
        of_store = ["--store", str(self.store)] if store else []
        run = subprocess.run([str(TWINLINK), *words, *of_store, "--json"], capture_output=True, text=True,
                             timeout=LIMIT_S)
        check(run.returncode in codes, f"twinlink {words}: exit {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)

    def gaps(self):
        return self.twinlink("gaps")

    def links(self):
        return self.twinlink("links")

    def rows(self, table):
        """All rows of `twinlink report skills` or `agents`, every item, exact."""
        return self.twinlink("report", table, "--items", "all", "--exact", "--from", "1970-01-01T00:00:00Z")

    def store_check(self):
        run = subprocess.run([str(TWINLINK), "store", "check", str(self.store), "--json"], capture_output=True,
                             text=True, timeout=LIMIT_S)
        equal(run.returncode, 0, f"exit code of store check ({run.stdout[-1500:]} {run.stderr[-500:]})")
        return json.loads(run.stdout)


class Truth:
    """What acdsim says became of every message."""

    def __init__(self, file):
        self.document = json.loads(Path(file).read_text())

    def streams(self):
        return self.document["streams"]

    def lost(self, server=1):
        """{(acd, epoch): [(first, last)]} of what came on neither link of the server."""
        return {(s["acd"], s["epoch"]): [(r["first"], r["last"]) for r in s["servers"][server - 1]["lost"]]
                for s in self.streams()}


def switch(servers, folder, *args, command="run", wait=True, truth=True, recording=None):
    """Runs acdsim against the servers. Returns its Truth when waited for, else the process. `recording`: files {link: capture} that
    get all that it sends, as a further server that loses nothing."""
    folder = Path(folder)
    words = [*servers[0].wire.prefix, ACDSIM, command]
    for server in servers:
        words += ["--server", ",".join(f"{l}={spec}" for l, spec in server.wire.switch.items())]
    if recording:
        words += ["--server", ",".join(f"{l}=pcap:{file}" for l, file in recording.items())]
    words += servers[0].wire.switch_args
    words += ["--wait-ready", str(LIMIT_S), "--give-up", "0"]
    summary = folder / "truth.json"
    if truth:
        words += ["--truth-summary", summary]
    words += args
    process = Processes.start(words, stderr=open(folder / "acdsim.log", "a"))
    if not wait:
        return process
    try:
        code = process.wait(5 * LIMIT_S)
    except subprocess.TimeoutExpired:
        raise Failed("acdsim did not end: " + (folder / "acdsim.log").read_text()[-2000:]) from None
    equal(code, 0, "exit code of acdsim (" + (folder / "acdsim.log").read_text()[-2000:] + ")")
    return Truth(summary) if truth else None


def end_orderly(sender):
    """A switch that still sends ends its epochs and leaves; the exit code must be 0."""
    check(sender.poll() is None, "acdsim was done before it was told to be (make its day longer)")
    sender.terminate()
    equal(sender.wait(LIMIT_S), 0, "exit code of acdsim")


def open_ranges(gaps):
    """{(acd, epoch): [(first, last)]} of the open gaps, neighbours joined, as the truth has them."""
    ranges = {}
    for g in sorted(gaps["gaps"], key=lambda g: (g["acd"], g["epoch"], g["first"])):
        if g["state"] not in ("open", "requested", "lost"):
            continue
        of_stream = ranges.setdefault((g["acd"], g["epoch"]), [])
        if of_stream and of_stream[-1][1] + 1 == g["first"]:
            of_stream[-1] = (of_stream[-1][0], g["last"])
        else:
            of_stream.append((g["first"], g["last"]))
    return ranges


def gaps_equal_truth(server, truth, number=1):
    wanted = {k: v for k, v in truth.lost(number).items() if v}
    equal(open_ranges(server.gaps()), wanted, "the gap report against the truth")
    for stream in server.gaps()["streams"]:
        check(stream["adds_up"], f"a stream's totals do not add up: {stream}")


def links_equal_truth(server, truth, number=1):
    seen = {(l["acd"], l["epoch"], l["link"]): l for l in server.links()["links"]}
    for stream in truth.streams():
        for link, wanted in stream["servers"][number - 1]["links"].items():
            row = seen[(stream["acd"], stream["epoch"], link)]
            equal(row["lost_alone"], wanted["lost_alone"], f"link {link}: messages lost alone")
            equal(row["distinct"], wanted["delivered"], f"link {link}: messages delivered")


def main(tests):
    """Runs the functions given (or named on the command line), each in its own folder."""
    wanted = sys.argv[1:]
    failed = ran = skipped = 0
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        folder = Path(tempfile.mkdtemp(prefix="twinlink-e2e-"))
        began = time.monotonic()
        try:
            test(folder)
            verdict = "ok"
        except Skipped as why:
            verdict, skipped = f"SKIPPED: {why}", skipped + 1
        except Failed as why:
            verdict, failed = f"FAILED: {why}", failed + 1
        except Exception as why:  # a broken test is a failed one, and the others still run
            verdict, failed = f"FAILED: {type(why).__name__}: {why}", failed + 1
        finally:
            Processes.end_all()
            shutil.rmtree(folder, ignore_errors=True)
        ran += 1
        print(f"{(test.__doc__ or test.__name__).splitlines()[0]}: {verdict} ({time.monotonic() - began:.1f} s)", flush=True)
    if ran == skipped:
        print("nothing ran")
        sys.exit(77)
    sys.exit(1 if failed else 0)
