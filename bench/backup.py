#!/usr/bin/env python3
"""What backups and restores beside it cost a server that collects: messages a second with and without, from one run.

One twinlinkd takes a recorded day again and again from acdsim over vhost, as fast as it can. Time is cut into windows: nothing, a
system backup, nothing, a data backup, nothing, that one restored, and so on in turns; each window's rate stands beside those of
the windows without anything before and behind it. Floor: nothing lost - as many messages durable as the switch says that it sent,
nothing dropped, no name missing.

    bench/backup.py [--build DIR] [--disk DIR] [--seconds N] [--rounds N] [--json FILE]

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

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = ("system backup", "data backup", "data restore")


class Window:
    """Messages made durable while it is open."""

    def __init__(self, control):
        self.control = control

    def __enter__(self):
        self.begin, self.durable = time.monotonic(), self.now()
        return self

    def now(self):
        status = harness.wait_for("twinlinkd answers", lambda: harness.ask(self.control), 30)
        return status["store"]["committed_messages"]

    def __exit__(self, *_):
        durable = self.now()
        self.seconds = time.monotonic() - self.begin
        self.rate = (durable - self.durable) / self.seconds


def commands(tools, here, control):
    """Each kind's command line; the restore takes what the data backup made."""
    twinlink = tools / "twinlink/twinlink"
    config = here / "d.toml"
    return {
        "system backup": [twinlink, "backup", "system", here / "system", "--config", config],
        "data backup": [twinlink, "backup", "data", here / "data", "--config", config],
        "data restore": [twinlink, "restore", "data", here / "data", "--socket", control],
    }


def turn(kind, command, control, seconds, log):
    """One kind, again and again for at least so long; its window, and how often it was done."""
    done = 0
    with Window(control) as window:
        while done == 0 or time.monotonic() - window.begin < seconds:
            with open(log, "a", encoding="utf-8") as out:
                code = subprocess.run([str(c) for c in command], stdout=out, stderr=out, check=False).returncode
            if code != 0:
                raise harness.Trouble(f"{kind}: exit code {code}: {harness.tail(log)}")
            done += 1
    return window, done


def rest(control, seconds):
    with Window(control) as window:
        time.sleep(seconds)
    return window


def measure(args, tools, here, daemon, switch, control):
    """Windows in turns: {kind: [(rate, rate without, seconds, how often)]}."""
    harness.wait_for("the first messages", lambda: harness.ask(control)["store"]["committed_messages"] > 0, 60, daemon)
    time.sleep(args.seconds)  # the store has something to back up, and buffers their size
    results = {kind: [] for kind in KINDS}
    before = rest(control, args.seconds)
    for _ in range(args.rounds):
        for kind in KINDS:
            window, done = turn(kind, commands(tools, here, control)[kind], control, args.seconds, here / "b.log")
            behind = rest(control, args.seconds)
            if switch.poll() is not None:
                raise harness.Trouble("the switch was done before the windows were: lower --rounds or --seconds")
            without = statistics.mean((before.rate, behind.rate))
            results[kind].append((window.rate, without, window.seconds, done))
            print(f"  {kind}: {window.rate / 1e6:.2f} M/s, without {without / 1e6:.2f} M/s, {done} in {window.seconds:.0f} s",
                  file=sys.stderr, flush=True)
            before = behind
    return results


def run(args):
    tools = pathlib.Path(args.build).resolve() / "tools"
    with harness.hugepages(end_to_end.MEMORY_MIB) as huge, harness.folder() as here, harness.folder(args.disk) as store:
        day = end_to_end.messages_of_a_day(tools, args.agents, here / "day.log")
        (here / "d.toml").write_text(end_to_end.CONFIG.format(
            here=here, store=store, journal=end_to_end.JOURNAL_MIB, idle="backoff", huge="yes" if huge else "no"))
        wires = ",".join(f"{link}=dpdk:net_virtio_user{n},path={here}/{link.lower()}.sock,packed_vq=1,queue_size=1024"
                         for n, link in enumerate("AB"))
        send = [tools / "acdsim/acdsim", "run", "--agents", args.agents, "--loop-days", max(1, int(args.messages / day)),
                "--speed", "max", "--wait-ready", 20, "--server", wires] + ([] if huge else ["--no-huge"])
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--disk", help="folder of the store; default: the build's")
    parser.add_argument("--seconds", type=float, default=5, help="of each window, at least")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--messages", type=float, default=2e9, help="the switch is told to end long before")
    parser.add_argument("--json", help="writes all figures there")
    args = parser.parse_args()
    args.disk = args.disk or args.build
    try:
        result = run(args)
    except harness.Trouble as trouble:
        print(f"backup: {trouble}", file=sys.stderr)
        return 4
    for kind, windows in result["windows"].items():
        ratio = statistics.median(rate / without for rate, without, _, _ in windows)
        spread = ", ".join(f"{rate / without:.2f}" for rate, without, _, _ in windows)
        took = statistics.median(seconds / done for _, _, seconds, done in windows)
        print(f"{kind:15} {ratio:5.2f} x the rate without ({spread}), {took:.1f} s each")
    print(f"sent {result['sent']:,}, durable {result['durable']:,}, missing {result['missing']:,}, dropped {result['dropped'] or 'nothing'}: "
          + ("clean" if result["clean"] else "NOT CLEAN"))
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=1))
    return 0 if result["clean"] else 1


if __name__ == "__main__":
    sys.exit(main())
