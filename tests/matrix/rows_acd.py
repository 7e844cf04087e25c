"""Rows 46 to 51 and 54: what the switch sends, or what somebody sends in its name."""
import json
import subprocess

import runs
from matrix_rig import DAY, HERE, check, connected, counter, equal, healed, link_of, row, wait_for
from rig import TWINLINK
from tape import PORT, Tape

CORPUS = HERE.parent / "fuzz/corpus/frame"
MINUTE_NS = 60 * 10**9
PATIENT = "[links]\nreorder_window_ms = 2000"


def tape(rig, words=DAY):
    folder = rig.folder / "recording"
    folder.mkdir()
    return Tape(folder, words)


def heal_tape(rig, one, two, played, lost):
    rig.heal(one, two, played.lost(lost))


@row(46, quick=True)
def clock_of_the_acd(rig):
    """the ACD's clock jumps back by 20 minutes without notice, and single messages come from far in the future

    messages are kept, both servers cut the same intervals by the same rule, rows say INCOMPLETE, the steps are counted. (No interval
    is set apart: a jump is the ACD's clock being set, and a time is believed)"""
    played = tape(rig)
    ordinary = [seq for seq in played.messages if seq > 300 and played.template(seq) in ("AgentState", "CallQueued")]
    played.change_times(range(700, played.last + 1), -20 * MINUTE_NS)
    future = ordinary[10]
    played.change_times([future], 400 * 24 * 60 * MINUTE_NS)
    one, two = rig.two(more=PATIENT)
    lost = {1: range(500, 530), 2: range(800, 815)}
    played.play(rig.hosts, lost)
    one.settle(), two.settle()
    healed(one, two)
    counts = [{k: v for k, v in s.status()["acds"][0]["fold"].items() if v} for s in (one, two)]
    check(counts[0].get("clock_stepped"), f"no step was counted: {counts[0]}")
    heal_tape(rig, one, two, played, lost)
    intervals = sorted({(r["STARTTIME_UTC"], r["INSTANCE"]) for r in one.rows("skills")["rows"]})
    marked = sum(bool(r["INCOMPLETE"]) for r in one.rows("skills")["rows"])
    check(marked > 0, "no row is marked")
    rig.show(f"message {future} from 400 days ahead, from 700 on 20 minutes back: {counts[0]['clock_stepped']} steps, "
             f"{marked} rows of skills marked; intervals " + ", ".join(f"{start[:16]} ({instance})" for start, instance in intervals))


@row(47)
def acd_restarts(rig):
    """the ACD restarts and counts from 1 again; server 2 sees that two minutes of the day later than server 1

    the same lives with the same names on both, nothing called missing between them"""
    day = [*DAY, "--restart-at", "09:15"]
    one, two = rig.two()
    truth = rig.send([one, two], *day, "--speed", "900", "--fault", "server=2 delay=2m")
    rig.heal(one, two, truth, stop=False)
    lives = [[(s["epoch"], s["next"], s["missing"]) for s in server.gaps()["streams"]] for server in (one, two)]
    equal(lives[0], lives[1], "lives")
    equal([missing for _, _, missing in lives[0]], [0, 0], "missing of each life")
    rig.heal(one, two, truth)
    rig.show(f"lives {', '.join(f'{e}: {n - 1} messages' for e, n, _ in lives[0])} on both")
    rig.as_if_nothing(day, one, two)


@row(48)
def restart_in_part(rig):
    """server 2 hears nothing while the ACD restarts; on server 1 link B still brings the old life when A has the new one

    stragglers go to the old life, server 2 gets the end of the old one and the beginning of the new one from its partner"""
    day = [*DAY, "--restart-at", "09:15"]
    one, two = rig.two()
    truth = rig.send([one, two], *day, "--speed", "600", "--fault", "server=2 at=09:14 for=5m drop",
                     "--fault", "server=1 link=B at=09:14 for=5m delay=15m", "--fault", "server=1 link=A at=09:14 for=30s drop")
    rig.heal(one, two, truth, stop=False)
    stale = [link_of(one, l)["stale_frames"] for l in "AB"]
    check(stale[1] > 0, "no straggler came: the row proves nothing")
    fetched = counter(two, "names_in")
    check(fetched > 0, "server 2 lacked nothing: the row proves nothing")
    rig.heal(one, two, truth)
    rig.show(f"stragglers on server 1: {stale[1]} frames of B; server 2 fetched {fetched}")
    rig.as_if_nothing(day, one, two)


