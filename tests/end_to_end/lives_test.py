"""Processes that die, disks that fill, switches that come late: the appliance goes on, and its reports stay true."""
import ctypes
import os
import random
import signal
import time

from rig import (LIMIT_S, Processes, Server, Skipped, Truth, check, end_orderly, equal, gaps_equal_truth, main, open_ranges,
                 switch, wait_for)

# A day that outlasts every test on every machine; whoever starts it ends it.
ON_AND_ON = ["--hours", "1000", "--opens", "00:00", "--closes", "24:00"]


def names_are_accounted_for(server, truth):
    """Every name the switch sent is in the journal or in a gap, and what it lost on both links is in a gap."""
    missing = open_ranges(server.gaps())
    for stream in server.gaps()["streams"]:
        check(stream["adds_up"], f"a stream's totals do not add up: {stream}")
        sent = next(s for s in truth.streams() if (s["acd"], s["epoch"]) == (stream["acd"], stream["epoch"]))
        equal(stream["next"], sent["last_seq"] + 1, "names known of the stream")
        lost = sum(last - first + 1 for first, last in missing.get((stream["acd"], stream["epoch"]), []))
        equal(stream["messages"] + lost, sent["last_seq"], "messages held and missing")


def kill_fifty_times(folder):
    """kill -9 fifty times at random while a switch sends: each start goes on, what was missed has cause server_down"""
    rng = random.Random(20260105)
    # UDP, because a switch keeps sending into a dead server's port: that is what a server misses.
    server = Server(folder / "server", "udp", extra_store="rows_every_ms = 20\ncheckpoint_every_ms = 50").start()
    sender = switch([server], server.folder, "--agents", "100", *ON_AND_ON, "--speed", "1500", "--seed", "3", wait=False)
    durable = 0
    for kill in range(50):
        before = server.messages()
        wait_for("messages to come in", lambda: server.messages() > before)
        time.sleep(rng.random() * 0.3)  # the moment of death is the random part of this test, not a wait
        server.kill()
        server.start()
        now = server.messages()
        check(now >= durable, f"fewer messages after restart {kill + 1}: {now} < {durable}")
        durable = now
    end_orderly(sender)
    server.settle()
    server.stop()
    truth = Truth(server.folder / "truth.json")
    names_are_accounted_for(server, truth)
    causes = {g["cause"] for g in server.gaps()["gaps"]}
    check("server_down" in causes, f"causes: {causes}")
    check(causes <= {"server_down", "both_links", "local_drop", "link_down", "tail", "before_pump_up"}, f"{causes}")
    server.store_check()


def acknowledged_is_kept(folder):
    """what the status called durable before a kill is in the store after it"""
    server = Server(folder / "server").start()
    sender = switch([server], server.folder, "--agents", "100", *ON_AND_ON, "--speed", "3000", wait=False, truth=False)
    held = 0
    for _ in range(5):
        wait_for("commits", lambda: server.status()["store"]["commits"] > 20)
        acknowledged = held + server.status()["store"]["committed_messages"]
        server.kill()
        held = server.gaps()["streams"][0]["messages"]
        check(held >= acknowledged > 0, f"{acknowledged} messages were called durable, {held} are there")
        server.store_check()
        server.start()
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    server.stop()


def the_switch_dies(folder):
    """a switch that is killed, restarts and comes late leaves the appliance running, and its reports true"""
    server = Server(folder / "server").start()
    for life in range(4):
        sender = switch([server], server.folder, "--agents", "40", *ON_AND_ON, "--speed", "1000", "--start",
                        f"2026-03-{life + 2:02}T09:00:00Z", wait=False, truth=False)
        want = server.messages() + 500
        wait_for("messages of this life", lambda: server.messages() > want)
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        check(server.process.poll() is None, f"twinlinkd died with the switch: {server.tail()}")
    wait_for("the links to fall silent", lambda: all(l["silent"] for l in server.status()["acds"][0]["links"]))
    truth = switch([server], server.folder, "--agents", "40", "--hours", "1", "--speed", "1000", "--start",
                   "2026-03-09T09:00:00Z")
    server.settle()
    server.stop()
    last = truth.streams()[0]
    stream = next(s for s in server.gaps()["streams"] if s["epoch"] == last["epoch"])
    equal((stream["messages"], stream["missing"]), (last["messages"], 0), "the last life, whole")
    equal(len(server.gaps()["streams"]), 5, "epochs")
    check(all(s["adds_up"] for s in server.gaps()["streams"]), "totals add up")
    server.store_check()


def the_server_is_late(folder):
    """a switch that waits for its server, and a server that is replaced under it, both end well"""
    server = Server(folder / "server")
    sender = switch([server], server.folder, "--agents", "20", "--hours", "1", "--speed", "1000", wait=False)
    time.sleep(0.3)  # the switch comes first; that it waits is what is tested
    server.start()
    equal(sender.wait(5 * LIMIT_S), 0, "exit code of acdsim")
    server.settle()
    server.stop()
    gaps_equal_truth(server, Truth(server.folder / "truth.json"))


def full_disk(folder):
    """a full disk stops nothing: it is told, what was durable stays, frames wait; with room it goes on by itself"""
    mount = folder / "disk"
    mount.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"twinlink", str(mount).encode(), b"tmpfs", 0, b"size=3m") != 0:
        raise Skipped("no right to mount a small file system")
    try:
        server = Server(folder / "server", store=mount / "store").start()
        sender = switch([server], server.folder, "--agents", "500", "--hours", "24", "--whole-day", "--speed", "20000",
                        wait=False, truth=False)
        store = lambda: server.status()["store"]
        wait_for("the full disk to be told", lambda: store()["counters"]["space_level"] == 3, said=server.tail)
        wait_for("the reason", lambda: any("no room" in reason for reason in server.status()["reasons"]))
        held = store()
        before = server.gaps()["streams"][0]
        check(before["messages"] > 0 and before["adds_up"], f"{before}")
        server.store_check()
        equal(store()["commits"], held["commits"], "commits while there is no room")
        MS_REMOUNT = 32
        check(libc.mount(b"twinlink", str(mount).encode(), b"tmpfs", MS_REMOUNT, b"size=512m") == 0, "remount")
        wait_for("commits to go on", lambda: store()["commits"] > held["commits"] + 5)
        check(server.process.poll() is None, f"the daemon ended: {server.tail()}")
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        server.stop()
        after = server.gaps()["streams"][0]
        check(after["messages"] > before["messages"] and after["adds_up"], f"{after} after {before}")
        server.store_check()
    finally:
        Processes.end_all()
        libc.umount2(str(mount).encode(), 2)


def hung_fold(folder):
    """a daemon that is stopped for a while (SIGSTOP) loses what its rings cannot hold, names it, and goes on"""
    server = Server(folder / "server", "udp").start()
    sender = switch([server], server.folder, "--agents", "100", *ON_AND_ON, "--speed", "3000", wait=False)
    wait_for("messages", lambda: server.messages() > 2000)
    os.kill(server.process.pid, signal.SIGSTOP)
    time.sleep(1.0)  # how long it hangs is a parameter of the fault
    os.kill(server.process.pid, signal.SIGCONT)
    before = server.messages()
    wait_for("more messages", lambda: server.messages() > before + 2000)
    end_orderly(sender)
    server.settle()
    server.stop()
    names_are_accounted_for(server, Truth(server.folder / "truth.json"))
    server.store_check()


if __name__ == "__main__":
    main([kill_fifty_times, acknowledged_is_kept, the_switch_dies, the_server_is_late, full_disk, hung_fold])
