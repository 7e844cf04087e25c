"""Rows 28 to 31: stores that cannot be used, crash loops, stages that hang, a message that crashes the fold."""
import hashlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

from matrix_rig import check, connected, equal, row, says
from rig import BIN, LIMIT_S, TWINLINK, Failed, open_ranges
from supervisor_rig import Paused, Supervised

PLANTED = BIN / "tests/service/twinlinkd_planted"
PAGE = 4096
META_BYTES = 152  # of each of the two first pages: header and what LMDB writes behind it


def fingerprint(store):
    return hashlib.sha256((Path(store) / "data.mdb").read_bytes()).hexdigest()


def set_aside(server):
    """The folders that its stores were put aside to."""
    return sorted(server.store.parent.glob(f"{server.store.name}.quarantine-*"))


def seen(server):
    """An operator has looked, and says so; it is in safe mode no more."""
    said = subprocess.run([str(TWINLINK), "safe-mode", "off", "--socket", str(server.socket)], capture_output=True, text=True,
                          timeout=LIMIT_S)
    equal(said.returncode, 0, f"exit code of twinlink safe-mode off ({said.stderr})")
    check(server.status()["state"] != "safe_mode", "it is in safe mode still")


def told_of(rig, server, other):
    """Safe mode is told: state, reason, log, exit code, and at the partner. Where the store is now."""
    status = server.status()
    equal(status["state"], "safe_mode", f"state ({server.tail()})")
    aside = status["service"]["safe_mode"]["quarantined"]
    check(says(server, aside), f"no reason names {aside}: {status['reasons']}")
    check("critical: safe mode" in server.tail(), server.tail())
    run = subprocess.run([str(TWINLINK), "status", "--socket", str(server.socket)], capture_output=True, text=True, timeout=LIMIT_S)
    equal((run.returncode, "safe_mode" in run.stdout), (1, True), "exit code of twinlink status, and what it says")
    rig.wait("the partner to know", lambda: any("safe mode" in note for note in other.status()["notes"]))
    return Path(aside)


def rebuilt(rig, server):
    """Waits until the fresh store has all from the first message on."""
    rig.wait("the fresh store to be filled", lambda: any(g["first"] == 1 and g["state"] == "healed" for g in server.gaps()["gaps"]),
             said=lambda: f"{server.status()['acds'][0]['missing']} are missing")


# ---- what happens to a file
def flipped(offset, bit):
    def damage(file):
        with open(file, "r+b") as data:
            data.seek(offset)
            byte = data.read(1)[0]
            data.seek(offset)
            data.write(bytes([byte ^ 1 << bit]))
    return f"bit {bit} of byte {offset % PAGE} of meta page {offset // PAGE} flipped", damage