@row(49, quick=True)
def numbers_beyond_32_bits(rig):
    """the numbers go past 2^32 in the middle of the day, and both servers have gaps across that place

    goes on: numbers have 64 bits on the wire and everywhere else, no new life begins, gaps heal. (Both join a life that is under
    way, so the first interval says INCOMPLETE)"""
    played = tape(rig)
    wrap = 1 << 32
    played.shifted(wrap - 600)
    lost = {1: range(wrap - 20, wrap + 20), 2: [*range(wrap - 60, wrap - 30), *range(wrap + 25, wrap + 35)]}
    one, two = rig.two(more=PATIENT, partner="lost_after_ms = 500")
    played.play(rig.hosts, lost)
    one.settle(), two.settle()
    healed(one, two)
    streams = [s.gaps()["streams"] for s in (one, two)]
    equal([len(s) for s in streams], [1, 1], "lives")
    equal([s.status()["acds"][0]["next"] for s in (one, two)], [played.last + 1] * 2, "next numbers")
    heal_tape(rig, one, two, played, lost)
    values = runs.against(runs.Both(strict=True), played.stream(), [one, two], but=("INCOMPLETE",))
    rig.show(f"numbers {min(played.messages)} to {played.last} in one life; {values:,} values equal the reference of the same "
             "messages numbered from 1")


@row(50, quick=True)
def wild_numbers(rig):
    """frames with numbers 2^31 too high: 2 % of all by the switch, and a burst of 100 in a row spoofed on link A of server 1

    set aside, counted; watermark and gaps untouched, nothing asked for"""
    one, two = rig.two(more=f"{PATIENT}\nsilence_ms = 10000")
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300", "--seed", "50", "--fault", "wild=0.02")
    rig.wait("messages", lambda: one.messages() > 300)
    recording = tape(rig)
    recording.epoch = one.status()["acds"][0]["epoch"]
    address = rig.hosts.link_addresses(1)["A"]
    with rig.hosts.socket_in(rig.hosts.switch) as out:
        for n in range(100):
            out.sendto(recording.frame("A", (1 << 31) + 8 * n + 1, [recording.messages[s] for s in range(1, 9)]), (address, PORT))
    reached = one.messages()
    rig.wait("messages", lambda: one.messages() > reached + 500)
    truth = rig.over(sender)
    one.settle(), two.settle()
    wild = {l: link_of(one, l)["wild_frames"] for l in "AB"}
    check(wild["A"] >= 100, f"wild frames of A: {wild}")
    equal([counter(s, "wants_out") for s in (one, two)], [0, 0], "requests")
    equal([len(s.gaps()["gaps"]) for s in (one, two)], [0, 0], "gaps")
    ahead = one.status()["acds"][0]["next"]
    check(ahead < 1 << 31, f"the numbers went on at {ahead}")
    rig.heal(one, two, truth)
    rig.show(f"{wild['A']} | {wild['B']} frames set aside on links A | B of server 1; no gap, no request, next {ahead}")


def journal_begin(server):
    """The first message that the retention has left in a (stopped) server's journal."""
    done = subprocess.run([str(TWINLINK), "store", "info", str(server.store), "--json"], capture_output=True, text=True)
    pruned = json.loads(done.stdout)["pruned"]
    return pruned[0]["upto"] + 1 if pruned else 1


