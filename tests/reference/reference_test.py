"""The reference against the product: every item of every row of hsplit and hagent, exactly, over several seeds.

    reference_test.py                   the scenarios below
    reference_test.py --seeds 5..20     each scenario with each of these seeds
    reference_test.py --only small,busy --differences 50

acdsim writes what two links carry to captures; twinlinkd and the reference read the same captures.
"""
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))

from compare import REPORTS, differences
from fold import Fold
from rig import ACDSIM, TWINLINK, Failed, Processes, Server, Wire, check
from schema import Schema
from stream import merge
from tables import Catalogue, Tables

SCHEMA = HERE.parents[1] / "include/twinlink/acd_link.xml"

# What acdsim is asked for. The load decides what happens: a busy centre queues calls to second and third skills.
SCENARIOS = {
    "small": "--agents 5 --hours 30m --phantom 5",
    "morning": "--agents 25 --hours 3 --phantom 3",
    "busy": "--agents 40 --skills 6 --calls-per-hour 900 --hours 2 --start 2026-03-02T09:00:00Z --interval 15",
    "unanswered": "--agents 30 --skills 5 --calls-per-hour 500 --hours 2 --unanswered-ppm 300000 --phantom 10",
    "crowd": "--agents 200 --hours 45m --start 2026-03-02T10:00:00Z",
    "day": "--agents 12 --whole-day --phantom 5 --interval 60",
    "trunks": "--agents 25 --hours 2 --trunk-maintenance 2000",
    "open": "--agents 20 --hours 100m --phantom 5",
    "acds": "--agents 10 --acds 3 --hours 1",
    "faults": "--agents 20 --hours 2 --cut-differently --fault never-both --fault dup=0.05 --fault corrupt=0.02"
    " --fault truncate=0.01",
    "clock": "--agents 20 --hours 3 --clock-sets 40",
}

# Where the product is known to differ from the definitions, and the reference imitates it so that everything else is
# still compared exactly: name -> what the definitions say. Remove a line with its cause; --strict imitates nothing.
KNOWN_DIFFERENCES = {
    "left behind is booked at once": "All that is about one call goes to the interval in which the call and its"
    " after-call work end; the product books queuings that the call has left and ringings that were not answered in"
    " the interval in which that happens.",
    "second skills have inflow when rung again": "INFLOWCALLS has calls that come back to the same skill after nobody"
    " answered; where that is the second or third skill, the product waits until they ring there again.",
    "the skill held last is remembered": "Time beside a held call belongs to the skill of the last ACD call on hold; the"
    " product takes the one that was put on hold last, even when it is back and an older one is still held.",
    "extension is forgotten at logout": "EXTENSION is where the agent was logged in last; the product has 0 in a row that"
    " only has calls which ended after the logout.",
    "direct agent calls are not redirected": "NOANSREDIR of hagent has calls that rang at the agent and were"
    " redirected; the product leaves out direct agent calls.",
}


def catalogue():
    run = subprocess.run([str(TWINLINK), "items", "--json"], capture_output=True, text=True, check=True)
    return Catalogue(json.loads(run.stdout))


def captures(folder, options, seed):
    paths = {link: folder / f"{link}.pcap" for link in "AB"}
    target = ",".join(f"{link}=pcap:{path}" for link, path in paths.items())
    words = [ACDSIM, "run", "--server", target, "--speed", "max", "--seed", seed, *options.split()]
    subprocess.run([str(w) for w in words], check=True, capture_output=True)
    return paths


def product_rows(folder, paths, acds):
    wire = Wire({link: ("pcap", str(path)) for link, path in paths.items()}, {}, dpdk=False)
    # Captures are read as fast as can be, so one link may be far ahead of the other: that is no loss.
    server = Server(folder / "server", wire, acds, extra="[links]\nreorder_window_ms = 10000")
    few = "calls_max = 1024\nagents_max = 1024\nskills_max = 64\n"  # memory is taken at start, for each ACD
    server.config.write_text(server.config.read_text().replace("[[acd]]\n", "[[acd]]\n" + few))
    server.start_to_end()
    return {table: server.rows(report) for table, report in REPORTS.items()}


def reference_rows(streams, items, known):
    tables = Tables(items)
    for stream in streams.values():
        missing = stream.missing()
        check(not missing, f"{len(missing)} messages came on no link: {missing[:5]} ...")
        Fold(stream, tables, known)
    return tables


def compared(folder, paths, tables, acds):
    """All differences, and how many rows the product has."""
    got = product_rows(folder, paths, acds)
    wrong = [d for table in REPORTS for d in differences(tables, table, got[table])]
    return wrong, sum(len(document["rows"]) for document in got.values())


def scenario(name, seed, schema, items, options):
    folder = Path(tempfile.mkdtemp(prefix="twinlink-reference-"))
    began = time.monotonic()
    try:
        paths = captures(folder, SCENARIOS[name], seed)
        streams = merge(schema, paths.values())
        messages = sum(stream.last for stream in streams.values())
        tables = reference_rows(streams, items, [] if options.strict else KNOWN_DIFFERENCES)
        wrong, rows = compared(folder, paths, tables, len({acd for acd, _ in streams}))
    except (Failed, subprocess.CalledProcessError) as why:
        print(f"{name}, seed {seed}: FAILED: {why}", flush=True)
        return False
    finally:
        Processes.end_all()
        shutil.rmtree(folder, ignore_errors=True)
    verdict = "ok" if not wrong else f"FAILED: {len(wrong)} items differ"
    print(
        f"{name}, seed {seed}: {messages} messages, {rows} rows: {verdict} ({time.monotonic() - began:.1f} s)"
    )
    for difference in wrong[: options.differences]:
        print(f"    {difference}", flush=True)
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1..1", help="FIRST..LAST, for each scenario")
    parser.add_argument("--only", default=",".join(SCENARIOS), help="scenarios, by name")
    parser.add_argument("--differences", type=int, default=10, help="how many to print of each run")
    parser.add_argument("--strict", action="store_true", help="imitate no known difference")
    options = parser.parse_args()
    first, last = (int(word) for word in options.seeds.split(".."))
    schema, items = Schema(SCHEMA), catalogue()
    good = [
        scenario(name, seed, schema, items, options)
        for seed in range(first, last + 1)
        for name in options.only.split(",")
    ]
    print(f"{len(good)} runs, {good.count(False)} failed")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
