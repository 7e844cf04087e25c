"""Rows 17 to 20, 37, 38, 52 and 58: power cuts, other versions, what is too old to be folded again. The first six are rigs of their own."""
import re
import shutil
import subprocess
import sys

from matrix_rig import HERE, check, connected, count, equal, open_ranges, row
from rig import BIN, Skipped, wait_for
from rows_acd import journal_begin

CRASH = BIN / "tests/crash"
UPGRADE = HERE.parent / "upgrade/run"
POWER_CUT = HERE.parent / "powercut/powercut.py"


def output(words, codes=(0,), limit_s=3600):
    """What a rig prints; 77: it cannot run here."""
    run = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=limit_s)
    said = (run.stdout + run.stderr)[-600:]
    if run.returncode == 77:
        raise Skipped(said.strip().splitlines()[-1] if said.strip() else "its rig cannot run here")
    check(run.returncode in codes, f"exit {run.returncode}: {said}")
    return run.stdout


STATES = {}  # what the crash states of this run came to: one run serves three rows


def crash_states(rig):
    if rig.quick not in STATES:
        STATES[rig.quick] = output([CRASH / "crash", "--states", 500 if rig.quick else 10_000, "--seed", 17])
    text = STATES[rig.quick]
    equal(re.search(r"violations: (\d+)", text)[1], "0", "broken promises")
    return text


def figure(text, words):
    """The number at # in "# crash states" or "refolded #"; 0 would prove nothing."""
    found = re.search(re.escape(words).replace(r"\#", r"(\d+)"), text)
    check(found and int(found[1]) > 0, f"no \"{words}\" in what the rig said: the row proves nothing")
    return int(found[1])


@row(17)
def power_cut(rig):
    """the power of a server is cut at a random moment: every state that its disk may be in, and a whole machine

    it opens, has what it acknowledged (one commit more at most), and goes on"""
    text = crash_states(rig)
    rig.show(f"{figure(text, '# crash states')} states of a recording, {figure(text, '# of them distinct')} distinct, 0 broken")
    try:
        cuts = output([sys.executable, POWER_CUT, "--guest", BIN / "tests/powercut/powercut_guest", "--cycles", 5])
        rig.show("a machine: " + " ".join(cuts.strip().splitlines()[-1].split()))
    except Skipped as why:
        rig.show(f"a machine: not here ({why})")


@row(18)
def power_cut_while_folding_again(rig):
    """the power is cut while an interval that was healed is folded again

    rows, watermark and ranges are those of one commit: the rows equal a fold of the journal"""
    text = crash_states(rig)
    rig.show(f"{figure(text, 'late messages #')} states in commits with late messages, {figure(text, 'refolded #')} with intervals folded again, "
             f"{figure(text, '# with a server on them')} folded and compared, 0 broken")


@row(19)
def power_cut_at_creation(rig):
    """the power is cut while a store is made for the first time

    there is none, or a whole one; it can be made and written"""
    rig.show(f"{figure(crash_states(rig), '# while the store was made')} states, 0 broken")


@row(20, quick=True)
def disk_that_ignores_flushes(rig):
    """a disk says that it flushed and did not; the power is cut

    found out by the store's own checks, not used: this is the control of rows 17 to 19"""
    text = output([CRASH / "crash", "--states", 200 if rig.quick else 1000, "--seed", 17, "--control"])
    found = re.search(r"violations: (\d+) \((.*)\)", text)
    check(found, f"nothing was found: {text}")
    rig.show(f"{found[1]} of {figure(text, '# crash states')} states found out: {found[2]}")


@row(37)
def store_of_a_newer_version(rig):
    """the previous version is started on a store that this version has written

    refused with clear words, nothing changed"""
    rig.show(" ".join(output([UPGRADE, "no_way_back"]).split("\n")[0].split())[:300])


@row(38)
def other_fold(rig):
    """two versions whose rules of folding differ, one server upgraded after the other under load

    each row says by whose rules it was folded; no false difference; in the end all rows are of the new rules"""
    text = output([UPGRADE, "two_folds"])
    rig.show(text.strip().splitlines()[-1])


