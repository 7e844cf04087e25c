"""The switch's stream in this process's hands: recorded once, changed at will, sent to the servers' links.

acdsim writes what it would send into captures; a Tape is the messages of that day, by name. play() cuts them into frames of its
own and sends them over the kernel of the switch's host, so numbers, epochs, times and bytes can be what no switch would
send. Frames come out in the order of the numbers, link A before B.
"""
import struct
import time

import runs
from capture import records, udp_payload
from rig import check
from stream import Stream
from writer import frame

PORT = 5500
PER_FRAME = 8
LINE_S = 0.001  # between two frames of a link: a line has a speed, and the kernel's queues are short


class Tape:
    def __init__(self, folder, words):
        """`words`: what acdsim is asked for."""
        self.schema = runs.schema()
        paths = runs.captures(folder, " ".join(words))
        self.messages = {}  # seq: the encoded message
        for _, packet in records(paths["A"]):
            payload = udp_payload(packet)
            header, at = self.schema.decode_at(payload, 0)
            self.acd, self.epoch = header.acd, header.epoch
            for seq in range(header.first_seq, header.first_seq + header.message_count):
                (length,) = struct.unpack_from("<H", payload, at)
                self.messages[seq] = payload[at : at + 8 + length]
                at += 8 + length
        self.last = max(self.messages)
        check(len(self.messages) == self.last, "the recording is not whole")

    def shifted(self, by):
        """The same messages with numbers that are higher by so much."""
        self.messages = {seq + by: message for seq, message in self.messages.items()}
        self.last += by
        return self

    def change_times(self, seqs, by_ns):
        for seq in seqs:
            message = self.messages[seq]
            (at,) = struct.unpack_from("<Q", message, 8)
            self.messages[seq] = message[:8] + struct.pack("<Q", at + by_ns) + message[16:]

    def template(self, seq):
        return self.schema.decode_at(self.messages[seq], 0)[0].template

    def stream(self):
        """For the reference: decoded, nothing missing."""
        whole = Stream(self.acd, self.epoch)
        first = min(self.messages)
        whole.by_seq = {seq - first + 1: self.schema.decode_at(message, 0)[0] for seq, message in self.messages.items()}
        whole.last = len(whole.by_seq)
        return {(self.acd, self.epoch): whole}

    # ---- frames
    def frames(self, link, seqs):
        """Frames of consecutive numbers among `seqs`, the epoch's end behind the last message."""
        part = []
        for seq in sorted(seqs):
            if part and (seq != part[-1] + 1 or len(part) == PER_FRAME):
                yield self.frame(link, part[0], [self.messages[n] for n in part])
                part = []
            part.append(seq)
        if part:
            yield self.frame(link, part[0], [self.messages[n] for n in part])

    def frame(self, link, first, messages, flags=(), epoch=None):
        return frame(self.schema, link, self.acd, epoch or self.epoch, first, messages, flags)

    def end(self, link):
        return self.frame(link, self.last + 1, [], {"heartbeat", "end_of_epoch"})

    def play(self, hosts, lost=(), seqs=None, end=True, servers=(1, 2)):
        """Sends all (or these) to both links of these servers. `lost`: {server: names that it does not get}."""
        seqs = list(self.messages if seqs is None else seqs)
        lost = dict(lost)
        with hosts.socket_in(hosts.switch) as out:
            lanes = []
            for server in servers:
                for link, address in hosts.link_addresses(server).items():
                    wanted = [seq for seq in seqs if seq not in lost.get(server, ())]
                    lanes.append((address, [*self.frames(link, wanted), *([self.end(link)] * 3 if end else [])]))
            for turn in range(max(len(frames) for _, frames in lanes)):
                for address, frames in lanes:
                    if turn < len(frames):
                        out.sendto(frames[turn], (address, PORT))
                time.sleep(LINE_S)

    def lost(self, lost):
        """As the switch's truth tells it, with what is in front of the first number: nobody gets that."""
        return Told({server: {(self.acd, self.epoch): ranges([*names])} for server, names in lost.items()}, min(self.messages),
                    (self.acd, self.epoch))


class Told:
    """What became of a tape, for the proofs that take acdsim's truth."""

    def __init__(self, of_server, first, stream):
        self.of_server = of_server
        self.before = [(1, first - 1)] if first > 1 else []
        self.stream = stream

    def lost(self, server=1):
        own = self.of_server.get(server, {}).get(self.stream, [])
        return {self.stream: [*self.before, *own]}


def ranges(names):
    """[(first, last)] of sorted names."""
    out = []
    for name in sorted(names):
        if out and out[-1][1] + 1 == name:
            out[-1] = (out[-1][0], name)
        else:
            out.append((name, name))
    return out

