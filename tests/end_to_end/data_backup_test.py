"""Data backups with real processes: what one server of two lost comes back from the other's backup while both collect."""
import json
import os
import signal
import subprocess

from backup_rig import backup_system, begun, command, filled, holds, refused, small_disk
from faults_test import values
from pair_rig import ON_AND_ON, make_credentials, partner_table
from rig import LIMIT_S, TWINLINK, Server, check, end_orderly, equal, free_udp_ports, main, switch, wait_for

TABLES = ("skills", "agents", "vdns", "vectors", "trunk-groups", "trunks", "codes", "logins", "calls")
# Names of the first day, which a journal of one day has let go by the time that they are asked for ...
EARLY = ["--fault", "server=2 at-seq=1500..1530 drop", "--fault", "server=2 at-seq=3000..4500 drop"]
GONE = 6_000
# ... and of the second one.
LATE = ["--fault", "server=2 at-seq=30000..30100 drop"]
SENT = 36_000
# Some 1,120 messages an hour.
DAY = ["--agents", "40", *ON_AND_ON, "--seed", "31", "--calls-per-hour", "100"]


def backup_data(server, file, *words, codes=(0,)):
    return command("backup", "data", file, "--config", server.config, *words, codes=codes)[0]


def restore_data(server, file, *words, codes=(0,)):
    return command("restore", "data", file, "--socket", server.socket, *words, codes=codes)


def taken(document):
    return document["rows_took_absent"] + document["rows_took_incomplete"]


def journal_begins(server):
    """Behind which name of the stream."""
    run = subprocess.run([str(TWINLINK), "store", "info", str(server.store), "--json"], capture_output=True, text=True, timeout=LIMIT_S)
    return max((p["upto"] for p in json.loads(run.stdout)["pruned"]), default=0) if run.returncode == 0 else 0


# Of all skills of an agent together: not known where one of them has an INCOMPLETE row, whatever the others have.
OF_ALL_SKILLS = ("PERCENT_AUX", "PERCENT_OCCUPANCY", "STAFF_HOURS")


def rows(server, table, before):
    """Every row of intervals before that time, without what tells of the way to it."""
    def seen(row):
        return {item: value for item, value in values(row).items() if item not in OF_ALL_SKILLS}
    all_rows = server.rows(table)["rows"]
    return sorted(json.dumps(seen(r), sort_keys=True) for r in all_rows if r["STARTTIME_UTC"] < before)


def difference(wanted, seen):
    """{item: (as it should be, as it is)}"""
    wanted, seen = json.loads(wanted), json.loads(seen)
    return {item: (value, seen.get(item)) for item, value in wanted.items() if seen.get(item) != value}


def rows_equal(server, wanted, before, exactly=False, complete=False, may_lack=("codes",)):
    """What the other has (where `complete`: complete) is here. A restore deletes nothing: what is here beside it must say that it is
    INCOMPLETE."""
    for table in TABLES:
        a, b = rows(server, table, before), rows(wanted, table, before)
        b = [r for r in b if not complete or not json.loads(r)["INCOMPLETE"]]
        check(b or table in may_lack, f"{table}: no rows: the test proves nothing")
        have, want = set(a), set(b)
        lacks = [r for r in b if r not in have]
        more = [r for r in a if r not in want and (exactly or not json.loads(r)["INCOMPLETE"])]
        check(not lacks and not more, f"{table}: {len(lacks)} of {len(b)} rows are not here, {len(more)} are too many; what differs: "
              f"{[difference(x, y) for x, y in zip(lacks, more)][:2]}; {(lacks + more)[:1]}")


def newest_start(server):
    """Start of the newest interval that has rows."""
    return max(r["STARTTIME_UTC"] for r in server.rows("trunk-groups")["rows"])


def two_that_lost(folder):
    return (Server(folder / "first", "udp", extra_store="journal_days = 1").start(),
            Server(folder / "second", "udp", extra_store="journal_days = 1").start())


