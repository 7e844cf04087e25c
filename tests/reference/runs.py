"""One run of both: captures of two links, the product's rows, the reference's rows, and what differs."""
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))

from compare import differences, report_differs, stored_rows
from fold import Fold
from identities import broken
from rig import ACDSIM, BIN, TWINLINK, Server, Wire, check
from schema import Schema
from stream import merge
from tables import Catalogue, Tables

SCHEMA = HERE.parents[1] / "include/twinlink/acd_link.xml"
ROWS = BIN / "tests/reference/reference_rows"
# All tables, and the report that shows each.
REPORTS = {
    "hsplit": "skills",
    "hagent": "agents",
    "hvdn": "vdns",
    "hvector": "vectors",
    "htkgrp": "trunk-groups",
    "htrunk": "trunks",
    "hcwc": "codes",
    "haglog": "logins",
    "call_rec": "calls",
    "ag_actv": "trace",
}
# Whose activities are traced: agents of stories, and of acdsim's centres.
TRACED = [*range(1, 21), *range(10_001, 10_041)]

# Where the product is known to differ from the definitions, and the reference imitates it so that everything else is
# still compared exactly: name -> what the definitions say. Remove a line with its cause; --strict imitates nothing.
KNOWN_DIFFERENCES = {
}

# Stories about what the product does not do yet: they differ, and must leave this list when they do not any more.
KNOWN_STORIES = {
}


def schema():
    return Schema(SCHEMA)


def catalogue():
    run = subprocess.run([str(TWINLINK), "items", "--json"], capture_output=True, text=True, check=True)
    document = json.loads(run.stdout)
    # What the links did is of a server, not of the messages: there is nothing to compute it from.
    document["items"] = [item for item in document["items"] if item["table"] != "linkex"]
    return Catalogue(document)


class Both:
    """What every run needs; one in each process."""

    def __init__(self, strict):
        self.schema = schema()
        self.items = catalogue()
        self.known = [] if strict else KNOWN_DIFFERENCES


def captures(folder, words):
    paths = {link: folder / f"{link}.pcap" for link in "AB"}
    target = ",".join(f"{link}=pcap:{path}" for link, path in paths.items())
    command = [ACDSIM, "run", "--server", target, "--speed", "max", *words.split()]
    subprocess.run([str(w) for w in command], check=True, capture_output=True)
    return paths


def product(folder, paths, acds, number=1):
    """A server that has read the captures, which are of what the switch sent to its server of that number."""
    wire = Wire({link: ("pcap", str(path)) for link, path in paths.items()}, {}, dpdk=False)
    # Captures are read as fast as can be, so one link may be far ahead of the other: that is no loss.
    # Memory is taken at start: little of it, so that starting does not take longer than reading.
    links, store = "[links]\nreorder_window_ms = 10000", "commit_mib_max = 8"
    addresses = {link: f"10.{100 + number}.{1 + i}.2" for i, link in enumerate("AB")}
    server = Server(folder / "server", wire, acds, extra_store=store, extra=links, addresses=addresses)
    traced = f"trace_agents = {TRACED}\n"
    few = traced + "calls_max = 1024\nagents_max = 1024\nskills_max = 64\n"
    text = server.config.read_text().replace("[[acd]]\n", "[[acd]]\n" + few)
    server.config.write_text(text.replace("pool_frames = 32768", "pool_frames = 4096"))
    server.start_to_end()
    return server


def product_rows(server, items):
    run = subprocess.run([str(ROWS), str(server.store)], capture_output=True, text=True, timeout=120)
    check(run.returncode == 0, f"reference_rows: exit {run.returncode}: {run.stderr}")
    return stored_rows(run.stdout.splitlines(), items)


def reference_rows(streams, items, known):
    tables = Tables(items)
    for stream in streams.values():
        missing = stream.missing()
        check(not missing, f"{len(missing)} messages came on no link: {missing[:5]} ...")
        Fold(stream, tables, known, TRACED)
    return tables


def against(both, streams, servers, but=(), complete=False):
    """Rows of the servers against those of streams that lack nothing, all items `but` these; how many values were compared.
    `complete`: the servers do lack something, and what they call complete is compared: rows that are there and not INCOMPLETE."""
    tables = reference_rows(streams, both.items, both.known)
    values = 0
    for server in servers:
        for table, got in product_rows(server, tables.catalogue).items():
            if complete:
                got = {name: row for name, row in got.items() if not row["INCOMPLETE"]}
            wrong = [d for d in differences(tables, table, got) if d.item not in but and not (complete and d.got is None)]
            check(not wrong, f"{len(wrong)} values differ from the reference, the first: {wrong[0] if wrong else ''}")
            values += len(got) * len(tables.catalogue.items[table])
    check(values > 0, "there was nothing to compare")
    return values


def same_values(whole, servers):
    """How many values of all rows are those of `whole`: all."""
    items = catalogue()
    rows = product_rows(whole, items)
    check(rows["hsplit"], "the server that shall have all has nothing")
    values = 0
    for server in servers:
        for table, of in product_rows(server, items).items():
            wanted = rows[table]
            wrong = [(name, item, row.get(item), of.get(name, {}).get(item)) for name, row in wanted.items()
                     for item in row if row[item] != of.get(name, {}).get(item)]
            wrong += [(name, "the row", None, "there") for name in of.keys() - wanted.keys()]
            check(not wrong, f"{table}: {len(wrong)} values differ from those of a server that lost nothing, the first: {wrong[:3]}")
            values += sum(len(row) for row in wanted.values())
    return values


@dataclass
class Verdict:
    name: str
    messages: int = 0
    seconds: float = 0.0
    failure: str = ""  # why there is nothing to compare
    wrong: list = field(default_factory=list)  # Differences
    broken: list = field(default_factory=list)  # laws that do not hold in the reference's own rows
    reports: list = field(default_factory=list)  # rows that `twinlink report` shows differently
    rows: dict = field(default_factory=dict)  # table: how many rows the product has
    values: dict = field(default_factory=dict)  # table: how many values were compared

    def good(self):
        return not (self.failure or any(self.complaints()))

    def complaints(self):
        return self.wrong, self.broken, self.reports


def compare_run(verdict, folder, paths, tables, acds):
    verdict.broken = broken(tables)
    server = product(folder, paths, acds)
    for table, got in product_rows(server, tables.catalogue).items():
        verdict.wrong += differences(tables, table, got)
        verdict.rows[table] = len(got)
        verdict.values[table] = len(got) * len(tables.catalogue.items[table])
    return server


def compare_reports(verdict, server, tables):
    """Do reports show the rows as they are? Those of ACDs whose rows differ are left out."""
    wrong = {difference.acd for difference in verdict.wrong}
    for table in tables.catalogue.items:
        names = report_differs(tables, table, server.rows(REPORTS[table]))
        verdict.reports += [f"report {REPORTS[table]}: {name}" for name in names if name[0] not in wrong]
