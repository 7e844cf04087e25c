#!/usr/bin/env python3
"""What backups and restores beside it cost a server that collects: messages a second with and without, from one run.

One twinlinkd takes a recorded day again and again from acdsim over vhost, at a fixed rate or as fast as it can. Time is cut into
windows: nothing, a system backup, nothing, a data backup, nothing, that one restored, and so on in turns; each window's rate, and
what its stages cost a message, stand beside those of the windows without anything before and behind it. Floor: nothing lost - as
many messages durable as the switch says that it sent, nothing dropped, no name missing.

    bench/backup.py [--build DIR] [--disk DIR] [--rate M] [--seconds N] [--rounds N] [--json FILE]

Exit code 0 when nothing was lost, 1 when something was, 4 when it could not be made.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import end_to_end
import harness
import micro

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = ("system backup", "data backup", "data restore")
JOURNAL_MIB = 256  # a data backup and its restore go through all of it
RATE = 0.5e6  # messages a second that a backup and a restore beside them must not cost one of


class Window:
    """Messages made durable while it is open, and processor time of the stages that they took."""

    def __init__(self, control, daemon):
        self.control, self.daemon = control, daemon

    def __enter__(self):
        self.begin, self.durable, self.cpu = time.monotonic(), self.now(), self.stages()
        return self

    def stages(self):
        return sum(s for thread, s in harness.thread_seconds(self.daemon.pid).items() if thread in end_to_end.STAGES)

    def now(self):
        status = harness.wait_for("twinlinkd answers", lambda: harness.ask(self.control), 30)
        return status["store"]["committed_messages"]

    def __exit__(self, *_):
        durable = self.now()
        self.seconds = time.monotonic() - self.begin
        came = durable - self.durable
        self.rate = came / self.seconds
        self.cpu_ns = (self.stages() - self.cpu) * 1e9 / max(came, 1)


def commands(tools, here, control):
    """Each kind's command line; the restore takes what the data backup made."""
    twinlink = tools / "twinlink/twinlink"
    config = here / "d.toml"
    return {
        "system backup": [twinlink, "backup", "system", here / "system", "--config", config],
        "data backup": [twinlink, "backup", "data", here / "data", "--config", config],
        "data restore": [twinlink, "restore", "data", here / "data", "--socket", control],
    }


def turn(kind, command, control, daemon, seconds, log):
    """One kind, again and again for at least so long; its window, and how often it was done."""
    done = 0
    with Window(control, daemon) as window:
        while done == 0 or time.monotonic() - window.begin < seconds:
            with open(log, "a", encoding="utf-8") as out:
                code = subprocess.run([str(c) for c in command], stdout=out, stderr=out, check=False).returncode
            if code != 0:
                raise harness.Trouble(f"{kind}: exit code {code}: {harness.tail(log)}")
            done += 1
    return window, done


def rest(control, daemon, seconds):
    with Window(control, daemon) as window:
        time.sleep(seconds)
    return window


def measure(args, tools, here, daemon, switch, control):
    """Windows in turns: {kind: [what one of them came to]}."""
    harness.wait_for("the first messages", lambda: harness.ask(control)["store"]["committed_messages"] > 0, 60, daemon)
    time.sleep(args.seconds)  # the store has something to back up, and buffers their size
    results = {kind: [] for kind in KINDS}
    before = rest(control, daemon, args.seconds)
    for _ in range(args.rounds):
        for kind in KINDS:
            window, done = turn(kind, commands(tools, here, control)[kind], control, daemon, args.seconds, here / "b.log")
            behind = rest(control, daemon, args.seconds)
            if switch.poll() is not None:
                raise harness.Trouble("the switch was done before the windows were: lower --rounds or --seconds")
            without = statistics.mean((before.rate, behind.rate))
            cpu_without = statistics.mean((before.cpu_ns, behind.cpu_ns))
            results[kind].append({"rate": window.rate, "without": without, "seconds": window.seconds, "done": done,
                                  "cpu_ns": window.cpu_ns, "cpu_ns_without": cpu_without})
            print(f"  {kind}: {window.rate / 1e6:.3f} M/s, without {without / 1e6:.3f} M/s; CPU ns a message {window.cpu_ns:.0f}, "
                  f"without {cpu_without:.0f}; {done} in {window.seconds:.0f} s", file=sys.stderr, flush=True)
            before = behind
    return results