def from_the_others_backup(folder):
    """where the journal is there its messages come, where it is gone the rows do; nothing complete changes, and it stays so"""
    first, second = two_that_lost(folder)
    sender = switch([first, second], folder, *DAY, "--speed", "15000", *EARLY, *LATE, wait=False, truth=False)
    for server in (first, second):
        wait_for("a second day", lambda: server.messages() > SENT)
        wait_for("the first day to leave the journal", lambda: journal_begins(server) > GONE)
    file = folder / "first.data"
    made = backup_data(first, file)
    equal(file.stat().st_mode & 0o777, 0o600, "mode of the backup")
    check(made["messages"] > 0 and made["rows"] > 0 and made["intervals"] > 48, f"{made}")
    until = newest_start(first)
    before = [g for g in second.gaps()["gaps"] if g["state"] in ("open", "lost")]
    equal(len(before), 3, "gaps")
    # A dry run says what would be, and is none of it.
    dry, _ = restore_data(second, file, "--dry-run")
    check(dry["dry_run"] and taken(dry) > 0 and dry["filled"] >= 101, f"{ {k: v for k, v in dry.items() if k not in ('rows', 'tables')} }")
    equal([g for g in second.gaps()["gaps"] if g["state"] in ("open", "lost")], before, "gaps after a dry run")
    equal(second.status()["store"]["counters"]["rows_restored"], 0, "rows restored by a dry run")
    equal(len(dry["rows"]), made["rows"], "rows that it tells of")
    done, _ = restore_data(second, file)
    equal(done["state"], "done", "state")
    check(0 < taken(done) <= taken(dry), f"taken {taken(done)}, said {taken(dry)}")
    check(done["restore_intervals_whole"] > 0, "no interval is complete by it")
    equal(done["conflict"], 0, "conflicts")
    equal(second.status()["store"]["counters"]["rows_restored"], taken(done), "rows restored, as the store counts them")
    healed = [g for g in second.gaps()["gaps"] if g["filled_by"] == "backup"]
    check(sum(g["missing"] for g in healed) >= 101 and all(g["state"] == "healed" for g in healed), f"{healed}")
    by_table = sum(t["took_absent"] + t["took_incomplete"] for t in done["tables"])
    by_row = sum(r["verdict"] in ("took_absent", "took_incomplete") for r in done["rows"])
    equal((by_table, by_row), (taken(done), taken(done)), "taken, table by table and row by row")
    rows_equal(second, first, until)
    # Again: nothing more. After a kill: as it was.
    again, _ = restore_data(second, file)
    equal((taken(again), again["filled"]), (0, 0), "what a second time takes")
    second.kill()
    second.start()
    rows_equal(second, first, until)
    # The next one has what is new, and is enough for a server that has the one before.
    wait_for("more intervals", lambda: newest_start(first) > until)
    more = backup_data(first, folder / "more.data", "--since", file)
    check(more["rows"] > 0 and more["intervals"] > 0 and more["intervals_unchanged"] > 0, f"{more}")
    check(0 < more["messages"] < more["streams"][0]["messages"] - GONE, f"messages {more['messages']} of {more['streams']}")
    restore_data(second, folder / "more.data")
    end_orderly(sender)
    for server in (first, second):
        server.stop()
        server.store_check()
    verify = subprocess.run([str(TWINLINK), "verify", "--store", str(second.store)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(verify.returncode, 0, f"twinlink verify ({verify.stdout[-800:]} {verify.stderr})")


def chosen(folder):
    """tables, times and ACDs are chosen; without the journal the rows alone come, and a fill that is late does not undo them"""
    first, second = two_that_lost(folder)
    sender = switch([first, second], folder, *DAY, "--speed", "6000", *EARLY, wait=False, truth=False)
    for server in (first, second):
        wait_for("a few hours", lambda: server.messages() > GONE + 4_000)
    until = newest_start(first)
    some = backup_data(first, folder / "some", "--tables", "skills,calls", "--to", until)
    equal(some["messages"], 0, "messages of a backup without the journal")
    names = {t["table"] for t in restore_data(second, folder / "some", "--dry-run")[0]["tables"]}
    equal(names, {"skills", "calls"}, "tables in it")
    refused("backup", "data", folder / "x", "--config", first.config, "--tables", "nonsense", says="is none of", codes=(2,))
    refused("backup", "data", folder / "x", "--config", first.config, "--since", folder / "some", says="other tables or another time")
    check(not (folder / "x").exists(), "a backup that was refused")
    every = ",".join(TABLES) + ",trace"
    backup_data(first, folder / "rows", "--tables", every)
    done, _ = restore_data(second, folder / "rows")
    check(taken(done) > 0 and done["restore_intervals_whole"] > 0 and done["filled"] == 0, "nothing was taken")
    rows_equal(second, first, until)
    # A part of what is missing comes late: the refold over what is left must not undo the rows; all of it makes them anew.
    backup_data(first, folder / "part", "--tables", "journal", "--to", "2026-03-02T11:20:00Z")
    part, _ = restore_data(second, folder / "part")
    check(part["filled"] > 31 and part["missing_after"] > 0, f"filled {part['filled']}, still missing {part['missing_after']}")
    check(second.status()["store"]["counters"]["rows_kept"] > 0, "no row had to be kept: the test proves nothing")
    rows_equal(second, first, until)
    came = backup_data(first, folder / "all")["streams"][0]["next"]
    whole, _ = restore_data(second, folder / "all", "--acd", "1")
    left = [g for g in second.gaps()["gaps"] if g["state"] in ("open", "lost") and g["first"] < came]
    equal((left, taken(whole)), ([], 0), "missing, and rows taken, when all messages have come")
    rows_equal(second, first, until, exactly=True)
    end_orderly(sender)
    for server in (first, second):
        server.stop()
        server.store_check()


def what_is_refused(folder):
    """damaged, of another pair, of another kind, or no backup: refused with its reason, nothing is changed, collecting goes on"""
    one, _ = make_credentials(folder / "a")
    other, _ = make_credentials(folder / "b")
    server = Server(folder / "server", "udp", extra=partner_table("listen", free_udp_ports(1)[0], one)).start()
    stranger = Server(folder / "stranger", "udp", extra=partner_table("listen", free_udp_ports(1)[0], other)).start()
    sender = switch([server, stranger], folder, "--agents", "40", *ON_AND_ON, "--speed", "3000", wait=False, truth=False)
    wait_for("messages", lambda: min(server.messages(), stranger.messages()) > 5_000)
    file = folder / "data"
    backup_data(server, file)

    def refuse(path, *says, codes=(1,)):
        document, said = restore_data(server, path, codes=codes)
        if document is not None:
            equal((document["state"], document["filled"], taken(document)), ("failed", 0, 0), f"{path}")
        for part in says:
            check(part in said, f"{path}: {part!r} is not said: {said}")
    backup_data(stranger, folder / "theirs")
    refuse(folder / "theirs", "it is of pair", "this server is of pair", "nothing was taken from it")
    backup_system(server, folder / "system")
    refuse(folder / "system", "system backup")
    whole = file.read_bytes()
    for name, data, says in (("cut", whole[:-50], "cut off"), ("longer", whole + b"x", "follows its manifest")):
        (folder / name).write_bytes(data)
        refuse(folder / name, says)
    bad = bytearray(whole)
    bad[len(bad) // 2] ^= 1
    (folder / "bad").write_bytes(bad)
    refuse(folder / "bad")
    refuse(server.config, "no Twinlink backup")
    refuse(folder / "nowhere", "No such file")
    os.mkfifo(folder / "pipe")
    refuse(folder / "pipe", "neither a file nor a folder")
    refused("backup", "data", folder / "x", "--config", stranger.config, "--since", file, says="of another server")
    # A backup that is killed leaves nothing.
    place = folder / "place"
    place.mkdir()
    backup_data(server, place / "data")
    before = holds(place)
    run = begun("backup", "data", place / "data", "--config", server.config, "--rate", "1")
    run.send_signal(signal.SIGKILL)
    run.wait(LIMIT_S)
    equal(list(holds(place)), list(before), "what a killed backup leaves")
    restored, _ = restore_data(server, file)
    equal((restored["state"], taken(restored), restored["filled"]), ("done", 0, 0), "its own backup")
    # A server that has heard of nothing can take nothing of it, and is not told that all is well.
    fresh = Server(folder / "fresh", "udp").start()
    document, said = restore_data(fresh, file, codes=(1,))
    equal((document["filled"], taken(document)), (0, 0), "what a fresh server takes")
    check(document["unknown_epoch"] > 0 and document["rows_not_yet"] > 0, f"{document}")
    for part in ("was taken: ", "an epoch that this server never saw", "has yet to close", "does not fill an empty store"):
        check(part in said, f"{part!r} is not said: {said}")
    fresh.stop()
    end_orderly(sender)
    for one_of in (server, stranger):
        one_of.stop()
        one_of.store_check()
    refused("restore", "data", file, "--socket", server.socket, says="twinlinkd must run", codes=(3,))


def onto_a_full_disk(folder):
    """the disk becomes full while a backup is put back: it waits, nothing stops and nothing is lost; with room it goes on to its end"""
    with small_disk(folder / "disk", "64m") as disk:
        donor = Server(folder / "donor", "udp").start()
        server = Server(folder / "server", "udp", store=disk / "store").start()
        sender = switch([donor, server], folder, *DAY, "--speed", "6000", *EARLY, wait=False, truth=False)
        wait_for("messages", lambda: min(donor.messages(), server.messages()) > GONE)
        file = folder / "data"
        backup_data(donor, file)

        def waits():
            wait_for("the full disk to be told", lambda: server.status()["store"]["counters"]["space_level"] == 3, said=server.tail)
            run = begun("restore", "data", file, "--socket", server.socket)
            wait_for("the restore to wait", lambda: (server.status()["import"] or {}).get("state") == "committing",
                     said=lambda: server.status()["import"])
            return run
        with filled(disk):
            # It does not keep the server from ending: here for want of power, which cannot even be written down.
            run = waits()
            _, said = command("ups", "low-battery", "--socket", server.socket, codes=(0, 1))
            equal(server.process.wait(LIMIT_S), 0, f"exit code for want of power ({said} {server.tail()})")
            run.communicate(timeout=LIMIT_S)
            check(run.returncode != 0, "a restore that was cut off ended well")
        server.start()
        wait_for("messages again", lambda: server.messages() > 100)
        pid = server.process.pid
        with filled(disk):
            run = waits()
            equal(run.poll(), None, "end of a restore that has no room")
        out, said = run.communicate(timeout=LIMIT_S)
        equal(run.returncode, 0, f"exit code of the restore ({said})")
        done = json.loads(out)
        equal((done["state"], server.process.pid), ("done", pid), "what came of it")
        check(done["filled"] >= 1_532, f"{done['filled']} messages filled")
        end_orderly(sender)
        donor.settle(), server.settle()
        backup_data(donor, file)
        done, _ = restore_data(server, file)
        equal(done["missing_after"], 0, "missing when what came meanwhile is put back, too")
        rows_equal(server, donor, newest_start(donor), may_lack=("codes", "logins"))
        server.stop(), donor.stop()
        server.store_check()


if __name__ == "__main__":
    main([from_the_others_backup, chosen, what_is_refused, onto_a_full_disk])
