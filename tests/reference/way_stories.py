"""Stories of VDNs and vectors: every line of the disposition matrix. See stories.py.

VDN 5001 starts vector 1 and has the skills 1, 2, 3; 5002 starts vector 2 and has 2, 1; 5003 starts vector 3 and has 3.
"""


def in_three_queues(s, call, vdn=5001):
    return s.arrive(call, vdn=vdn).queue(call, 1).queue(call, 2, 2).queue(call, 3, 3)


def served(s, call, agent, skill, ring, answer, end, work=None):
    """Rings, is answered and released by the caller; with after-call work until `work`."""
    s.at(ring).ring(call, agent, skill).at(answer).answer(call, agent, skill).at(end)
    if work is None:
        return s.release(call, agent)
    return s.release(call, agent, "Acw", skill=skill).at(work).state(agent, "Avail")


def answered_in_each_skill(s):
    """answered by the VDN's first, second and third skill, and by one that it does not name"""
    s.at("08:00:30").login(1, 1).login(2, 2).login(3, 3).login(4, 4)
    for call, skill in ((1, 1), (2, 2), (3, 3)):
        in_three_queues(s.at(f"08:0{call}:00"), call)
        minute = f"08:0{call}:"
        served(s, call, skill, skill, minute + "10", minute + "14", minute + "40", minute + "55")
    s.at("08:05:00").arrive(5).queue(5, 4, by="RouteTo", priority="Low")
    served(s, 5, 4, 4, "08:05:05", "08:05:06", "08:06:00")


def abandoned_everywhere(s):
    """abandoned in the vector, in the queue, ringing in the first and in the second skill, and on hold"""
    s.at("08:00:30").login(1, 1).login(2, 2)
    s.at("08:01:00").arrive(1).at("08:01:20").abandon(1, "Vector")
    in_three_queues(s.at("08:02:00"), 2).at("08:02:21").abandon(2, "Queue", skill=1)
    in_three_queues(s.at("08:03:00"), 3).at("08:03:03").ring(3, 1, 1).at("08:03:08")
    s.abandon(3, "Ringing", 1, 1)
    in_three_queues(s.at("08:04:00"), 4).at("08:04:03").ring(4, 2, 2).at("08:04:09")
    s.abandon(4, "Ringing", 2, 2)
    in_three_queues(s.at("08:05:00"), 5).at("08:05:03").ring(5, 1, 1).at("08:05:08").answer(5, 1, 1)
    s.at("08:06:00").hold(5, 1).at("08:06:30").abandon(5, "Hold", 1)
    s.at("08:07:00").seize(6).at("08:07:04").abandon(6, "Vector")


def phantoms_of_a_vdn(s):
    """phantom abandons: in the first skill, in the second with work, of a direct agent call there are none"""
    s.at("08:00:30").login(1, 1, 2)
    in_three_queues(s.at("08:01:00"), 1)
    served(s, 1, 1, 1, "08:01:05", "08:01:09", "08:01:12")
    in_three_queues(s.at("08:02:00"), 2)
    served(s, 2, 1, 2, "08:02:15", "08:02:21", "08:02:25", "08:02:40")
    s.at("08:03:00").arrive(3).queue(3, 1, by="DirectAgent", agent=1, priority="Top").ring(3, 1, 1, "Direct")
    s.at("08:03:04").answer(3, 1, 1, "Direct").at("08:03:06").release(3, 1)


def busy_and_disconnected(s):
    """forced busy and disconnected for each reason, queued and not"""
    for n, by in enumerate(("Step", "Timer", "EndOfVector", "StepLimit"), 1):
        s.at(f"08:0{n}:00").arrive(n).at(f"08:0{n}:0{n}").send("CallForcedDisconnect", call=n, by=by).idle(n)
    in_three_queues(s.at("08:06:00"), 6).at("08:06:30").send("CallForcedDisconnect", call=6, by="Timer").idle(
        6
    )
    in_three_queues(s.at("08:07:00"), 7).at("08:07:30").send("CallForcedBusy", call=7).idle(7)
    s.at("08:08:00").arrive(8).at("08:08:30").send("CallForcedBusy", call=8).idle(8)


