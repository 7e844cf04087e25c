"""Rows 1 to 13: what happens to the links of one server or of both."""
import time

from matrix_rig import DAY, check, counter, equal, link_of, lost_names, memory_of, row, says, told

# Holes wait this long for the other link where a row is not about how long: a busy machine is no fault.
PATIENT = "[links]\nreorder_window_ms = 5000"


@row(1, quick=True)
def line_dead(rig):
    """link A of server 1 is dead: the cable is out, for good

    nothing is lost; "link A is silent" is told; the watermark goes on"""
    one, two = rig.two(more="[links]\nsilence_ms = 200\nreorder_window_ms = 200")
    sender = rig.sending([one, two], "--agents", "40", "--speed", "300", "--seed", "31")
    rig.wait("messages on link A", lambda: link_of(one, "A")["messages"] > 50)
    rig.hosts.set_link(1, "A", "down")
    cut = time.monotonic()
    rig.wait("the silence of link A", lambda: says(one, "link A is silent"))
    noticed_ms = round(1000 * (time.monotonic() - cut))
    reached = one.status()["acds"][0]["watermark"]
    rig.wait("the watermark to go on", lambda: one.status()["acds"][0]["watermark"] > reached + 300)
    rig.wait("A alone to be silent", lambda: link_of(one, "A")["silent"] and not link_of(one, "B")["silent"])
    alone = link_of(one, "A")
    rig.dead[one] = "A"
    sent = rig.over(sender)
    rig.heal(one, two, sent, stop=False)
    status = one.status()["acds"][0]
    equal(status["missing"], 0, "messages missing on server 1")
    check(told(one, "silent"), "no exception of the silence")
    rig.show(f"silent told after {noticed_ms} ms (limit 200); watermark {reached} -> {status['watermark']}; "
             f"fetched {counter(one, 'names_in')}; A brought {alone['messages']}, B all {link_of(one, 'B')['messages']}")
    rig.heal(one, two, sent)


@row(2)
def both_lines_of_one(rig):
    """both links of server 1 are dead for ten minutes of the day

    server 1 says so and gets all of it from its partner"""
    one, two = rig.two()
    sender = rig.sending_day([one, two], *DAY, "--speed", "200", "--fault", "server=1 at=09:10 for=600s drop")
    rig.wait("both links to be silent", lambda: says(one, "link A is silent") and says(one, "link B is silent"))
    truth = rig.ended(sender)
    rig.heal(one, two, truth, stop=False)
    lost = truth.streams()[0]["servers"][0]["lost_both"]
    check(counter(one, "names_in") >= lost > 0, f"fetched {counter(one, 'names_in')} of {lost}")
    rig.heal(one, two, truth)
    rig.reference(DAY, one, two)


@row(3, quick=True)
def both_lines_of_both(rig):
    """all four links are dead at once, so that neither server can help the other

    one gap, told while it is open; lost by agreement, the same range on both; intervals INCOMPLETE"""
    one, two = rig.two(partner="lost_after_ms = 500")
    sender = rig.sending([one, two], "--agents", "40", "--speed", "300", "--seed", "33", "--fault", "at-seq=400..500 drop")
    while_open = set()

    def lost_on_both():
        while_open.update(text for text in (says(s, "messages are missing") for s in (one, two)) if text)
        return all(lost_names(s) == 101 for s in (one, two))
    rig.wait("101 messages to be called lost by both", lost_on_both)
    truth = rig.over(sender)
    ranges = [[(g["first"], g["last"]) for g in s.gaps()["gaps"] if g["state"] == "lost"] for s in (one, two)]
    equal(ranges[0], ranges[1], "lost ranges")
    rig.heal(one, two, truth)
    incomplete = sum(bool(r["INCOMPLETE"]) for r in one.rows("skills")["rows"])
    check(incomplete > 0, "no row says that it lacks something")
    for server in (one, two):
        equal(sum(e["MISSING"] for e in told(server, "gap_opened")), 101, "messages in the exceptions")
    rig.show(f"told \"{', '.join(sorted(while_open))}\"; lost on both servers {ranges[0]}; {incomplete} rows of skills say INCOMPLETE")


