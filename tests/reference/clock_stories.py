"""Stories of clocks, intervals and settings. See stories.py."""


def busy_agent(s, began, ended):
    s.at(began).arrive(1).queue(1, 1).ring(1, 1, 1).answer(1, 1, 1)
    s.at(ended).release(1, 1)


def settings_change(s):
    """a service level or a bucket that changes in the interval is flagged and makes the row incomplete"""
    s.at("08:01:00").login(1, 1, 2, 3).at("08:05:00")
    s.settings[1] = {**s.settings[1], "service_level_s": 40}
    s.settings[2] = {**s.settings[2], "period_s": [6, *s.settings[2]["period_s"][1:]]}
    snapshot = {
        "agent": 1,
        "since": s.now,
        "login_time": s.now,
        "extension": 2001,
        "mode": "Avail",
        "oldest_skill": 1,
    }
    s.pump_up(snapshots=[snapshot])
    s.boundary("08:30:00").at("08:31:00").state(1, "Aux")


def fifteen_minutes(s):
    """the intervals of an ACD may become shorter"""
    s.at("08:01:00").login(1, 1).minutes = 15
    s.boundary("08:30:00").boundary("08:45:00").at("08:50:00").state(1, "Aux")


def clock_forward(s):
    """the clock jumps forward within an interval: nobody has worked the time between"""
    s.at("08:01:00").login(1, 1)
    s.at("08:05:00").arrive(1).queue(1, 1).ring(1, 1, 1).answer(1, 1, 1).at("08:16:00")
    old = s.at("08:06:00").now
    s.at("08:16:00").send("ClockSet", old_time=old, new_time=s.now).at("08:17:00").release(1, 1)


def clock_forward_over_a_boundary(s):
    """the clock jumps forward over a boundary"""
    s.at("08:01:00").login(1, 1).at("08:10:00")
    old = s.now
    s.at("08:40:00").send("ClockSet", old_time=old, new_time=s.now)
    s.send("IntervalBoundary", interval_start=s.now - 600_000_000_000, interval_minutes=30)
    s.at("08:50:00").state(1, "Aux")


def clock_back(s):
    """the clock goes back within an interval: time that has been worked stays worked"""
    s.at("08:01:00").login(1, 1).at("08:20:00")
    old = s.now
    s.at("08:15:00").send("ClockSet", old_time=old, new_time=s.now).at("08:18:00").state(1, "Aux")


def clock_back_over_a_boundary(s):
    """the clock goes back over a boundary: the interval comes a second time, as an instance of its own"""
    s.at("08:01:00").login(1, 1).boundary("08:30:00").at("08:30:30")
    old = s.now
    s.at("08:29:00").send("ClockSet", old_time=old, new_time=s.now)
    busy_agent(s, "08:29:10", "08:29:40")
    s.boundary("08:30:00")
    busy_agent(s, "08:40:00", "08:41:00")


def clock_back_into_the_old_interval(s):
    """the ACD says that the old interval begins again when its clock goes back into it"""
    s.at("08:01:00").login(1, 1).boundary("08:30:00").at("08:31:00")
    old = s.now
    s.at("08:10:00").send("ClockSet", old_time=old, new_time=s.now)
    s.send("IntervalBoundary", interval_start=s.epoch, interval_minutes=30)
    busy_agent(s, "08:12:00", "08:13:00")
    s.boundary("08:30:00")
    busy_agent(s, "08:40:00", "08:41:00")


def small_step_back(s):
    """times that go back by ten seconds or less wait until they are reached again"""
    s.at("08:01:00").login(1, 1)
    busy_agent(s, "08:05:00", "08:06:00")
    s.at("08:05:55").state(1, "Aux").at("08:05:59").state(1, "Avail").at("08:06:03").state(1, "Aux")


def great_step_back(s):
    """times that go back by more than ten seconds are a clock that was set without notice: nothing is complete"""
    s.at("08:01:00").login(1, 1)
    busy_agent(s, "08:05:00", "08:06:00")
    s.at("08:05:50").state(1, "Aux").at("08:06:10").state(1, "Avail").boundary("08:30:00").at(
        "08:31:00"
    ).state(1, "Aux")
    s.boundary("09:00:00").at("09:10:00").arrive(7).queue(7, 1).at("09:03:00").abandon(
        7, "Queue", skill=1
    ).logout(1)


STORIES = [f for name, f in list(globals().items()) if callable(f) and name != "busy_agent"]
# How a story's ACD differs from the usual one.
ACDS = {
    "phantom_abandons": {"phantom_s": 10},
    "hung_up_on_hold_at_once": {"phantom_s": 10},
    "transferred_at_once": {"phantom_s": 10},
    "clock_forward": {"utc_offset_minutes": 330},
    "clock_back": {"utc_offset_minutes": -600},
}
