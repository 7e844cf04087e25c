"""One conversation of a call with an agent, from the answer to the end of its after-call work; booked at that end."""

PRIORITY_ITEMS = {"Low": "LOWCALLS", "Medium": "MEDCALLS", "High": "HIGHCALLS", "Top": "TOPCALLS"}


class Conversation:
    def __init__(self, call, answered, queuing, rang_ns):
        self.call = call
        self.heard_of_as = call.number  # another call after a conference
        self.queues = call.queues
        self.answered = answered
        self.ended = False
        self.booked = False
        self.agent = answered.agent
        self.skill = answered.skill
        self.direct = answered.offer == "Direct"
        self.queuing = queuing
        self.visits = []  # to the VDN and the vector that it was answered in
        self.rang_ns = rang_ns
        self.wait_ns = answered.at - queuing.since
        self.talk_began = answered.at
        self.talk_ns = 0
        self.hold_began = None
        self.hold_ns = 0
        self.holds = 0
        self.consult_ns = 0
        self.abandoned = False
        self.ended_by_agent = False
        self.transferred = False
        self.conferenced = False
        self.signals = []
        self.codes = []
        self.work_began = None
        self.work_ns = 0

    def is_phantom(self):
        return not self.direct and self.ended and self.talk_ns < self.call.fold.calls.phantom_ns

    def is_backup(self):
        """Another step than queue-to had queued it, to a skill."""
        return not self.direct and self.queuing.backup

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
        if m.template == "AgentState" and m.mode in ("Acw", "DirectAcw") and m.call == self.heard_of_as:
            self.work_began = m.at
        else:
            self.book()

    # ---- what it counts as
    def book(self):
        self.booked = True
        phantom = self.is_phantom()
        if self.direct:
            self.queues.visits_rang(self.visits, self.rang_ns)
        else:
            self.queues.book_ringing(self.agent, self.rang_ns, self.queuing, self.visits)
        if self.direct or not phantom:
            self.book_hold()
            for item in self.signals:
                self.both(item)
            self.book_codes()
        if self.direct:
            self.book_direct()
        elif phantom:
            self.book_phantom()
        else:
            self.book_answered()
        for visit in self.visits:
            if phantom:
                visit.abandoned(self.answered.at, ["PHANTOMABNS"])
            else:
                visit.answered(self)
        self.call.segment.conversation_over(self)

    def both(self, item, value=1):
        """In the agent's row, and in the skill's unless the call was for the agent."""
        if not self.direct:
            self.queues.split(self.skill, item, value)
        self.queues.agent(self.agent, self.skill, item, value)

    def book_hold(self):
        if self.holds:
            self.both("HOLDCALLS")
        self.both("HOLDTIME", self.hold_ns)
        if not self.direct:
            self.queues.agent(self.agent, self.skill, "HOLDACDTIME", self.hold_ns)
        if self.abandoned:
            self.both("HOLDABNCALLS")

    def book_codes(self):
        """Each of five entries counts, the times of the conversation once for each code; more are not kept."""
        codes = self.codes[:5]
        for code in self.codes[5:]:
            self.call.mark_row("hcwc", (code,))
        for code in codes:
            self.call.add("hcwc", (code,), "ACDCALLS")
        for code in set(codes):
            self.call.add("hcwc", (code,), "ACDTIME", self.talk_ns)
            self.call.add("hcwc", (code,), "ACWTIME", self.work_ns)
            self.call.add("hcwc", (code,), "TIME", self.talk_ns + self.hold_ns + self.work_ns)

    def book_answered(self):
        queues, skill = self.queues, self.skill
        queues.split(skill, "CALLSOFFERED")
        queues.split(skill, "ANSTIME", self.wait_ns)
        queues.split(skill, f"ACDCALLS{queues.bucket(skill, self.wait_ns)}")
        queues.split(skill, PRIORITY_ITEMS[self.queuing.priority])
        if queues.acceptable(skill, self.wait_ns):
            queues.split(skill, "ACCEPTABLE")
        if self.queuing.backup:
            queues.split(skill, "BACKUPCALLS")
        queues.recorded_wait(skill, self.wait_ns)
        for prefix in ("", "O_") if self.call.adjunct else ("",):
            self.both(prefix + "ACDCALLS")
            self.both(prefix + "ACDTIME", self.talk_ns)
            self.both(prefix + "ACWTIME", self.work_ns)
        queues.agent(self.agent, skill, "ANSRINGTIME", self.rang_ns)
        if self.ended_by_agent:
            queues.agent(self.agent, skill, "ACD_RELEASE")
        if self.transferred:
            self.both("TRANSFERRED")
        if self.conferenced:
            self.both("CONFERENCE")

    def book_phantom(self):
        """The caller was gone when the agent answered: an abandoned call, with the wait until the answer."""
        self.queues.abandoned(self.skill, self.wait_ns)
        self.both("PHANTOMABNS")
        self.queues.agent(self.agent, self.skill, "ABNCALLS")
        self.queues.agent(self.agent, self.skill, "ABNTIME", self.rang_ns)

    def book_direct(self):
        queues = self.queues
        queues.agent(self.agent, self.skill, "DA_ACDCALLS")
        queues.agent(self.agent, self.skill, "DA_ACDTIME", self.talk_ns)
        queues.agent(self.agent, self.skill, "DA_ACWTIME", self.work_ns)
        queues.agent(self.agent, self.skill, "DA_ANSTIME", self.wait_ns)
        if self.ended_by_agent:
            queues.agent(self.agent, self.skill, "DA_RELEASE")
