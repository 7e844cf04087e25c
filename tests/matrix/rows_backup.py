"""Rows 32 to 35: backups made and put back while the stream goes on, cut short, and of servers and times that are not these."""
import ctypes
import shutil
import signal
import statistics

from backup_rig import backup_system, begun, command, holds, refused, small_disk
from data_backup_test import journal_begins, restore_data, rows_equal, taken
from matrix_rig import DAY, check, connected, counter, equal, make_credentials, row
from rig import LIMIT_S

SYS_CACHESTAT = 451  # Linux 6.5 and later
LIBC = ctypes.CDLL(None, use_errno=True)


def not_on_disk(file):
    """Pages of the file that are not on the disk yet; None where this system does not tell."""
    class Range(ctypes.Structure):
        _fields_ = [("offset", ctypes.c_uint64), ("length", ctypes.c_uint64)]

    class Pages(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("cached", "dirty", "writeback", "evicted", "recently_evicted")]
    seen = Pages()
    with open(file, "rb") as opened:
        if LIBC.syscall(SYS_CACHESTAT, opened.fileno(), ctypes.byref(Range(0, 0)), ctypes.byref(seen), 0) != 0:
            return None
    return seen.dirty + seen.writeback


def file_pages(server):
    return server.status()["store"]["counters"]["file_bytes"] // 4096


def commits_while(server, going_on):
    """How long commits took meanwhile, ms, as far as they were seen; nothing where there was none."""
    seen, took = 0, []
    while True:
        store = server.status()["store"]
        if store["commits"] != seen:
            seen = store["commits"]
            took.append(store["commit_ns_last"] / 1e6)
        if not going_on():
            return took


def p99(took):
    return statistics.quantiles(took, n=100, method="inclusive")[98] if len(took) > 1 else max(took, default=0)


def dropped(server):
    return sum(p["counters"]["nic_missed"] + p["counters"].get("no_buffer", 0) for p in server.status()["ports"])


def refusal(document, said, file):
    """Why it was refused, without of what."""
    text = " ".join((document["error"] if document else said).split())
    text = text.partition(f"{file}: ")[2] or text
    return text.partition(". Nothing that was there")[0].partition("; nothing was taken")[0].strip()


@row(32, quick=True)
def backup_during_ingest(rig):
    """system backups of server 1, one after the other, while messages come as fast as both servers take them

    each is a whole copy of one commit, mode 0600, on the disk when it is there; nothing is dropped, commits go on, the pages that a
    copy held are used again"""
    one, two = rig.two(more="[links]\nreorder_window_ms = 60000")
    sender = rig.sending([one, two], "--agents", "200", "--speed", "6000" if rig.quick else "12000", "--seed", "32")
    rig.wait("a store worth copying", lambda: one.status()["store"]["committed_messages"] > (60_000 if rig.quick else 600_000))
    rounds = iter(range(60 if rig.quick else 300))
    alone = commits_while(one, lambda: next(rounds, None) is not None)
    place = rig.folder / "backup"
    place.mkdir()
    file = place / "system"
    before, pages, messages = file_pages(one), [], one.messages()
    beside = []
    for _ in range(2 if rig.quick else 6):
        held = one.status()["store"]["commits"]
        run = begun("backup", "system", file, "--config", one.config, "--rate", "8" if rig.quick else "32")
        beside += commits_while(one, lambda: run.poll() is None)
        _, said = run.communicate(timeout=LIMIT_S)
        equal(run.returncode, 0, f"exit code of the backup ({said})")
        waiting = not_on_disk(file)
        check(waiting in (0, None), f"{waiting} pages of the backup are not on the disk yet")
        equal((list(holds(place)), file.stat().st_mode & 0o777), (["system"], 0o600), "what there is, and its mode")
        command("backup", "check", file)
        pages.append(file_pages(one))
        last_commits = one.status()["store"]["commits"] - held
    control = place / "control"
    control.write_bytes(bytes(8 << 20))
    waits = not_on_disk(control)
    control.unlink()
    came = one.messages() - messages
    check(came > 0 and len(beside) > 2, f"{came} messages came and {len(beside)} commits were seen meanwhile: the row proves nothing")
    # What the copies held is used again: as many commits later as came beside the last copy, the file is as large as it was.
    held = one.status()["store"]["commits"]
    rig.wait("as many commits again", lambda: one.status()["store"]["commits"] - held > last_commits)
    after = file_pages(one)
    check(after <= pages[-1] * 1.05, f"the store grew from {before} to {pages} pages beside the copies, and then to {after}")
    equal([dropped(s) for s in (one, two)], [0, 0], "frames dropped")
    # What the copy says of itself is what it holds: put back, it checks, and has as many messages.
    made, _ = backup_system(one, file)
    new = rig.folder / "new"
    restored, _ = command("restore", "system", file, "--store", new / "store", "--config", new / "toml", "--credentials", new / "pair")
    info = command("store", "info", new / "store")[0]
    equal(restored["streams"], made["streams"], "streams of the copy")
    equal(info["streams"][0]["messages"] if "streams" in info else made["streams"][0]["messages"], made["streams"][0]["messages"],
          "messages in the copy")
    command("store", "check", new / "store")
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    synced = "" if waits is None else f", 0 of its pages unwritten (of a file just written: {waits})"
    rig.show(f"{came} messages came during {len(pages)} backups of {file.stat().st_size >> 20} MiB{synced}; commits alone p99 {p99(alone):.0f} ms, "
             f"beside {p99(beside):.0f} ms, longest {max(beside):.0f} ms; store {before * 4 >> 10} -> {pages[-1] * 4 >> 10} MiB; nothing dropped")


