"""Trunks: time in use or out of service (interval-based), and each call when its trunk idles (call-based).

A call counts by the first final fate that it had; a transfer takes the trunk along into the next call.
"""

SHORT_NS = 2_000_000_000


class Use:
    """A trunk carries a call, from seizure to idle."""

    def __init__(self, m):
        self.group = m.trunk_group
        self.trunk = m.trunk
        self.since = self.booked_until = m.at
        self.incoming = m.direction == "In"
        self.call = None
        self.fate = None  # "ABN", "BUSY", "DISC", "CONNECT", or the conversation that answered
        self.abandoned_in = ""
        self.was_in_vector = False
        self.transferred = False
        self.far_end_answered = None  # when

    def keys(self):
        return (("htkgrp", (self.group,)), ("htrunk", (self.group, self.trunk)))

    def ends_as(self, fate, abandoned_in=""):
        """The first final fate counts."""
        if self.fate is None:
            self.fate, self.abandoned_in = fate, abandoned_in


class Trunks:
    def __init__(self, fold):
        self.fold = fold
        self.sizes = {}  # trunk group: number of trunks
        self.in_use = {}  # (group, trunk): Use
        self.out = {}  # (group, trunk) out of service: until when its time is booked
        self.full_since = {}  # trunk group: until when its time with no trunk left is booked

    # ---- time, stretch by stretch
    def book_use(self, use, now):
        self.add_time(use.group, use.trunk, "I_INOCC" if use.incoming else "I_OUTOCC", now - use.booked_until)
        use.booked_until = now

    def book_outage(self, place, now):
        self.add_time(*place, "MBUSYTIME", now - self.out[place])
        self.out[place] = now

    def book_full(self, group, now):
        """To be called before and after every change of a group: is there a trunk left?"""
        busy = {place for place in [*self.in_use, *self.out] if place[0] == group}
        if group in self.full_since:
            self.add("htkgrp", (group,), "ALLINUSETIME", now - self.full_since.pop(group))
        if 0 < self.sizes.get(group, 0) <= len(busy):
            self.full_since[group] = now

    def boundary(self, now):
        """All stretches end here; the next ones belong to the new interval."""
        for use in self.in_use.values():
            self.book_use(use, now)
        for place in self.out:
            self.book_outage(place, now)
        for group in self.sizes:
            self.book_full(group, now)

    def add(self, table, key, item, value=1):
        self.fold.tables.add(table, self.fold.clock.interval, key, item, value)

    def add_time(self, group, trunk, item, spent):
        self.add("htkgrp", (group,), item, spent)
        self.add("htrunk", (group, trunk), item, spent)

    # ---- messages
    def configured(self, m):
        self.sizes[m.trunk_group] = m.trunks
        self.book_full(m.trunk_group, m.at)

    def seized(self, m, call):
        use = self.in_use[m.trunk_group, m.trunk] = Use(m)
        use.call, call.trunk = call, use
        self.book_full(m.trunk_group, m.at)

    def transferred(self, call, to):
        """The caller goes on in another call, and the trunk with him."""
        use, call.trunk = call.trunk, None
        if use:
            use.transferred = True
            use.call, to.trunk = to, use

    def idle(self, m):
        use = self.in_use.pop((m.trunk_group, m.trunk), None)
        if use:
            self.book_use(use, m.at)
            self.book(use, m.at - use.since)
            if use.call.trunk is use:
                use.call.trunk = None
        self.book_full(m.trunk_group, m.at)

    def maintenance(self, m):
        """A call that is cut off counts nowhere; the rows say so."""
        place = m.trunk_group, m.trunk
        if m.call and place in self.in_use:
            use = self.in_use.pop(place)
            self.book_use(use, m.at)
            self.mark(use)
        if m.busy:
            self.out.setdefault(place, m.at)
        elif place in self.out:
            self.book_outage(place, m.at)
            del self.out[place]
        self.book_full(m.trunk_group, m.at)

    def mark(self, use):
        for table, key in use.keys():
            self.fold.tables.put(table, self.fold.clock.interval, key, "INCOMPLETE", 1)

    # ---- booking
    def book(self, use, held):
        for item, value in self.items(use, held):
            for table, key in use.keys():
                self.add(table, key, item, value)
        if use.call.tainted:
            self.mark(use)

    def items(self, use, held):
        if held < SHORT_NS:
            yield "SHORTCALLS", 1
        if use.transferred:
            yield "TRANSFERRED", 1
        fate = use.fate
        if fate not in (None, "ABN", "BUSY", "DISC", "CONNECT"):
            fate = "ABN" if fate.is_phantom() else "ACD"
        if use.incoming:
            yield from self.incoming(use, fate, held)
        else:
            yield from self.outgoing(use, fate, held)

    @staticmethod
    def incoming(use, fate, held):
        yield "INCALLS", 1
        yield "INTIME", held
        if fate == "ACD":
            yield "ACDCALLS", 1
        elif fate == "ABN":
            yield "ABNCALLS", 1
            if use.was_in_vector:
                yield "ABNVECCALLS", 1
            if use.abandoned_in in ("Queue", "Ringing"):
                yield {"Queue": "ABNQUECALLS", "Ringing": "ABNRINGCALLS"}[use.abandoned_in], 1
        else:
            yield "OTHERCALLS", 1
            if fate:
                yield fate + "CALLS", 1

    @staticmethod
    def outgoing(use, fate, held):
        """Without the far end's answer all of the time is setting up."""
        yield "OUTCALLS", 1
        yield "OUTTIME", held
        yield {"ACD": "O_ACDCALLS", "ABN": "O_ABNCALLS"}.get(fate, "O_OTHERCALLS"), 1
        if use.far_end_answered is not None:
            yield "COMPLETED", 1
            yield "SETUPTIME", use.far_end_answered - use.since
        else:
            yield "SETUPTIME", held
