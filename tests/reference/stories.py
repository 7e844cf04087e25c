"""What happens to calls, told as stories: one function each, whose first line is the case. See story.py.

Every story begins at 08:00 with five skills (service level 20 s) and nobody staffed; story_test.py adds the end.
"""


def extension_call_beside_a_held_call(s):
    """an extension call that comes in while an ACD call is on hold belongs to that call's skill"""
    s.at("08:01:00").login(1, 3, 1).at("08:02:00").arrive(1).queue(1, 1).ring(1, 1, 1)
    s.at("08:02:04").answer(1, 1, 1).at("08:03:00").hold(1, 1)
    s.at("08:03:10").state(1, "Other", direction="In").at("08:03:40").state(1, "Other")
    s.at("08:03:50").retrieve(1, 1, 1).at("08:05:00").release(1, 1, "Acw", skill=1)
    s.at("08:05:20").state(1, "Avail")


def two_calls_held(s):
    """with two ACD calls on hold, what is beside them belongs to the one held last"""
    s.at("08:01:00").login(1, 1, 2).arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:05").answer(1, 1, 1)
    s.at("08:02:00").hold(1, 1).arrive(2).queue(2, 2).at("08:02:10")
    s.send("CallRinging", call=2, agent=1, skill=2, offer="Skill").at("08:02:15").answer(2, 1, 2)
    s.at("08:03:00").hold(2, 1).at("08:03:10").state(1, "Other", direction="Out")
    s.at("08:03:30").state(1, "Other").at("08:03:40").retrieve(2, 1, 2).at("08:04:00")
    s.send("CallReleased", call=2, agent=1, by="Caller").state(1, "Other").idle(2)
    s.at("08:04:20").retrieve(1, 1, 1).at("08:05:00").release(1, 1)


def levels_and_logon_order(s):
    """the top skill follows the levels, TI_ items follow the order of logon, also when both change while staffed"""
    s.at("08:01:00").login(1, (1, 5), (2, 3), (3, 3), mode="Aux").login(2, (2, 1))
    s.at("08:02:00").skill(1, 3, 1).at("08:04:00").state(1, "Aux", reason=99)
    s.at("08:05:00").skill(1, 1, 0).at("08:07:00").state(1, "Avail").at("08:09:00").skill(1, 1, 2)
    s.at("08:10:00").skill(1, 2, 0).at("08:12:00").state(1, "Unknown").at("08:13:00").state(1, "Acw")
    s.at("08:14:00").state(1, "Aux", reason=55).at("08:15:00").logout(1)
    s.at("08:20:00").login(1, (1, 2), mode="Avail")


def dequeued_primary(s):
    """a primary queue left by command is an outflow; the second skill's answer is an inflow"""
    s.at("08:01:00").login(1, 2).arrive(1).queue(1, 1).at("08:01:10").queue(1, 2, 2).queue(1, 3, 3)
    s.at("08:01:30").send("CallDequeued", call=1, skill=1, why="Command")
    s.at("08:01:40").send("CallDequeued", call=1, skill=3, why="Command")
    s.at("08:01:45").ring(1, 1, 2).at("08:01:50").answer(1, 1, 2).at("08:03:00").release(1, 1)


def ways_out_of_three_queues(s):
    """abandoned, busy, disconnected, outflowed and interflowed out of three queues"""
    for call, minute in ((1, "01"), (2, "02"), (3, "03"), (4, "04"), (5, "05"), (6, "06")):
        s.at(f"08:{minute}:00").arrive(call, "Adjunct" if call % 2 else "In")
        s.queue(call, 1).at(f"08:{minute}:07").queue(call, 2, 2, "CheckBackup").queue(call, 3, 3)
    s.at("08:10:00").abandon(1, "Queue", skill=1).at("08:10:01").send("CallForcedBusy", call=2).idle(2)
    s.at("08:10:02").send("CallForcedDisconnect", call=3, by="Timer").idle(3)
    s.at("08:10:03").send("CallOutflowed", call=4, to="OffSwitch").idle(4)
    s.at("08:10:04").send("CallOutflowed", call=5, to="Extension").at("08:10:08")
    s.send("CallConnected", call=5, extension=7).at("08:11:00").send(
        "CallReleased", call=5, agent=0, by="Caller"
    )
    s.idle(5).at("08:11:30").send("CallOutflowed", call=6, to="Vdn", vdn=5002)
    s.send("CallAtVdn", call=6, vdn=5002, how="RouteTo").at("08:12:00").queue(6, 4).at("08:12:20")
    s.abandon(6, "Queue", skill=4)


