"""Imports: what both links lost comes back from a capture or from another server, while collecting goes on."""
import os
import shutil
import signal
import subprocess

from rig import ACDSIM, LIMIT_S, TWINLINK, Failed, Processes, Server, check, equal, main, switch, wait_for
from faults_test import clean_run, values

import json

TABLES = ("skills", "agents", "vdns", "vectors", "trunk-groups", "trunks", "codes", "logins", "calls")
DAY = ["--agents", "40", "--hours", "4", "--seed", "7"]
# Single frames, a long hole, and one that a boundary of an interval lies in.
HOLES = ["--fault", "at-seq=1500..1530 drop", "--fault", "at-seq=2600..2601 drop", "--fault", "at-seq=3000..4500 drop"]


def import_from(server, path, *words, codes=(0,)):
    """Runs `twinlink import`; returns its document and what it said on stderr."""
    run = subprocess.run([str(TWINLINK), "import", str(path), "--socket", str(server.socket), "--json", *words],
                         capture_output=True, text=True, timeout=LIMIT_S)
    check(run.returncode in codes, f"twinlink import {path}: exit {run.returncode}: {run.stdout} {run.stderr}")
    return (json.loads(run.stdout) if run.stdout else None), run.stderr


def rows(server, table):
    """Every row, without what tells of the way to it."""
    return sorted(json.dumps(values(r), sort_keys=True) for r in server.rows(table)["rows"])


def rows_equal(server, clean):
    for table in TABLES:
        wanted, seen = rows(clean, table), rows(server, table)
        check(wanted or table not in TABLES[:6], f"{table}: no rows: the test proves nothing")
        if wanted != seen:
            lacks = [r for r in wanted if r not in seen][:1]
            more = [r for r in seen if r not in wanted][:1]
            check(False, f"{table}: {len(seen)} rows, wanted {len(wanted)}; first that lacks {lacks}, that is too many {more}")


class TooFast(Exception):
    """The day ended before the import did."""


def while_it_lasts(folder, test):
    """Imports while a day is being sent; on a machine that is too slow for that, the same again with a slower day."""
    for speed in ("2400", "600", "150"):
        try:
            (folder / speed).mkdir()
            return test(folder / speed, speed)
        except TooFast:
            Processes.end_all()
    raise Failed("the day ended before the import did at any speed: the test proves nothing")


def still_sending(process):
    if process.poll() is not None:
        raise TooFast


def capture(folder, *args, name="capture"):
    """Both links of the same day, as a tap would have written them."""
    files = {link: folder / f"{name}_{link}.pcap" for link in "AB"}
    process = Processes.start([ACDSIM, "run", "--server", ",".join(f"{l}=pcap:{f}" for l, f in files.items()), *DAY,
                               "--speed", "max", *args])
    equal(process.wait(LIMIT_S), 0, "exit code of acdsim into captures")
    return files


def open_gaps(server):
    return [g for g in server.gaps()["gaps"] if g["state"] not in ("filled", "healed")]


def collecting(server, speed="2400"):
    """A day with holes that is being sent; returns the switch once the holes are there."""
    server.start()
    process = switch([server], server.folder, *DAY, "--speed", speed, *HOLES, wait=False)
    wait_for("the holes to be gaps", lambda: server.messages() > 3_500 and server.open_gaps() >= 3)
    return process


def finish(server, process):
    equal(process.wait(5 * LIMIT_S), 0, "exit code of acdsim")
    server.settle()
    server.stop()


def from_captures(folder):
    """holes on both links are filled from a capture while live frames go on; a second time changes nothing"""
    clean = clean_run(folder, *DAY)
    files = capture(folder)
    while_it_lasts(folder, lambda place, speed: from_captures_at(place, speed, clean, files))