def cut_to(part):
    return f"cut to {part:.0%}", lambda file: os.truncate(file, int(file.stat().st_size * part) // PAGE * PAGE)


def foreign(file):
    file.write_bytes(b"this is no store " * 4096)


@row(28, quick=True)
def damaged_store(rig):
    """bits of a meta page flip, data.mdb is cut off, or is another file altogether, while server 1 is down for a moment

    found by our own reading or in a child, before LMDB is let near; the store is put aside by rename and not changed; a fresh one is filled"""
    rng = random.Random(28)
    kinds = [flipped(16, 3), ("another file", foreign)]
    if not rig.quick:
        kinds += [cut_to(0.5), cut_to(0.0)] + [flipped(PAGE * rng.randrange(2) + rng.randrange(META_BYTES), rng.randrange(8)) for _ in range(8)]
    one, two = rig.two()
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300", "--seed", "28")
    found, harmless = [], []
    for what, damage in kinds:
        before = one.messages()
        rig.wait("messages", lambda: one.messages() > before + 100)
        one.kill()
        damage(one.store / "data.mdb")
        was, asides = fingerprint(one.store), set_aside(one)
        one.start()
        connected(one, two)
        if not one.status()["service"]["safe_mode"]:  # what LMDB does not look at, or the older of the two pages
            equal(set_aside(one), asides, "stores put aside for nothing")
            harmless.append(what)
            continue
        aside = told_of(rig, one, two)
        equal(fingerprint(aside), was, f"the file that was put aside ({what})")
        equal(set_aside(one), sorted([*asides, aside]), "stores put aside")
        rebuilt(rig, one)
        seen(one)
        found.append(what)
    check(len(found) >= 2, f"only {found} was noticed: the row proves nothing")
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    equal(len(set_aside(one)), len(found), "stores that are still there")
    rig.show(f"put aside, unchanged, and rebuilt: {', '.join(found)}; harmless: {', '.join(harmless) or 'none'}")


# ---- it dies
def cut_under(server):
    """The file of a running daemon is shorter than what it has mapped: reading it is a SIGBUS."""
    os.truncate(server.store / "data.mdb", 8 * PAGE)
    return -signal.SIGBUS


def overwritten_under(server):
    """All but the meta pages is zeros: LMDB says that its store is damaged, and the daemon ends."""
    with open(server.store / "data.mdb", "r+b") as data:
        data.seek(2 * PAGE)
        data.write(bytes(os.fstat(data.fileno()).st_size - 2 * PAGE))
    return 1


@row(29)
def dies_of_its_store(rig):
    """server 1's store is cut off under the running daemon (SIGBUS), or overwritten; then the daemon crashes three times within a minute

    it is started again; what is damaged is put aside at once, three crashes are a loop: safe mode, a fresh store, told loudly, then healed"""
    one, two = rig.server(1, crashes_max=3), rig.server(2)
    watched = Supervised(one).start()
    two.start()
    connected(one, two)
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300", "--seed", "29", recorded=True)
    damaged = [cut_under] if rig.quick else [cut_under, overwritten_under]
    for damage in damaged:
        before = one.messages()
        rig.wait("messages", lambda: one.messages() > before + 100)
        equal(damage(one), one.process.wait(LIMIT_S), f"how it ended, {damage.__name__} ({one.tail()})")
        watched.start()
        connected(one, two)
        told_of(rig, one, two)
        rebuilt(rig, one)
        seen(one)
    rig.show(f"{len(damaged)} stores damaged under it: died of SIGBUS{'' if rig.quick else ', left with 1'}, put aside at the next start, rebuilt")
    for crash in (1, 2, 3):
        check(one.status()["state"] != "safe_mode", f"in safe mode after {crash - 1} crashes")
        one.process.send_signal(signal.SIGSEGV)
        equal(one.process.wait(LIMIT_S), -signal.SIGSEGV, "how it ended")
        watched.start()
    connected(one, two)
    aside = told_of(rig, one, two)
    old = subprocess.run([str(TWINLINK), "store", "check", str(aside)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(old.returncode, 0, f"the store that was put aside ({old.stdout[-500:]})")
    rig.wait("the supervisor's status", lambda: watched.status_line() == "safe_mode", said=watched.status_line)
    before = one.messages()
    rig.wait("collecting to go on", lambda: one.messages() > before + 100)
    # Three more: nothing more is put aside before somebody has seen it.
    for _ in range(3):
        one.kill()
        watched.start()
    equal(len(set_aside(one)), len(damaged) + 1, "stores put aside")
    connected(one, two)
    rebuilt(rig, one)
    seen(one)
    rig.show("three crashes: safe mode at the third start; three more: nothing more was put aside")
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.as_recorded(one, two)


@row(30, quick=True)
def hung_stage(rig):
    """each thread of server 1 stands still in turn, then the whole process, while the switch sends

    the watchdog is fed no more, so the supervisor ends it within five seconds and starts it again; nothing is missing in the end"""
    one, two = rig.server(1), rig.server(2)
    watched = Supervised(one, watchdog_s=1 if rig.quick else 4).start()
    two.start()
    connected(one, two)
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300", "--seed", "30", recorded=True)
    rig.wait("messages", lambda: min(one.messages(), two.messages()) > 200)
    noticed, back = {}, {}

    def again(thread):
        began = time.monotonic()
        watched.start()
        back[thread] = time.monotonic() - began
    for thread in ("tl-commit",) if rig.quick else ("tl-receive", "tl-fold", "tl-commit", "tl-refold", "tl-partner"):
        watched.fed()
        with Paused(one.process, thread) as paused:
            noticed[thread] = watched.starved()
            check(one.process.poll() is None, "it ended by itself")
            paused.kill()
        again(thread)
    watched.fed()
    os.kill(one.process.pid, signal.SIGSTOP)
    noticed["all"] = watched.starved()
    one.kill()
    again("all")
    connected(one, two)
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.as_recorded(one, two)
    check(watched.times("STOPPING=1"), "the supervisor was not told of the end")
    causes = {g["cause"] for g in one.gaps()["gaps"]}
    rig.show(f"noticed after {', '.join(f'{t} {s:.1f} s' for t, s in noticed.items())} (limit of the watchdog {watched.watchdog_s} s); "
             f"collecting again after {max(back.values()):.1f} s; causes of gaps {', '.join(sorted(causes))}")


@row(31)
def poison_message(rig):
    """a message that crashes the fold comes to both servers, live and from the journal

    after three tries it is set aside: left out of the rows on both servers alike, over restarts too; no store is put aside for it"""
    poison = 500
    if not PLANTED.exists():
        raise Failed(f"{PLANTED} was not built")
    one, two = [rig.server(n, partner="lost_after_ms = 500", crashes_max=3) for n in (1, 2)]
    pair = [Supervised(server, PLANTED, {"TWINLINK_CRASH_AT": str(poison)}).start() for server in (one, two)]
    connected(one, two)
    day = ["--agents", "40", "--hours", "40m", "--start", "2026-03-02T09:00:00Z", "--seed", "53"]
    rig.rehearse(*day)  # which leaves the day on a tape
    sender = rig.sending_day([one, two], *day, "--speed", "100")
    # Live: neither has made it durable when it crashes on it.
    for server in (one, two):
        equal(server.process.wait(LIMIT_S), -signal.SIGABRT, f"how it ended ({server.tail()})")
    for watched in pair:
        watched.start()
        check(f"while it folded message {poison} of ACD 1" in watched.server.tail(), watched.server.tail())
    connected(one, two)
    truth = rig.ended(sender)
    for server in (one, two):
        server.settle()
    check(all(any(first <= poison <= last for ranges in open_ranges(s.gaps()).values() for first, last in ranges) for s in (one, two)),
          "the message is there: it did not crash")

    def import_tape(codes):
        run = subprocess.run([str(TWINLINK), "import", f"{rig.folder}/rehearsal/A.pcap", "--socket", str(one.socket)], capture_output=True,
                             text=True, timeout=LIMIT_S)
        check(run.returncode in codes, f"twinlink import: exit {run.returncode}: {run.stderr}")
    # From a tap: filled, then crashed on while it is folded again, then while the journal is folded at the start; the partner may get it before.
    import_tape((0, 1, 3, 4))
    crashes = {one: 1, two: 1}

    def left_out():
        for watched in pair:
            if (code := watched.server.process.poll()) is not None:
                equal(code, -signal.SIGABRT, f"how it ended ({watched.server.tail()})")
                crashes[watched.server] += 1
                watched.launch()
        known = [server.asked() for server in (one, two)]
        return all(status and status["acds"] and status["acds"][0]["skipped"] for status in known)
    rig.wait("the message to be left out by both", left_out, said=lambda: f"{one.tail()[-300:]} {two.tail()[-300:]}")
    check(max(crashes.values()) == 3, f"crashes until it was left out: {list(crashes.values())}")
    check(any(f"message {poison} of ACD 1" in s.tail() and "is left out of the rows" in s.tail() for s in (one, two)), one.tail())
    connected(one, two)
    for server in (one, two):
        equal([s["seq"] for s in server.status()["acds"][0]["skipped"]], [poison], "what is left out")
        equal(server.status()["service"]["safe_mode"], None, "safe mode for a message that is known")
    import_tape((0,))  # what the crash cut off of it
    rig.heal(one, two, truth, stop=False)
    for watched in pair:
        # Again: it is known for good, whatever the counting says.
        watched.server.stop()
        (watched.server.store.parent / "store.state" / "crashes").unlink()
        watched.start()
        equal(len(watched.server.status()["acds"][0]["skipped"]), 1, "what is left out after a restart")
    connected(one, two)
    lists = [[(s["epoch"], s["seq"]) for s in server.status()["acds"][0]["skipped"]] for server in (one, two)]
    equal(lists[0], lists[1], "what the two leave out")
    equal([set_aside(s) for s in (one, two)], [[], []], "stores put aside")
    rig.heal_streams(one, two)
    check(any(row["INCOMPLETE"] for row in one.rows("skills")["rows"]), "no row says that something is left out")
    rig.show(f"message {poison}: {crashes[one]} | {crashes[two]} crashes, then left out by both: {lists[0]}; it is in both journals")
