"""Stories of calls that are cut off, and of what no switch should tell about VDNs, trunks and records. See stories.py."""
from way_stories import in_three_queues, served


def talking(s, call, agent=1, skill=1, minute="01"):
    s.at(f"08:{minute}:00").arrive(call).queue(call, skill).ring(call, agent, skill)
    return s.at(f"08:{minute}:04").answer(call, agent, skill)


def cut_everywhere(s):
    """calls that are cut in the vector, the queue, ringing, talking with a code, held, and at an extension"""
    s.at("08:00:30").login(1, 1)
    s.at("08:01:00").arrive(1).at("08:01:10").maintenance(1, 1, 1, call=1)
    in_three_queues(s.at("08:02:00"), 2).at("08:02:10").maintenance(1, 2, 1, call=2)
    s.boundary("08:30:00").at("08:31:00").arrive(3).queue(3, 1).ring(3, 1, 1).at("08:31:05")
    s.maintenance(1, 3, 1, call=3).state(1, "Avail").boundary("09:00:00").at("09:01:00").arrive(4).queue(4, 1)
    s.ring(4, 1, 1).at("09:01:05").answer(4, 1, 1).code(4, 1, 7).at("09:02:00").maintenance(1, 4, 1, call=4)
    s.state(1, "Avail").boundary("09:30:00").at("09:31:00").arrive(5).queue(5, 1).ring(5, 1, 1).at("09:31:05")
    s.answer(5, 1, 1).at("09:32:00").hold(5, 1).at("09:32:10").maintenance(1, 5, 1, call=5).state(1, "Avail")
    s.boundary("10:00:00").at("10:01:00").arrive(6).at("10:01:05").connect(6).at("10:02:00")
    s.maintenance(1, 6, 1, call=6).boundary("10:30:00")


def cut_after_a_transfer(s):
    """the trunk of a transferred call is cut while the agent of the first segment is in after-call work"""
    s.at("08:00:30").login(1, 1)
    talking(s, 1).at("08:02:00").hold(1, 1).state(1, "Other", direction="Out").at("08:02:05").connect(51)
    s.at("08:02:10").transfer(1, 1, 51, "Acw", 1).at("08:02:30").maintenance(1, 1, 1, call=51).at("08:03:00")
    s.state(1, "Avail")


def idle_before_the_release(s):
    """a trunk that idles while the agent still talks"""
    s.at("08:00:30").login(1, 1)
    talking(s, 1).at("08:02:00").idle(1).at("08:02:10")
    s.send("CallReleased", call=1, agent=1, by="Caller").state(1, "Acw", 1, 1).at("08:02:30").state(
        1, "Avail"
    )