@row(51)
def beyond_the_journal(rig):
    """server 1 lacks eight hours that are no longer in its partner's journal when it can ask

    the partner tells where its journal begins, both agree that what is older is lost to server 1, nothing newer is held up; rows of
    those hours say INCOMPLETE on server 1, and are whole on server 2, which had folded them"""
    one, two = rig.server(1, partner="lost_after_ms = 500"), rig.server(2, partner="lost_after_ms = 500", store="journal_days = 1")
    one.start(), two.start()
    connected(one, two)
    rig.hosts.set_pair("down")
    day = ["--agents", "12", "--hours", "108", "--start", "2026-03-02T00:00:00Z", "--opens", "00:00", "--closes", "24:00", "--seed", "51",
           "--fault", "server=1 at=2026-03-02T02:00:00Z for=8h drop", "--fault", "server=1 at=2026-03-04T20:00:00Z for=30m drop"]
    old, new = [r for of in rig.rehearse(*day).lost(1).values() for r in of]  # but for a frame at each end
    sender = rig.sending_day([one, two], *day, "--speed", "6000", recorded=True)
    rig.wait("what is to be filled being past", lambda: two.messages() > new[1])
    rig.hosts.set_pair("up")  # while the ACD is heard: without it nothing is called lost
    connected(one, two)
    states = lambda: [g["state"] for hole in (old, new) for g in one.gaps()["gaps"] if g["first"] <= hole[1] and hole[0] <= g["last"]]
    wait_for("both to be over", lambda: states() == ["lost", "healed"], said=states)
    rig.ended(sender)
    one.settle(), two.settle()
    agreed = [counter(s, "lost_agreed") for s in (one, two)]
    equal(agreed[0], agreed[1], "messages that both agreed to be lost")
    lost = [g for g in one.gaps()["gaps"] if g["state"] == "lost"]
    equal(sum(g["missing"] for g in lost), agreed[0], "messages lost on server 1")
    hours = ("2026-03-02T02:30", "2026-03-02T09:30")  # but for the intervals at each end
    rows = [[r for r in s.rows("skills")["rows"] if hours[0] <= r["STARTTIME_UTC"][:16] <= hours[1]] for s in (one, two)]
    marked = [sum(bool(r["INCOMPLETE"]) for r in of) for of in rows]
    check(rows[1], "server 2 has no rows of those hours: the row proves nothing")
    equal(marked[0], len(rows[0]), "rows of those hours that say INCOMPLETE")
    one.stop(), two.stop()
    rig.as_recorded(two)
    one.store_check(), two.store_check()
    begins = journal_begin(two)
    check(begins > old[1], f"the journal of server 2 begins with {begins} already: the row proves nothing")
    equal([g["state"] for g in two.gaps()["gaps"] if g["first"] <= old[1] and old[0] <= g["last"]], [], "gaps of it on server 2")
    rig.show(f"{old} is lost to server 1, {agreed[0]} messages by agreement of both, {new} healed; of skills' rows of those hours "
             f"{marked[0]} of {len(rows[0])} | {marked[1]} of {len(rows[1])} say INCOMPLETE; journal of server 2 from {begins} on")


@row(54)
def malformed(rig):
    """malformed frames on all links: bits flipped, cut off, and the whole corpus of the frames' fuzzer from a stranger

    refused by reason and counted, no effect on rows; what both links lost of it comes from the partner"""
    one, two = rig.two(more=PATIENT)
    bad = sorted(CORPUS.iterdir())
    sender = rig.sending_day([one, two], *DAY, "--speed", "400", "--fault", "corrupt=0.05", "--fault", "truncate=0.03")
    rig.wait("messages", lambda: one.messages() > 100)
    with rig.hosts.socket_in(rig.hosts.switch) as out:
        for file in bad:
            for server in rig.hosts.servers:
                for address in rig.hosts.link_addresses(server).values():
                    out.sendto(file.read_bytes()[:1472], (address, PORT))
    truth = rig.ended(sender)
    rig.heal(one, two, truth, stop=False)
    refused = {}
    for port in one.status()["ports"]:
        for reason, n in port["refusals"].items():
            refused[reason] = refused.get(reason, 0) + n
    refused = {reason: n for reason, n in refused.items() if n}
    damaged = sum(l[fate] for l in truth.streams()[0]["servers"][0]["links"].values() for fate in ("corrupt", "truncated"))
    check(sum(refused.values()) > 0 and damaged > 0, "nothing was refused: the row proves nothing")
    rig.heal(one, two, truth)
    rig.show(f"{damaged} messages damaged and {len(bad)} frames of the corpus on each link; server 1 refused "
             + ", ".join(f"{reason} {n}" for reason, n in sorted(refused.items())))
    rig.reference(DAY, one, two)
