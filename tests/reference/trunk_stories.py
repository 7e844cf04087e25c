"""Stories of trunks, work codes, login sessions and call records. See stories.py. Trunk group 2 has two trunks."""
from way_stories import in_three_queues, served


def fates_of_trunks(s):
    """one of each fate: answered, abandoned in vector, queue and ringing, busy, disconnected, connected, none"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).queue(1, 1)
    served(s, 1, 1, 1, "08:01:05", "08:01:08", "08:02:00", "08:02:30")
    s.at("08:03:00").arrive(2).at("08:03:10").abandon(2, "Vector")
    in_three_queues(s.at("08:04:00"), 3).at("08:04:10").abandon(3, "Queue", skill=1)
    in_three_queues(s.at("08:05:00"), 4).at("08:05:05").ring(4, 1, 1).at("08:05:09").abandon(
        4, "Ringing", 1, 1
    )
    s.at("08:06:00").arrive(5).at("08:06:10").send("CallForcedBusy", call=5).idle(5)
    s.at("08:07:00").arrive(6).at("08:07:10").send("CallForcedDisconnect", call=6, by="Step").idle(6)
    s.at("08:08:00").arrive(7).at("08:08:10").connect(7).at("08:09:00").extension_leaves(7)
    s.at("08:10:00").arrive(8).at("08:10:10").outflow(8, "OffSwitch")
    s.at("08:11:00").seize(9).at("08:11:01.999999999").idle(9)
    s.at("08:12:00").seize(10).at("08:12:02").idle(10)
    s.at("08:13:00").seize(11).queue(11, 1, by="DirectAgent", agent=1, priority="Top").at("08:13:20")
    s.abandon(11, "Queue", skill=1)
    s.at("08:14:00").seize(12).queue(12, 1, by="DirectAgent", agent=1, priority="Top").ring(
        12, 1, 1, "Direct"
    )
    s.at("08:14:05").answer(12, 1, 1, "Direct").at("08:15:00").release(12, 1)


def outgoing_trunks(s):
    """outbound calls: answered by the far end, not answered, short; predictive ones answered, abandoned, busy"""
    s.at("08:00:30").login(1, 1).at("08:01:00").seize(1, "Out").state(1, "Other", direction="Out").at(
        "08:01:09"
    )
    s.connect(1).at("08:02:00").idle(1).state(1, "Avail")
    s.at("08:03:00").seize(2, "Out", 2, 1).state(1, "Other", direction="Out").at("08:03:30").idle(2).state(
        1, "Avail"
    )
    s.at("08:04:00").seize(3, "Out").at("08:04:01").idle(3)
    s.at("08:05:00").arrive(4, "Adjunct").queue(4, 1)
    served(s, 4, 1, 1, "08:05:05", "08:05:08", "08:06:00", "08:06:30")
    s.at("08:07:00").arrive(5, "Adjunct").queue(5, 1).at("08:07:20").abandon(5, "Queue", skill=1)
    s.at("08:08:00").arrive(6, "Adjunct").at("08:08:20").send("CallForcedBusy", call=6).idle(6)
    s.at("08:09:00").arrive(7, "Adjunct").at("08:09:20").connect(7).at("08:09:50").extension_leaves(7)
    s.at("08:29:00").seize(8, "Out").at("08:29:10").connect(8).boundary("08:30:00").at("08:31:00").idle(8)


def phantoms_on_a_trunk(s):
    """a phantom abandon is abandoned on its trunk, also when the agent has transferred it"""
    s.at("08:00:30").login(1, 1)
    s.at("08:01:00").arrive(1).queue(1, 1)
    served(s, 1, 1, 1, "08:01:05", "08:01:09", "08:01:12")
    s.at("08:02:00").arrive(2).queue(2, 1).ring(2, 1, 1).at("08:02:04").answer(2, 1, 1).at("08:02:06").hold(
        2, 1
    )
    s.state(1, "Other", direction="Out").at("08:02:08").connect(51).at("08:02:20").transfer(2, 1, 51)
    s.at("08:04:00").extension_leaves(51)


def all_trunks_in_use(s):
    """all trunks of a group in use, with one out of service, over a boundary; a trunk taken out cuts its call"""
    s.at("08:01:00").login(1, 1).arrive(1, group=2, trunk=1).at("08:02:00").arrive(2, group=2, trunk=2)
    s.at("08:05:00").abandon(1, "Vector").at("08:10:00").maintenance(2, 1, 1).at("08:12:00")
    s.maintenance(2, 2, 1, call=2).boundary("08:30:00").at("08:31:00").maintenance(2, 2, 0)
    s.at("08:32:00").arrive(3, group=2, trunk=2).at("08:33:00").maintenance(2, 1, 0).abandon(3, "Vector")
    s.at("08:40:00").arrive(4).queue(4, 1).ring(4, 1, 1).at("08:40:05").answer(4, 1, 1).at("08:41:00")
    s.maintenance(1, 4, 1, call=4).state(1, "Avail").boundary("09:00:00").at("09:10:00").maintenance(1, 4, 0)
    s.arrive(5, group=2, trunk=1).at("09:11:00").connect(5).at("09:12:00").maintenance(2, 1, 1, call=5)


def out_of_service_from_the_start(s):
    """the first pump-up names trunks that are out of service; later ones change nothing"""
    s.messages.clear()
    s.out_of_service = [(1, 7), (2, 1), (2, 2)]
    s.pump_up("Start").boundary("08:00:00").at("08:10:00").pump_up().at("08:20:00").maintenance(2, 2, 0)
    s.out_of_service.remove((2, 2))
    s.boundary("08:30:00").at("08:40:00").pump_up().at("08:41:00").maintenance(2, 1, 0)


def trunk_goes_along(s):
    """a trunk that is transferred twice has one fate, the first; one call, three segments"""
    s.at("08:00:30").login(1, 1).login(2, 2).at("08:01:00").arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:04")
    s.answer(1, 1, 1).at("08:02:00").hold(1, 1).state(1, "Other", direction="Out").enter(51, 5002).queue(
        51, 2
    )
    s.at("08:02:05").ring(51, 2, 2).at("08:02:08").transfer(1, 1, 51, "Acw", 1).at("08:02:11").answer(
        51, 2, 2
    )
    s.at("08:02:30").state(1, "Avail").at("08:03:00").hold(51, 2).state(2, "Other", direction="Out").at(
        "08:03:05"
    )
    s.connect(52).at("08:03:20").transfer(51, 2, 52).at("08:29:00").boundary("08:30:00").at("08:31:00")
    s.extension_leaves(52)


def work_codes(s):
    """codes in talk and in work, one twice, six of one call, of a direct agent call, over a boundary"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:04").answer(
        1, 1, 1
    )
    s.code(1, 1, 11).at("08:01:30").hold(1, 1).at("08:01:40").retrieve(1, 1, 1).code(1, 1, 12)
    s.at("08:02:00").release(1, 1, "Acw", skill=1).code(1, 1, 11).at("08:02:20").state(1, "Avail")
    s.at("08:03:00").arrive(2).queue(2, 1).ring(2, 1, 1).at("08:03:04").answer(2, 1, 1)
    for code in (21, 22, 23, 24, 9_999_999_999_999_999, 26):
        s.code(2, 1, code)
    s.at("08:04:00").release(2, 1).at("08:05:00").seize(3).queue(
        3, 1, by="DirectAgent", agent=1, priority="Top"
    )
    s.ring(3, 1, 1, "Direct").at("08:05:05").answer(3, 1, 1, "Direct").code(3, 1, 11).at("08:06:00")
    s.release(3, 1, "DirectAcw", skill=1).at("08:06:10").state(1, "Avail")
    s.at("08:07:00").arrive(4).queue(4, 1).ring(4, 1, 1).at("08:07:04").answer(4, 1, 1).code(4, 1, 12)
    s.boundary("08:30:00").release(4, 1, "Acw", skill=1).code(4, 1, 13).at("08:31:00").state(1, "Avail")