def outflows(s):
    """to another VDN and off the switch, queued and not, within and beyond the service level"""
    s.at("08:01:00").arrive(1).at("08:01:10").outflow(1, "OffSwitch")
    in_three_queues(s.at("08:02:00"), 2).at("08:02:30").outflow(2, "OffSwitch")
    s.at("08:03:00").arrive(3).at("08:03:12").outflow(3, "Vdn", 5002).at("08:03:40").abandon(3, "Vector")
    in_three_queues(s.at("08:04:00"), 4).at("08:04:25").outflow(4, "Vdn", 5002).queue(4, 2).at("08:04:50")
    s.outflow(4, "Vdn", 5003).at("08:05:00").outflow(4, "Vdn", 5001).at("08:05:20")
    s.send("CallForcedBusy", call=4).idle(4)
    s.at("08:06:00").arrive(5).at("08:06:10").enter(5, 5002, "RouteTo").at("08:06:20").abandon(5, "Vector")


def routed_to_an_extension(s):
    """connected at an extension, queued before and not; the caller gives up there; the talk crosses a boundary"""
    s.at("08:01:00").arrive(1).at("08:01:08").connect(1).at("08:02:00").extension_leaves(1)
    in_three_queues(s.at("08:03:00"), 2).at("08:03:30").outflow(2, "Extension").at("08:03:36").connect(2)
    s.at("08:04:00").extension_leaves(2, "Agent")
    in_three_queues(s.at("08:05:00"), 3).at("08:05:30").outflow(3, "Extension").at("08:05:40").abandon(
        3, "Vector"
    )
    s.at("08:06:00").arrive(4).at("08:06:08").connect(4).at("08:06:30").idle(4)
    s.at("08:20:00").arrive(5, vdn=5003).at("08:20:30").connect(5).boundary("08:30:00").at("08:40:00")
    s.extension_leaves(5)


def not_answered(s):
    """redirected to the same skill, then to a VDN, answered there; redirected elsewhere and connected"""
    s.at("08:00:30").login(1, 1).login(2, 2)
    in_three_queues(s.at("08:01:00"), 1).at("08:01:02").ring(1, 1, 1).at("08:01:14")
    s.redirect(1, 1, 1, "SameSkill").queue(1, 1, 1, "Redirect", "Top").at("08:01:20").ring(1, 1, 1)
    s.at("08:01:32").redirect(1, 1, 1, "Vdn").enter(1, 5002, "Redirected").at("08:01:40").queue(1, 2)
    served(s, 1, 2, 2, "08:01:41", "08:01:43", "08:03:00", "08:03:10")
    s.at("08:04:00").arrive(2).queue(2, 1).ring(2, 1, 1).at("08:04:12").redirect(2, 1, 1, "Other")
    s.at("08:04:20").connect(2).at("08:05:00").extension_leaves(2)
    s.at("08:06:00").arrive(3).queue(3, 1).ring(3, 1, 1).at("08:06:12").redirect(3, 1, 1, "Vdn")
    s.send("CallAtVdn", call=3, vdn=5002, how="Redirected").at("08:06:20").abandon(3, "Vector")


def from_vector_to_vector(s):
    """go-to steps: before queuing, out of the queue, several, and over a boundary"""
    s.at("08:00:30").login(1, 1)
    s.at("08:01:00").arrive(1).at("08:01:07").send("CallAtVector", call=1, vector=4, how="GoTo").queue(1, 1)
    served(s, 1, 1, 1, "08:01:10", "08:01:12", "08:02:00", "08:02:20")
    in_three_queues(s.at("08:03:00"), 2).at("08:03:10").send("CallAtVector", call=2, vector=4, how="GoTo")
    s.at("08:03:15").send("CallAtVector", call=2, vector=1, how="GoTo").at("08:03:40").abandon(
        2, "Queue", skill=1
    )
    s.at("08:05:00").arrive(3).at("08:05:10").outflow(3, "Vdn", 5002)
    s.at("08:05:20").send("CallAtVector", call=3, vector=4, how="GoTo").at("08:05:30").outflow(3, "OffSwitch")
    s.at("08:29:50").arrive(4).boundary("08:30:00").at("08:30:05")
    s.send("CallAtVector", call=4, vector=4, how="GoTo").at("08:30:10").abandon(4, "Vector")


