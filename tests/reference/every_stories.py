"""Stories that drive every number of every family of items: wait buckets, AUX reasons, stroke events. See stories.py."""

WAITS = (3, 8, 15, 25, 40, 50, 75, 100, 200, 301)  # s, one for each bucket


def every_bucket(s):
    """a call answered and a call abandoned in each wait bucket, through a VDN"""
    s.at("08:00:10").login(1, 1)
    for n, wait in enumerate(WAITS):
        s.now += 5_000_000_000
        s.arrive(2 * n + 1).queue(2 * n + 1, 1).arrive(2 * n + 2).queue(2 * n + 2, 1)
        s.now += wait * 1_000_000_000
        s.ring(2 * n + 1, 1, 1).answer(2 * n + 1, 1, 1).abandon(2 * n + 2, "Queue", skill=1)
        s.now += 20_000_000_000
        s.release(2 * n + 1, 1)


def every_reason(s):
    """AUX with each reason from 0 to 99, and beside two skills"""
    s.at("08:00:10").login(1, 2, 1)
    for reason in range(100):
        s.now += 7_000_000_000
        s.state(1, "Aux", reason=reason)
    s.now += 7_000_000_000
    s.state(1, "Avail")


def every_event(s):
    """each stroke event, on a call of a skill and on a direct agent call"""
    s.at("08:00:10").login(1, 1).at("08:01:00").arrive(1).queue(1, 1).ring(1, 1, 1).at("08:01:05").answer(
        1, 1, 1
    )
    for number in range(1, 10):
        s.send("CallEvent", call=1, agent=1, kind="Stroke", number=number)
    s.at("08:02:00").release(1, 1).at("08:03:00").seize(2).queue(
        2, 1, by="DirectAgent", agent=1, priority="Top"
    )
    s.ring(2, 1, 1, "Direct").at("08:03:05").answer(2, 1, 1, "Direct")
    for number in range(1, 10):
        s.send("CallEvent", call=2, agent=1, kind="Stroke", number=number)
    s.at("08:04:00").release(2, 1)


def every_skill_of_a_vdn(s):
    """calls with after-call work answered by each of the three skills of a VDN, within the service level and beyond"""
    s.at("08:00:10").login(1, 1).login(2, 2).login(3, 3)
    for n, wait in enumerate((5, 10, 15, 25, 35, 45), 1):
        skill = (n - 1) % 3 + 1
        s.at(f"08:0{n}:00").arrive(n).queue(n, skill).at(f"08:0{n}:{wait:02}").ring(n, skill, skill)
        s.answer(n, skill, skill).at(f"08:0{n}:50").release(n, skill, "Acw", skill=skill).at(f"08:0{n}:55")
        s.state(skill, "Avail")


STORIES = [f for f in list(globals().values()) if callable(f)]
