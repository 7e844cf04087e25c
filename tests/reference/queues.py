"""The queues of one call, its ringings and its talks with agents: what it counts as in the rows of skills and agents.

Every queuing of a call to a skill gets exactly one disposition (the matrix of the tables' design): answered, abandoned,
forced busy, disconnected, outflowed or dequeued. One left unanswered is booked when it is left, the answered one with its
conversation.
"""
from conversation import Conversation
from settings import acceptable, bucket


class Queuing:
    """The call waits for one skill, or for one agent (its own queue)."""

    def __init__(self, m):
        self.message = m
        self.skill = m.skill
        self.since = m.at
        self.position = m.position
        self.first = m.position == 1
        self.requeued = m.by == "Redirect"
        self.backup = m.by != "QueueTo"
        self.priority = m.priority
        self.direct_agent = m.agent if m.by == "DirectAgent" else 0


class Queues:
    def __init__(self, call):
        self.call = call
        self.queuings = []  # those that have no disposition yet
        self.disposed = None  # the queuing that had the disposition of the whole call
        self.ringing = None  # the CallRinging message while it rings
        self.conversations = []

    def open_messages(self):
        """The messages that began what has not ended: queuings, the ringing, the conversation."""
        ringing = [self.ringing] if self.ringing else []
        talking = [c.answered for c in self.conversations if not c.booked]
        return [q.message for q in self.queuings] + ringing + talking

    def primary(self):
        """Of the queues that the call is in, the one of the lowest position."""
        of_skills = [q for q in self.queuings if not q.direct_agent]
        return min(of_skills, key=lambda q: q.position, default=None)

    # ---- booking
    def split(self, skill, item, value=1):
        if skill:
            self.call.add("hsplit", (skill,), item, value)

    def agent(self, agent, skill, item, value=1):
        key = (agent, skill or self.call.fold.agents.agent(agent).oldest_skill())
        self.call.add("hagent", key, item, value)

    def info(self, skill):
        return self.call.fold.skills.settings(skill)

    def acceptable(self, skill, wait):
        return acceptable(self.info(skill), wait)

    def bucket(self, skill, wait):
        return bucket(self.info(skill), wait)

    def recorded_wait(self, skill, wait):
        if skill:
            self.call.at_least("hsplit", (skill,), "MAXOCWTIME", wait)

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

    def leave_queues(self, now, primary_as, primary=None):
        """All queues that the call is still in: the primary one counts as told, the others as dequeued."""
        primary = primary or self.primary()
        queuings, self.queuings = self.queuings, []
        for queuing in queuings:
            wait = now - queuing.since
            if queuing.direct_agent:
                if primary_as == "ABN":
                    self.direct_abandoned(queuing, wait)
                else:
                    self.direct_other(queuing, wait)
            elif queuing is not primary:
                self.other("DEQUE", queuing.skill, wait)
            elif primary_as == "ABN":
                self.abandoned(queuing.skill, wait)
            else:
                self.other(primary_as, queuing.skill, wait)

    def disposed_in_queue(self):
        """The whole call has its disposition in the primary queue, or in the agent's own."""
        self.disposed = self.primary() or next(iter(self.queuings), None)

    # ---- messages, in the order of a call's life
    def CallQueued(self, m):
        self.queuings.append(Queuing(m))

    def CallDequeued(self, m):
        primary = self.primary()
        queuing = self.take_queuing(m.skill)
        if queuing is not None:
            self.other("OUTFLOW" if queuing is primary else "DEQUE", m.skill, m.at - queuing.since)

    def CallRinging(self, m):
        if m.offer != "Extension":
            self.ringing = m

    def rang(self, now):
        """Ends the ringing, if it rings: (its message, how long)."""
        ringing, self.ringing = self.ringing, None
        return ringing, now - ringing.at if ringing else 0

    def book_ringing(self, agent, rang_ns, queuing, visits):
        """A call that was answered without ringing must have rung: it is a ringing of no time."""
        self.split(queuing.skill, "RINGCALLS")
        self.split(queuing.skill, "RINGTIME", rang_ns)
        self.agent(agent, queuing.skill, "RINGCALLS")
        self.agent(agent, queuing.skill, "RINGTIME", rang_ns)
        if not queuing.first:
            self.split(queuing.skill, "INFLOWCALLS")
        self.visits_rang(visits, rang_ns)

    @staticmethod
    def visits_rang(visits, rang_ns):
        """VDN and vector count direct agent calls too."""
        for visit in visits:
            visit.rang(rang_ns)

    def CallAnswered(self, m):
        if m.offer == "Extension":
            return
        _, rang_ns = self.rang(m.at)
        primary = self.primary()
        queuing = self.take_queuing(m.skill, m.agent if m.offer == "Direct" else 0)
        self.leave_queues(m.at, "OUTFLOW", primary)
        self.conversations.append(Conversation(self.call, m, queuing, rang_ns))

    def CallRedirected(self, m):
        ringing, rang_ns = self.rang(m.at)
        direct = ringing.offer == "Direct"
        primary = self.primary()
        queuing = self.take_queuing(m.skill, m.agent if direct else 0)
        wait = m.at - queuing.since
        self.agent(m.agent, m.skill, "NOANSREDIR")
        if direct:
            self.direct_other(queuing, wait)
            self.visits_rang(self.call.visits.open(), rang_ns)
        else:
            self.book_ringing(ringing.agent, rang_ns, queuing, self.call.visits.open())
            self.split(m.skill, "NOANSREDIR")
            self.other("OUTFLOW", m.skill, wait)
            if m.to == "SameSkill" and queuing.first:
                self.split(m.skill, "INFLOWCALLS")
        if m.to != "SameSkill":
            self.leave_queues(m.at, "OUTFLOW", primary)

    def CallAbandoned(self, m):
        if m.abandoned_in == "Hold":
            self.talk(m).abandoned_on_hold(m.at)
            return
        ringing, rang_ns = self.rang(m.at)
        self.disposed_in_queue()
        if ringing is None:
            self.leave_queues(m.at, "ABN")
            return
        primary = self.primary()
        direct = ringing.offer == "Direct"
        queuing = self.disposed = self.take_queuing(ringing.skill, ringing.agent if direct else 0)
        if direct:
            self.direct_abandoned(queuing, m.at - queuing.since)
            self.visits_rang(self.call.visits.open(), rang_ns)
        else:
            self.book_ringing(ringing.agent, rang_ns, queuing, self.call.visits.open())
            self.abandoned(ringing.skill, m.at - queuing.since)
            self.split(ringing.skill, "ABNRINGCALLS")
            self.agent(ringing.agent, ringing.skill, "ABNCALLS")
            self.agent(ringing.agent, ringing.skill, "ABNTIME", rang_ns)
        self.leave_queues(m.at, "OUTFLOW", primary)

    def CallForcedBusy(self, m):
        self.disposed_in_queue()
        self.leave_queues(m.at, "BUSY")

    def CallForcedDisconnect(self, m):
        self.disposed_in_queue()
        self.leave_queues(m.at, "DISC")

    def CallOutflowed(self, m):
        if m.to == "OffSwitch":
            self.disposed_in_queue()
            if self.primary():
                self.split(self.primary().skill, "INTERFLOWCALLS")
        self.leave_queues(m.at, "OUTFLOW")

    def talk(self, m):
        """The conversation of the agent that the message is of; another's signals are about the last one."""
        of_agent = [c for c in self.conversations if c.agent == m.agent]
        return (of_agent or self.conversations)[-1]

    def CallHeld(self, m):
        self.talk(m).hold(m.at)

    def CallRetrieved(self, m):
        self.talk(m).retrieve(m.at)

    def CallConferenced(self, m):
        self.talk(m).conferenced = True
        self.talk(m).retrieve(m.at)

    def CallTransferred(self, m):
        self.talk(m).transferred = True
        self.talk(m).end(m.at, by_agent=True)

    def CallReleased(self, m):
        if m.agent and self.conversations:
            self.talk(m).end(m.at, by_agent=m.by == "Agent")

    def CallEvent(self, m):
        if m.kind != "Malicious":
            self.talk(m).signals.append("ASSISTS" if m.kind == "Assist" else f"EVENT{m.number}")

    def CallWorkCode(self, m):
        self.talk(m).codes.append(m.code)