def calls_over_boundaries(s):
    """entered in one interval, abandoned or answered in the next, released in a third; some wait at the boundary"""
    s.at("08:20:00").login(1, 1).at("08:29:00").arrive(1).arrive(2).queue(2, 1).boundary("08:30:00")
    s.at("08:30:10").abandon(1, "Vector").at("08:30:20").ring(2, 1, 1).at("08:30:25").answer(2, 1, 1)
    s.boundary("09:00:00").at("09:00:10").release(2, 1, "Acw", skill=1).boundary("09:30:00").at("09:31:00")
    s.state(1, "Avail").boundary("10:00:00")


def waiting_at_once(s):
    """most waiting at one moment: a call that goes on to the same VDN, and what the next interval begins with"""
    s.at("08:01:00").arrive(1).arrive(2).arrive(3, vdn=5002).at("08:01:10").outflow(1, "Vdn", 5001)
    s.at("08:01:20").abandon(2, "Vector").at("08:02:00").arrive(4).boundary("08:30:00").at("08:31:00")
    s.abandon(4, "Vector").abandon(1, "Vector").abandon(3, "Vector")


def held_and_backup(s):
    """held twice, transferred and conferenced, by a backup step: the VDN has what its skill has"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).queue(1, 1, by="CheckBackup").ring(1, 1, 1)
    s.at("08:01:04").answer(1, 1, 1).at("08:01:30").hold(1, 1).at("08:01:50").retrieve(1, 1, 1)
    s.at("08:02:00").hold(1, 1).state(1, "Other", direction="Out").at("08:02:05").connect(51)
    s.at("08:02:20").send("CallConferenced", call=1, agent=1, other=51).state(1, "Acd", 1, 1)
    s.at("08:02:40").hold(1, 1).state(1, "Other", direction="Out").at("08:02:45").connect(52)
    s.at("08:02:50").transfer(1, 1, 52, "Acw", 1).at("08:03:00").state(1, "Avail").at("08:04:00")
    s.extension_leaves(52)


def consult_calls_at_a_vdn(s):
    """a consult call to a VDN: transferred while it waits and answered there; released before anybody answers"""
    s.at("08:00:30").login(1, 1).login(2, 2).at("08:01:00").arrive(1).queue(1, 1).ring(1, 1, 1)
    s.at("08:01:04").answer(1, 1, 1).at("08:02:00").hold(1, 1).state(1, "Other", direction="Out").enter(
        51, 5002
    )
    s.at("08:02:05").queue(51, 2).at("08:02:10").transfer(1, 1, 51).at("08:02:30")
    s.ring(51, 2, 2).at("08:02:33").answer(51, 2, 2).at("08:03:30").release(51, 2, "Acw", skill=2)
    s.at("08:03:50").state(2, "Avail").at("08:05:00").arrive(2).queue(2, 1).ring(2, 1, 1).at("08:05:04")
    s.answer(2, 1, 1).at("08:06:00").hold(2, 1).state(1, "Other", direction="Out").enter(52, 5003).at(
        "08:06:09"
    )
    s.send("CallReleased", call=52, agent=0, by="Agent").retrieve(2, 1, 1).at("08:07:00").release(2, 1)


def gone_without_a_disposition(s):
    """a trunk that idles while the call waits in its VDN, and a call that is conferenced away from one"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).at("08:01:10").idle(1)
    s.at("08:02:00").arrive(2).queue(2, 1).ring(2, 1, 1).at("08:02:04").answer(2, 1, 1).at("08:03:00").hold(
        2, 1
    )
    s.state(1, "Other", direction="Out").enter(51, 5002).at("08:03:10")
    s.send("CallConferenced", call=2, agent=1, other=51).state(1, "Acd", 2, 1).at("08:04:00").release(2, 1)


