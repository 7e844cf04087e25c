"""All calls of an ACD: which message is about which call, and what is a protocol error.

A call whose tracking was aborted counts no more; the rows that it would have touched are marked.
"""
from call import Call

# What can be the first that is heard of a call; anything else is about a call that is known.
BEGINNINGS = {"CallAtVdn", "CallAtVector", "CallQueued", "CallRinging", "CallConnected", "CallSnapshot"}
# What an agent does with a call that he has answered.
OF_A_TALK = {"CallHeld", "CallRetrieved", "CallConferenced", "CallTransferred", "CallEvent", "CallWorkCode"}


class Calls:
    def __init__(self, fold):
        self.fold = fold
        self.by_number = {}
        self.phantom_ns = None  # until a pump-up tells

    def is_unknown(self, m):
        about_a_call = m.template.startswith("Call") and m.template not in BEGINNINGS
        return about_a_call and m.call not in self.by_number

    def is_of_no_talk(self, m):
        """What only somebody who talks can do, about a call that nobody has answered; codes are anybody's."""
        if m.template not in OF_A_TALK:
            return False
        anybody = m.template in ("CallEvent", "CallWorkCode")
        return all(c.booked or not anybody and c.agent != m.agent for c in self.conversations(m.call))

    def is_work_of_no_call(self, m):
        """After-call work of a call that the agent has not just had, or is not in the work of already."""
        if m.mode not in ("Acw", "DirectAcw") or m.call == 0:
            return False
        call = self.by_number.get(m.call)
        return call is None or all(c.agent != m.agent for c in call.waiting_conversations())

    def conversations(self, number):
        call = self.by_number.get(number)
        return call.queues.conversations if call else []

    def take(self, m):
        """Any message about a call."""
        if m.call not in self.by_number:
            self.by_number[m.call] = Call(self.fold, m.call, m)
        call = self.by_number[m.call]
        if m.template == "TrunkSeized":
            call.adjunct = m.direction == "Adjunct"
        if m.template == "CallAnswered" and m.offer != "Extension":
            rings = call.queues.ringing
            if rings is None or rings.agent != m.agent:
                self.taint(call, m)  # an answer without ringing is a protocol error
        call.take(m)
        if m.template == "CallTransferred":
            self.goes_on(call, m)
        if m.template == "CallConferenced":
            other = self.by_number.pop(m.other, None)
            if other:
                other.joined(m)
        for conversation in call.waiting_conversations():
            if not self.fold.agents.agent(conversation.agent).staffed:
                conversation.book()  # no state can follow
        self.forget_if_done(call)

    def goes_on(self, call, m):
        """The caller goes on in the agent's consult call."""
        to = self.by_number.setdefault(m.to_call, Call(self.fold, m.to_call, m))
        call.segment.goes_on_in(to.segment, m.at)
        self.fold.trunks.transferred(call, to)
        to.tainted |= call.tainted

    def forget_if_done(self, call):
        if call.is_done():
            self.by_number.pop(call.number, None)

    def agent_state(self, m):
        """An agent that has left a call is in its after-call work or done with it."""
        for call in list(self.by_number.values()):
            for conversation in call.waiting_conversations():
                if conversation.agent == m.agent:
                    conversation.state_after(m)
            self.forget_if_done(call)

    def aborted(self, m):
        """Trunk maintenance cut the call: what of it is not booked yet counts nowhere, and the rows say so."""
        call = self.by_number.pop(m.call, None)
        if call is None:
            return
        for message in call.queues.open_messages():
            self.mark(message)
        call.visits.marked()
        for conversation in call.queues.conversations:
            if not conversation.booked:
                for visit in conversation.visits:
                    visit.mark()

    # ---- rows that are not complete
    def taint(self, call, message):
        """A protocol error of a known call: what it is in now and what it is booked to later is marked."""
        call.tainted = True
        self.mark(message)
        for visit in call.visits.open():
            visit.mark()
        if call.trunk:
            self.fold.trunks.mark(call.trunk)

    def mark(self, message):
        """The rows of what the message was about are not complete; of an agent, those of all skills."""
        skill, agent = getattr(message, "skill", 0), getattr(message, "agent", 0)
        if skill and getattr(message, "by", "") != "DirectAgent":
            self.mark_row("hsplit", (skill,))
        self.mark_agent(agent)

    def mark_agent(self, agent):
        self.fold.activities.doubt(agent)
        for skill in self.skills_with_rows(agent):
            self.mark_row("hsplit", (skill,))
            self.mark_row("hagent", (agent, skill))

    def skills_with_rows(self, agent):
        """The skills an agent is logged in with, and those it has had in this interval."""
        rows = self.fold.tables.rows_of(self.fold.clock.interval)
        return {
            *self.fold.agents.agent(agent).skills,
            *(key[1] for table, key, _ in rows if table == "hagent" and key[0] == agent),
        }

    def mark_row(self, table, key):
        self.fold.tables.put(table, self.fold.clock.interval, key, "INCOMPLETE", 1)