def run(args):
    tools = pathlib.Path(args.build).resolve() / "tools"
    with harness.hugepages(end_to_end.MEMORY_MIB, args.huge) as huge, harness.folder() as here, harness.folder(args.disk) as store:
        day = end_to_end.messages_of_a_day(tools, args.agents, here / "day.log")
        (here / "d.toml").write_text(end_to_end.CONFIG.format(
            here=here, store=store, journal=JOURNAL_MIB, idle="backoff", huge="yes" if huge else "no"))
        wires = ",".join(f"{link}=dpdk:net_virtio_user{n},path={here}/{link.lower()}.sock,packed_vq=1,queue_size=1024"
                         for n, link in enumerate("AB"))
        send = [tools / "acdsim/acdsim", "run", "--agents", args.agents, "--loop-days", max(1, int(args.messages / day)),
                "--speed", "max", "--wait-ready", 20, "--server", wires] + ([] if huge else ["--no-huge"])
        send += ["--rate", int(args.rate)] if args.rate else []
        control = here / "control.sock"
        with harness.process([tools / "twinlinkd/twinlinkd", "-c", here / "d.toml"], here / "d.log") as daemon:
            harness.wait_for("twinlinkd starts", lambda: harness.ask(control), 30, daemon)
            with harness.process(send, here / "s.log") as switch:
                results = measure(args, tools, here, daemon, switch, control)
                switch.terminate()
                switch.wait(120)
            sent = end_to_end.sent_by(here / "s.log")
            harness.wait_for("all to be durable",
                             lambda: harness.ask(control)["store"]["committed_messages"] >= sent, 120, daemon)
            status = harness.ask(control)
    lost = end_to_end.dropped(status)
    missing = sum(a["missing"] for a in status["acds"])
    durable = status["store"]["committed_messages"]
    return {"windows": results, "sent": sent, "durable": durable, "missing": missing, "dropped": lost,
            "clean": not lost and missing == 0 and durable == sent}


def median_of(windows, what):
    return statistics.median(what(w) for w in windows)


def told(kind, windows):
    """(ratio of the rates, ratio of the costs, seconds of one) as medians, and as text."""
    rate = median_of(windows, lambda w: w["rate"] / w["without"])
    cost = median_of(windows, lambda w: w["cpu_ns"] / max(w["cpu_ns_without"], 1e-9))
    took = median_of(windows, lambda w: w["seconds"] / w["done"])
    spread = ", ".join(f"{w['rate'] / w['without']:.2f}" for w in windows)
    return f"{kind} {rate:.2f} x the rate without ({spread}), {cost:.2f} x the CPU of the stages, {took:.1f} s each"


def sums(result):
    return (f"sent {result['sent']:,}, durable {result['durable']:,}, missing {result['missing']:,}, "
            f"dropped {result['dropped'] or 'nothing'}")


def rows(bench):
    """For bench/run: at the rate that must be borne, and as fast as it goes."""
    table = []
    for rate in (RATE, 0):
        args = argparse.Namespace(build=str(bench.build), disk=str(bench.disk), rate=rate, seconds=2 if bench.quick else 5,
                                  rounds=1 if bench.quick else 3, agents=bench.agents, messages=2e9, huge=bench.hugepages)
        result = run(args)
        name = f"{rate / 1e6:g} M messages/s" if rate else "as fast as it goes"
        table.append(micro.row(
            f"backups and a restore beside ingest, {name}", sums(result),
            "; ".join(told(kind, windows) for kind, windows in result["windows"].items()),
            "nothing lost", result["clean"], **result))
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--disk", help="folder of the store; default: the build's")
    parser.add_argument("--rate", type=float, default=RATE / 1e6, help="M messages/s; 0 = as fast as it goes")
    parser.add_argument("--seconds", type=float, default=5, help="of each window, at least")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--messages", type=float, default=2e9, help="the switch is told to end long before")
    parser.add_argument("--json", help="writes all figures there")
    args = parser.parse_args()
    args.disk, args.rate, args.huge = args.disk or args.build, args.rate * 1e6, True
    try:
        result = run(args)
    except harness.Trouble as trouble:
        print(f"backup: {trouble}", file=sys.stderr)
        return 4
    for kind, windows in result["windows"].items():
        print(told(kind, windows))
    print(sums(result) + (": clean" if result["clean"] else ": NOT CLEAN"))
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=1))
    return 0 if result["clean"] else 1


if __name__ == "__main__":
    sys.exit(main())
