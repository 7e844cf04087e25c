"""Rows 14 to 16 and 53: servers that are killed, lost and too slow."""
import random
import shutil
import time
from pathlib import Path

from matrix_rig import check, connected, count, counter, equal, row, says
from rig import LIMIT_S
from supervisor_rig import Paused


@row(14)
def killed_again_and_again(rig):
    """kill -9 of a server at a random moment, a hundred times (three when quick), while the switch sends

    what it had called durable is there after each; nothing is missing in the end"""
    times = 3 if rig.quick else 100
    rng = random.Random(14)
    one, two = rig.two()
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300", "--seed", "44", recorded=True)
    kept = {one: 0, two: 0}  # messages in the store when the present life of a server began
    least = None
    for kill in range(times):
        victim = one if kill % 4 else two
        before = victim.messages()
        rig.wait("messages to come in", lambda: victim.messages() > before)
        time.sleep(rng.random() * 0.4)  # the moment of death is the random part of this row, not a wait
        acknowledged = victim.status()["store"]["committed_messages"]
        victim.kill()
        held = sum(stream["messages"] for stream in victim.gaps()["streams"])
        beyond = held - kept[victim] - acknowledged
        check(beyond >= 0, f"kill {kill + 1}: {held} messages are held, {kept[victim]} + {acknowledged} were durable")
        least = beyond if least is None else min(least, beyond)
        kept[victim] = held
        victim.start()
    connected(one, two)
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.as_recorded(one, two)
    check(all(kept.values()), "a server held nothing at its kill: the row proves nothing")
    causes = sorted({g["cause"] for s in (one, two) for g in s.gaps()["gaps"]})
    rig.show(f"{times} kills: after each at least what had been called durable (least surplus {least}); causes of gaps {', '.join(causes)}")


@row(15)
def killed_while_it_gives(rig):
    """kill -9 of the partner in the middle of a large refill, three times

    the rest is asked for again when it is back; nothing is applied twice"""
    one, two = rig.two()
    # What server 1 lacks is known to both before anything is given: the pair's wire is cut meanwhile.
    rig.hosts.set_pair("down")
    day = ["--agents", "600", "--hours", "90m", "--start", "2026-03-02T09:00:00Z", "--seed", "15"]
    truth = rig.send([one, two], *day, "--speed", "1500", "--fault", "server=1 at=09:05 for=80m drop")
    lost = count(truth.lost(1))
    rig.hosts.shape_pair(2, "4mbit")  # so that the refill takes some seconds
    rig.hosts.set_pair("up")
    kills = [lost]
    for _ in range(3):
        missing = lambda: one.status()["acds"][0]["missing"]
        rig.wait("the refill to go on", lambda: missing() < kills[-1], said=lambda: f"{missing()} of {lost} are missing")
        two.kill()
        kills.append(missing())
        rig.wait("the partner's end to be noticed", lambda: says(one, "the partner is away"))
        two.start()
    rig.hosts.shape_pair(2, None)
    check(kills[-1] > 0, "the refill was over before the last kill: the row proves nothing")
    rig.heal(one, two, truth)
    rig.show(f"of {lost} messages {', '.join(map(str, kills[1:]))} were still missing at the kills")


@row(16, quick=True)
def machine_lost(rig):
    """server 1 is lost with its disk; a new machine with an empty store takes its place while the switch sends

    all is rebuilt from the partner, live traffic goes on; how much is still to come is shown"""
    one, two = rig.two(partner="lend_mib_per_s = 1")
    sender = rig.sending([one, two], "--agents", "200" if rig.quick else "600", "--speed", "600", "--seed", "46", recorded=True)
    many = 2000 if rig.quick else 60_000
    rig.wait("a history", lambda: two.messages() > many)
    one.kill()
    shutil.rmtree(one.store)
    one.start()
    to_come = []

    def followed():
        for stream in one.asked()["partner"]["streams"]:
            to_come.append(stream["wanted"])
        return any(g["first"] == 1 and g["state"] == "healed" for g in one.gaps()["gaps"])
    began = time.monotonic()
    rig.wait("the new machine to have all", followed, said=lambda: f"to come: {to_come[-1:]}")
    took = time.monotonic() - began
    live = one.status()["acds"][0]
    truth = rig.over(sender)
    rig.heal(one, two, truth, stop=False)
    fetched = counter(one, "names_in")
    check(fetched >= many // 2, f"{fetched} messages came from the partner")
    first_seen = one.status()["acds"][0]["first_seen"]
    rig.heal(one, two, truth)
    rig.as_recorded(one, two)
    rig.show(f"first heard {first_seen}; {fetched} rebuilt from the partner in {took:.1f} s under live traffic "
             f"(shown as to come: up to {max(to_come)}), watermark then {live['watermark']}")


def drops(server):
    """{link: frames that its device had no room for}"""
    return {p["link"]: p["counters"]["nic_missed"] for p in server.status()["ports"] if p["counters"]["nic_missed"]}


def drops_text(seen):
    return ", ".join(f"{link}: {n}" for link, n in sorted(seen.items()))


@row(53, quick=True)
def slow_consumer(rig):
    """the fold thread of server 1 stands still while frames come faster than its rings and buffers hold

    what has no room is dropped and counted, is a gap like any other, and comes from the partner"""
    # Kernel sockets, since those count what they had no room for, and little room.
    one = rig.server(1, wire=rig.hosts.sockets(1), pool_frames=1024)
    text = one.config.read_text()
    one.config.write_text(text.replace("pool_frames", "socket_buffer_bytes = 65536\npool_frames"))
    two = rig.server(2)
    one.start(), two.start()
    connected(one, two)
    sender = rig.sending([one, two], "--agents", "500", "--speed", "600", "--flush-ms", "1", "--frame-bytes", "400", "--seed", "53")
    rig.wait("messages", lambda: one.messages() > 500)
    with Paused(one.process, "tl-fold"):
        reached = two.messages()
        rig.wait("the partner to be far ahead", lambda: two.messages() > reached + 20_000)
    seen = {}
    rig.wait("the drops to be counted", lambda: seen.update(drops(one)) or seen)
    truth = rig.over(sender)
    rig.heal(one, two, truth, stop=False)
    fetched = counter(one, "names_in")
    check(fetched > 0, "nothing was dropped on both links: the row proves nothing")
    rig.heal(one, two, truth)
    causes = sorted({g["cause"] for g in one.gaps()["gaps"]})
    rig.show(f"frames dropped by link {drops_text(seen)}; {fetched} messages came from the partner; causes {', '.join(causes)}")