def rung_by_the_second_skill(s):
    """rung by the second skill: abandoned there; not answered and on to a VDN; back to it and answered by the first"""
    s.at("08:01:00").login(1, 2).login(2, 1, mode="Aux").arrive(1).queue(1, 1).queue(1, 2, 2).queue(1, 3, 3)
    s.at("08:01:20").ring(1, 1, 2).at("08:01:30").abandon(1, "Ringing", 1, 2)
    s.at("08:02:00").arrive(2).queue(2, 1).queue(2, 2, 2).ring(2, 1, 2).at("08:02:12").redirect(
        2, 1, 2, "Vdn"
    )
    s.send("CallAtVdn", call=2, vdn=5002, how="Redirected").at("08:02:20").abandon(2, "Vector")
    s.at("08:03:00").arrive(3).queue(3, 1).queue(3, 2, 2).ring(3, 1, 2)
    s.at("08:03:12").redirect(3, 1, 2, "SameSkill", "Aux").queue(3, 2, 2, "Redirect", "Top")
    s.at("08:03:30").state(2, "Avail").ring(3, 2, 1).at("08:03:33").answer(3, 2, 1)
    s.at("08:04:00").release(3, 2, "Acw", skill=1).at("08:04:30").state(2, "Aux")


def redirected_elsewhere(s):
    """redirected neither to the skill nor to a VDN: all queues are left"""
    s.at("08:01:00").login(1, 1).arrive(1).queue(1, 1).queue(1, 2, 2).ring(1, 1, 1)
    s.at("08:01:12").redirect(1, 1, 1, "Other", "Aux").at("08:01:14").send(
        "CallConnected", call=1, extension=7
    )
    s.at("08:02:00").send("CallReleased", call=1, agent=0, by="Caller").idle(1)


def no_ringing(s):
    """a call that is answered without ringing, in the first and in the second skill: a protocol error"""
    s.at("08:01:00").login(1, 1, 2, 3).arrive(1).queue(1, 1).at("08:01:25").answer(1, 1, 1)
    s.at("08:02:00").release(1, 1).at("08:03:00").arrive(2).queue(2, 1).queue(2, 2, 2)
    s.at("08:03:10").answer(2, 1, 2).at("08:04:00").release(2, 1, by="Agent")


def extension_call_that_rings(s):
    """a plain extension call that rings and is answered counts as an extension call only"""
    s.at("08:01:00").login(1, 1, 2).at("08:02:00")
    s.send("CallRinging", call=1, agent=1, skill=0, offer="Extension").at("08:02:05")
    s.send("CallAnswered", call=1, agent=1, skill=0, offer="Extension").state(1, "Other", direction="In")
    s.at("08:03:00").send("CallReleased", call=1, agent=1, by="Caller").state(1, "Avail")


def phantom_abandons(s):
    """a talk shorter than the timer is an abandon: first skill, second skill, with work, held, transferred, direct"""
    s.at("08:01:00").login(1, 1, 2).arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:08").answer(1, 1, 1)
    s.at("08:01:17.999999999").release(1, 1)
    s.at("08:02:00").arrive(2).queue(2, 1).ring(2, 1, 1).at("08:02:08").answer(2, 1, 1)
    s.at("08:02:18").release(2, 1)  # exactly the timer is an answered call
    s.at("08:03:00").arrive(3, "Adjunct").queue(3, 1).queue(3, 2, 2).ring(3, 1, 2).at("08:03:08").answer(
        3, 1, 2
    )
    s.send("CallEvent", call=3, agent=1, kind="Stroke", number=9).at("08:03:12").release(3, 1, "Acw", skill=2)
    s.at("08:03:30").state(1, "Avail")
    s.at("08:04:00").arrive(4).queue(4, 1).ring(4, 1, 1).at("08:04:08").answer(4, 1, 1).at("08:04:10")
    s.hold(4, 1).at("08:05:00").retrieve(4, 1, 1).at("08:05:03").release(4, 1, by="Agent")
    s.at("08:06:00").arrive(5).queue(5, 1, by="DirectAgent", agent=1, priority="Top").ring(5, 1, 1, "Direct")
    s.at("08:06:03").answer(5, 1, 1, "Direct").at("08:06:05").release(5, 1)


def hung_up_on_hold_at_once(s):
    """an abandon on hold after a talk shorter than the timer"""
    s.at("08:01:00").login(1, 1).arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:08").answer(1, 1, 1)
    s.at("08:01:12").hold(1, 1).at("08:02:00").abandon(1, "Hold", 1)


def transferred_at_once(s):
    """a transfer after a talk shorter than the timer"""
    s.at("08:01:00").login(1, 1).arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:08").answer(1, 1, 1)
    s.at("08:01:12").hold(1, 1).state(1, "Other", direction="Out").at("08:01:15")
    s.connect(2).at("08:01:20").transfer(1, 1, 2).at("08:03:00").extension_leaves(2)


def direct_agent_calls(s):
    """direct agent calls: held, with events and work; redirected; abandoned ringing; busy"""
    s.at("08:01:00").login(1, 3, 1).arrive(1).queue(1, 1, by="DirectAgent", agent=1, priority="Top")
    s.at("08:01:02").ring(1, 1, 1, "Direct").at("08:01:05").answer(1, 1, 1, "Direct")
    s.send("CallEvent", call=1, agent=1, kind="Assist").at("08:01:30").hold(1, 1).at("08:02:00")
    s.retrieve(1, 1, 1, "DirectAcd").at("08:02:30").release(1, 1, "DirectAcw", "Agent", 1)
    s.at("08:03:00").state(1, "Avail")
    for call, minute in ((2, "04"), (3, "05"), (4, "06")):
        s.at(f"08:{minute}:00").arrive(call).queue(call, 1, by="DirectAgent", agent=1, priority="Top")
    s.at("08:07:00").ring(2, 1, 1, "Direct").at("08:07:12").redirect(2, 1, 1, "Vdn")
    s.send("CallAtVdn", call=2, vdn=5001, how="Redirected").at("08:07:20").abandon(2, "Vector")
    s.at("08:08:00").ring(3, 1, 1, "Direct").at("08:08:05").abandon(3, "Ringing", 1, 1)
    s.at("08:08:10").send("CallForcedBusy", call=4).idle(4)


