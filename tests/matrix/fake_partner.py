"""A partner written in the test: the pair's protocol over TLS with a real server's credentials, truthful or not.

Layouts are those of engine/partner/partner_link.xml. As a truthful one it tells an account of what it holds, gives what it is
asked for out of its messages, and answers heartbeats; how() replaces what it does with a frame.
"""
import json
import random
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

from capture import crc32c
from rig import TWINLINK, check

HELLO, HAVE, WANT, BLOCK, LACK, LOST_PROPOSE, LOST_AGREE, DIGEST, HEARTBEAT, BYE = range(1, 11)
ROW_HASHES, ROW_ITEMS = 18, 19
SCHEMA = 0x5054
LAYOUTS = {
    HELLO: struct.Struct("<QQQQQHHHH32s"),
    HAVE: struct.Struct("<QQQQQHBBI"),
    WANT: struct.Struct("<QIHH"),
    BLOCK: struct.Struct("<QQIIHHI"),
    LACK: struct.Struct("<QIHBB"),
    LOST_PROPOSE: struct.Struct("<QHHI"),
    LOST_AGREE: struct.Struct("<QHHI"),
    DIGEST: struct.Struct("<QQQQQHHHBB"),
    HEARTBEAT: struct.Struct("<QQQQQ"),
    BYE: struct.Struct("<BBHI96s"),
    ROW_HASHES: struct.Struct("<QQIBBH"),
    ROW_ITEMS: struct.Struct("<QQIBBH"),
}
ENTRIES = {HELLO: struct.Struct("<HHI"), HAVE: struct.Struct("<QQBBHI"), WANT: struct.Struct("<QQ"), LACK: struct.Struct("<QQ"),
           LOST_PROPOSE: struct.Struct("<QQ"), LOST_AGREE: struct.Struct("<QQ"), ROW_HASHES: struct.Struct("<QQQ"),
           ROW_ITEMS: struct.Struct("<Q")}
FULL, ENDED, BOTH_LINKS = 1, 2, 8 + 16  # of an account
LAST = 1  # of a block
PARTIAL_CHAIN = 0x80000  # the partner's certificate itself is what is trusted
LIMIT_S = 60


def sealed(body):
    return struct.pack("<II", 8 + len(body), crc32c(body)) + body


def message(template, *fields, entries=(), data=None, longer=b""):
    """A frame. `longer`: what a newer version puts behind the block."""
    layout = LAYOUTS.get(template)
    block = (layout.pack(*fields) if layout else b"".join(fields)) + longer
    body = struct.pack("<HHHH", len(block), template, SCHEMA, 0) + block
    if template in ENTRIES:
        body += struct.pack("<HH", ENTRIES[template].size, len(entries)) + b"".join(ENTRIES[template].pack(*e) for e in entries)
    if data is not None:
        body += struct.pack("<I", len(data)) + data
    return sealed(body)


