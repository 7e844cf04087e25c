"""One call: its messages go to those who account for a part of it, each for itself."""
from queues import Queues
from segments import Segment
from visits import Visits

ENDS = (
    "CallReleased",
    "CallForcedBusy",
    "CallForcedDisconnect",
    "CallTransferred",
    "CallAbandoned",
    "TrunkIdle",
)
FATES = {"CallForcedBusy": "BUSY", "CallForcedDisconnect": "DISC"}


class Call:
    def __init__(self, fold, number, first):
        self.fold = fold
        self.number = number
        self.adjunct = False
        self.tainted = False  # a protocol error: every row that it is booked to is marked
        self.over = False
        self.trunk = None  # the Use of its trunk
        self.queues = Queues(self)
        self.visits = Visits(self)
        self.segment = Segment(self, first)

    def take(self, m):
        for part in (self.queues, self.visits, self.segment):
            handler = getattr(part, m.template, None)
            if handler is not None:
                handler(m)
        if self.trunk:
            self.tell_trunk(m)
        off_switch = m.template == "CallOutflowed" and m.to == "OffSwitch"
        if m.template in ENDS or off_switch:
            self.over = True

    def tell_trunk(self, m):
        """The first final fate of the call, and what else its trunk counts."""
        if m.template == "CallAtVector":
            self.trunk.was_in_vector = True
        connected = m.template == "CallConnected" or m.template == "CallAnswered" and m.offer == "Extension"
        if m.template == "CallAnswered" and not connected:
            self.trunk.ends_as(self.queues.conversations[-1])
        if m.template == "CallAbandoned":
            self.trunk.ends_as("ABN", m.abandoned_in)
        if m.template in FATES:
            self.trunk.ends_as(FATES[m.template])
        if connected:
            self.trunk.ends_as("CONNECT")
            if self.trunk.far_end_answered is None:
                self.trunk.far_end_answered = m.at

    def joined(self, m):
        """A conference: this call goes on as a part of another, and no more is heard of it. Its agents talk on there."""
        self.visits.joined(m)
        self.segment.joined(m)
        host = self.fold.calls.by_number[m.call]
        for conversation in self.queues.conversations:
            conversation.heard_of_as = m.call
        host.queues.conversations = self.queues.conversations + host.queues.conversations

    def waiting_conversations(self):
        """Those that are over and whose after-call work is not."""
        return [c for c in self.queues.conversations if c.ended and not c.booked]

    def is_done(self):
        return self.over and all(c.booked for c in self.queues.conversations)

    # ---- booking
    def add(self, table, key, item, value=1):
        self.fold.tables.add(table, self.fold.clock.interval, key, item, value)
        self.mark_if_tainted(table, key)

    def at_least(self, table, key, item, value):
        self.fold.tables.at_least(table, self.fold.clock.interval, key, item, value)

    def put_all(self, table, key, items):
        for item, value in items.items():
            self.fold.tables.put(table, self.fold.clock.interval, key, item, value)
        self.mark_if_tainted(table, key)

    def mark_if_tainted(self, table, key):
        if self.tainted:
            self.mark_row(table, key)

    def mark_row(self, table, key):
        self.fold.tables.put(table, self.fold.clock.interval, key, "INCOMPLETE", 1)
