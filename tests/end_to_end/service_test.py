"""Maintenance and collection turned off by people, real processes: told, recorded, kept over restarts, and healed afterwards."""
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "reference"))

import runs
from pair_rig import ON_AND_ON, SMALL, asked, connected, end_equal, intervals_begun, two_servers
from rig import LIMIT_S, TWINLINK, Processes, Server, Skipped, check, end_orderly, equal, main, switch, wait_for


# So that the independent reference can compute every table.
TRACED = {**SMALL, "extra_acd": f"{SMALL['extra_acd']}\ntrace_agents = {runs.TRACED}"}


def say(server, *words, code=0):
    """An operator's word to the daemon; what it answers."""
    run = subprocess.run([str(TWINLINK), *words, "--socket", str(server.socket), "--json"], capture_output=True, text=True,
                         timeout=LIMIT_S)
    equal(run.returncode, code, f"exit code of twinlink {words} ({run.stderr})")
    return json.loads(run.stdout) if code in (0, 1) and run.stdout else run.stderr


def status_code(server):
    return subprocess.run([str(TWINLINK), "status", "--socket", str(server.socket)], capture_output=True,
                          timeout=LIMIT_S).returncode


def exceptions(server, what):
    return [e for e in server.twinlink("report", "exceptions")["exceptions"] if e["EXCEPTION"] == what]


def warnings(server):
    return [line for line in server.log.read_text().splitlines() if " warning: " in line]


def maintenance(folder):
    """maintenance is told to the partner, marks reports, quiets alarms, and survives restarts and a kill"""
    one, two = two_servers(folder, **SMALL)
    one.start(), two.start()
    connected(one, two)
    sender = switch([one, two], folder, "--agents", "40", *ON_AND_ON, "--speed", "300", "--seed", "31", wait=False)
    wait_for("messages", lambda: min(one.messages(), two.messages()) > 100)
    equal(say(one, "maintenance")["maintenance"], False, "maintenance at first")
    said = say(one, "maintenance", "on", "--text", "new disks")
    equal((said["maintenance"], said["text"]), (True, "new disks"), "what was said")
    status = one.status()
    equal((status["state"], status["service"]["maintenance"]["text"]), ("maintenance", "new disks"), "status")
    wait_for("the partner to know", lambda: any("in maintenance since" in n and "new disks" in n for n in two.status()["notes"]),
             said=lambda: two.status()["notes"])
    equal(asked(two)["their_maintenance_text"], "new disks", "what twinlink partner says there")
    wait_for("the record", lambda: [e["GOES_ON"] for e in exceptions(one, "maintenance")] == [True])
    for report in (("report", "skills"), ("gaps",), ("report", "outages")):
        check("maintenance_since" in one.twinlink(*report), f"twinlink {report} does not say it")
    # Alarms are quiet: links that fall silent are told, and neither a warning nor a bad exit code.
    quiet_from = len(warnings(one))
    end_orderly(sender)
    wait_for("the links to be silent", lambda: any("is silent" in r for r in one.status()["reasons"]))
    equal(status_code(one), 0, "exit code of twinlink status in maintenance")
    wait_for("the log to tell", lambda: "link A is silent" in one.tail())
    equal(warnings(one)[quiet_from:], [], "warnings in maintenance")
    equal(status_code(two), 1, "exit code of twinlink status on the other server")
    # Killed and started: still in maintenance, one record. Stopped: the partner knows why, and is calm about it.
    one.kill()
    one.start()
    equal(one.status()["service"]["maintenance"]["text"], "new disks", "maintenance after kill -9")
    wait_for("the partner to know again", lambda: asked(two)["state"] == "up" and two.status()["notes"])
    one.stop()
    wait_for("the farewell", lambda: any("stopped for maintenance" in n for n in two.status()["notes"]),
             said=lambda: f"{two.status()['notes']} {two.status()['reasons']}")
    check(not any("away" in r for r in two.status()["reasons"]), "a partner in maintenance is an alarm")
    check("maintenance_since" in one.twinlink("gaps"), "a stopped server's reports do not say that it is in maintenance")
    one.start()
    say(one, "maintenance", "off")
    wait_for("the record to end", lambda: [e["GOES_ON"] for e in exceptions(one, "maintenance")] == [False])
    check(exceptions(one, "maintenance")[0]["DURATION"] > 0, "maintenance took no time")
    connected(one, two)
    wait_for("the partner to know", lambda: not two.status()["notes"], said=lambda: two.status()["notes"])
    check("maintenance_since" not in one.twinlink("gaps"), "reports still say maintenance")
    say(one, "maintenance", "on", "--text", "x" * 91, code=1)
    say(one, "maintenance", "perhaps", code=2)
    one.stop(), two.stop()


def begin(folder, *words, **options):
    """Two servers and a switch that sends to both and into a recording, over the end of an interval."""
    one, two = two_servers(folder, **TRACED, **options)
    one.start(), two.start()
    connected(one, two)
    recording = {link: folder / f"{link}.pcap" for link in "AB"}
    sender = switch([one, two], folder, "--agents", "40", *ON_AND_ON, "--start", "2026-03-02T09:25:00Z", "--speed", "300", *words,
                    wait=False, recording=recording)
    wait_for("messages", lambda: min(one.messages(), two.messages()) > 100)
    return one, two, sender, recording


def ends_whole(one, two, sender, folder, recording):
    """The switch ends; both heal, hold the same rows and lack what both lost, and every item of every row equals the reference."""
    wait_for("an interval to be over", lambda: intervals_begun(two) > 1)
    end_equal(one, two, sender, folder)
    both = runs.Both(strict=True)
    values = runs.against(both, runs.merge(both.schema, recording.values()), (one, two))
    print(f"  {values:,} values equal the reference", flush=True)
    one.store_check()