def direct_calls_that_go_on(s):
    """a direct agent call that is redirected to a VDN and then answered by a skill, abandoned in a queue, connected"""
    s.at("08:00:30").login(1, 1).login(2, 2)
    for call, minute in ((1, "01"), (2, "02"), (3, "03")):
        s.at(f"08:{minute}:00").seize(call).queue(call, 1, by="DirectAgent", agent=1, priority="Top")
        s.at(f"08:{minute}:02").ring(call, 1, 1, "Direct").at(f"08:{minute}:14").redirect(call, 1, 1, "Vdn")
        s.enter(call, 5001, "Redirected")
    s.at("08:04:00").queue(1, 2, priority="Low")
    served(s, 1, 2, 2, "08:04:05", "08:04:09", "08:05:00", "08:05:10")
    s.at("08:06:00").queue(2, 2, priority="Low").queue(2, 1, 2).at("08:06:30").abandon(2, "Queue", skill=2)
    s.at("08:07:00").connect(3).at("08:08:00").extension_leaves(3)


def answered_as_an_extension_call(s):
    """a call of a VDN that rings at an agent as a plain extension call and is answered as one is connected"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).at("08:01:10")
    s.send("CallRinging", call=1, agent=1, skill=0, offer="Extension").at("08:01:15")
    s.send("CallAnswered", call=1, agent=1, skill=0, offer="Extension").state(1, "Other", direction="In")
    s.at("08:02:00").send("CallReleased", call=1, agent=1, by="Caller").state(1, "Avail").idle(1)


def rows_of_marks_alone(s):
    """a protocol error about a skill, and a call that is cut in a VDN, where nothing else is to be reported"""
    s.at("08:01:00").send("CallForcedBusy", call=91).send(
        "CallAbandoned", call=94, skill=3, abandoned_in="Queue"
    )
    s.at("08:29:00").arrive(1).queue(1, 2).boundary("08:30:00").boundary("09:00:00").at("09:01:00")
    s.maintenance(1, 1, 1, call=1).boundary("09:30:00").at("09:31:00").maintenance(1, 1, 0)


def settings_of_a_vdn(s):
    """service level and buckets of a VDN of its own, none at all, and changed while collecting"""
    s.vdns[5002] |= {"service_level_s": 7, "period_s": [6, 7, 8, 9, 10, 11, 12, 13, 14]}
    s.vdns[5003] |= {"service_level_s": 0, "period_s": [0] * 9}
    s.at("08:00:10").pump_up().at("08:00:30").login(1, 1)
    for call, vdn, wait in ((1, 5002, "07"), (2, 5002, "07.000000001"), (3, 5003, "30"), (4, 5001, "20")):
        s.at(f"08:0{call}:00").arrive(call, vdn=vdn).queue(call, 1)
        served(s, call, 1, 1, f"08:0{call}:05", f"08:0{call}:{wait}", f"08:0{call}:40")
    s.at("08:06:00").arrive(6, vdn=5002).at("08:06:14").abandon(6, "Vector")
    s.at("08:07:00").arrive(7, vdn=5003).at("08:07:40").connect(7).at("08:08:00").extension_leaves(7)
    s.boundary("08:30:00").at("08:31:00").arrive(8, vdn=5002).at("08:31:02").abandon(8, "Vector")
    s.vdns[5002] |= {"service_level_s": 9}
    s.vdns[5003] |= {"period_s": [5, 10, 20, 30, 45, 60, 90, 120, 300]}
    avail = {
        "agent": 1,
        "since": s.now,
        "login_time": s.now,
        "mode": "Avail",
        "oldest_skill": 1,
        "extension": 2001,
    }
    s.at("08:32:00").pump_up(snapshots=[avail]).at("08:40:00").state(1, "Aux")


STORIES = [
    f for f in list(globals().values()) if callable(f) and f.__name__ not in ("in_three_queues", "served")
]
ACDS = {"phantoms_of_a_vdn": {"phantom_s": 10}}
