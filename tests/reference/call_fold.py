"""One finished call, from its first message to its last: waits, ringings and conversations, and what they count as.

Every queuing of a call to a skill gets exactly one disposition (the matrix of the tables' design):
answered, abandoned, forced busy, disconnected, outflowed or dequeued.
"""
from conversation import Conversation

SECOND_NS = 1_000_000_000


class Queuing:
    """The call waits for one skill, or for one agent (its own queue)."""

    def __init__(self, m):
        self.message = m
        self.skill = m.skill
        self.since = m.at
        self.primary = m.position == 1
        self.requeued = m.by == "Redirect"
        self.backup = m.by != "QueueTo"
        self.priority = m.priority
        self.direct_agent = m.agent if m.by == "DirectAgent" else 0


class CallFold:
    """`at_once` is the known difference: what a call has left behind is booked when it leaves it, not at its end."""

    def __init__(self, calls, call, at_once):
        self.calls = calls
        self.call = call
        self.at_once = at_once
        self.inflow_when_rung = "second skills have inflow when rung again" in calls.known
        self.interval = calls.clock.interval
        self.queuings = []  # those that have no disposition yet
        self.ringing = None  # the CallRinging message while it rings
        self.conversations = []

    def book(self):
        self.live()
        self.interval = self.call.messages[-1].interval
        for conversation in self.conversations:
            conversation.book()

    def live(self):
        for m in self.call.messages:
            self.interval = m.interval if self.at_once else self.call.messages[-1].interval
            handler = getattr(self, m.template, None)
            if handler is not None:
                handler(m)

    def open_messages(self):
        """The messages that began what has not ended: queuings, the ringing, the conversation."""
        ringing = [self.ringing] if self.ringing else []
        talking = [c.answered for c in self.conversations if not c.ended]
        return [q.message for q in self.queuings] + ringing + talking

    # ---- booking
    def split(self, skill, item, value=1):
        if skill:
            self.calls.tables.add("hsplit", self.interval, (skill,), item, value)

    def agent(self, agent, skill, item, value=1):
        key = (agent, skill or self.calls.agents.agent(agent).oldest_skill())
        self.calls.tables.add("hagent", self.interval, key, item, value)

    def info(self, skill):
        return self.calls.skills.info[skill]

    def acceptable(self, skill, wait):
        level_ns = self.info(skill).service_level_s * SECOND_NS
        return level_ns > 0 and wait <= level_ns

    def bucket(self, skill, wait):
        periods = self.info(skill).period_s
        if not any(periods):
            return 1
        for n, limit_s in enumerate(periods, 1):
            if wait <= limit_s * SECOND_NS:
                return n
        return 10

    def recorded_wait(self, skill, wait):
        self.calls.tables.at_least("hsplit", self.interval, (skill,), "MAXOCWTIME", wait)

    # ---- dispositions
    def take_queuing(self, skill, direct_agent=0):
        for queuing in self.queuings:
            if queuing.skill == skill and queuing.direct_agent == direct_agent:
                self.queuings.remove(queuing)
                return queuing
        return None

    def abandoned(self, skill, wait):
        self.split(skill, "CALLSOFFERED")
        self.split(skill, "ABNCALLS")
        self.split(skill, "ABNTIME", wait)
        self.split(skill, f"ABNCALLS{self.bucket(skill, wait)}")
        if self.acceptable(skill, wait):
            self.split(skill, "SLVLABNS")
        if self.call.adjunct:
            self.split(skill, "O_ABNCALLS")
        self.recorded_wait(skill, wait)

    def other(self, kind, skill, wait):
        """OUTFLOW, DEQUE, BUSY or DISC."""
        self.split(skill, "CALLSOFFERED")
        self.split(skill, kind + "CALLS")
        self.split(skill, kind + "TIME", wait)
        self.split(skill, "OTHERCALLS")
        self.split(skill, "OTHERTIME", wait)
        if self.call.adjunct:
            self.split(skill, "O_OTHERCALLS")
        if kind == "OUTFLOW" and self.acceptable(skill, wait):
            self.split(skill, "SLVLOUTFLOWS")
        if kind != "DEQUE":
            self.recorded_wait(skill, wait)

    def direct_other(self, queuing, wait):
        self.agent(queuing.direct_agent, queuing.skill, "DA_OTHERCALLS")
        self.agent(queuing.direct_agent, queuing.skill, "DA_OTHERTIME", wait)

    def direct_abandoned(self, queuing, wait):
        self.agent(queuing.direct_agent, queuing.skill, "DA_ABNCALLS")
        self.agent(queuing.direct_agent, queuing.skill, "DA_ABNTIME", wait)

    def leave_queues(self, now, primary_as):
        """All queues that the call is still in: the primary one counts as told, the others as dequeued."""
        queuings, self.queuings = self.queuings, []
        for queuing in queuings:
            wait = now - queuing.since
            if queuing.direct_agent:
                if primary_as == "ABN":
                    self.direct_abandoned(queuing, wait)
                else:
                    self.direct_other(queuing, wait)
            elif not queuing.primary:
                self.other("DEQUE", queuing.skill, wait)
            elif primary_as == "ABN":
                self.abandoned(queuing.skill, wait)
            else:
                self.other(primary_as, queuing.skill, wait)

    # ---- messages, in the order of a call's life
    def CallQueued(self, m):
        self.queuings.append(Queuing(m))

    def CallDequeued(self, m):
        queuing = self.take_queuing(m.skill)
        if queuing is not None:
            self.other("OUTFLOW" if queuing.primary else "DEQUE", m.skill, m.at - queuing.since)

    def CallRinging(self, m):
        if m.offer != "Extension":
            self.ringing = m

    def rang(self, now):
        """Ends the ringing, if it rings: (its message, how long)."""
        ringing, self.ringing = self.ringing, None
        return ringing, now - ringing.at if ringing else 0

    def book_ringing(self, agent, rang_ns, queuing):
        """A call that was answered without ringing must have rung: it is a ringing of no time."""
        self.split(queuing.skill, "RINGCALLS")
        self.split(queuing.skill, "RINGTIME", rang_ns)
        self.agent(agent, queuing.skill, "RINGCALLS")
        self.agent(agent, queuing.skill, "RINGTIME", rang_ns)
        if not queuing.primary and (not queuing.requeued or self.inflow_when_rung):
            self.split(queuing.skill, "INFLOWCALLS")

    def CallAnswered(self, m):
        if m.offer == "Extension":
            return
        _, rang_ns = self.rang(m.at)
        queuing = self.take_queuing(m.skill, m.agent if m.offer == "Direct" else 0)
        self.leave_queues(m.at, "OUTFLOW")
        self.conversations.append(Conversation(self, m, queuing, rang_ns))

    def CallRedirected(self, m):
        ringing, rang_ns = self.rang(m.at)
        direct = ringing.offer == "Direct"
        queuing = self.take_queuing(m.skill, m.agent if direct else 0)
        wait = m.at - queuing.since
        if not direct or "direct agent calls are not redirected" not in self.calls.known:
            self.agent(m.agent, m.skill, "NOANSREDIR")
        if direct:
            self.direct_other(queuing, wait)
        else:
            self.book_ringing(ringing.agent, rang_ns, queuing)
            self.split(m.skill, "NOANSREDIR")
            self.other("OUTFLOW", m.skill, wait)
            if m.to == "SameSkill" and (queuing.primary or not self.inflow_when_rung):
                self.split(m.skill, "INFLOWCALLS")
        if m.to != "SameSkill":
            self.leave_queues(m.at, "OUTFLOW")

    def CallAbandoned(self, m):
        if m.abandoned_in == "Hold":
            self.conversations[-1].abandoned_on_hold(m.at)
            return
        ringing, rang_ns = self.rang(m.at)
        if ringing is None:
            self.leave_queues(m.at, "ABN")
            return
        direct = ringing.offer == "Direct"
        queuing = self.take_queuing(ringing.skill, ringing.agent if direct else 0)
        if direct:
            self.direct_abandoned(queuing, m.at - queuing.since)
        else:
            self.book_ringing(ringing.agent, rang_ns, queuing)
            self.abandoned(ringing.skill, m.at - queuing.since)
            self.split(ringing.skill, "ABNRINGCALLS")
            self.agent(ringing.agent, ringing.skill, "ABNCALLS")
            self.agent(ringing.agent, ringing.skill, "ABNTIME", rang_ns)
        self.leave_queues(m.at, "OUTFLOW")

    def CallForcedBusy(self, m):
        self.leave_queues(m.at, "BUSY")

    def CallForcedDisconnect(self, m):
        self.leave_queues(m.at, "DISC")

    def CallOutflowed(self, m):
        if m.to == "OffSwitch":
            for queuing in self.queuings:
                if queuing.primary and not queuing.direct_agent:
                    self.split(queuing.skill, "INTERFLOWCALLS")
        self.leave_queues(m.at, "OUTFLOW")

    def CallHeld(self, m):
        self.conversations[-1].hold(m.at)

    def CallRetrieved(self, m):
        self.conversations[-1].retrieve(m.at)

    def CallConferenced(self, m):
        self.conversations[-1].conferenced = True
        self.conversations[-1].retrieve(m.at)

    def CallTransferred(self, m):
        self.conversations[-1].transferred = True
        self.conversations[-1].end(m.at, by_agent=True)

    def CallReleased(self, m):
        if m.agent and self.conversations:
            self.conversations[-1].end(m.at, by_agent=m.by == "Agent")

    def CallEvent(self, m):
        self.conversations[-1].signals.append("ASSISTS" if m.kind == "Assist" else f"EVENT{m.number}")
        if m.kind == "Malicious":
            self.conversations[-1].signals.pop()

    def AgentState(self, m):
        for conversation in self.conversations:
            if conversation.agent == m.agent:
                conversation.state_after(m)

    def AgentLogout(self, m):
        self.AgentState(m)
