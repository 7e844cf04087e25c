"""System backups with real processes: made while a server collects, cut short in every way, and put back on an empty machine."""
import os
import re
import shutil
import signal

from backup_rig import backup_system, begun, command, holds, refused, small_disk
from pair_rig import ON_AND_ON, connected, equal_rows, healed, make_credentials, proven_equal, two_servers
from rig import LIMIT_S, Server, check, end_orderly, equal, main, switch, wait_for

SENDING = ["--agents", "200", *ON_AND_ON, "--seed", "21"]


def restore_words(server, file):
    return ("restore", "system", file, "--config", server.config, "--store", server.store, "--credentials",
            server.credentials)


def pair_of(folder):
    one, two = two_servers(folder)
    one.credentials, two.credentials = folder / "pair1", folder / "pair2"
    return one.start(), two.start()


def onto_an_empty_machine(folder):
    """a backup made while collecting, put back on an empty machine, which then gets from its partner all that came since"""
    one, two = pair_of(folder)
    connected(one, two)
    sender = switch([one, two], folder, *SENDING, "--speed", "1500", wait=False)
    wait_for("messages", lambda: one.messages() > 20_000)
    file = folder / "backup" / "system"
    file.parent.mkdir()
    durable = one.status()["store"]["committed_messages"]
    made, _ = backup_system(one, file)
    equal(file.stat().st_mode & 0o777, 0o600, "mode of the backup")
    equal(list(holds(file.parent)), ["system"], "files beside the backup")
    stream = made["streams"][0]
    check(durable <= stream["messages"], f"{stream} is of before it was made")
    wait_for("as many messages as the backup has", lambda: one.messages() >= stream["messages"])
    equal([p["part"] for p in made["parts"]],
          ["configuration", "own_key", "own_certificate", "partner_certificate", "store"], "parts")
    seen, _ = command("backup", "check", file)
    equal((seen["streams"], seen["parts"]), (made["streams"], made["parts"]), "what the backup says of itself")
    wait_for("more messages", lambda: one.messages() > stream["messages"] + 5_000)
    # The machine is lost, with all that it had.
    one.kill()
    for gone in (one.store, one.credentials):
        shutil.rmtree(gone)
    one.config.unlink()
    proof, _ = command(*restore_words(one, file), "--dry-run")
    equal([p["state"] for p in proof["places"]], ["would be placed"] * 3, "what a dry run says")
    check(not one.store.exists() and not one.config.exists() and not one.credentials.exists(), "a dry run wrote something")
    restored, _ = command(*restore_words(one, file))
    equal([p["state"] for p in restored["places"]], ["placed"] * 3, "what was placed")
    equal(restored["streams"], made["streams"], "streams")
    for secret in one.credentials.iterdir():
        equal(secret.stat().st_mode & 0o777, 0o600, f"mode of {secret}")
    equal([p.name for p in one.store.iterdir() if p.suffix == ".mdb"].count("data.mdb"), 1, "the store")
    one.start()
    connected(one, two)
    wait_for("more messages than were lost", lambda: two.messages() > stream["next"] + 10_000)
    end_orderly(sender)
    one.settle(), two.settle()
    healed(one, two)
    proven_equal(one, two)
    one.stop(), two.stop()
    equal_rows(one, two)
    equal(one.gaps()["streams"][0]["missing"], 0, "missing in the end")
    one.store_check()


def cut_short(folder):
    """killed, interrupted, out of time or of room: the previous backup is as it was, nothing else is left, the server goes on"""
    server = Server(folder / "server").start()
    sender = switch([server], folder, *SENDING, "--speed", "6000", wait=False)
    wait_for("a store that takes seconds at a MiB a second", lambda: server.status()["store"]["committed_messages"] > 150_000)
    place = folder / "backup"
    place.mkdir()
    file = place / "system"
    backup_system(server, file)
    before = holds(place)
    words = ("backup", "system", file, "--config", server.config, "--rate", "1")
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        codes = (-number, 1) if number == signal.SIGINT else (-number,)  # its handler may not be there yet
        held = server.status()["store"]["commits"]
        run = begun(*words)
        wait_for("commits while the backup runs", lambda: server.status()["store"]["commits"] > held + 2)
        check(run.poll() is None, "the backup was done before it could be cut short")
        run.send_signal(number)
        _, said = run.communicate(timeout=LIMIT_S)
        check(run.returncode in codes, f"exit code {run.returncode} after signal {number}: {said}")
        equal(holds(place), before, f"what there is after signal {number}")
    if run.returncode == 1:
        check("as it was before" in said and "interrupted" in said, said)
    _, said = command(*words, "--time-limit", "1", codes=(1,))
    check("time limit of 1 s" in said, said)
    equal(holds(place), before, "what there is after the time limit")
    with small_disk(folder / "disk", "256k") as disk:
        (disk / "system").write_bytes(b"TLBACKUP, the previous one")
        _, said = backup_system(server, disk / "system", codes=(1,))
        check("No space left" in said, said)
        equal([f.name for f in disk.iterdir()], ["system"], "files on the full disk")
        equal((disk / "system").read_bytes(), b"TLBACKUP, the previous one", "the previous backup on the full disk")
        # The other way round: an archive that has no room where it is put back.
        _, said = command("restore", "system", file, "--store", disk / "store", "--config", disk / "toml", "--parts",
                          "store,configuration", codes=(1,))
        check("No space left" in said, said)
        equal([f.name for f in disk.iterdir()], ["system"], "files on the full disk after the restore")
    told = ("--socket", server.socket)
    run = begun(*words)
    held = server.status()["store"]["commits"]
    wait_for("commits while the backup runs", lambda: server.status()["store"]["commits"] > held + 2)
    command("ups", "on-battery", *told)
    _, said = run.communicate(timeout=LIMIT_S)
    equal(run.returncode, 1, "exit code of a backup whose server goes on battery")
    check("backups wait: the server is on battery" in said, said)
    backup_system(server, file, codes=(1,))
    equal(holds(place), before, "what there is after a backup on battery")
    command("ups", "online", *told)
    again, _ = backup_system(server, file)
    check(holds(place) != before and list(holds(place)) == ["system"], "a backup that is whole takes the place of the previous one")
    check(again["streams"][0]["messages"] > 20_000, f"{again['streams']}")
    end_orderly(sender)
    server.settle()
    server.stop()
    equal(server.gaps()["streams"][0]["missing"], 0, "missing in the end")
    server.store_check()