def no_ringing_at_a_vdn(s):
    """an answer without ringing marks what the call is booked to, in VDN, vector, trunk, codes and records"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).queue(1, 1).at("08:01:25").answer(1, 1, 1).code(
        1, 1, 5
    )
    s.boundary("08:30:00").at("08:31:00").release(1, 1, "Acw", skill=1).boundary("09:00:00").at("09:01:00")
    s.state(1, "Avail")


def transfer_to_an_unknown_call(s):
    """a transfer to a call that nobody has heard of, which goes on and ends"""
    s.at("08:00:30").login(1, 1)
    talking(s, 1).at("08:02:00").hold(1, 1).at("08:02:10").transfer(1, 1, 77).at("08:03:00").extension_leaves(
        77
    )


def transferred_to_an_agent(s):
    """a consult call that an agent has answered: transferred to, the trunk idles with the second conversation"""
    s.at("08:00:30").login(1, 1).login(2, 2)
    talking(s, 1).at("08:02:00").hold(1, 1).state(1, "Other", direction="Out").enter(51, 5002).queue(51, 2)
    s.at("08:02:05").ring(51, 2, 2).at("08:02:10").answer(51, 2, 2).at("08:02:30").transfer(
        1, 1, 51, "Acw", 1
    )
    s.at("08:02:50").state(1, "Avail").at("08:04:00").release(51, 2, "Acw", "Agent", 2).at("08:04:20").state(
        2, "Avail"
    )


def longer_than_the_timer(s):
    """the phantom timer changes between the answer and the end: what is set at the booking counts"""
    s.at("08:00:30").login(1, 1)
    talking(s, 1).at("08:01:10").release(1, 1, "Acw", skill=1)
    s.info["phantom_abandon_s"] = 20
    acw = {
        "agent": 1,
        "since": s.now,
        "login_time": s.time_of("08:00:30"),
        "mode": "Acw",
        "oldest_skill": 1,
        "extension": 2001,
    }
    call = {"call": 1, "started": s.time_of("08:01:00"), "since": s.now, "queued_at": s.time_of("08:01:00")}
    call |= {
        "ucid": (7 << 48) + 1,
        "agent": 1,
        "vdn": 5001,
        "vector": 1,
        "skill": [1, 0, 0],
        "priority": "Medium",
    }
    s.at("08:01:20").pump_up(
        snapshots=[{**acw, "call": 1, "skill": 1}], calls=[{**call, "place": "AfterWork", "direction": "In"}]
    )
    s.at("08:01:30").state(1, "Avail").at("08:02:00").login(2, 2).arrive(2, vdn=5002, group=2, trunk=1).queue(
        2, 2
    )
    s.ring(2, 2, 2).at("08:02:04").answer(2, 2, 2).code(2, 2, 5).at("08:03:00").release(2, 2, "Acw", skill=2)
    s.boundary("08:30:00").at("08:31:00").state(2, "Aux").logout(2)


def agents_beyond_twenty_skills(s):
    """a session with more skills than its row has room for"""
    s.at("08:01:00").login(1, *range(1, 6), *range(101, 118)).at("08:02:00").state(1, "Aux").logout(1)


def logout_at_the_boundary(s):
    """after-call work that ends with a logout at the very boundary: a row of no staffed time has a call"""
    s.at("08:00:30").login(1, 1)
    talking(s, 1).at("08:29:00").release(1, 1, "Acw", skill=1).boundary("08:30:00").logout(1)


def own_queue_after_the_logout(s):
    """a direct agent call that is abandoned in the queue of an agent who has gone home"""
    s.at("08:00:30").login(1, 1).at("08:01:00").seize(1).queue(
        1, 1, by="DirectAgent", agent=1, priority="Top"
    )
    s.at("08:01:10").state(1, "Aux").logout(1).boundary("08:30:00").at("08:31:00").abandon(
        1, "Queue", skill=1
    )


def conference_of_two_agents(s):
    """a consult call that another agent has answered is conferenced: both go on, and leave one after the other"""
    s.at("08:00:30").login(1, 1).login(2, 2)
    talking(s, 1).at("08:02:00").hold(1, 1).state(1, "Other", direction="Out").enter(51, 5002).queue(51, 2)
    s.at("08:02:05").ring(51, 2, 2).at("08:02:10").answer(51, 2, 2).at("08:02:30")
    s.send("CallConferenced", call=1, agent=1, other=51).state(1, "Acd", 1, 1).at("08:03:00")
    s.send("CallReleased", call=1, agent=1, by="Agent").state(1, "Acw", 1, 1).at("08:03:30").state(1, "Avail")
    s.at("08:04:00").release(1, 2, "Acw", "Caller", 2).at("08:04:10").state(2, "Avail")


def trunks_that_do_not_follow(s):
    """a trunk that idles unused, is taken out twice and put back twice, or is seized while it is in use"""
    s.at("08:01:00").idle(9).at("08:02:00").maintenance(1, 8, 1).at("08:03:00").maintenance(1, 8, 1)
    s.at("08:04:00").maintenance(1, 8, 0).at("08:05:00").maintenance(1, 8, 0)
    s.boundary("08:30:00").at("08:31:00").arrive(1).at("08:32:00").abandon(1, "Vector")


def two_trunks_of_a_call(s):
    """a call that comes in on one trunk and goes out on another holds both"""
    s.at("08:01:00").arrive(1).at("08:01:10")
    s.send("TrunkSeized", call=1, trunk_group=2, trunk=1, direction="Out").at("08:01:20").connect(1).at(
        "08:02:00"
    )
    s.send("CallReleased", call=1, agent=0, by="Caller").idle(1)
    s.send("TrunkIdle", call=1, trunk_group=2, trunk=1)


def clock_back_with_trunks(s):
    """trunks in use and out of service, a session and a call, while the clock goes back over a boundary"""
    s.at("08:01:00").login(1, 1).maintenance(1, 9, 1)
    talking(s, 1, minute="20").boundary("08:30:00").at("08:30:30")
    old = s.now
    s.at("08:29:00").send("ClockSet", old_time=old, new_time=s.now).at("08:29:10").release(
        1, 1, "Acw", skill=1
    )
    s.at("08:29:30").logout(1).boundary("08:30:00").at("08:40:00").maintenance(1, 9, 0)


def codes_and_events_of_no_talk(s):
    """work codes, events and hold for a call that is only queued, or that another agent has"""
    s.at("08:00:30").login(1, 1).login(2, 2).at("08:01:00").arrive(1).queue(1, 1).at("08:01:10").code(1, 1, 5)
    s.send("CallEvent", call=1, agent=1, kind="Stroke", number=4).at("08:01:20").send(
        "CallHeld", call=1, agent=1
    )
    s.at("08:01:30").abandon(1, "Queue", skill=1).boundary("08:30:00").at("08:31:00").arrive(2).queue(2, 1)
    s.ring(2, 1, 1).at("08:31:05").answer(2, 1, 1).at("08:31:20").code(2, 2, 5).boundary("09:00:00").at(
        "09:01:00"
    )
    s.release(2, 1)


def extension_call_given_up(s):
    """a plain extension call whose caller gives up while it rings"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).at("08:01:10")
    s.send("CallRinging", call=1, agent=1, skill=0, offer="Extension").at("08:01:20")
    s.send("CallAbandoned", call=1, agent=1, skill=0, abandoned_in="Ringing").idle(1)


def same_moment(s):
    """calls and sessions that begin and end at one moment"""
    s.at("08:01:00").login(1, 1).at("08:02:00").arrive(1).queue(1, 1).ring(1, 1, 1).answer(1, 1, 1).release(
        1, 1
    )
    s.arrive(2).abandon(2, "Vector").arrive(3).connect(3).extension_leaves(3).seize(4, "Out").idle(4)
    s.at("08:03:00").logout(1).login(1, 1).state(1, "Aux").logout(1)


STORIES = [
    f for f in list(globals().values()) if callable(f) and f.__module__ == __name__ and f is not talking
]
ACDS = {"longer_than_the_timer": {"phantom_s": 5}}