@row(52)
def refill_of_what_is_pruned_around(rig):
    """server 1 gets back eight hours whose other messages its own journal has let go

    the messages are taken; nothing is folded from half a journal: rows stay INCOMPLETE and whole ones stay whole"""
    one, two = rig.server(1, partner="lost_after_ms = 3600000", store="journal_days = 1"), rig.server(2)
    one.start(), two.start()
    connected(one, two)
    rig.hosts.set_pair("down")
    day = ["--agents", "12", "--hours", "84", "--start", "2026-03-02T00:00:00Z", "--opens", "00:00", "--closes", "24:00", "--seed", "52",
           "--fault", "server=1 at=2026-03-02T02:00:00Z for=8h drop"]
    truth = rig.send([one, two], *day, "--speed", "9000")
    one.settle(), two.settle()
    before = rows_by_name(one)
    old = [r for of in truth.lost(1).values() for r in of]
    lacks = count(truth.lost(1))
    rig.hosts.set_pair("up")
    connected(one, two)
    wait_for("the messages to come", lambda: not open_ranges(one.gaps()), said=lambda: open_ranges(one.gaps()))
    wait_for("nothing to be under way", lambda: not one.status()["refolding"])
    states = {g["state"] for g in one.gaps()["gaps"]}
    one.stop(), two.stop()
    after, whole = rows_by_name(one), rows_by_name(two)
    check(journal_begin(one) > old[-1][1], "the journal still has those hours: the row proves nothing")
    worse = [name for name, row in before.items() if not row["INCOMPLETE"] and after.get(name) != row]
    equal(worse, [], "rows that were whole and are no more")
    wrong = [name for name, row in after.items() if not row["INCOMPLETE"] and whole.get(name) != row]
    equal(wrong, [], "rows that say they are whole and differ from the other server's")
    marked = sum(bool(row["INCOMPLETE"]) for row in after.values())
    check(marked > 0, "no row is INCOMPLETE: the row proves nothing")
    one.store_check()
    rig.show(f"{lacks} messages came back, gaps {', '.join(sorted(states))}; {marked} of {len(after)} rows of skills say INCOMPLETE, "
             f"the others equal server 2's {len(whole)}; of {len(before)} rows before none is worse")


def rows_by_name(server):
    rows = {}
    for r in server.rows("skills")["rows"]:
        r.pop("REVISION")
        rows[r["STARTTIME_UTC"], r["SPLIT"]] = r
    return rows


@row(58)
def power_of_both(rig):
    """the power of both servers is cut at the same moment while the switch sends, three times on new disks (once when quick)

    both come back and heal; lost is nothing that either had made durable"""
    cuts = 1 if rig.quick else 3
    syncs = lost = 0
    for cut in range(cuts):
        servers = [rig.server(n, name=f"server{n}cut{cut}", store_path=rig.folder / f"disk{n}" / "store",
                              prefix=recorded(rig.folder / f"log{n}", rig.folder / f"disk{n}")) for n in (1, 2)]
        for n, server in enumerate(servers, 1):
            (rig.folder / f"disk{n}").mkdir()
            server.start()
        connected(*servers)
        sender = rig.sending(servers, "--agents", "60", "--speed", "300", "--seed", str(58 + cut), recorded=True)
        for server in servers:
            rig.wait("messages to be durable", lambda: server.status()["store"]["committed_messages"] > 300 + 200 * cut)
        durable = [server.status()["store"]["committed_messages"] for server in servers]
        for server in servers:
            server.process.kill()
        ends = []
        for n, server in enumerate(servers, 1):
            server.process.wait()
            log, disk = rig.folder / f"log{n}", rig.folder / f"disk{n}"
            said = output([CRASH / "crash_cut", log, disk, 58 + cut, rig.folder / "left"])
            syncs += figure(said, "# syncs")
            shutil.rmtree(disk)
            log.unlink()
            (rig.folder / "left").rename(disk)
            (stream,) = server.gaps()["streams"]
            check(stream["messages"] >= durable[n - 1], f"server {n} holds {stream['messages']}, {durable[n - 1]} were durable")
            ends.append(stream["next"])
            server.prefix = server.prefix[: -len(recorded(log, disk))]
            server.start()
        connected(*servers)
        rig.over(sender)
        for server in servers:
            server.settle()
        rig.heal_streams(*servers)
        missing = [r for of in open_ranges(servers[0].gaps()).values() for r in of]
        check(all(first >= max(ends) for first, _ in missing), f"lost is {missing}, one of the two had all before {max(ends)}")
        lost += sum(last - first + 1 for first, last in missing)
        rig.as_recorded(*servers, complete=True)
        for n in (1, 2):
            shutil.rmtree(rig.folder / f"disk{n}")
        rig.servers.clear()
    rig.show(f"{cuts} cuts after {syncs} syncs of both; lost to both {lost} messages of the time without power, none before")


def recorded(log, disk):
    """In front of a daemon: what it writes below `disk` is recorded."""
    return ["env", f"LD_PRELOAD={(CRASH / 'libwrite_recorder.so').resolve()}", f"TWINLINK_WRITE_LOG={log}", f"TWINLINK_WRITE_ROOT={disk}"]
