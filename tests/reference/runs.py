"""One run of both: captures of two links, the product's rows, the reference's rows, and what differs."""
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))

from compare import differences
from fold import Fold
from identities import broken
from rig import ACDSIM, TWINLINK, Server, Wire, check
from schema import Schema
from tables import Catalogue, Tables

SCHEMA = HERE.parents[1] / "include/twinlink/acd_link.xml"
# All tables of the definitions, and the report that has each.
REPORTS = {
    "hsplit": "skills",
    "hagent": "agents",
    "hvdn": "vdns",
    "hvector": "vectors",
    "htkgrp": "trunks",
    "htrunk": "trunks",
    "hcwc": "codes",
    "haglog": "logins",
    "call_rec": "calls",
}

# Where the product is known to differ from the definitions, and the reference imitates it so that everything else is
# still compared exactly: name -> what the definitions say. Remove a line with its cause; --strict imitates nothing.
KNOWN_DIFFERENCES = {
    "second skills have inflow when rung again": "INFLOWCALLS has calls that come back to the same skill after nobody"
    " answered; where that is the second or third skill, the product waits until they ring there again.",
    "the skill held last is remembered": "Time beside a held call belongs to the skill of the last ACD call on hold; the"
    " product takes the one that was put on hold last, even when it is back and an older one is still held.",
    "extension is forgotten at logout": "EXTENSION is where the agent was logged in last; the product has 0 in a row that"
    " only has calls which ended after the logout.",
    "direct agent calls are not redirected": "NOANSREDIR of hagent has calls that rang at the agent and were"
    " redirected; the product leaves out direct agent calls.",
}


def schema():
    return Schema(SCHEMA)


def catalogue():
    run = subprocess.run([str(TWINLINK), "items", "--json"], capture_output=True, text=True, check=True)
    return Catalogue(json.loads(run.stdout))


def compared_tables(items):
    return [table for table in REPORTS if table in items.items]


def captures(folder, words):
    paths = {link: folder / f"{link}.pcap" for link in "AB"}
    target = ",".join(f"{link}=pcap:{path}" for link, path in paths.items())
    command = [ACDSIM, "run", "--server", target, "--speed", "max", *words.split()]
    subprocess.run([str(w) for w in command], check=True, capture_output=True)
    return paths


def product_rows(folder, paths, acds, items):
    wire = Wire({link: ("pcap", str(path)) for link, path in paths.items()}, {}, dpdk=False)
    # Captures are read as fast as can be, so one link may be far ahead of the other: that is no loss.
    server = Server(folder / "server", wire, acds, extra="[links]\nreorder_window_ms = 10000")
    few = "calls_max = 1024\nagents_max = 1024\nskills_max = 64\n"  # memory is taken at start, for each ACD
    server.config.write_text(server.config.read_text().replace("[[acd]]\n", "[[acd]]\n" + few))
    server.start_to_end()
    return {table: server.rows(REPORTS[table]) for table in compared_tables(items)}


def reference_rows(streams, items, known):
    tables = Tables(items)
    for stream in streams.values():
        missing = stream.missing()
        check(not missing, f"{len(missing)} messages came on no link: {missing[:5]} ...")
        Fold(stream, tables, known)
    return tables


@dataclass
class Verdict:
    name: str
    messages: int = 0
    seconds: float = 0.0
    failure: str = ""  # why there is nothing to compare
    wrong: list = field(default_factory=list)  # Differences
    broken: list = field(default_factory=list)  # laws that do not hold in the reference's own rows
    rows: dict = field(default_factory=dict)  # table: how many rows the product has
    values: dict = field(default_factory=dict)  # table: how many values were compared

    def good(self):
        return not (self.failure or self.wrong or self.broken)


def compare_run(verdict, folder, paths, tables, acds):
    verdict.broken = broken(tables)
    got = product_rows(folder, paths, acds, tables.catalogue)
    for table, document in got.items():
        verdict.wrong += differences(tables, table, document)
        verdict.rows[table] = len(document["rows"])
        verdict.values[table] = len(document["rows"]) * len(tables.catalogue.items[table])
    return verdict