@row(4)
def flapping(rig):
    """link A of server 1 goes down and up once a second, for ten minutes (ten times when quick)

    nothing missing, no row twice, and one exception for all of it: no storm of alarms"""
    times = 10 if rig.quick else 600
    one, two = rig.two()
    sender = rig.sending([one, two], "--agents", "40", "--speed", "60", "--seed", "34")
    rig.wait("messages", lambda: one.messages() > 100)
    lines = len(one.log.read_text().splitlines())
    began = time.monotonic()
    for n in range(times):  # the rate of the flapping is the fault: half a second down, half a second up
        rig.hosts.set_link(1, "A", "down")
        time.sleep(max(0, began + n + 0.5 - time.monotonic()))
        rig.hosts.set_link(1, "A", "up")
        time.sleep(max(0, began + n + 1 - time.monotonic()))
    silences = link_of(one, "A")["silences"]
    truth = rig.over(sender)
    one.settle(), two.settle()
    records = sum(e["LINK"] == "A" for e in told(one, "silent"))
    said = len(one.log.read_text().splitlines()) - lines
    check(silences >= times // 2, f"only {silences} silences: the row proves nothing")
    check(records <= 1 + times // 60, f"{records} exceptions")
    rig.heal(one, two, truth)
    rig.show(f"{silences} silences: {records} exceptions, {said} lines of log")


@row(5, quick=True)
def independent_loss(rig):
    """30 % loss on links A and B of both servers, independent of each other

    about 9 % of frames are gaps on each server; all that the other has is filled"""
    one, two = rig.two()
    day = [*DAY, "--speed", "1200"]
    truth = rig.send([one, two], *day, "--fault", "loss=0.3")
    took = rig.heal(one, two, truth, stop=False)
    asked = [counter(s, "names_asked") for s in (one, two)]
    for a, b in ((one, two), (two, one)):
        equal(counter(a, "names_in"), counter(b, "names_lent"), "messages given and taken")
        check(counter(a, "names_in") > 0, "nobody gave anybody anything")
    gaps = len(one.gaps()["gaps"])
    rig.heal(one, two, truth)
    rig.show(f"asked for {asked[0]} | {asked[1]}; {gaps} gaps on server 1; healed {took:.1f} s behind the last message")


@row(6)
def burst(rig):
    """a burst takes 200 messages in a row off both links of server 1

    one gap, one request, one refill"""
    # The burst is shorter than the limit of silence: a server that hears nothing would follow its partner's tip instead.
    # And the window is long enough that the partner has told of all of them before the hole is called a gap.
    one, two = rig.two(more="[links]\nsilence_ms = 5000\nreorder_window_ms = 1000")
    truth = rig.send([one, two], *DAY, "--speed", "600", "--fault", "server=1 at-seq=600..799 drop")
    rig.heal(one, two, truth, stop=False)
    equal((counter(one, "wants_out"), counter(one, "names_in"), counter(two, "wants_in")), (1, 200, 1),
          "requests, messages that came, requests at the partner")
    rig.heal(one, two, truth)
    gap = next(g for g in one.gaps()["gaps"] if g["first"] == 600)
    equal((gap["last"], gap["attempts"], gap["filled_by"], gap["state"]), (799, 1, "partner", "healed"), "the gap's history")
    rig.show("1 request for 600-799, 200 came")
    rig.reference(DAY, one, two)


@row(7)
def one_line_lags(rig):
    """link B is five seconds behind link A, on both servers

    late copies are dropped as duplicates; what waits stays bounded; rows unchanged"""
    one, two = rig.two()
    truth = rig.send([one, two], *DAY, "--speed", "360", "--fault", "link=B delay=1800s")
    parked = max(a["parked_frames"] for s in (one, two) for a in s.status()["acds"])
    rig.heal(one, two, truth, stop=False)
    lag_s = link_of(one, "B")["lag_ns_max"] / 1e9
    a, b = link_of(one, "A"), link_of(one, "B")
    check(lag_s > 3, f"link B lagged {lag_s} s only: the row proves nothing")
    check(b["duplicates"] > 0.9 * b["messages"], f"duplicates of B: {b}")
    rig.show(f"B lagged up to {lag_s:.1f} s; {b['duplicates']} of its {b['messages']} messages were duplicates, A's {a['duplicates']}; "
             f"{parked} frames parked, {memory_of(one)} MB")
    rig.heal(one, two, truth)
    rig.reference(DAY, one, two)


@row(9)
def duplicates(rig):
    """half of the frames come twice on each link

    counted; rows unchanged"""
    one, two = rig.two(more=PATIENT)
    truth = rig.send([one, two], *DAY, "--speed", "1200", "--fault", "dup=0.5")
    one.settle()
    seen = sum(link_of(one, l)["duplicates"] for l in "AB")
    messages = truth.streams()[0]["messages"]
    check(seen > 1.5 * messages, f"{seen} duplicates of {messages} messages")
    rig.show(f"{messages} messages, {seen} duplicate copies on server 1")
    rig.heal(one, two, truth)
    rig.reference(DAY, one, two)


@row(10)
def reordered(rig):
    """frames of both links come out of order, within the reorder window

    no gap, nothing refolded, rows unchanged"""
    one, two = rig.two(more=PATIENT)
    truth = rig.send([one, two], *DAY, "--speed", "1200", "--fault", "reorder=0.3:8")
    one.settle(), two.settle()
    for server in (one, two):
        equal((len(server.gaps()["gaps"]), server.status()["refolds"]), (0, 0), "gaps and refolds")
    late = sum(l[fate] for l in truth.streams()[0]["servers"][0]["links"].values() for fate in ("late",))
    check(late > 100, f"{late} messages came out of order: the row proves nothing")
    rig.show(f"{late} copies out of order on server 1, no gap, no refold")
    rig.heal(one, two, truth)
    rig.reference(DAY, one, two)


@row(11, quick=True)
def beyond_the_window(rig):
    """what link A lost comes on link B far behind the reorder window, on both servers

    a gap, then a late fill from link B; its intervals are folded again; rows as if nothing had been"""
    one, two = rig.two()
    faults = []
    for names in ("400..430", "700..701"):
        faults += ["--fault", f"link=A at-seq={names} drop", "--fault", f"link=B at-seq={names} delay=6m"]
    truth = rig.send([one, two], *DAY, "--speed", "600", *faults)
    one.settle(), two.settle()
    rig.wait("refolds", lambda: one.status()["refolds"] > 0 and two.status()["refolds"] > 0)
    rig.heal(one, two, truth, stop=False)
    refolds = [s.status()["refolds"] for s in (one, two)]
    rig.heal(one, two, truth)
    filled = [[(g["first"], g["last"], g["filled_by"]) for g in s.gaps()["gaps"]] for s in (one, two)]
    check(all(any(by.startswith("link") for _, _, by in of) for of in filled), f"nothing came late from a link: {filled}")
    rig.show(f"{sum(map(len, filled))} gaps on both servers, filled by {', '.join(sorted({by for of in filled for _, _, by in of}))}; "
             f"refolds {refolds[0]} | {refolds[1]}")
    rig.reference(DAY, one, two)


@row(12)
def silent_stall(rig):
    """the stream stalls on all links, and goes on with the next number: no gap shows that anything was wrong

    silence is told on both links while it lasts; no gap, no false row"""
    one, two = rig.two(more=PATIENT)
    sender = rig.sending_day([one, two], *DAY, "--speed", "200", "--fault", "at=09:10 for=600s silence")
    for server in (one, two):
        rig.wait("the stall to be told", lambda: says(server, "link A is silent") and says(server, "link B is silent"))
    truth = rig.ended(sender)
    rig.heal(one, two, truth)
    silences = told(one, "silent")
    equal({e["LINK"] for e in silences}, {"A", "B"}, "links with an exception")
    equal(len(one.gaps()["gaps"]), 0, "gaps")
    rig.show(f"told on A and B of both, {silences[0]['DURATION'] / 1e9:.1f} s long; no gap")
    rig.reference(DAY, one, two)


@row(13, quick=True)
def tail_lost(rig):
    """the last messages of the day are lost to server 1 on both links

    the heartbeats' next number shows it; refilled; the watermark is the last number"""
    last = rig.rehearse(*DAY).streams()[0]["last_seq"]
    one, two = rig.two()
    truth = rig.send([one, two], *DAY, "--speed", "1200", "--fault", f"server=1 at-seq={last - 4}..{last} drop")
    rig.heal(one, two, truth, stop=False)
    equal([s.status()["acds"][0]["watermark"] for s in (one, two)], [last, last], "watermarks")
    equal(truth.lost(1), {k: [(last - 4, last)] for k in truth.lost(1)}, "what was lost")
    rig.heal(one, two, truth)
    gap = one.gaps()["gaps"][-1]
    rig.show(f"gap {gap['first']}-{gap['last']}, cause {gap['cause']}, filled by {gap['filled_by']}; watermark {last} on both")
    rig.reference(DAY, one, two)
