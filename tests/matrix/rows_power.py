"""Rows 56 and 57: the end that is asked for, by people and by the UPS; memory and processors that others take."""
import os
import re
import signal
import time
from pathlib import Path

from matrix_rig import check, connected, counter, equal, row, says, told
from rig import LIMIT_S, TWINLINK, Processes, Skipped
from rows_lives import drops, drops_text
from supervisor_rig import Supervised
from ups_rig import Ups

ENDS_WITHIN_S = 2.0


def last_words(server):
    """(collected, durable) of the line of log that an orderly end leaves."""
    line = next(l for l in reversed(server.log.read_text().splitlines()) if "stopped in good order" in l)
    return [int(n) for n in re.findall(r"\d+", line.split("stopped in good order")[1])][:2]


def ended(server, began, what):
    """Its end is one in order, with all that it collected. Returns the seconds."""
    equal(server.process.wait(LIMIT_S), 0, f"exit code, {what} ({server.tail()})")
    took = time.monotonic() - began
    collected, durable = last_words(server)
    equal(durable, collected, f"messages durable at the end, {what}")
    return took


def short_enough(rig, ends):
    """The limit is the full form's: the short one may run beside anything."""
    check(rig.quick or max(ends.values()) < ENDS_WITHIN_S, f"an end took longer than {ENDS_WITHIN_S} s: {ends}")


@row(56, quick=True)
def told_to_stop(rig):
    """SIGTERM in the middle of commits, once and twice; a UPS that goes on battery, and whose battery runs low, under a real upsmon

    all that was collected is durable, the partner is told why, exit code 0 within two seconds; backups wait meanwhile; told twice it
    leaves out what the partner can make up for"""
    one, two = rig.two()
    ups = None if rig.quick else a_ups(rig, two)
    load = ["--agents", "200", "--speed", "600"] if rig.quick else ["--agents", "600", "--speed", "3000"]
    sender = rig.sending([one, two], *load, "--seed", "56", recorded=True)
    ends = {}

    def collecting():
        connected(one, two)
        rig.wait("commits", lambda: two.status()["store"]["commits"] > 20)
    collecting()
    for what, times in (("told once", 1), ("told twice", 2)):
        began = time.monotonic()
        for _ in range(times):
            two.process.send_signal(signal.SIGTERM)
            time.sleep(0.02)  # signals that are not fetched yet are one: the second shall be another
        ends[what] = ended(two, began, what)
        rig.wait("the partner to be told", lambda: says(one, "stopped in good order"))
        two.store_check()
        two.start()
        collecting()
    began = time.monotonic()
    said = Processes.start([TWINLINK, "ups", "low-battery", "--socket", two.socket])
    ends["low battery"] = ended(two, began, "low battery")
    check(said.wait(LIMIT_S) in (0, 1), "twinlink ups low-battery was not heard")
    rig.wait("the partner to be told why", lambda: says(one, "want of power"))
    two.start()
    collecting()
    if ups:
        battery_runs_low(rig, ups, one, two)
        two.start()
        collecting()
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.as_recorded(one, two)
    short_enough(rig, ends)
    rig.show("collected = durable each time; ended after " + ", ".join(f"{1000 * s:.0f} ms ({what})" for what, s in ends.items()))


def a_ups(rig, server):
    """Running; none where there is no NUT."""
    try:
        return Ups(rig.folder, server).start()
    except Skipped as why:
        rig.show(f"without upsmon ({why})")
        return None


def battery_runs_low(rig, ups, one, two):
    """What upsmon sees, it tells: on battery, also to a daemon that was started anew; back; and then low."""
    def on_battery():
        rig.wait("the server to know", lambda: says(two, "on battery since"), said=ups.log)
        check(two.status()["service"]["backups_wait"], "backups do not wait")
        rig.wait("the partner to know", lambda: any("on battery" in note for note in one.status()["notes"]))
    ups.says("OB")
    on_battery()
    two.kill()
    two.start()
    connected(one, two)
    on_battery()
    ups.says("OL")
    rig.wait("power again", lambda: not says(two, "on battery"), said=ups.log)
    rig.wait("the partner to know", lambda: not one.status()["notes"])
    equal(len(told(two, "on_battery")), 1, "episodes on battery")
    ups.says("OB")
    on_battery()
    ups.says("OB LB")
    asked = time.monotonic()
    equal(two.process.wait(LIMIT_S), 0, f"exit code by upsmon ({two.tail()} {ups.log()})")
    took = time.monotonic() - asked
    collected, durable = last_words(two)
    equal(durable, collected, "messages durable at the end, by upsmon")
    rig.wait("the host to be shut down", ups.shut_down.exists, said=ups.log)
    equal(ups.shut_down.read_text().strip(), "-h +0", "how it is shut down")
    rig.show(f"by upsmon: gone {took:.1f} s after the battery was low (upsmon looks once a second), the host shut down only then")