def codes_of_phantoms(s):
    """a phantom abandon has no work code"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:04").answer(
        1, 1, 1
    )
    s.code(1, 1, 11).at("08:01:06").release(1, 1)
    s.at("08:02:00").arrive(2).queue(2, 1).ring(2, 1, 1).at("08:02:04").answer(2, 1, 1)
    s.code(2, 1, 11).at("08:02:30").release(2, 1)


def login_sessions(s):
    """sessions with skills in the order of logon, levels and reasons; over boundaries; several of one agent"""
    s.at("08:01:00").login(1, (3, 2), (1, 1), (2, 7)).at("08:02:00").skill(1, 1, 4).skill(1, 3, 0).skill(
        1, 4, 9
    )
    s.at("08:05:00").state(1, "Aux", reason=3).logout(1, 9).at("08:10:00").login(1, 5).login(2, 1)
    s.boundary("08:30:00").boundary("09:00:00").at("09:01:00").logout(1, 99).at("09:01:00").login(1, 1)
    s.at("09:02:00").logout(1).at("09:03:00").arrive(1).queue(1, 1).ring(1, 2, 1).at("09:03:05").answer(
        1, 2, 1
    )
    s.at("09:04:00").release(1, 2, "Acw", skill=1).at("09:04:30").logout(2, 1)


def found_logged_in(s):
    """the first pump-up finds agents logged in, one available, one in AUX; one leaves before the boundary, one after"""
    s.messages.clear()
    s.skills = {1: {1: 1, 2: 3}, 2: {2: 1}}
    s.mode = {1: "Avail", 2: "Aux"}
    begin = s.now - 3_600_000_000_000
    found = {"since": s.now - 60_000_000_000, "login_time": begin, "extension": 2001}
    one = {"agent": 1, "mode": "Avail", "oldest_skill": 1, **found}
    two = {"agent": 2, "mode": "Aux", "oldest_skill": 2, **found, "reason": 4, "extension": 2002}
    s.pump_up("Start", [one, two]).boundary("08:00:00").at("08:10:00").logout(1, 3).at("08:20:00").state(
        2, "Avail"
    )
    s.boundary("08:30:00").at("08:40:00").logout(2)


def found_logged_out(s):
    """a pump-up does not name an agent who was logged in: the session ended unseen"""
    s.at("08:01:00").login(1, 1, 2).login(2, 2).at("08:10:00")
    s.skills.pop(1)
    two = {
        "agent": 2,
        "mode": "Avail",
        "since": s.now,
        "login_time": s.now,
        "oldest_skill": 2,
        "extension": 2002,
    }
    s.pump_up(snapshots=[two]).boundary("08:30:00").at("08:31:00").login(1, 1).at("08:40:00").logout(1)


def moved_clocks(s):
    """sessions and records over a clock that is set: durations stay, both ends by the clock in force at the end"""
    s.at("08:01:00").login(1, 1).at("08:05:00").arrive(1).queue(1, 1).ring(1, 1, 1).at("08:05:04").answer(
        1, 1, 1
    )
    old = s.at("08:06:00").now
    s.at("08:16:00").send("ClockSet", old_time=old, new_time=s.now).at("08:17:00")
    s.release(1, 1, "Acw", skill=1).at("08:18:00").state(1, "Avail").at("08:19:00").logout(1)


def records_of_a_long_way(s):
    """a record of ten VDNs, redirections, priorities, three queues and a queue again; the last ringing counts"""
    s.at("08:00:30").login(1, 1).login(2, 2).at("08:01:00").arrive(1)
    for n in range(9):
        s.at(f"08:01:{n + 10}").outflow(1, "Vdn", (5002, 5003, 5001)[n % 3])
    s.at("08:01:30").queue(1, 1, priority="Low").queue(1, 2, 2, priority="High").queue(1, 3, 3)
    s.at("08:01:40").ring(1, 1, 1).at("08:01:52").redirect(1, 1, 1, "SameSkill").queue(
        1, 1, 1, "Redirect", "Top"
    )
    s.at("08:02:00").send("CallDequeued", call=1, skill=3, why="Command").queue(1, 4, 3).at("08:02:10")
    s.ring(1, 2, 2).at("08:02:13").answer(1, 2, 2).at("08:02:40").hold(1, 2).at("08:02:50").retrieve(1, 2, 2)
    for kind, number in (("Stroke", 3), ("Stroke", 3), ("Stroke", 9), ("Assist", 0), ("Malicious", 0)):
        s.send("CallEvent", call=1, agent=2, kind=kind, number=number)
    s.code(1, 2, 5).at("08:03:00").release(1, 2, "Acw", "Agent", 2).code(1, 2, 6).at("08:03:20").state(
        2, "Avail"
    )


def records_of_queues(s):
    """records of calls that ended in queues: the skill and priority of their disposition"""
    for n, minute in enumerate(("01", "02", "03", "04", "05"), 1):
        s.at(f"08:{minute}:00").arrive(n).queue(n, 1, priority="Low").queue(n, 2, 2, priority="High")
    s.at("08:06:00").login(1, 1).arrive(6).queue(6, 1, priority="Top")
    served(s, 6, 1, 1, "08:06:05", "08:06:08", "08:07:00")
    s.at("08:10:00").abandon(1, "Queue", skill=1).send("CallForcedBusy", call=2).idle(2)
    s.send("CallForcedDisconnect", call=3, by="Timer").idle(3).outflow(4, "OffSwitch")
    s.send("CallDequeued", call=5, skill=1, why="Command").at("08:10:10").abandon(5, "Queue", skill=2)


def primary_that_left(s):
    """when the primary queue is left by command, the next one is the primary: abandoned, busy, answered elsewhere"""
    s.at("08:00:30").login(1, 3)
    for n, minute in enumerate(("01", "02", "03"), 1):
        in_three_queues(s.at(f"08:{minute}:00"), n).at(f"08:{minute}:10")
        s.send("CallDequeued", call=n, skill=1, why="Command")
    s.at("08:05:00").abandon(1, "Queue", skill=2).send("CallForcedBusy", call=2).idle(2)
    served(s, 3, 1, 3, "08:05:02", "08:05:04", "08:06:00")


def consult_time(s):
    """consult time: outbound extension calls with this call on hold, not incoming ones, not without it"""
    s.at("08:00:30").login(1, 1).at("08:01:00").arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:04").answer(
        1, 1, 1
    )
    s.at("08:02:00").hold(1, 1).at("08:02:10").state(1, "Other", direction="Out").at("08:02:30").connect(51)
    s.at("08:02:50").send("CallReleased", call=51, agent=0, by="Agent").retrieve(1, 1, 1)
    s.at("08:03:00").hold(1, 1).state(1, "Other", direction="In").at("08:03:20").state(1, "Other")
    s.at("08:03:30").retrieve(1, 1, 1).at("08:04:00").release(1, 1, "Acw", skill=1)
    s.at("08:04:10").state(1, "Acw", 1, 1, direction="Out").at("08:04:30").state(1, "Acw", 1, 1)
    s.at("08:05:00").state(1, "Avail")


STORIES = [f for f in list(globals().values()) if callable(f) and f.__module__ == __name__]
ACDS = {"phantoms_on_a_trunk": {"phantom_s": 10}, "codes_of_phantoms": {"phantom_s": 10}}
