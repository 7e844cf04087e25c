"""VDNs and vectors: a call's visit to one lasts from its entry to its one disposition there.

A visit that an agent ended is booked with the conversation, one that an extension ended when that talk is over, all
others at once. Waits run from the entry.
"""
from settings import Unset, acceptable, bucket


class Vdns:
    """What VDNs are set to, and how many calls wait in them at one moment."""

    def __init__(self, fold):
        self.fold = fold
        self.settings = {}  # vdn: its VdnInfo

    def info(self, vdn):
        return self.settings.get(vdn, Unset)

    def configured(self, m):
        """A pump-up says what is set; what differs from before is a change in this interval."""
        before = self.settings.get(m.vdn, m)
        self.settings[m.vdn] = m
        if before.service_level_s != m.service_level_s:
            self.changed(m.vdn, "SVCLEVELCHG")
        if before.period_s != m.period_s:
            self.changed(m.vdn, "PERIODCHG")

    def changed(self, vdn, item):
        for of_row in (item, "INCOMPLETE"):
            self.fold.tables.put("hvdn", self.fold.clock.interval, (vdn,), of_row, 1)

    def measure_waiting(self):
        """To be called when a call has entered a VDN, and when an interval begins."""
        waiting = {}
        for call in self.fold.calls.by_number.values():
            if call.visits.vdn:
                waiting[call.visits.vdn.number] = waiting.get(call.visits.vdn.number, 0) + 1
        for vdn, calls in waiting.items():
            self.fold.tables.at_least("hvdn", self.fold.clock.interval, (vdn,), "MAXWAITING", calls)


class Visit:
    def __init__(self, call, table, number, since, inflow):
        self.call = call
        self.table = table
        self.number = number
        self.since = since
        self.inflow = inflow

    def add(self, item, value=1):
        self.call.add(self.table, (self.number,), item, value)

    def mark(self):
        self.call.mark_row(self.table, (self.number,))

    def vdn_info(self):
        """Only VDNs have a service level and buckets; None for a vector."""
        return self.call.fold.vdns.info(self.number) if self.table == "hvdn" else None

    # ---- dispositions
    def ended(self, wait):
        """What every disposition counts."""
        self.add("INCALLS")
        if self.inflow:
            self.add("INFLOWCALLS")
        if self.table == "hvdn":
            self.call.at_least(self.table, (self.number,), "MAXOCWTIME", wait)

    def other(self, kind, now, also=()):
        """BUSY, DISC or OUTFLOW."""
        wait = now - self.since
        self.ended(wait)
        for item in (kind + "CALLS", "OTHERCALLS", *also):
            self.add(item)
        for item in (kind + "TIME", "OTHERTIME", "INTIME"):
            self.add(item, wait)
        info = self.vdn_info()
        if info and kind == "OUTFLOW" and acceptable(info, wait):
            self.add("SLVLOUTFLOWS")

    def abandoned(self, now, also=()):
        wait = now - self.since
        self.ended(wait)
        for item in ("ABNCALLS", *also):
            self.add(item)
        for item in ("ABNTIME", "INTIME"):
            self.add(item, wait)
        info = self.vdn_info()
        if info:
            self.add(f"ABNCALLS{bucket(info, wait)}")
            if acceptable(info, wait):
                self.add("SLVLABNS")

    def answered_or_connected(self, wait):
        info = self.vdn_info()
        if info:
            self.add(f"ANSCONNCALLS{bucket(info, wait)}")
            if acceptable(info, wait):
                self.add("ACCEPTABLE")

    def connected(self, when, now):
        """Booked when the talk with the extension is over."""
        wait, talk = when - self.since, now - when
        self.ended(wait)
        self.answered_or_connected(wait)
        self.add("CONNECTCALLS")
        self.add("CONNECTTIME", wait)
        self.add("CONNTALKTIME", talk)
        self.add("OTHERCALLS")
        self.add("OTHERTIME", wait + talk)
        self.add("INTIME", wait + talk)

    def answered(self, conversation):
        wait = conversation.answered.at - self.since
        self.ended(wait)
        self.answered_or_connected(wait)
        self.add("ACDCALLS")
        self.add("ANSTIME", wait)
        self.add("INTIME", wait)
        if conversation.is_backup():
            self.add("BACKUPCALLS")
        if self.table == "hvdn":
            self.talked(conversation)

    def talked(self, conversation):
        """What only VDNs have of a conversation."""
        self.add("ACDTIME", conversation.talk_ns)
        self.add("ACWTIME", conversation.work_ns)
        self.add("INTIME", conversation.talk_ns + conversation.hold_ns)
        for item in ("HOLDTIME", "HOLDACDTIME"):
            self.add(item, conversation.hold_ns)
        if conversation.holds:
            self.add("HOLDCALLS")
            self.add("HOLDACDCALLS")
        if conversation.abandoned:
            self.add("HOLDABNCALLS")
        if conversation.transferred:
            self.add("TRANSFERRED")
        for n, skill in enumerate(self.vdn_info().skill, 1):
            if skill == conversation.skill and skill:
                self.add(f"SKILLCALLS{n}")
                self.add(f"SKILLTIME{n}", conversation.talk_ns)
                self.add(f"SKILLACWTIME{n}", conversation.work_ns)
                break

    def rang(self, rang_ns):
        self.add("RINGCALLS")
        self.add("RINGTIME", rang_ns)


