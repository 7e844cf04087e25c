"""Two links become one stream: a message is named (acd, epoch, seq), and the first copy with a name counts.

A name below the highest that neither link has delivered is missing; heartbeats tell of numbers at the end.
"""
from capture import frames


class Stream:
    """All that came of one epoch of one ACD."""

    def __init__(self, acd, epoch):
        self.acd = acd
        self.epoch = epoch
        self.by_seq = {}
        self.last = 0

    def take(self, frame):
        header = frame.header
        for i, message in enumerate(frame.messages):
            self.by_seq.setdefault(header.first_seq + i, message)
        self.last = max(self.last, header.first_seq + header.message_count - 1)

    def missing(self):
        return [seq for seq in range(1, self.last + 1) if seq not in self.by_seq]

    def messages(self):
        """In the order of their numbers; those of unknown templates say nothing."""
        for seq in sorted(self.by_seq):
            message = self.by_seq[seq]
            if message is not None:
                message.seq = seq
                yield message


def merge(schema, paths):
    """The streams of all captures, by (acd, epoch). The first copy is the one that was captured first."""
    streams = {}
    arrivals = [frame for path in paths for frame in frames(schema, path)]
    for frame in sorted(arrivals, key=lambda f: f.captured_ns):
        name = frame.header.acd, frame.header.epoch
        streams.setdefault(name, Stream(*name)).take(frame)
    return {name: streams[name] for name in sorted(streams)}
