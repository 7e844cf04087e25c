"""Time: which interval a message belongs to, and how long it was between two messages.

Intervals are cut by IntervalBoundary messages: all before one belongs to the old interval, whatever its time says. Only
the first interval has no boundary in front of it; it is the one of the grid that holds the first message.

A clock that is set moves no time: durations are measured on a steady clock that ClockSet messages do not touch, while
the names of intervals come from the ACD's clock. A step back without notice is waited for; a greater one counts as a
setting, and no row of the interval is complete.
"""

MINUTE_NS = 60_000_000_000
UNNOTICED_NS = 10_000_000_000  # a greater step back without a ClockSet is a clock that was set


class Interval:
    def __init__(self, acd, start_ns, minutes, instance):
        self.acd = acd
        self.start_ns = start_ns
        self.minutes = minutes
        self.instance = instance  # how many intervals of this ACD with this start came before
        self.utc_offset_ns = 0  # of the ACD's local time, for the row's clock
        self.closed = False
        self.recounted = False  # a setting that concerns all rows changed in it

    def __repr__(self):
        return f"{self.start_ns // MINUTE_NS // 60 % 24:02}:{self.start_ns // MINUTE_NS % 60:02}"


class Clock:
    def __init__(self, stream):
        first = next(stream.messages())
        minutes = next(m.interval_minutes for m in stream.messages() if m.template == "AcdInfo")
        self.acd = stream.acd
        self.announced = False  # whether a boundary has told of the first interval
        self.starts = []  # of all intervals so far
        self.utc_offset_ns = 0
        self.now = 0  # on the steady clock
        self.jumped_ns = 0  # the ACD's clock less the steady one
        self.begin(first.time - first.time % (minutes * MINUTE_NS), minutes)

    def begin(self, start_ns, minutes):
        self.interval = Interval(self.acd, start_ns, minutes, self.starts.count(start_ns))
        self.interval.utc_offset_ns = self.utc_offset_ns
        self.starts.append(start_ns)

    def local_time(self, info):
        """AcdInfo tells where the ACD is."""
        self.utc_offset_ns = info.utc_offset_minutes * MINUTE_NS
        self.interval.utc_offset_ns = self.utc_offset_ns

    def take(self, message):
        """To be called for every message: gives it `at`, its time on the steady clock."""
        if message.template == "ClockSet":
            self.jumped_ns += message.new_time - message.old_time
        back_ns = self.now - (message.time - self.jumped_ns)
        if back_ns > UNNOTICED_NS:
            self.jumped_ns -= back_ns
            self.interval.recounted = True
        message.at = self.now = max(self.now, message.time - self.jumped_ns)

    def shown(self, at):
        """What the ACD's clock, as it is set now, says of a time on the steady clock."""
        return at + self.jumped_ns

    def cut(self, boundary):
        """The next interval. The first boundary may tell what the first interval is; then it cuts nothing."""
        same = boundary.interval_start == self.interval.start_ns and len(self.starts) == 1
        if same and not self.announced:
            self.announced = True
            return False
        self.interval.closed = True
        self.begin(boundary.interval_start, boundary.interval_minutes)
        return True
