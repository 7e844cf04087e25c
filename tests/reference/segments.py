"""Call records: one for each segment of a call. A transfer begins the next segment; a way through VDNs does not.

A segment that an agent answered ends with the after-call work, any other with its last disposition.
"""

CONNECTED, ANSWERED, ABANDONED, INTERFLOW, BUSY, DISCONNECTED, OTHER = range(1, 8)
PRIORITIES = {"Low": 1, "Medium": 2, "High": 3, "Top": 4}


class Segment:
    def __init__(self, call, first):
        self.call = call
        self.first = first
        self.began = first.at
        self.number = 1
        self.ucid = 0
        self.calling = self.dialled = ""
        self.direction = ""
        self.trunk = (0, 0)
        self.trunk_since = None
        self.duration = 0
        self.vdns = []
        self.first_vector = self.vector = 0
        self.splits = [0, 0, 0]
        self.direct = False  # the queue it was in last was an agent's own
        self.queued_at = None
        self.rings_since = None
        self.rang_ns = 0  # the last ringing
        self.connected_at = None
        self.disposed_at = None
        self.signals = {}  # item: value, of what an agent signalled
        self.codes = []
        self.written = False

    # ---- the way of the call
    def TrunkSeized(self, m):
        self.ucid, self.calling, self.dialled = m.ucid, m.calling, m.dialled
        self.direction = m.direction
        self.trunk, self.trunk_since = (m.trunk_group, m.trunk), m.at

    def goes_on_in(self, next_segment, now):
        """A transfer: the caller and the trunk go over to the next segment."""
        next_segment.number = self.number + 1
        next_segment.ucid = self.ucid
        next_segment.calling, next_segment.dialled = self.calling, self.dialled
        if self.trunk_since is not None:
            next_segment.direction = self.direction
            next_segment.trunk, next_segment.trunk_since = self.trunk, now
            self.trunk_is_gone(now)

    def trunk_is_gone(self, now):
        if self.trunk_since is not None:
            self.duration += now - self.trunk_since
            self.trunk_since = None

    def CallAtVdn(self, m):
        self.vdns.append(m.vdn)
        self.vector = 0

    def CallAtVector(self, m):
        self.vector = m.vector
        self.first_vector = self.first_vector or m.vector

    def CallQueued(self, m):
        self.direct = m.by == "DirectAgent"
        if not self.direct:
            self.splits[m.position - 1] = m.skill
        if self.queued_at is None:
            self.queued_at = m.at

    def CallRinging(self, m):
        if m.offer != "Extension":
            self.rings_since = m.at

    def ringing_ends(self, now):
        if self.rings_since is not None:
            self.rang_ns, self.rings_since = now - self.rings_since, None

    def CallRedirected(self, m):
        self.ringing_ends(m.at)

    def CallAnswered(self, m):
        if m.offer != "Extension":
            self.ringing_ends(m.at)
            self.disposed_at = m.at
        else:
            self.CallConnected(m)

    def CallEvent(self, m):
        item = {"Assist": "ASSIST", "Malicious": "MALICIOUS"}.get(m.kind)
        if item:
            self.signals[item] = 1
        else:
            self.signals[f"EVENT{m.number}"] = self.signals.get(f"EVENT{m.number}", 0) + 1

    def CallWorkCode(self, m):
        self.codes.append(m.code)

    # ---- the ends
    def CallAbandoned(self, m):
        self.ringing_ends(m.at)
        if m.abandoned_in != "Hold":
            self.over(m, ABANDONED)

    def CallForcedBusy(self, m):
        self.over(m, BUSY)

    def CallForcedDisconnect(self, m):
        self.over(m, DISCONNECTED)

    def CallOutflowed(self, m):
        if m.to == "OffSwitch":
            self.over(m, INTERFLOW)

    def CallConnected(self, m):
        self.ringing_ends(m.at)
        self.connected_at = self.disposed_at = m.at

    def CallReleased(self, m):
        if m.agent == 0 or self.connected_at is not None:
            self.leaves(m)

    def TrunkIdle(self, m):
        self.trunk_is_gone(m.at)
        self.leaves(m)

    def joined(self, m):
        self.leaves(m)

    def leaves(self, m):
        """The end of a call that no agent has answered."""
        if not self.call.queues.conversations:
            self.over(m, OTHER if self.connected_at is None else CONNECTED)

    def over(self, m, disposition):
        if self.disposed_at is None:
            self.disposed_at = m.at
        talk = m.at - self.connected_at if disposition == CONNECTED else 0
        self.write(disposition, {"TALKTIME": talk}, None if self.connected_at else self.call.queues.disposed)

    def conversation_over(self, conversation):
        """After-call work is done."""
        phantom = conversation.is_phantom()
        facts = {
            "TALKTIME": conversation.talk_ns,
            "ANSHOLDTIME": conversation.hold_ns,
            "CONSULTTIME": conversation.consult_ns,
            "ACWTIME": conversation.work_ns,
            "ANSLOGIN": conversation.agent,
            "HELD": conversation.holds,
            "HOLDABN": int(conversation.abandoned),
            "TRANSFERRED": int(conversation.transferred),
            "CONFERENCE": int(conversation.conferenced),
            "AGT_RELEASED": int(conversation.ended_by_agent),
            "PHANTOM": int(phantom),
        }
        self.write(ABANDONED if phantom else ANSWERED, facts, conversation.queuing)

    # ---- the record
    def write(self, disposition, facts, queuing):
        """`queuing` is the one that the disposition ended, if any."""
        clock = self.call.fold.clock
        if self.written:
            return
        self.written = True
        self.trunk_is_gone(clock.now)
        wait = self.disposed_at - self.began
        queued = 0 if self.queued_at is None else self.disposed_at - self.queued_at - self.rang_ns
        items = {
            "SEGSTART": clock.shown(self.began),
            "UCID": self.ucid,
            "SEGMENT": self.number,
            "DISPOSITION": disposition,
            "DISPTIME": wait,
            "QUEUETIME": queued,
            "RINGTIME": self.rang_ns,
            "DURATION": self.duration,
            "FIRSTVDN": self.vdns[0] if self.vdns else 0,
            "DISPVDN": self.vdns[-1] if self.vdns else 0,
            "FIRSTIVECTOR": self.first_vector,
            "DISPIVECTOR": self.vector,
            "TKGRP": self.trunk[0],
            "EQLOC": self.trunk[1],
            "DA_QUEUED": int(self.direct),
            "LASTCWC": self.codes[-1] if self.codes else 0,
            "CALLING_PTY": self.calling,
            "DIALED_NUM": self.dialled,
            **facts,
            **self.signals,
        }
        items |= {f"VDN{n}": vdn for n, vdn in enumerate(self.vdns[1:9], 2)}
        items |= {f"SPLIT{n}": skill for n, skill in enumerate(self.splits, 1)}
        items |= {f"CWC{n}": code for n, code in enumerate(self.codes[:5], 1)}
        if queuing:
            items["DISPSPLIT"] = queuing.skill
            items["DISPPRIORITY"] = PRIORITIES[queuing.priority]
        self.call.put_all("call_rec", (clock.shown(clock.now), self.call.number), items)
