"""Call records as ECHI files: a whole run is exported in every version and taken apart by the field's layouts."""
import json
import subprocess
from pathlib import Path

from rig import PATIENT, TWINLINK, Server, Skipped, check, equal, main, switch

LAYOUTS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "echi_layouts.json"
TIMES = ("ACWTIME", "ANSHOLDTIME", "CONSULTTIME", "DISPTIME", "DURATION", "TALKTIME", "QUEUETIME", "RINGTIME")
NUMBERS = ("DISPSPLIT", "SPLIT1", "SPLIT2", "SPLIT3", "TKGRP", "FIRSTIVECTOR", "DISPIVECTOR")
TEXTS = ("DISPVDN", "FIRSTVDN", "ANSLOGIN", "EQLOC", "LASTCWC", "CWC1", "VDN2")
FLAGS = "ASSIST AUDIO CONFERENCE DA_QUEUED HOLDABN MALICIOUS OBSERVINGCALL TRANSFERRED AGT_RELEASED".split()


def layouts():
    if not LAYOUTS.exists():
        raise Skipped("the field's layouts are not here")
    return json.loads(LAYOUTS.read_text())["versions"]


def value(kind, part):
    if kind == "s":
        check(b"\0" in part, f"a text without NUL: {part}")
        return part.split(b"\0")[0].decode("ascii")
    number = int.from_bytes(part, "little", signed=kind.startswith("i"))
    if kind.startswith("bits:"):
        return {name: number >> bit & 1 for bit, name in enumerate(kind[5:].split(","))}
    return number


def take_apart(path, layout, version):
    """(sequence, records) of a file."""
    data = path.read_bytes()
    equal(int.from_bytes(data[:4], "little"), version, "the header's version")
    size = layout["record_len"]
    equal((len(data) - 8) % size, 0, "bytes behind the last record")
    records = []
    for at in range(8, len(data), size):
        record = {}
        for field in layout["fields"]:
            begin = at + field["offset"]
            record[field["name"]] = value(field["type"], data[begin:begin + field["len"]])
        records.append(record)
    return int.from_bytes(data[4:8], "little"), records


def export(server, version, folder):
    folder.mkdir(exist_ok=True)
    run = subprocess.run([str(TWINLINK), "export", "echi", "--version", str(version), "--store", str(server.store), "--json",
                          str(folder)], capture_output=True, text=True)
    equal(run.returncode, 0, f"exit code of the export ({run.stderr})")
    return json.loads(run.stdout)


def seconds(ns):
    return (ns + 500_000_000) // 1_000_000_000


def compare(record, row, version):
    """A record of a file against the row of `twinlink report calls`."""
    for item in TIMES:
        if item in record:
            equal(record[item], seconds(row[item]), item)
    for item in NUMBERS:
        equal(record[item], row[item] or -1, item)
    for item in TEXTS:
        if item in record:
            equal(record[item], str(row[item]) if row[item] else "", item)
    for flag in FLAGS:
        equal(record["FLAGS"][flag], row[flag], flag)
    equal(record["CALLID"], row["CALLID"] & 0x7FFFFFFF, "CALLID")
    equal(record["CALL_DISP" if version >= 16 else "DISPOSITION"], row["DISPOSITION"], "DISPOSITION")
    equal(record["SEGMENT"], row["SEGMENT"], "SEGMENT")
    equal(record["CALLING_PTY"], row["CALLING_PTY"][:12 if version < 16 else 24], "CALLING_PTY")
    ucid = row["UCID"]
    wanted = f"{ucid >> 48:05}{ucid >> 32 & 0xFFFF:05}{ucid & 0xFFFFFFFF:010}" if ucid else ""
    equal(record["UCID"], wanted, "UCID")


def a_run(folder):
    server = Server(folder / "server", extra=PATIENT).start()
    switch([server], folder, "--agents", "40", "--skills", "4", "--seed", "5", "--hours", "3", "--speed", "max")
    server.settle()
    server.stop()
    return server


def every_version(folder):
    """all versions: every record equals its row, once, and the field's own identity holds"""
    all_layouts = layouts()
    server = a_run(folder)
    rows = server.twinlink("report", "calls", "--items", "all", "--exact", "--from", "1970-01-01T00:00:00Z")["rows"]
    rows = [row for row in rows if row["CLOSED"]]
    check(len(rows) > 100, f"only {len(rows)} calls: this proves nothing")
    for name, layout in all_layouts.items():
        version = int(name)
        said = export(server, version, folder / f"v{version}")
        equal(said["file"], "chr0001", "the file's name")
        equal(said["records"], len(rows), "records")
        sequence, records = take_apart(folder / f"v{version}" / "chr0001", layout, version)
        equal(sequence, 1, "the file's sequence number")
        equal(len(records), len(rows), "records in the file")
        for record, row in zip(records, rows):
            compare(record, row, version)
            if record["ANSLOGIN"]:
                parts = record["DISPTIME"] + record["TALKTIME"] + record["ANSHOLDTIME"] + record["ACWTIME"]
                check(abs(record["SEGSTOP"] - record["SEGSTART"] - parts) <= 3, f"SEGSTOP - SEGSTART is not {parts}")
        equal(export(server, version, folder / f"v{version}")["file"], None, "the second export's file")


def day_by_day(folder):
    """in pieces: every record in exactly one file, numbers without a hole, whatever the receiver has taken away"""
    layout = layouts()["12"]
    server = a_run(folder)
    out = folder / "out"
    out.mkdir()
    rows = server.twinlink("report", "calls", "--items", "SEGMENT", "--from", "1970-01-01T00:00:00Z")["rows"]
    ends = sorted({row["STARTTIME_UTC"] for row in rows if row["CLOSED"]})
    seen, numbers = [], []
    for end in ends[1:] + ["2100-01-01T00:00:00Z"]:
        subprocess.run([str(TWINLINK), "export", "echi", "--version", "12", "--store", str(server.store), "--to", end, str(out)],
                       check=True, capture_output=True)
        for file in sorted(out.glob("chr[0-9]*")):
            sequence, records = take_apart(file, layout, 12)
            numbers.append(sequence)
            seen += [(r["CALLID"], r["SEGMENT"], r["SEGSTOP"]) for r in records]
            file.unlink()
    equal(numbers, list(range(1, len(numbers) + 1)), "sequence numbers")
    check(len(numbers) > 2, "one piece only: this proves nothing")
    equal(len(seen), sum(1 for row in rows if row["CLOSED"]), "records in all files")
    equal(len(set(seen)), len(seen), "records that came once")
    verified = server.twinlink("verify", codes=(0,))
    check(verified["call_records"] > 100, "verify added up too few call records")


main([every_version, day_by_day])