# ---- what others take
class Group:
    """A control group of one controller (version 1), in which a process begins."""

    def __init__(self, controller, name):
        self.folder = Path(f"/sys/fs/cgroup/{controller}/twinlink-{name}-{os.getpid()}")
        try:
            self.folder.mkdir()
        except OSError as why:
            raise Skipped(f"no control group can be made: {why}") from None
        self.prefix = ["sh", "-c", f'echo $$ >{self.folder}/cgroup.procs && exec "$@"', "sh"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Processes.end_all()  # a group goes when nobody is in it
        self.folder.rmdir()

    def set(self, key, value):
        (self.folder / key).write_text(str(value))

    def get(self, key):
        return (self.folder / key).read_text()


# LMDB holds the pages of a commit (8 MiB at most here) until it is written; a refold's go with a live one's.
ROOM_MIB = 16


def anonymous_mib(server):
    """Memory of its own: what it has mapped of its store comes and goes as the system likes."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", text)[1]) // 1024


@row(57, quick=True)
def starved_of_memory_and_time(rig):
    """others take all processors of server 1's host, then nearly all memory, then so much that the system kills it

    its own memory is flat after its start; what it has no time for is dropped, counted and fetched; killed, it comes back and heals"""
    with Group("memory", "memory") as memory, Group("cpu", "time") as cores:
        one = rig.server(1, wire=rig.hosts.sockets(1), pool_frames=1024)
        one.prefix = [*memory.prefix, *cores.prefix, *one.prefix]  # a network namespace has another /sys
        text = one.config.read_text()
        one.config.write_text(text.replace("pool_frames", "socket_buffer_bytes = 65536\npool_frames"))
        two = rig.server(2)
        watched = Supervised(one).start()
        two.start()
        connected(one, two)
        sender = rig.sending([one, two], "--agents", "500", "--speed", "600", "--flush-ms", "1", "--frame-bytes", "400", "--seed", "57")
        rig.wait("messages", lambda: one.messages() > 2000)
        at_first = anonymous_mib(one)
        # Time: a fiftieth of a processor.
        period_us = 100_000
        cores.set("cpu.cfs_quota_us", period_us // 50)
        reached = two.messages()
        rig.wait("the partner to be far ahead", lambda: two.messages() > reached + (10_000 if rig.quick else 100_000))
        cores.set("cpu.cfs_quota_us", -1)
        dropped = {}
        rig.wait("the drops to be counted", lambda: dropped.update(drops(one)) or dropped)
        rig.wait("the partner to have filled them", lambda: counter(one, "names_in") > 0)
        rig.show(f"a fiftieth of a processor: frames dropped by link {drops_text(dropped)}")
        if not rig.quick:
            hardly_any_memory(rig, memory, one, at_first)
        killed_for_memory(rig, memory, watched, one, two)
        truth = rig.over(sender)
        rig.heal(one, two, truth)


def hardly_any_memory(rig, memory, one, at_first):
    """What it writes of its store has no room to stay, and what it has of its own must do."""
    warm, used = anonymous_mib(one), int(memory.get("memory.usage_in_bytes"))
    room = used + (ROOM_MIB << 20)
    memory.set("memory.limit_in_bytes", room)
    met = lambda: int(memory.get("memory.failcnt"))
    rig.wait("the limit to be met", met)
    before = one.messages()
    rig.wait("messages under pressure", lambda: one.messages() > before + 200_000)
    later = anonymous_mib(one)
    check(later <= warm + ROOM_MIB, f"its own memory grew from {warm} to {later} MiB")
    rig.show(f"its own memory {at_first} MiB at first, {warm} MiB when it had fetched them, {later} MiB after {one.messages() - before} messages "
             f"with {room >> 20} MiB in all, a limit that was met {met()} times")


def killed_for_memory(rig, memory, watched, one, two):
    """Somebody who must not be killed takes what memory there is: the system kills the daemon."""
    memory.set("memory.limit_in_bytes", int(memory.get("memory.usage_in_bytes")) + (ROOM_MIB << 20))
    hog = "import os\nopen('/proc/self/oom_score_adj', 'w').write('-1000')\na = []\nwhile True: a.append(b'x' * (1 << 20))"
    taker = Processes.start([*memory.prefix, "python3", "-c", hog])
    ended = one.process.wait(LIMIT_S)
    equal(ended, -signal.SIGKILL, f"how it ended ({one.tail()})")
    taker.kill()
    taker.wait()
    memory.set("memory.limit_in_bytes", -1)
    killed = int(re.search(r"oom_kill (\d+)", memory.get("memory.oom_control"))[1])
    check(killed >= 1, "the system killed nobody: the row proves nothing")
    watched.start()
    connected(one, two)
    rig.show(f"killed by the system for memory {killed} times, collecting again after its restart")