@row(33)
def backup_cut_short(rig):
    """the disk of a backup is full; and it is killed, told to end and out of time while it is made, while the switch sends

    the previous backup stays as it was, nothing else is left, collecting goes on"""
    one, two = rig.two()
    sender = rig.sending([one, two], "--agents", "200", "--speed", "6000", "--seed", "33")
    rig.wait("a store that takes seconds at a MiB a second", lambda: one.status()["store"]["committed_messages"] > 100_000)
    place = rig.folder / "backup"
    place.mkdir()
    backup_system(one, place / "system")
    before = holds(place)
    with small_disk(rig.folder / "disk", "256k") as disk:
        (disk / "system").write_bytes(b"TLBACKUP, the previous one")
        _, said = backup_system(one, disk / "system", codes=(1,))
        check("No space left" in said and "as it was before" in said, said)
        equal([(f.name, f.read_bytes()) for f in disk.iterdir()], [("system", b"TLBACKUP, the previous one")], "the full disk")
    words = ("backup", "system", place / "system", "--config", one.config, "--rate", "1")
    ends = []
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        held = one.status()["store"]["commits"]
        run = begun(*words)
        rig.wait("commits while the backup runs", lambda: one.status()["store"]["commits"] > held + 2)
        check(run.poll() is None, "the backup was done before it could be cut short: the row proves nothing")
        run.send_signal(number)
        run.communicate(timeout=LIMIT_S)
        ends.append(run.returncode)
        equal(holds(place), before, f"what there is after {number.name}")
    _, said = command(*words, "--time-limit", "1", codes=(1,))
    check("time limit of 1 s" in said, said)
    equal(holds(place), before, "what there is after the time limit")
    command("backup", "check", place / "system")
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.show(f"full disk: exit 1, the old file whole; ended with {', '.join(map(str, ends))} after KILL, TERM, INT, and by its time limit: "
             "the folder as it was each time")


@row(34)
def restored_during_ingest(rig):
    """server 1 is lost while the switch sends, and put back from a system backup; then what all four links had lost comes from a backup of data

    what came since comes from the partner; messages that both had called lost are filled and folded in, on both, while more come in"""
    # A third server got all of that day; its backup is what an operator would bring along.
    day = ["--agents", "100", "--hours", "3", "--start", "2026-03-02T09:00:00Z", "--seed", "34"]
    whole = rig.server(1, name="donor").start()
    rig.send([whole], *day, "--speed", "1500")
    whole.settle()
    data = rig.folder / "data"
    made = command("backup", "data", data, "--config", whole.config, "--to", "2026-03-02T11:00:00Z")[0]
    check(made["messages"] > 0 and made["rows"] > 0, f"{made}")
    whole.stop()
    rig.servers.remove(whole)
    one, two = rig.two(partner="lost_after_ms = 500")
    sender = rig.sending_day([one, two], *day, "--speed", "120", "--fault", "at=2026-03-02T09:40:00Z for=10m drop")
    names = lambda server: [g for g in server.gaps()["gaps"] if g["state"] == "lost"]
    rig.wait("both to agree to the loss", lambda: names(one) and names(two))
    agreed = sum(g["missing"] for g in names(one))
    system = rig.folder / "system"
    backup_system(one, system)
    begin = one.messages()
    rig.wait("more messages", lambda: one.messages() > begin + 500)
    one.kill()
    for gone in (one.store, rig.folder / "pair1"):
        shutil.rmtree(gone)
    command("restore", "system", system, "--config", one.config, "--store", one.store, "--credentials", rig.folder / "pair1")
    one.start()
    connected(one, two)
    rig.wait("the partner to give what came since", lambda: counter(one, "names_in") > 0)
    fetched = counter(one, "names_in")
    dry, _ = restore_data(one, data, "--dry-run")
    check(dry["filled"] >= agreed, f"{dry['filled']} of {agreed} would be filled")
    equal(sum(g["missing"] for g in names(one)), agreed, "messages lost after a dry run")
    began = one.messages()
    done, _ = restore_data(one, data)
    equal((done["state"], done["conflict"]), ("done", 0), "the restore")
    check(sender.poll() is None, "the switch was done before the restore was: the row proves nothing")
    rig.wait("messages beside and behind it", lambda: one.messages() > began)
    rig.wait("the other server to have it, too", lambda: not names(one) and not names(two))
    again, _ = restore_data(one, data)
    equal((again["filled"], taken(again)), (0, 0), "what a second time takes")
    rig.ended(sender)
    rig.heal_streams(one, two)
    rig.as_if_nothing(day, one, two)
    rig.show(f"{agreed} messages that both had lost: {done['filled']} filled on server 1, the other got them from it; {fetched} came from the "
             "partner after the system restore")