def from_captures_at(folder, speed, clean, files):
    server = Server(folder / "server")
    process = collecting(server, speed)
    document, _ = import_from(server, files["A"])
    still_sending(process)
    equal(document["state"], "done", "state")
    equal(document["missing_after"], 0, "missing after the import")
    equal(document["filled"], document["missing_before"], "filled")
    equal(document["conflict"], 0, "conflicts")
    equal(document["messages"], sum(document[k] for k in (
        "filled", "duplicate", "conflict", "other_acd", "unknown_epoch", "beyond", "pruned", "merged", "unreadable")),
        "every message read is accounted for")
    equal(document["gaps_closed"], 3, "gaps closed")
    again, _ = import_from(server, files["B"])
    equal((again["filled"], again["conflict"], again["gaps_closed"]), (0, 0, 0), "the second import")
    finish(server, process)
    equal(open_gaps(server), [], "gaps that are open")
    for gap in server.gaps()["gaps"]:
        equal((gap["state"], gap["filled_by"]), ("healed", "backup"), "a gap")
        check(gap["refold_ns"] and gap["healed_ns"] > gap["refold_ns"], f"no time to heal: {gap}")
    rows_equal(server, clean)
    server.store_check()
    check(all(s["adds_up"] for s in server.gaps()["streams"]), "totals do not add up")
    equal(server.links()["problems"], [], "what `twinlink links` says")


def from_stores(folder):
    """two servers that missed different frames are both whole after each has imported the other's store, while both collect"""
    clean = clean_run(folder, *DAY)
    while_it_lasts(folder, lambda place, speed: from_stores_at(place, speed, clean))


def from_stores_at(folder, speed, clean):
    first, second = Server(folder / "first", "udp").start(), Server(folder / "second", "udp").start()
    process = switch([first, second], folder, *DAY, "--speed", speed, "--fault", "server=1 at-seq=1500..1530 drop",
                     "--fault", "server=1 at-seq=3000..4500 drop", "--fault", "server=2 at-seq=2000..2400 drop",
                     "--fault", "server=2 at-seq=4600..4800 drop", wait=False)
    for server in (first, second):
        wait_for("the holes to be gaps", lambda: server.messages() > 3_500 and server.open_gaps() >= 2)
    for server, other in ((first, second), (second, first)):
        document, _ = import_from(server, other.store)
        equal((document["source"], document["missing_after"], document["conflict"]), ("store", 0, 0), "the import")
        check(document["filled"] > 0, "nothing was filled: the test proves nothing")
    still_sending(process)
    equal(process.wait(5 * LIMIT_S), 0, "exit code of acdsim")
    for server in (first, second):
        server.settle()
        server.stop()
        equal(open_gaps(server), [], "gaps that are open")
        rows_equal(server, clean)
        server.store_check()


