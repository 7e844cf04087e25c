"""Rows 21 to 27: the store and its disk - calls that fail, no room, readers that stay, bits that flip."""
import hashlib
import json
import os
import signal
import struct
import subprocess
import time
from pathlib import Path

from backup_rig import filled, small_disk
from matrix_rig import DAY, check, connected, equal, row, says, wait_for
from rig import BIN, TWINLINK, TWINLINKD, Processes

FAULTS = BIN / "tests/store/libfaulty_calls.so"
WRITER = BIN / "tests/store/store_writer"
FULL = 3  # space_level
MIB = 1 << 20


def store_counter(server, name):
    return server.status()["store"]["counters"][name]


def store_info(server):
    run = subprocess.run([str(TWINLINK), "store", "info", str(server.store), "--json"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def fingerprint(server):
    return hashlib.sha256((server.store / "data.mdb").read_bytes()).hexdigest()


def with_fault(server, words):
    """The next start() has calls for its store fail: see tests/store/faulty_calls.cpp."""
    server.plain = list(server.prefix)
    server.prefix += ["env", f"LD_PRELOAD={FAULTS.resolve()}", f"TWINLINK_FAULT={words}", f"TWINLINK_FAULT_ROOT={server.store}",
                      f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"]


def without_fault(server):
    server.prefix = server.plain


def ends(server):
    """Waits for its end; the exit code."""
    wait_for("twinlinkd to end", lambda: server.process.poll() is not None, said=server.tail)
    return server.process.returncode


def start_until(server):
    """Starts it; its exit code, or None where it came up."""
    server.process = Processes.start([*server.prefix, TWINLINKD, "-c", server.config], stderr=open(server.log, "a"))
    wait_for("twinlinkd to end or to answer", lambda: server.process.poll() is not None or server.asked() is not None)
    return server.process.poll()


@row(21)
def second_fault(rig):
    """kill -9 of server 1 while it writes, and then a call for its store fails each time that it is started again

    exit code 1 and the store named each time, not one byte of it changed; started without the fault, it heals"""
    one, two = rig.two()
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300")
    rig.wait("commits", lambda: one.status()["store"]["commits"] > 20)
    one.kill()
    before = fingerprint(one)
    calls = (0, 3, 8, 14, 20) if rig.quick else range(60)
    failed = 0
    for call in calls:
        with_fault(one, f"{call} 5 forever")
        one.log.unlink(missing_ok=True)
        code = start_until(one)
        without_fault(one)
        if "is open; collecting" in one.tail():  # beyond the last call of the opening
            one.kill()
            break
        equal(code, 1, f"exit code with call {call} failing ({one.tail()})")
        check(str(one.store) in one.tail(), f"call {call}: it did not say which store: {one.tail()}")
        equal(fingerprint(one), before, f"data.mdb after call {call} failed")
        failed += 1
    check(failed >= 3, f"only {failed} openings failed: the row proves nothing")
    one.start()
    connected(one, two)
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.show(f"{failed} openings failed with EIO: exit code 1, data.mdb unchanged each time")


def failing_commit(rig, words):
    """Server 1 meets a call that fails while it commits. Returns (commits acknowledged at least, commits in the store)."""
    one, two = rig.server(1), rig.server(2)
    with_fault(one, words)
    one.start(), two.start()
    connected(one, two)
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300")
    seen = 0
    while one.process.poll() is None:
        document = one.asked()
        seen = max(seen, document["store"]["commits"]) if document else seen
        time.sleep(0.01)
    equal(ends(one), 1, f"exit code ({one.tail()})")
    check("the store stopped: " in one.tail(), f"it did not say that the store stopped: {one.tail()}")
    held = store_info(one)["commits"]
    check(held >= seen, f"{seen} commits were acknowledged, the store holds {held}")
    without_fault(one)
    one.start()
    connected(one, two)
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    return seen, held


@row(22)
def sync_fails_once(rig):
    """fdatasync says EIO once while server 1 commits

    that commit is not acknowledged, the store stops, exit code 1; started again it goes on at its watermark, and heals"""
    seen, held = failing_commit(rig, "60 5 sync")
    rig.show(f"{seen} commits were seen to be acknowledged, {held} are in the store; exit code 1")


@row(23)
def meta_write_that_landed(rig):
    """the write of a meta page reaches the disk, and says EIO all the same

    the store stops with exit code 1; it holds that commit or the one before, nothing is counted twice, and it heals"""
    failing = 60
    seen, held = failing_commit(rig, f"{failing} 5 after meta")
    # The creation of the store writes two meta pages that are no commits.
    check(held in (failing - 2, failing - 1), f"the commit before the failed one is {failing - 2}, the store holds {held}")
    rig.show(f"{failing - 2} commits acknowledged, {seen} seen, {held} in the store: the one that failed had {'not ' * (held < failing - 1)}landed")


@row(24, quick=True)
def disk_full(rig):
    """the disk of server 1's store becomes full while it collects, and is freed again a while later

    told; nothing is written, frames wait, then are dropped and counted; no crash and no restart; with space it heals"""
    with small_disk(rig.folder / "disk", "192m") as disk:
        one, two = rig.server(1, store_path=disk / "store"), rig.server(2)
        one.start(), two.start()
        connected(one, two)
        sender = rig.sending([one, two], "--agents", "200", "--speed", "400" if rig.quick else "8000")
        rig.wait("commits", lambda: one.status()["store"]["commits"] > 20)
        pid = one.process.pid
        with filled(disk):
            rig.wait("the full disk to be told", lambda: store_counter(one, "space_level") == FULL, said=one.tail)
            told = wait_for("the reason", lambda: says(one, "no room"))
            held = one.status()["store"]["commits"]
            before = one.status()["messages"]
            rig.wait("messages to come in all the same", lambda: one.status()["messages"] > before + 500)
            equal(one.status()["store"]["commits"], held, "commits while there is no room")
            if not rig.quick:
                rig.wait("frames to be dropped", lambda: dropped(one) > 0)
            waiting = one.status()["store"]["batch_bytes"]
        rig.wait("commits to go on", lambda: one.status()["store"]["commits"] > held)
        rig.wait("the word of it to go", lambda: store_counter(one, "space_level") < FULL)
        drops = dropped(one)
        truth = rig.over(sender)
        equal(one.process.pid, pid, "the server's process")
        rig.heal(one, two, truth)
        rig.show(f'told "{told[:90]}"; {waiting} bytes waited, {drops} frames dropped; same process')


def dropped(server):
    return sum(p["counters"]["nic_missed"] + p["counters"]["nic_no_buffer"] for p in server.status()["ports"])


@row(25)
def map_full(rig):
    """server 1's map is 48 MiB: rows and journal of a large day come to its end

    told from 80 % on; old journal goes before its time, but nothing of the last hour; at the end it waits instead of failing;
    started again with a larger map it goes on, and heals"""
    one, two = rig.server(1, store="map_mib = 48\njournal_mib = 36"), rig.server(2)
    one.config.write_text(one.config.read_text().replace("map_gib = 8\njournal_mib = 2048\n", ""))
    one.start(), two.start()
    connected(one, two)
    sender = rig.sending([one, two], "--agents", "500", "--speed", "4000")
    tight = rig.wait("the alarm", lambda: says(one, "of the store's map"), said=lambda: str(one.status()["store"]["counters"]))
    used = store_counter(one, "used_bytes") * 100 // store_counter(one, "map_bytes")
    rig.wait("no room", lambda: store_counter(one, "space_level") == FULL, said=lambda: str(one.status()["store"]["counters"]))
    early = store_counter(one, "pruned_early")
    check(not one.status()["store"]["stopped"], "the store stopped")
    one.stop()
    one.config.write_text(one.config.read_text().replace("map_mib = 48", "map_mib = 1000"))
    one.start()
    connected(one, two)
    rig.wait("room again", lambda: store_counter(one, "space_level") == 0)
    rig.wait("all to come", lambda: one.open_gaps() == 0, said=lambda: str(one.open_gaps()))
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.show(f'told at {used} % "{tight[:80]}"; {early} blocks went before their time; no commit failed; map 48 -> 1000 MiB at a restart')


@row(26)
def readers_that_stay(rig):
    """a reader of server 1's store is killed with a snapshot open; another one hangs, stopped, with its snapshot open

    both are shown; the dead one's slot is cleared within seconds, the hung one is ended at the age that is configured; the file
    does not go on growing"""
    one, two = rig.server(1, store="reader_age_max_s = 4\nrows_every_ms = 20\ncommit_every_ms = 1"), rig.server(2)
    one.start(), two.start()
    connected(one, two)
    sender = rig.sending([one, two], "--agents", "100", "--speed", "300")
    rig.wait("commits", lambda: one.status()["store"]["commits"] > 20)

    def reader():
        process = Processes.start([WRITER, one.store, "hold"], stdout=subprocess.PIPE)
        check(process.stdout.readline().strip() == b"holding", "the reader could not read")
        rig.wait("it to be seen", lambda: store_counter(one, "reader_pid") == process.pid)
        return process
    cleared = store_counter(one, "readers_cleared")
    killed = reader()
    killed.kill()
    killed.wait()
    rig.wait("its slot to be cleared", lambda: store_counter(one, "readers_cleared") > cleared and
             store_counter(one, "reader_pid") != killed.pid)
    hung = reader()
    os.kill(hung.pid, signal.SIGSTOP)
    told = rig.wait("the hung one to be told", lambda: says(one, f"process {hung.pid}"))
    rig.wait("the hung one to be ended", lambda: hung.poll() is not None)
    equal(hung.returncode, -signal.SIGKILL, "how the hung reader ended")
    rig.wait("its slot to be cleared", lambda: store_counter(one, "reader_pid") != hung.pid)
    commits, grown = one.status()["store"]["commits"], store_counter(one, "file_bytes")
    rig.wait("more commits", lambda: one.status()["store"]["commits"] > commits + 100)
    after = store_counter(one, "file_bytes")
    check(after < grown + 8 * MIB, f"the file went on growing: {grown} -> {after} bytes")
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.show(f'killed: cleared; hung: "{told[:80]}", ended by SIGKILL; file {grown // 1024} -> {after // 1024} KiB over 100 commits')


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def flip_blocks(server, nth):
    """One bit in the messages of the nth-oldest journal block, in all copies of it that the file has."""
    data = (server.store / "data.mdb").read_bytes()
    heads = {}
    at = data.find(b"TLJB")
    while at >= 0:
        count, size = struct.unpack_from("<II", data, at + 4)
        first_time = struct.unpack_from("<Q", data, at + 12)[0]
        if 0 < count <= size // 16 and at - 4 + 40 + size <= len(data):
            heads.setdefault(first_time, []).append(at)
        at = data.find(b"TLJB", at + 1)
    places = heads[sorted(heads)[min(nth, len(heads) - 1)]]
    for place in places:
        flip(server.store / "data.mdb", place - 4 + 40 + 12)
    return len(places)


def flip_row(server, table, start, entity):
    """One bit in the row of that table, interval and entity, where its key stands in the file."""
    key = struct.pack(">BHQHQ", table, 1, start, 0, entity)
    data = (server.store / "data.mdb").read_bytes()
    flipped = 0
    at = data.find(key)
    while at >= 0:
        value = at + 29
        version, items, flags, encoding = struct.unpack_from("<HHBB", data, value + 8)
        if encoding == 1 and flags <= 1 and 0 < items < 400:  # on a leaf page; a branch page has no row behind a key
            flip(server.store / "data.mdb", value + 16)
            flipped += 1
        at = data.find(key, at + 1)
    return flipped


@row(27, quick=True)
def bit_flip(rig):
    """bits flip in the file of server 1's store, in a journal block and in a row

    the scrub finds both by their checksums; the block's messages come from the partner, the row is folded again; rows equal
    the reference"""
    one, two = rig.two(store="checkpoint_every_ms = 0")
    truth = rig.send([one, two], *DAY, "--speed", "1200")
    one.settle(), two.settle()
    wait_for("an interval to be over", lambda: one.twinlink("report", "skills")["rows"])
    clean = scrub(one)
    equal((clean["errors"], clean["mending"]), (0, 0), "what a scrub finds before")
    check(flip_blocks(one, 1) > 0, "no journal block was found")
    start = 1772442000 * 10**9  # 2026-03-02T09:00Z
    check(flip_row(one, 1, start, 1) > 0, "no row was found")
    found = scrub(one, 1)
    equal(found["errors"], 2, f"what the scrub found: {found['findings']}")
    told = says(one, "bit rot")
    mended = wait_for("all to be mended", lambda: mending(one)["mended"] == 2 and mending(one), said=lambda: str(mending(one)))
    gaps = [g for g in one.gaps()["gaps"] if g["cause"] == "bit_rot"]
    check(gaps and all(g["state"] == "healed" and g["filled_by"] == "partner" for g in gaps), f"gaps: {gaps}")
    again = scrub(one)
    equal(again["errors"] - found["errors"], 0, "what another scrub finds")
    rig.heal(one, two, truth)
    names = sum(g["last"] - g["first"] + 1 for g in gaps)
    rig.show(f'scrub_errors {found["errors"]}, mended {mended["mended"]}; {names} messages refilled from the partner; told "{told[:60]}"')
    rig.reference(DAY, one, two)


def mending(server):
    return server.status()["scrub"]


def scrub(server, code=0):
    run = subprocess.run([str(TWINLINK), "store", "scrub", "--socket", str(server.socket), "--json"], capture_output=True, text=True)
    check(run.returncode == code, f"twinlink store scrub: exit {run.returncode}: {run.stderr} {run.stdout[-800:]}")
    return json.loads(run.stdout)
