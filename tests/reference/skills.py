"""Skills: what they are set to, and the most of something at one moment.

A moment is the state after a message; an interval begins with the state that it takes over.
"""
from settings import Unset


class Skills:
    def __init__(self, fold):
        self.tables = fold.tables
        self.clock = fold.clock
        self.agents = fold.agents
        self.info = {}  # skill: its SkillInfo
        self.queued = {}  # call: [skills it waits in]

    def settings(self, skill):
        return self.info.get(skill, Unset)

    def configured(self, m):
        """A pump-up says what is set; what differs from before is a change in this interval."""
        before = self.info.get(m.skill, m)
        self.info[m.skill] = m
        if before.service_level_s != m.service_level_s:
            self.changed(m.skill, "SVCLEVELCHG")
        if before.period_s != m.period_s:
            self.changed(m.skill, "PERIODCHG")

    def changed(self, skill, item):
        for of_row in (item, "INCOMPLETE"):
            self.tables.put("hsplit", self.clock.interval, (skill,), of_row, 1)

    def arrived(self, m):
        self.queued.setdefault(m.call, []).append(m.skill)
        self.tables.add("hsplit", self.clock.interval, (m.skill,), "I_ARRIVED")

    def left(self, call, skill=None):
        """The call left one queue, or all of them."""
        waits = self.queued.pop(call, [])
        rest = [s for s in waits if skill is not None and s != skill]
        if rest:
            self.queued[call] = rest

    def measure_queues(self):
        """To be called when a call was queued, and when an interval begins."""
        for skill in {skill for waits in self.queued.values() for skill in waits}:
            waiting = sum(waits.count(skill) for waits in self.queued.values())
            self.maximum(skill, "MAXINQUEUE", waiting)

    def measure_staff(self):
        """To be called when an agent has got or lost a skill, and when an interval begins."""
        staffed = [agent for agent in self.agents.by_id.values() if agent.staffed]
        for skill in {skill for agent in staffed for skill in agent.skills}:
            self.maximum(skill, "MAXSTAFFED", sum(skill in agent.skills for agent in staffed))
            self.maximum(skill, "MAXTOP", sum(agent.top_skill() == skill for agent in staffed))

    def maximum(self, skill, item, value):
        self.tables.at_least("hsplit", self.clock.interval, (skill,), item, value)