def held_more_than_once(s):
    """a call held three times is one held call; work is interrupted by an extension call; an event comes in work"""
    s.at("08:01:00").login(1, 2, 1).arrive(1).queue(1, 1, priority="High").ring(1, 1, 1).at("08:01:08")
    s.answer(1, 1, 1)
    for minute in ("02", "04", "06"):
        s.at(f"08:{minute}:00").hold(1, 1).at(f"08:{minute}:30").retrieve(1, 1, 1)
    s.at("08:08:00").release(1, 1, "Acw", "Agent", 1).at("08:08:10").state(1, "Acw", 1, 1, direction="Out")
    s.send("CallEvent", call=1, agent=1, kind="Stroke", number=3).at("08:08:40").state(1, "Acw", 1, 1)
    s.at("08:09:00").state(1, "Aux", reason=3)


def extension_calls_across_modes(s):
    """an extension call goes on while the mode changes and over a boundary; one ends with the logout"""
    s.at("08:20:00").login(1, 2, 1, mode="Aux").at("08:25:00").state(1, "Aux", direction="Out")
    s.at("08:26:00").state(1, "Aux", reason=4, direction="Out").at("08:27:00").state(
        1, "Other", direction="Out"
    )
    s.boundary("08:30:00").at("08:31:00").state(1, "Other", direction="In").at("08:32:00").state(1, "Acw")
    s.at("08:33:00").state(1, "Acw", direction="In").at("08:34:00").state(1, "Aux", reason=1, direction="In")
    s.at("08:35:00").state(1, "Aux", direction="None").at("08:36:00").state(1, "Aux", direction="Out")
    s.at("08:37:00").logout(1)


def work_ends_with_the_logout(s):
    """after-call work that ends with a logout, and a skill that leaves while its work is done"""
    s.at("08:01:00").login(1, 1, 2).arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:08").answer(1, 1, 1)
    s.at("08:02:00").release(1, 1, "Acw", skill=1).at("08:02:40").logout(1)
    s.at("08:05:00").login(2, 1, 2).arrive(2).queue(2, 2).ring(2, 2, 2).at("08:05:08").answer(2, 2, 2)
    s.at("08:06:00").release(2, 2, "Acw", skill=2).at("08:06:30").skill(2, 2, 0).at("08:07:00").state(
        2, "Avail"
    )


def one_call_over_many_intervals(s):
    """queue, ringing, talk, hold and work in an interval each: all of the call counts in the last one"""
    s.at("08:20:00").login(1, 1).arrive(1).queue(1, 1).queue(1, 2, 2).boundary("08:30:00")
    s.boundary("09:00:00").at("09:29:58").ring(1, 1, 1).boundary("09:30:00").at("09:30:02").answer(1, 1, 1)
    s.boundary("10:00:00").at("10:00:00").hold(1, 1).boundary("10:30:00").retrieve(1, 1, 1)
    s.boundary("11:00:00").release(1, 1, "Acw", skill=1).boundary("11:30:00").at("11:30:00.000000001")
    s.state(1, "Avail")


def unprofiled_skill(s):
    """a skill without service level and wait buckets"""
    s.settings[1] = {"service_level_s": 0, "period_s": [0] * 9}
    s.at("08:00:30").pump_up().at("08:01:00").login(1, 1)
    for call, came, answered in ((1, "08:01:10", "08:02:00"), (2, "08:03:00", "08:06:00")):
        s.at(came).arrive(call).queue(call, 1).at(answered).ring(call, 1, 1).answer(call, 1, 1)
        s.at(answered[:6] + "30").release(call, 1)
    s.at("08:07:00").arrive(3).queue(3, 1).at("08:07:40").abandon(3, "Queue", skill=1)


def wait_limits(s):
    """a wait of exactly a limit is within it, a nanosecond more is not"""
    s.at("08:00:30").login(1, 1)
    waits = ("05:05", "06:05.000000001", "07:20", "08:20.000000001")
    for call, wait in enumerate(waits, 1):
        s.at(f"08:{wait[:2]}:00").arrive(call).queue(call, 1).at(f"08:{wait}").ring(call, 1, 1)
        s.answer(call, 1, 1).at(f"08:{wait[:2]}:50").release(call, 1)
    s.at("08:10:00").arrive(9).queue(9, 1).at("08:15:00").abandon(9, "Queue", skill=1)
    s.at("08:16:00").arrive(10).queue(10, 1).at("08:21:00.000000001").abandon(10, "Queue", skill=1)


STORIES = [f for f in list(globals().values()) if callable(f)]
