"""One conversation of a call with an agent, from the answer to the end of its after-call work."""

PRIORITY_ITEMS = {"Low": "LOWCALLS", "Medium": "MEDCALLS", "High": "HIGHCALLS", "Top": "TOPCALLS"}


class Conversation:
    def __init__(self, fold, answered, queuing, rang_ns):
        self.fold = fold
        self.answered = answered
        self.ended = False
        self.agent = answered.agent
        self.skill = answered.skill
        self.direct = answered.offer == "Direct"
        self.queuing = queuing
        self.rang_ns = rang_ns
        self.wait_ns = answered.at - queuing.since
        self.talk_began = answered.at
        self.talk_ns = 0
        self.hold_began = None
        self.hold_ns = 0
        self.holds = 0
        self.abandoned = False
        self.ended_by_agent = False
        self.transferred = False
        self.conferenced = False
        self.signals = []
        self.work_began = None
        self.work_ns = 0

    # ---- what happens
    def hold(self, now):
        self.talk_ns += now - self.talk_began
        self.hold_began = now
        self.holds += 1

    def retrieve(self, now):
        self.hold_ns += now - self.hold_began
        self.hold_began = None
        self.talk_began = now

    def end(self, now, by_agent):
        if self.hold_began is not None:
            self.retrieve(now)
        self.talk_ns += now - self.talk_began
        self.ended = True
        self.ended_by_agent = by_agent

    def abandoned_on_hold(self, now):
        self.abandoned = True
        self.end(now, by_agent=False)

    def state_after(self, m):
        """A message about the agent after the end: after-call work of this call, or anything else."""
        if self.work_began is not None:
            self.work_ns += m.at - self.work_began
            self.work_began = None
        if m.template == "AgentState" and m.mode in ("Acw", "DirectAcw") and m.call == self.fold.call.number:
            self.work_began = m.at

    # ---- what it counts as
    def book(self):
        phantom = not self.direct and self.talk_ns < self.fold.calls.phantom_ns
        if not self.direct:
            self.fold.book_ringing(self.agent, self.rang_ns, self.queuing)
        if self.direct or not phantom:
            self.book_hold()
            for item in self.signals:
                self.both(item)
        if self.direct:
            self.book_direct()
        elif phantom:
            self.book_phantom()
        else:
            self.book_answered()

    def both(self, item, value=1):
        """In the agent's row, and in the skill's unless the call was for the agent."""
        if not self.direct:
            self.fold.split(self.skill, item, value)
        self.fold.agent(self.agent, self.skill, item, value)

    def book_hold(self):
        if self.holds:
            self.both("HOLDCALLS")
        self.both("HOLDTIME", self.hold_ns)
        if not self.direct:
            self.fold.agent(self.agent, self.skill, "HOLDACDTIME", self.hold_ns)
        if self.abandoned:
            self.both("HOLDABNCALLS")

    def book_answered(self):
        fold, skill = self.fold, self.skill
        fold.split(skill, "CALLSOFFERED")
        fold.split(skill, "ANSTIME", self.wait_ns)
        fold.split(skill, f"ACDCALLS{fold.bucket(skill, self.wait_ns)}")
        fold.split(skill, PRIORITY_ITEMS[self.queuing.priority])
        if fold.acceptable(skill, self.wait_ns):
            fold.split(skill, "ACCEPTABLE")
        if self.queuing.backup:
            fold.split(skill, "BACKUPCALLS")
        fold.recorded_wait(skill, self.wait_ns)
        for prefix in ("", "O_") if fold.call.adjunct else ("",):
            self.both(prefix + "ACDCALLS")
            self.both(prefix + "ACDTIME", self.talk_ns)
            self.both(prefix + "ACWTIME", self.work_ns)
        fold.agent(self.agent, skill, "ANSRINGTIME", self.rang_ns)
        if self.ended_by_agent:
            fold.agent(self.agent, skill, "ACD_RELEASE")
        if self.transferred:
            self.both("TRANSFERRED")
        if self.conferenced:
            self.both("CONFERENCE")

    def book_phantom(self):
        """The caller was gone when the agent answered: an abandoned call, with the wait until the answer."""
        self.fold.abandoned(self.skill, self.wait_ns)
        self.both("PHANTOMABNS")
        self.fold.agent(self.agent, self.skill, "ABNCALLS")
        self.fold.agent(self.agent, self.skill, "ABNTIME", self.rang_ns)

    def book_direct(self):
        fold = self.fold
        fold.agent(self.agent, self.skill, "DA_ACDCALLS")
        fold.agent(self.agent, self.skill, "DA_ACDTIME", self.talk_ns)
        fold.agent(self.agent, self.skill, "DA_ACWTIME", self.work_ns)
        fold.agent(self.agent, self.skill, "DA_ANSTIME", self.wait_ns)
        if self.ended_by_agent:
            fold.agent(self.agent, self.skill, "DA_RELEASE")
