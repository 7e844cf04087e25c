"""A pair of real servers: how fast one that was away has all of it again, what healing goes on beside a stream
that loses, and what a bad partner costs.

Two twinlinkd on kernel UDP links and TLS over loopback, one acdsim, one disk. Everything runs on the cores
that there are, so the figures are of a whole pair on one machine: two hosts have twice as much.
"""

import contextlib
import json
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import harness
import micro

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTAGE = 18_000_000  # messages: an hour at LIVE_RATE
CATCH_UP_FLOOR_S = 10
LIVE_RATE = 5_000  # messages a second, as a large ACD in its busiest hour
FILL_RATE = 1_200_000  # while nobody measures: the outage's messages, to the server that stays
LOSSY_RATE = 500_000
MIRROR_FLOOR = 0.01  # of the bytes that come in over the links
STAGES = ("tl-receive", "tl-fold", "tl-commit")

CONFIG = """\
control_socket = "{here}/control.sock"
[store]
path = "{store}"
map_gib = 64
journal_mib = 8192
journal_days = 3650
[[acd]]
number = 1
[[port]]
link = "A"
driver = "udp"
addresses = ["127.0.0.1"]
udp_port = {a}
[[port]]
link = "B"
driver = "udp"
addresses = ["127.0.0.1"]
udp_port = {b}
[partner]
{mode} = "127.0.0.1:{port}"
credentials = "{credentials}"
"""


def free_ports(count):
    """Below those that the kernel gives away itself."""
    ports = []
    for port in random.sample(range(20_000, 32_000), 500):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
                ports.append(port)
            except OSError:
                continue
        if len(ports) == count:
            return ports
    raise harness.Trouble("no port is free")


class Server:
    """One twinlinkd of the pair."""

    def __init__(self, tools, here, store, number, mode, port, credentials):
        self.tools = tools
        self.port, self.credentials = port, credentials
        self.here = here / f"server{number}"
        self.here.mkdir()
        self.control = self.here / "control.sock"
        self.log = self.here / "log"
        self.store = store / f"store{number}"
        self.a, self.b = free_ports(2)
        (self.here / "d.toml").write_text(
            CONFIG.format(
                here=self.here,
                store=self.store,
                a=self.a,
                b=self.b,
                mode=mode,
                port=port,
                credentials=credentials,
            )
        )

    def run(self):
        return harness.process([self.tools / "twinlinkd/twinlinkd", "-c", self.here / "d.toml"], self.log)

    def ask(self, question="status"):
        return harness.ask(self.control, question)

    def answers(self, process):
        harness.wait_for("twinlinkd starts", self.ask, 60, process)

    def report(self, *words):
        """What `twinlink` says of it."""
        args = [self.tools / "twinlink/twinlink", *words, "--json", "--socket", self.control, "--store", self.store]
        done = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise harness.Trouble(f"twinlink {words[0]}: {done.stderr}")
        return json.loads(done.stdout)

    def spec(self):
        return f"A=udp:127.0.0.1:{self.a},B=udp:127.0.0.1:{self.b}"


