"""Stories that no switch should tell: protocol errors are survived, and the rows they touch are marked. See stories.py."""


def second_login(s):
    """a second login of an agent who is logged in"""
    s.at("08:01:00").login(1, 1).login(2, 1).at("08:05:00").login(1, 2).at("08:10:00").state(1, "Aux")
    s.boundary("08:30:00").at("08:40:00").logout(1)


def state_of_an_unstaffed_agent(s):
    """a state and a logout of an agent who is not logged in"""
    s.at("08:01:00").login(2, 1).mode[1] = "Avail"
    s.at("08:02:00").state(1, "Aux").at("08:03:00").skills[1] = {}
    s.logout(1)


def state_that_does_not_follow(s):
    """a state whose previous one is not what was: something was lost on the way"""
    s.at("08:01:00").login(1, 1, 2).login(2, 2).mode[1] = "Aux"
    s.at("08:03:00").state(1, "Avail").at("08:04:00").state(1, "Aux")


def unknown_calls(s):
    """release, hold, retrieval, answer, abandon, redirection and transfer of calls that nobody has heard of"""
    s.at("08:01:00").login(1, 1).login(2, 2)
    s.at("08:02:00").send("CallReleased", call=91, agent=1, by="Caller")
    s.at("08:03:00").send("CallAbandoned", call=94, agent=0, skill=1, abandoned_in="Queue")
    s.at("08:03:00").send("CallForcedBusy", call=95)
    s.boundary("08:30:00").at("08:32:00").send("CallHeld", call=92, agent=1)
    s.boundary("09:00:00").at("09:02:00").send("CallRetrieved", call=93, agent=1)


def work_without_a_call(s):
    """after-call work of a call that the agent has not had"""
    s.at("08:01:00").login(1, 1, 2).at("08:02:00").state(1, "Acw", 77, 2).at("08:03:00").state(1, "Avail")
    s.at("08:05:00").state(1, "Acw").at("08:06:00").state(1, "Avail")


STORIES = [f for f in list(globals().values()) if callable(f)]