def what_is_refused(folder):
    """what is in the way, of another pair, damaged or no backup is refused with its reason, and nothing is changed"""
    one, two = make_credentials(folder)
    server = Server(folder / "server", "udp", extra=f'[partner]\nlisten = "127.0.0.1:1"\ncredentials = "{one}"')
    server.credentials = one
    donor = Server(folder / "donor", "udp").start()
    switch([donor], folder, "--agents", "40", "--hours", "2", "--speed", "6000", "--seed", "5")
    donor.settle()
    donor.stop()
    shutil.copytree(donor.store, server.store)
    file = folder / "system"
    backup_system(server, file)
    # What is there is never replaced.
    refused(*restore_words(server, file), says=["a store is never replaced", "move it aside", "Nothing that was there was changed"])
    before = holds(folder)
    place = folder / "new"
    new = ("--store", place / "store", "--config", place / "toml", "--credentials", place / "pair")

    def stays(*words, says, **more):
        refused("restore", "system", *words, says=says, **more)
        check(not place.exists(), f"{[*place.rglob('*')]} is there after a refusal")

    stays(file, *new[:2], "--config", server.config.parent.parent / "donor" / "twinlinkd.toml", *new[4:], says="is another one")
    stays(file, *new[:4], "--credentials", two, says=["is of server 1 of pair", "is of server 2 of pair"])
    stays(file, *new, "--parts", "store,nonsense", says="is none of", codes=(2,))
    stays(folder / "nowhere", *new, says="No such file")
    os.mkfifo(folder / "pipe")
    stays(folder / "pipe", *new, says="no plain file")
    stays(server.config, *new, says="no Twinlink backup")
    whole = file.read_bytes()
    for name, data, says in (("cut", whole[:-100], "cut off"), ("longer", whole + b"x", "follows its manifest"),
                             ("newer", whole[:8] + b"\x09" + whole[9:], "newer program"),
                             ("other", whole[:30] + b"\x55" + whole[31:], ["head", "manifest"])):
        (folder / name).write_bytes(data)
        stays(folder / name, *new, says=says)
    bad = bytearray(whole)
    bad[len(bad) // 2] ^= 1
    (folder / "bad").write_bytes(bad)
    stays(folder / "bad", *new, says="store")
    refused("backup", "check", folder / "bad", says=["not to be relied on"])
    # Backed up whole, but rotten before that: a byte of each journal block (free pages hold old copies), which only the full check sees.
    rotten = bytearray((server.store / "data.mdb").read_bytes())
    for block in re.finditer(b"TLJB", bytes(rotten)):
        rotten[block.start() + 100] ^= 1
    (server.store / "data.mdb").write_bytes(rotten)
    backup_system(server, folder / "rotten")
    stays(folder / "rotten", *new, says=["damaged, as it was when it was backed up"])
    # And where there is nothing to back up.
    refused("backup", "system", folder / "x", "--config", folder / "nowhere", says=["No such file", "--config"])
    refused("backup", "system", folder / "x", "--config", server.config, "--store", folder / "nowhere", says="No such file")
    refused("backup", "system", folder / "no" / "x", "--config", server.config, says="No such file")
    check(not (folder / "x").exists(), "a backup of nothing")
    after = holds(folder)
    # The store was made rotten above; its lock file has the table of readers.
    changed = [name for name, digest in before.items() if after.get(name) != digest and name not in
               ("server/store/data.mdb", "server/store/lock.mdb")]
    equal(changed, [], "files that were changed")
    # All of it but the store, beside what is there already.
    command("restore", "system", file, "--parts", "configuration,credentials", "--config", place / "toml", "--credentials", one)
    equal((place / "toml").read_bytes(), server.config.read_bytes(), "the configuration")


if __name__ == "__main__":
    main([onto_an_empty_machine, cut_short, what_is_refused])