def pair_command(tools, *words):
    done = subprocess.run(
        [str(w) for w in (tools / "twinlink/twinlink", "pair", *words)], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise harness.Trouble(f"twinlink pair {words}: {done.stderr}")


def two_servers(tools, here, store):
    one, two = here / "pair1", here / "pair2"
    pair_command(tools, "init", "--credentials", one)
    pair_command(tools, "join", one / "own.crt", "--credentials", two)
    pair_command(tools, "join", two / "own.crt", "--credentials", one)
    (port,) = free_ports(1)
    return (
        Server(tools, here, store, 1, "listen", port, one),
        Server(tools, here, store, 2, "connect", port, two),
    )


def missing(status):
    return sum(a["missing"] for a in status["acds"])


def dropped(status):
    return sum(p["counters"]["nic_missed"] for p in status["ports"])


@contextlib.contextmanager
def pair(run):
    """Two servers that know each other, not yet started."""
    with harness.folder() as here, harness.folder(run.disk) as store:
        yield here, *two_servers(run.tools, here, store)


@contextlib.contextmanager
def started(server):
    with server.run() as process:
        server.answers(process)
        yield process


def switch(run, here, servers, *words):
    targets = [word for server in servers for word in ("--server", server.spec())]
    args = [run.tools / "acdsim/acdsim", "run", "--agents", 1000, "--speed", "max"]
    return harness.process([*args, *targets, *words], here / "s.log")


def up(server):
    status = server.ask()
    return status is not None and status["partner"]["state"] == "up"


# ---- a server that was away


def catch_up(run, messages):
    """A server that was down for `messages` comes back while the switch goes on."""
    words = ("--loop-days", 100_000, "--rate", FILL_RATE, "--rate-for", messages, "--rate-then", LIVE_RATE)
    with (
        pair(run) as (here, one, two),
        started(one) as stays,
        started(two) as leaves,
        switch(run, here, (one, two), *words) as feed,
    ):
        # Both see the stream begin; then one is away.
        harness.wait_for("messages", lambda: two.ask()["messages"] > 1000, 60, feed)
        leaves.terminate()
        leaves.wait(30)
        harness.wait_for("the outage to pass", lambda: one.ask()["messages"] >= messages, 600, feed)
        with started(two) as back:
            return watch_return(run, one, two, stays, back)


def watch_return(run, one, two, stays, back):
    """From the moment at which the returned server knows what it lacks."""
    before = one.ask()
    lent = harness.thread_seconds(stays.pid)
    lacks = harness.wait_for("the outage to be seen", lambda: missing(two.ask()), 60, back)
    begin = time.monotonic()
    came = None
    while True:
        status = two.ask()
        waited = time.monotonic() - begin
        if came is None and missing(status) == 0:
            came = waited
            run.say(f"  {lacks / 1e6:.1f} M messages came in {came:.1f} s ...")
        if came is not None and not status["refolding"]:
            break
        if waited > 120:
            raise harness.Trouble(f"not healed: {missing(status)} missing, {status['partner']['text']}")
        time.sleep(0.05)
    after = one.ask()
    lent = {n: s - lent.get(n, 0) for n, s in harness.thread_seconds(stays.pid).items()}
    return {
        "names": lacks,
        "came_s": came,
        "healed_s": waited,
        "live_rate": (after["messages"] - before["messages"]) / waited,
        "dropped": dropped(after) - dropped(before) + dropped(status),
        "cpu_s": {"returned": harness.thread_seconds(back.pid), "partner": lent},
    }


def catch_up_rows(run):
    got = catch_up(run, OUTAGE // 10 if run.quick else OUTAGE)
    busy = {who: sum(cpu.values()) for who, cpu in got["cpu_s"].items()}
    good = got["healed_s"] < CATCH_UP_FLOOR_S and got["dropped"] == 0
    return [
        micro.row(
            f"a server was away for {got['names'] / 1e6:.1f} M messages",
            f"all there after {got['came_s']:.1f} s, all rows after {got['healed_s']:.1f} s "
            f"= {got['names'] / got['healed_s'] / 1e6:.2f} M messages/s",
            f"live {got['live_rate']:.0f} messages/s, {got['dropped']} frames dropped; "
            f"CPU s: returned {busy['returned']:.1f}, partner {busy['partner']:.1f}",
            f"{CATCH_UP_FLOOR_S} s for {OUTAGE / 1e6:g} M",
            None if run.quick else good,
            **got,
        )
    ]


# ---- loss on all links


def lossy(run, seconds):
    """1 % of the frames of each of the four links is lost on its own."""
    words = ("--hours", 1_000, "--opens", "00:00", "--closes", "24:00", "--rate", LOSSY_RATE, "--fault", "loss=0.01")
    with pair(run) as (here, one, two), started(one) as first, started(two) as second:
        harness.wait_for("the pair to connect", lambda: up(one) and up(two), 60)
        open_gaps, begin = [], None
        with switch(run, here, (one, two), *words) as feed:
            harness.wait_for("messages", lambda: one.ask()["messages"] > LOSSY_RATE, 60, feed)
            begin = (time.monotonic(), one.ask(), two.ask())
            while time.monotonic() - begin[0] < seconds:
                open_gaps.append(sum(sum(a["open_gaps"] for a in s.ask()["acds"]) for s in (one, two)))
                time.sleep(0.2)
            end = (time.monotonic(), one.ask(), two.ask())
            feed.send_signal(signal.SIGTERM)
            feed.wait(30)
        settled = lambda s: s["partner"]["to_come"] == 0 and s["partner"]["asked"] == 0 and not s["refolding"]
        harness.wait_for("the pair to heal", lambda: all(settled(s.ask()) for s in (one, two)), 60)
        return judge_lossy(begin, end, open_gaps, one.report("gaps", "--pair"))


def judge_lossy(begin, end, open_gaps, report):
    seconds = end[0] - begin[0]
    rates, mirror, fetched = [], [], []
    for n in (1, 2):
        was, now = begin[n], end[n]
        ingest = sum(p["counters"]["bytes"] for p in now["ports"]) - sum(
            p["counters"]["bytes"] for p in was["ports"]
        )
        counters = lambda status, name: status["partner"]["counters"][name]
        rates.append((now["messages"] - was["messages"]) / seconds)
        mirror.append((counters(now, "bytes_out") - counters(was, "bytes_out")) / ingest)
        fetched.append(counters(now, "names_in"))
    return {
        "seconds": seconds,
        "rate": min(rates),
        "mirror": max(mirror),
        "fetched": fetched,
        "open_gaps_max": max(open_gaps),
        "open_gaps_last": open_gaps[-1],
        "dropped": sum(dropped(s) for s in end[1:]),
        "report": {k: v for k, v in report.items() if k != "gaps"},
    }


def lossy_rows(run):
    got = lossy(run, 10 if run.quick else 60)
    heal = [s["heal_p99_ns"] or 0 for s in got["report"]["servers"]]
    middle = [s["heal_p50_ns"] or 0 for s in got["report"]["servers"]]
    return [
        micro.row(
            f"1 % lost on each of four links, {got['seconds']:.0f} s",
            f"{got['rate'] / 1e6:.2f} M messages/s; fetched {got['fetched'][0]} and {got['fetched'][1]}; "
            f"healed in p50 {max(middle) / 1e9:.2f} s, p99 {max(heal) / 1e9:.2f} s",
            f"open gaps at most {got['open_gaps_max']}, in the end {got['open_gaps_last']}; "
            f"{got['dropped']} frames dropped",
            "",
            **got,
        ),
        micro.row(
            "what one server tells the other, in that run",
            f"{got['mirror']:.2%} of the bytes that came in over the links, messages lent included",
            "",
            f"{MIRROR_FLOOR:.0%}",
            None if run.quick else got["mirror"] < MIRROR_FLOOR,
        ),
    ]


# ---- a partner that is none


class Hostile:
    """Greets as the partner would, with its credentials, then asks for everything and reads nothing, in one
    connection after the other."""

    def __init__(self, server, credentials, acd_epoch):
        sys.path[:0] = [str(ROOT / "tests" / name) for name in ("matrix", "end_to_end", "reference")]
        import fake_partner

        self.protocol = fake_partner
        self.server, self.credentials, self.epoch = server, credentials, acd_epoch
        self.over = threading.Event()
        self.connections = 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)

    def run(self):
        protocol = self.protocol
        want = protocol.message(
            protocol.WANT, self.epoch, 1, 1, 0, entries=[(n * 1000 + 1, n * 1000 + 999) for n in range(32)]
        )
        noise = protocol.sealed(random.Random(1).randbytes(2_000))
        while not self.over.is_set():
            partner = protocol.FakePartner(self.credentials)
            context = partner.context(ssl.PROTOCOL_TLS_CLIENT)
            try:
                with (
                    socket.create_connection(("127.0.0.1", self.server.port), 5) as plain,
                    context.wrap_socket(plain) as partner.stream,
                ):
                    self.connections += 1
                    partner.hello()
                    partner.stream.settimeout(0.5)
                    for _ in range(50):
                        partner.stream.sendall(want * 50)
                        self.over.wait(0.01)
                    partner.stream.sendall(noise)
            except OSError:
                self.over.wait(0.02)


def cost(server, process, seconds):
    """CPU ns of the stages for a message, over so long."""
    was, cpu_was = server.ask(), harness.thread_seconds(process.pid)
    time.sleep(seconds)
    now, cpu = server.ask(), harness.thread_seconds(process.pid)
    messages = now["messages"] - was["messages"]
    return {
        "rate": messages / seconds,
        "ns": 1e9 * sum(cpu[n] - cpu_was[n] for n in STAGES) / max(1, messages),
        "dropped": dropped(now) - dropped(was),
    }


def bad_partner(run, seconds):
    """The stages of one server beside a partner of each kind, each time set beside the time without one
    just before."""
    kinds = {"healthy": [], "stopped": [], "hostile": []}
    with pair(run) as (here, one, two), started(one) as process:
        with switch(run, here, (one,), "--loop-days", 100_000, "--rate", LOSSY_RATE) as feed:
            harness.wait_for("messages", lambda: one.ask()["messages"] > LOSSY_RATE, 60, feed)
            epoch = one.ask()["acds"][0]["epoch"]
            for _ in range(2 if run.quick else 5):
                for kind, found in kinds.items():
                    alone = cost(one, process, seconds)
                    with beside(kind, one, two, epoch):
                        found.append((alone, cost(one, process, seconds)))
    return kinds


@contextlib.contextmanager
def beside(kind, one, two, epoch):
    if kind == "hostile":
        with Hostile(one, two.credentials, epoch) as hostile:
            harness.wait_for("a connection", lambda: hostile.connections, 30)
            yield
        return
    with started(two) as partner:
        harness.wait_for("the partner", lambda: up(one) and two.ask()["partner"]["to_come"] == 0, 60, partner)
        if kind == "stopped":
            partner.send_signal(signal.SIGSTOP)
        yield
        partner.send_signal(signal.SIGCONT)


def bad_partner_rows(run):
    rows = []
    for kind, found in bad_partner(run, 2 if run.quick else 5).items():
        ratios = [there["ns"] / alone["ns"] for alone, there in found]
        lost = sum(there["dropped"] for _, there in found)
        rows.append(
            micro.row(
                f"ingest beside a partner that is {kind}",
                f"{sum(t['rate'] for _, t in found) / len(found) / 1e6:.2f} M messages/s, {lost} frames dropped",
                f"{sorted(ratios)[len(ratios) // 2]:.2f} x the CPU of its stages without a partner "
                f"({min(ratios):.2f} to {max(ratios):.2f})",
                "nothing dropped",
                lost == 0,
                found=found,
            )
        )
    return rows


def rows(run):
    return catch_up_rows(run) + lossy_rows(run) + bad_partner_rows(run)