class FakePartner:
    def __init__(self, credentials, acds=(1,), versions=(1, 1), fold_version=0, longer=b"", holds=None):
        """`holds`: a Tape, all of which this partner claims to have."""
        self.credentials = credentials
        about = json.loads(subprocess.run([str(TWINLINK), "pair", "show", "--credentials", str(credentials), "--json"],
                                          capture_output=True, text=True, check=True).stdout)
        self.pair, self.server = about["pair"], about["own_server"]
        self.acds, self.versions, self.fold_version, self.longer, self.holds = acds, versions, fold_version, longer, holds
        self.frames = []  # (template, fields, entries, data) of what came
        self.lent = 0
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.stream = None
        self.answers = True  # and beats, once it has greeted
        self.greeted = False

    # ---- connecting
    def context(self, purpose):
        context = ssl.SSLContext(purpose)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= PARTIAL_CHAIN
        context.load_cert_chain(self.credentials / "own.crt", self.credentials / "own.key")
        context.load_verify_locations(self.credentials / "partner.crt")
        return context

    def connect(self, hosts, port, host=2):
        """From that host to server 1."""
        plain = hosts.socket_in(hosts.servers[host], socket.SOCK_STREAM)
        plain.settimeout(LIMIT_S)
        plain.connect((hosts.pair_address(1), port))
        return self.take(self.context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain))

    @classmethod
    def greeted_by(cls, make, limit_s=LIMIT_S):
        """As a real server would: connects and greets again until the connection before it is forgotten. `make` connects."""
        end = time.monotonic() + limit_s
        while True:
            partner = make()
            while not partner.of(HELLO) and not partner.over.is_set():
                time.sleep(0.01)
            if partner.of(HELLO):
                return partner
            partner.close()
            check(time.monotonic() < end, "the server under test greets nobody")
            time.sleep(0.1)

    def take(self, stream):
        self.stream = stream
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def close(self):
        self.over.set()
        with self.lock:
            try:
                self.stream.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was faster
                pass
        self.reader.join(LIMIT_S)
        self.stream.close()

    # ---- speaking
    def send(self, *frames):
        with self.lock:
            try:
                self.stream.sendall(b"".join(frames))
            except OSError:
                self.over.set()

    def hello(self, **other):
        pair = other.get("pair", self.pair)
        self.send(message(HELLO, int(pair[:16], 16), int(pair[16:], 16), random.getrandbits(63) | 1, 0, time.time_ns(),
                          other.get("server", self.server), *self.versions, self.fold_version, b"in-the-test",
                          entries=[(acd, 0, 0) for acd in self.acds], longer=self.longer))
        self.greeted = True
        return self

    def have(self, next_seq=None, missing=0, ranges=(), flags=FULL | BOTH_LINKS, epoch=None):
        """Tells the account: by default all of the tape, ended or not as flags say."""
        self.send(message(HAVE, epoch or self.holds.epoch, 1, next_seq or self.holds.last + 1, 0, missing, self.holds.acd, flags, 0, 0,
                          entries=[(*r, 1, 0, 0, 0) for r in ranges]))
        return self

    def want(self, first, last, request=1):
        self.send(message(WANT, self.holds.epoch, request, self.holds.acd, 0, entries=[(first, last)]))

    def block(self, request, first, seqs, flags=LAST, epoch=None, data=None):
        data = b"".join(self.holds.messages[s] for s in seqs) if data is None else data
        self.send(message(BLOCK, epoch or self.holds.epoch, first, request, len(seqs), self.holds.acd, flags, 0, data=data))

    # ---- hearing
    def read(self):
        data = b""
        beat = 0
        while not self.over.is_set():
            if self.answers and self.greeted and time.monotonic() - beat > 0.1:
                beat = time.monotonic()
                self.send(message(HEARTBEAT, time.monotonic_ns(), 0, 0, 0, 0))
            try:
                if not self.waits():
                    continue
                with self.lock:
                    got = self.stream.recv(1 << 16)
            except (OSError, ValueError):  # closed meanwhile
                break
            if not got:
                break
            data += got
            while len(data) >= 8 and len(data) >= struct.unpack_from("<I", data)[0]:
                (size,) = struct.unpack_from("<I", data)
                self.came(data[8:size])
                data = data[size:]
        self.over.set()

    def waits(self):
        """Whether something is there to be read; a TLS stream is for one thread at a time."""
        with self.lock:
            if self.stream.pending():
                return True
        return select.select([self.stream], [], [], 0.05)[0]

    def came(self, body):
        length, template, _, _ = struct.unpack_from("<HHHH", body)
        if template not in LAYOUTS:
            return  # what a newer version says
        fields = LAYOUTS[template].unpack_from(body, 8)
        entries, data = [], b""
        at = 8 + length
        if template in ENTRIES:
            size, number = struct.unpack_from("<HH", body, at)
            entries = [ENTRIES[template].unpack_from(body, at + 4 + i * size) for i in range(number)]
        if template == BLOCK:
            data = body[at + 4 :]
        self.frames.append((template, fields, entries, data))
        if template == WANT and self.answers and self.holds is not None:
            self.how(fields, entries)

    def how(self, want, ranges):
        """What a truthful partner does with a request: gives, a hundred at a time."""
        request = want[1]
        for first, last in ranges:
            for at in range(first, last + 1, 100):
                seqs = [s for s in range(at, min(at + 100, last + 1))]
                self.lent += len(seqs)
                self.block(request, at, seqs, flags=0)
        self.block(request, 1, [])

    def of(self, template):
        return [f for f in list(self.frames) if f[0] == template]

    def wait(self, what, condition):
        end = time.monotonic() + LIMIT_S
        while not (value := condition()):
            check(time.monotonic() < end, f"waited in vain for the partner under test: {what}; heard {self.heard()}")
            time.sleep(0.01)
        return value

    def their_versions(self):
        """The lowest and highest that the server under test speaks."""
        return self.of(HELLO)[0][1][6:8]

    def heard(self):
        return {t: len(self.of(t)) for t in LAYOUTS if self.of(t)}

    def wait_bye(self):
        """(why, text) of the last word."""
        bye = self.wait("its last word", lambda: self.of(BYE))[-1]
        return bye[1][0], bye[1][4].rstrip(b"\0").decode()
