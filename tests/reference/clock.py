"""Time: which interval a message belongs to, and how long it was between two messages.

Intervals are cut by IntervalBoundary messages: all before one belongs to the old interval, whatever its time says. Only
the first interval has no boundary in front of it; it is the one of the grid that holds the first message.

A clock that is set moves no time: durations are measured on a steady clock that ClockSet messages do not touch, while
the names of intervals come from the ACD's clock.
"""

MINUTE_NS = 60_000_000_000


class Interval:
    def __init__(self, acd, epoch, start_ns, minutes):
        self.acd = acd
        self.epoch = epoch
        self.start_ns = start_ns
        self.minutes = minutes
        self.closed = False

    def __repr__(self):
        return f"{self.start_ns // MINUTE_NS // 60 % 24:02}:{self.start_ns // MINUTE_NS % 60:02}"


class Clock:
    def __init__(self, stream):
        first = next(stream.messages())
        minutes = next(m.interval_minutes for m in stream.messages() if m.template == "AcdInfo")
        start_ns = first.time - first.time % (minutes * MINUTE_NS)
        self.stream = stream
        self.interval = Interval(stream.acd, stream.epoch, start_ns, minutes)
        self.jumped_ns = 0  # the ACD's clock less the steady one

    def take(self, message):
        """To be called for every message: gives it `at`, its time on the steady clock, and its interval."""
        if message.template == "ClockSet":
            self.jumped_ns += message.new_time - message.old_time
        message.at = message.time - self.jumped_ns
        message.interval = self.interval

    def cut(self, boundary):
        """The next interval. The pump-up's boundary at the very start of the first one cuts nothing."""
        same = (self.interval.start_ns, self.interval.minutes)
        if (boundary.interval_start, boundary.interval_minutes) == same:
            return False
        self.interval.closed = True
        self.interval = Interval(
            self.stream.acd, self.stream.epoch, boundary.interval_start, boundary.interval_minutes
        )
        return True
