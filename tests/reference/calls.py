"""Calls: each is written down message by message and folded as a whole when it is over and all its after-call work too.

So the first accounting law holds by construction: all that is about one call goes to the interval in which the call and
its after-call work end. A call whose tracking was aborted is never folded; the rows that it would have touched are
marked.
"""
from call_fold import CallFold

ENDS = {
    "CallReleased",
    "CallForcedBusy",
    "CallForcedDisconnect",
    "CallTransferred",
    "CallAbandoned",
    "TrunkIdle",
}


# What can be the first that is heard of a call; anything else is about a call that is known.
BEGINNINGS = {"CallAtVdn", "CallAtVector", "CallQueued", "CallRinging", "CallConnected", "CallSnapshot"}


class Call:
    def __init__(self, number):
        self.number = number
        self.adjunct = False
        self.messages = []
        self.talking = set()  # agents on the call now
        self.rings_at = 0  # the agent it rings at
        self.awaited = (
            set()
        )  # agents that left it; their next state tells whether they do its after-call work
        self.over = False


class Calls:
    def __init__(self, tables, clock, agents, skills, known):
        self.tables = tables
        self.clock = clock
        self.agents = agents
        self.skills = skills
        self.by_number = {}
        self.phantom_ns = 0
        self.known = known
        self.at_once = "left behind is booked at once" in known

    def call(self, number):
        return self.by_number.setdefault(number, Call(number))

    def is_unknown(self, m):
        about_a_call = m.template.startswith("Call") and m.template not in BEGINNINGS
        return about_a_call and m.call not in self.by_number

    def is_work_of_no_call(self, m):
        """After-call work of a call that the agent has not just had, or is not in the work of already."""
        if m.mode not in ("Acw", "DirectAcw") or m.call == 0:
            return False
        return m.call not in self.by_number or m.agent not in self.by_number[m.call].awaited

    def take(self, m):
        """Any message about a call."""
        call = self.call(m.call)
        call.messages.append(m)
        if m.template == "TrunkSeized":
            call.adjunct = m.direction == "Adjunct"
        if m.template == "CallRinging":
            call.rings_at = m.agent
        if m.template == "CallAnswered" and m.offer != "Extension":
            call.talking.add(m.agent)
            if call.rings_at != m.agent:
                self.mark(m)  # an answer without ringing is a protocol error
        outflow_off_switch = m.template == "CallOutflowed" and m.to == "OffSwitch"
        if m.template in ENDS or outflow_off_switch:
            call.over = True
            call.awaited |= call.talking
            call.talking = set()
        if m.template == "CallConferenced":
            self.by_number.pop(m.other, None)  # no more is heard of it: it goes on as a part of this one
        if call.over and not call.awaited:
            self.fold(call)

    def agent_state(self, m):
        """An agent that has left a call is in its after-call work or done with it."""
        for call in list(self.by_number.values()):
            if m.agent in call.awaited:
                call.messages.append(m)
                if m.template == "AgentLogout" or m.mode not in ("Acw", "DirectAcw") or m.call != call.number:
                    call.awaited.discard(m.agent)
                if call.over and not call.awaited:
                    self.fold(call)

    def aborted(self, m):
        """Trunk maintenance cut the call: it is counted nowhere, and its rows say so."""
        call = self.by_number.pop(m.call, None)
        if call is None:
            return
        touched = call.messages
        if self.at_once:
            touched = self.live(call)
        for message in touched:
            if message.template in ("CallQueued", "CallRinging", "CallAnswered"):
                self.mark(message)

    def mark(self, message):
        """The rows of what the message was about are not complete; of an agent, those of all skills."""
        skill, agent = getattr(message, "skill", 0), getattr(message, "agent", 0)
        if skill and getattr(message, "by", "") != "DirectAgent":
            self.mark_row("hsplit", (skill,))
        for skill in self.skills_with_rows(agent):
            self.mark_row("hsplit", (skill,))
            self.mark_row("hagent", (agent, skill))

    def skills_with_rows(self, agent):
        """The skills an agent is logged in with, and those it has had in this interval."""
        rows = self.tables.rows_of(self.clock.interval)
        return {
            *self.agents.agent(agent).skills,
            *(key[1] for _, key, _ in rows if key[0] == agent and key[1:]),
        }

    def mark_row(self, table, key):
        self.tables.put(table, self.clock.interval, key, "INCOMPLETE", 1)

    def fold(self, call):
        del self.by_number[call.number]
        CallFold(self, call, self.at_once).book()

    def live(self, call):
        """Books what a call has left behind that has not ended; returns the messages of what it has not."""
        fold = CallFold(self, call, self.at_once)
        fold.live()
        return fold.open_messages()

    def finish(self):
        """The stream is over; calls that go on are counted nowhere."""
        for call in self.by_number.values():
            if self.at_once:
                self.live(call)