class Visits:
    """The way of one call through VDNs and vectors: at most one of each at a time."""

    def __init__(self, call):
        self.call = call
        self.vdn = None
        self.vector = None
        self.connection = None  # (the visit to the VDN, when the extension answered, the visit to the vector)

    def open(self):
        return [visit for visit in (self.vdn, self.vector) if visit]

    def take(self):
        """The open visits, which are over now."""
        visits = self.open()
        self.vdn = self.vector = None
        return visits

    def marked(self):
        """The call is cut or gone without a disposition: what is open counts nowhere."""
        visits = self.take()
        if self.connection:
            visits.append(self.connection[0])
        for visit in visits:
            visit.mark()
        self.connection = None

    # ---- messages
    def CallAtVdn(self, m):
        for visit in self.take():
            visit.other("OUTFLOW", m.at)
        self.vdn = Visit(self.call, "hvdn", m.vdn, m.at, m.how != "First")
        self.vdn.add("I_ARRIVED")
        self.call.fold.vdns.measure_waiting()

    def CallAtVector(self, m):
        go_to = m.how == "GoTo"
        if self.vector:
            self.vector.other("OUTFLOW", m.at, ["GOTOCALLS"] if go_to else [])
            self.vector.add("GOTOTIME", m.at - self.vector.since if go_to else 0)
        inflow = go_to or bool(self.vdn and self.vdn.inflow)
        self.vector = Visit(self.call, "hvector", m.vector, m.at, inflow)

    def CallOutflowed(self, m):
        if m.to != "Extension":
            for visit in self.take():
                visit.other("OUTFLOW", m.at, ["INTERFLOWCALLS"] if m.to == "OffSwitch" else [])

    def CallAbandoned(self, m):
        part = {"Queue": ["ABNQUECALLS"], "Ringing": ["ABNRINGCALLS"]}.get(m.abandoned_in, [])
        if m.abandoned_in != "Hold":
            for visit in self.take():
                visit.abandoned(m.at, part)

    def CallForcedBusy(self, m):
        for visit in self.take():
            visit.other("BUSY", m.at)

    def CallForcedDisconnect(self, m):
        for visit in self.take():
            visit.other("DISC", m.at, [] if m.by == "Step" else ["VDISCCALLS"])

    def CallRedirected(self, m):
        for visit in self.open():
            visit.add("NOANSREDIR")

    def CallAnswered(self, m):
        if m.offer != "Extension":
            self.call.queues.conversations[-1].visits = self.take()
        else:
            self.CallConnected(m)

    def CallConnected(self, m):
        vector, self.vector = self.vector, None
        if vector:
            vector.other("OUTFLOW", m.at)
        if self.vdn:
            self.connection = self.vdn, m.at, vector
            self.vdn = None

    def extension_leaves(self, m):
        if self.connection:
            visit, when, _ = self.connection
            self.connection = None
            visit.connected(when, m.at)

    def CallReleased(self, m):
        if m.agent == 0 or self.connection:
            self.extension_leaves(m)
            self.marked()

    def TrunkIdle(self, m):
        self.extension_leaves(m)
        self.marked()

    joined = TrunkIdle