@row(35)
def not_this_backup(rig):
    """a backup of another pair, one that was changed, one of a newer program; and one of server 1 that is four days old

    refused with the reason, nothing changes; the old one is healed forward as far as the partner's journal goes, and the rest from its rows"""
    place = rig.folder / "backups"
    place.mkdir()
    strange, _ = make_credentials(rig.folder / "strangers")
    stranger = rig.server(1, name="stranger", credentials=strange).start()
    rig.send([stranger], *DAY, "--speed", "900")
    stranger.settle()
    stranger.stop()
    rig.servers.remove(stranger)
    command("backup", "data", place / "foreign", "--config", stranger.config)
    one = rig.server(1, partner="lost_after_ms = 500")
    two = rig.server(2, partner="lost_after_ms = 500", store="journal_days = 1")
    one.start(), two.start()
    connected(one, two)
    day = ["--agents", "12", "--hours", "132", "--start", "2026-03-02T00:00:00Z", "--opens", "00:00", "--closes", "24:00", "--seed", "35"]
    sender = rig.sending_day([one, two], *day, "--speed", "6000")
    rig.wait("some hours", lambda: one.messages() > 3_000)
    old, data = place / "old", place / "data"
    made, _ = backup_system(one, old)
    command("backup", "data", data, "--config", one.config)
    # What is refused, and that it changes nothing.
    for name, change in {"flipped": lambda b: b[:len(b) // 2] + bytes([b[len(b) // 2] ^ 1]) + b[len(b) // 2 + 1:],
                         "cut": lambda b: b[:-40], "newer": lambda b: b[:8] + b"\x09" + b[9:], "longer": lambda b: b + b"x"}.items():
        for file in (old, data):
            (place / f"{file.name}.{name}").write_bytes(change(file.read_bytes()))
    before = one.gaps()["gaps"]
    reasons = []
    for file in sorted(place.iterdir()):
        new = rig.folder / "new"
        if file.name.startswith("old."):
            answer = command("restore", "system", file, "--store", new / "store", "--config", new / "toml", "--credentials", new / "pair",
                             codes=(1,))
            reasons.append(refusal(*answer, file))
            check(not new.exists(), f"{file.name}: {[*new.rglob('*')]} is there after a refusal")
        elif file.name != "old" and file.name != "data":
            document, said = restore_data(one, file, codes=(1,))
            check(document is None or (document["state"], document["filled"], taken(document)) == ("failed", 0, 0), f"{file.name}: {document}")
            reasons.append(refusal(document, said, file))
    refused("restore", "system", data, "--store", rig.folder / "new", says="data backup")
    equal(one.gaps()["gaps"], before, "gaps after what was refused")
    # Days later server 1 is lost, and that old backup is all that there is.
    rig.wait("the partner's journal to begin later", lambda: journal_begins(two) > made["streams"][0]["next"] + 2_000)
    one.kill()
    shutil.rmtree(one.store), shutil.rmtree(rig.folder / "pair1")
    one.config.unlink()
    command("restore", "system", old, "--config", one.config, "--store", one.store, "--credentials", rig.folder / "pair1")
    one.start()
    connected(one, two)
    gone = lambda: [g for g in one.gaps()["gaps"] if g["state"] == "lost"]
    rig.wait("what the partner has to come, and the rest to be known as lost", lambda: gone() and counter(one, "names_in") > 0)
    fetched = counter(one, "names_in")
    rows = rig.folder / "rows"
    command("backup", "data", rows, "--config", two.config)
    done, _ = restore_data(one, rows)
    check(taken(done) > 0 and done["restore_intervals_whole"] > 0, f"no rows were taken: {done}")
    rig.ended(sender)
    one.settle(), two.settle()
    one.stop(), two.stop()
    one.store_check(), two.store_check()
    missing = sum(s["missing"] for s in one.gaps()["streams"])
    rows_equal(one, two, "9999", complete=True)
    rig.show(f"refused: {'; '.join(sorted(set(reasons)))}; the old one: {fetched} messages came from the partner, {missing} were in no journal any "
             f"more, of their intervals {taken(done)} rows came from the partner's data backup: all that are complete there are here")