def refused(folder):
    """what is no capture of an ACD link and no store is refused with its reason, and nothing is changed"""
    files = capture(folder)
    server = Server(folder / "server")
    process = collecting(server)
    before = open_gaps(server)

    def refuse(path, *parts, codes=(1,)):
        document, said = import_from(server, path, codes=codes)
        if document is not None:
            equal(document["filled"], 0, f"{path}: filled")
        for part in parts:
            check(part in said, f"{path}: {part!r} is not said: {said}")

    (folder / "text").write_text("no capture\n" * 100)
    refuse(folder / "text", "cannot read capture", "What was filled before that stays")
    (folder / "empty").write_bytes(b"")
    refuse(folder / "empty", "cannot read capture")
    refuse(folder / "nowhere", "cannot read it", "No such file", "nothing was read or changed")
    (folder / "folder").mkdir()
    refuse(folder / "folder", "reading the store")
    refuse(server.store, "own store")
    (folder / "link").symlink_to(server.store)
    refuse(folder / "link", "own store")
    os.mkfifo(folder / "pipe")
    refuse(folder / "pipe", "neither a file nor a folder")
    # A capture of something else: the same packets, their payloads overwritten.
    other = bytearray(files["A"].read_bytes())
    at = 24
    while at < len(other):
        size = int.from_bytes(other[at + 8:at + 12], "little")
        other[at + 16 + 14 + 20 + 6:at + 16 + 14 + 20 + 8] = bytes(2)  # no UDP checksum
        other[at + 16 + 42:at + 16 + size] = bytes(size - 42)
        at += 16 + size
    (folder / "other.pcap").write_bytes(other)
    refuse(folder / "other.pcap", "holds a valid frame")
    # A store whose journal is rotten, one that is cut off, and one of a later version.
    donor = Server(folder / "donor", "udp").start()
    switch([donor], donor.folder, *DAY, "--speed", "6000")
    donor.settle()
    donor.stop()
    cut = folder / "cut"
    shutil.copytree(donor.store, cut)
    with open(cut / "data.mdb", "r+b") as file:
        file.truncate(8192)
    refuse(cut, "reading the store")
    rot = folder / "rot"
    shutil.copytree(donor.store, rot)
    with open(rot / "data.mdb", "r+b") as file:
        size = file.seek(0, 2)
        for page in range(8, size // 4096):  # behind the meta pages
            file.seek(page * 4096 + 2000)
            file.write(b"rotten")
    equal(open_gaps(server), before, "gaps after all that")
    document, said = import_from(server, rot, codes=(1,))
    check(said, "nothing is said of a rotten store")
    equal(document["conflict"], 0, "conflicts with a rotten store")
    equal(server.process.poll(), None, "the daemon beside a rotten store")
    document, said = import_from(server, files["A"], "--acd", "9", codes=(1,))
    check(document is None and "not configured" in said, said)
    # Cut off in a packet: what is in front of that counts.
    whole = files["A"].read_bytes()
    (folder / "cut.pcap").write_bytes(whole[:len(whole) // 2 + 7])
    document, said = import_from(server, folder / "cut.pcap", codes=(1,))
    check("breaks off" in said, f"a capture that breaks off: {said}")
    equal(document["state"], "done", "state")
    document, _ = import_from(server, files["A"], codes=(0, 1))
    equal(document["missing_after"], 0, "missing in the end")
    finish(server, process)
    server.store_check()


def without_daemon(folder):
    """no daemon: the command says that one must run"""
    server = Server(folder / "server")
    run = subprocess.run([str(TWINLINK), "import", "/etc/hostname", "--socket", str(server.socket)], capture_output=True,
                         text=True, timeout=LIMIT_S)
    equal(run.returncode, 3, "exit code")
    check("twinlinkd must run" in run.stderr, run.stderr)
    run = subprocess.run([str(TWINLINK), "import"], capture_output=True, text=True, timeout=LIMIT_S)
    equal(run.returncode, 2, "exit code without a path")


def interrupted(folder):
    """interrupted and killed: what was filled stays, the daemon goes on, importing again ends it"""
    clean = clean_run(folder, *DAY)
    files = capture(folder)
    server = Server(folder / "server")
    process = collecting(server)
    # A capture that never ends: the same packets many times over.
    packets = files["A"].read_bytes()
    with open(folder / "long.pcap", "wb") as file:
        file.write(packets)
        for _ in range(400):
            file.write(packets[24:])
    words = [str(TWINLINK), "import", str(folder / "long.pcap"), "--socket", str(server.socket), "--json"]
    for signal_number, codes in ((signal.SIGINT, (1,)), (signal.SIGKILL, (-signal.SIGKILL,))):
        client = Processes.start(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for("the import to read", lambda: (server.status()["import"] or {}).get("messages", 0) > 0 and
                 server.status()["import"]["state"] == "reading")
        refusal = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S)
        equal(refusal.returncode, 1, "exit code of a second import at a time")
        check("under way" in refusal.stderr, refusal.stderr)
        client.send_signal(signal_number)
        out, _ = client.communicate(timeout=LIMIT_S)
        check(client.returncode in codes, f"exit code {client.returncode} of the client after signal {signal_number}")
        if signal_number == signal.SIGINT:
            equal(json.loads(out)["state"], "cancelled", "state")
            wait_for("the import to be over", lambda: server.status()["import"]["over"])
    # The client was killed: the import goes on, `status` tells, and the daemon's end ends it.
    equal(server.status()["import"]["state"], "reading", "state without a client")
    equal(process.wait(5 * LIMIT_S), 0, "exit code of acdsim")
    server.settle()
    server.stop()
    server.start()
    equal(server.status()["import"], None, "imports of a daemon that has just begun")
    import_from(server, files["B"])
    server.stop()
    equal(open_gaps(server), [], "gaps that are open")
    rows_equal(server, clean)
    server.store_check()


if __name__ == "__main__":
    main([from_captures, from_stores, refused, without_daemon, interrupted])