def down_for_maintenance(folder):
    """a server is in maintenance and down while the switch sends; back, it has all from its partner, and every value is right"""
    one, two, sender, recording = begin(folder, "--seed", "33")
    say(one, "maintenance", "on", "--text", "new disks")
    one.stop()
    wait_for("the farewell", lambda: any("stopped for maintenance" in n for n in two.status()["notes"]),
             said=lambda: f"{two.status()['notes']} {two.status()['reasons']}")
    more = two.messages() + 1_000
    wait_for("the other server to go on", lambda: two.messages() > more)
    one.start()
    say(one, "maintenance", "off")
    connected(one, two)
    ends_whole(one, two, sender, folder, recording)
    filled = [g for g in one.gaps()["gaps"] if g["filled_by"] == "partner"]
    check(sum(g["missing"] for g in filled) >= 900 and all(g["state"] == "healed" for g in filled), f"gaps: {one.gaps()['gaps']}")


@contextmanager
def freezing_disk(folder):
    """A file system of its own on a device of its own; what is yielded stops all that writes to it, and lets it go on."""
    image, place = folder / "image", folder / "disk"
    place.mkdir()
    image.write_bytes(b"")
    os.truncate(image, 96 << 20)
    made = all(shutil.which(p) for p in ("mkfs.ext4", "fsfreeze")) and all(
        subprocess.run(words, capture_output=True).returncode == 0
        for words in (["mkfs.ext4", "-q", image], ["mount", "-o", "loop", image, place]))
    if not made:
        raise Skipped("no file system can be made and mounted here")

    def freeze(on):
        subprocess.run(["fsfreeze", "-f" if on else "-u", place], check=True)
    try:
        yield place, freeze
    finally:
        subprocess.run(["fsfreeze", "-u", place], capture_output=True)
        Processes.end_all()
        subprocess.run(["umount", place], check=True)


def slow_disk(folder):
    """a disk that hangs, until the watchdog ends the run, again and again: that is told, and no store is put aside for it"""
    with freezing_disk(folder) as (disk, freeze):
        server = Server(folder / "server", "udp", store=disk / "store", crashes_max=2).start()
        sender = switch([server], folder, "--agents", "40", *ON_AND_ON, "--speed", "300", "--seed", "34", wait=False, truth=False)
        mark = server.socket.with_name(server.socket.name + ".waits-for-disk")
        for _ in range(3):
            wait_for("commits", lambda: server.status()["store"]["commits"] > 5)
            freeze(True)
            try:
                wait_for("it to be seen that it waits for the disk", mark.exists)
                server.process.kill()  # as systemd would; it ends when the disk lets it
            finally:
                freeze(False)
            server.process.wait(LIMIT_S)
            server.start()
            check("ended while it waited for the disk" in server.log.read_text(), server.tail())
            check(not mark.exists(), "the mark stays")
        equal(server.status()["service"]["safe_mode"], None, "safe mode")
        equal(list(disk.glob("store.quarantine-*")), [], "stores put aside")
        end_orderly(sender)
        server.settle()
        server.stop()
        server.store_check()


def collection(folder):
    """an ACD's collection off on one server: nothing is taken, also after a kill; then its gap has that cause and the partner fills it"""
    one, two, sender, recording = begin(folder, "--seed", "32", "--acds", "2", acds=2)
    say(one, "collection", "off", "--acd", "3", code=1)
    equal([o["acd"] for o in say(one, "collection", "off", "--acd", "1")["collection_off"]], [1], "what is off")

    def acd(server):
        return next(a for a in server.status()["acds"] if a["acd"] == 1)
    wait_for("frames to be left", lambda: acd(one)["frames_left"] > 20)
    wait_for("the partner to know", lambda: any("ACD 1" in n for n in two.status()["notes"]))
    stands_at = acd(one)["next"]
    check(any("not collected" in r for r in one.status()["reasons"]), one.status()["reasons"])
    one.kill()
    one.start()
    connected(one, two)
    more = two.messages() + 500
    wait_for("the other server to go on", lambda: two.messages() > more)
    check(acd(one)["next"] <= stands_at and not acd(one)["collected"], "it was collected all the same")
    check(not any("silent" in r for r in one.status()["reasons"] if "ACD 1" in r), "what is not collected is called silent")
    wait_for("the record", lambda: [e["GOES_ON"] for e in exceptions(one, "collection_off")] == [True])
    check("collection_off_acd_1" in one.twinlink("report", "skills"), "reports do not say it")
    # It may be stopped all the same, and its partner may not.

    def checks(server):
        run = subprocess.run([str(TWINLINK), "upgrade", "check", "--socket", str(server.socket), "--json"], capture_output=True, text=True,
                             timeout=LIMIT_S)
        return run.returncode, {c["check"]: c for c in json.loads(run.stdout)["checks"]}
    wait_for("a server that may be stopped", lambda: checks(one)[0] == 0, said=lambda: checks(one))
    here, there = checks(one)[1], checks(two)[1]
    equal((here["collection"]["verdict"], there["collection"]["verdict"], here["links"]["verdict"]), ("note", "NO", "ok"), f"{here} {there}")
    check("messages stay with the partner" in here["collection"]["text"], here["collection"]["text"])
    say(one, "collection", "on", "--acd", "1")
    ends_whole(one, two, sender, folder, recording)
    of = [g for g in one.gaps()["gaps"] if g["cause"] == "collection_off"]
    check(of and all(g["filled_by"] == "partner" and g["state"] == "healed" for g in of), f"gaps: {one.gaps()['gaps']}")
    check(exceptions(one, "collection_off")[0]["DURATION"] > 0, "it was off for no time")


if __name__ == "__main__":
    main([maintenance, down_for_maintenance, slow_disk, collection])
