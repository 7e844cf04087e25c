"""Rows 36, 39 to 42 and 44: the partner and the wire to it."""
import socket
import ssl
import time

from fake_partner import (BLOCK, BOTH_LINKS, DIGEST, ENDED, FULL, HAVE, LAST, LOST_AGREE, LOST_PROPOSE, ROW_HASHES, ROW_ITEMS, FakePartner,
                          message, sealed)
from matrix_rig import (DAY, PAIR_PORT, check, connected, counter, equal, go_on, make_credentials, memory_of, row, says,
                        stop_process, wait_for)
from pair_rig import asked, rows_of
from rig import LIMIT_S
from tape import Tape

TABLES = ("skills", "agents", "vdns", "vectors", "trunk-groups", "calls", "logins")
REFUSED = 5  # why a session ends, in the protocol
BROKEN = 6


def alone(rig, lost="", **options):
    """Server 1 with a day in its store, of which it lacks `lost`; its partner will be the test. Returns (server, tape)."""
    one = rig.server(1, **options).start()
    faults = ["--fault", f"at-seq={lost} drop"] if lost else []
    rig.send([one], *DAY, "--speed", "1200", *faults)
    one.settle()
    # Rows of the open interval are written a moment later; an orderly end writes all, and nothing comes any more.
    one.stop()
    one.start()
    recording = rig.folder / "recording"
    recording.mkdir()
    return one, Tape(recording, DAY)


def fake(rig, tape, **options):
    """A partner that is connected to server 1 and was greeted by it."""
    return FakePartner.greeted_by(lambda: FakePartner(rig.folder / "pair2", holds=tape, **options).connect(rig.hosts, PAIR_PORT).hello())


@row(36, quick=True)
def other_versions(rig):
    """the partner speaks other versions of the protocol: a newer one that can still do ours, one that cannot, another fold

    negotiated down and healed, unknown messages and longer blocks skipped; refused with the reason on both sides; rows of
    another fold are not compared, never called different"""
    one, tape = alone(rig, "500..560")
    first = fake(rig, tape)
    lowest, highest = first.their_versions()
    first.close()
    # One that can only do what this server cannot.
    newer = fake(rig, tape, versions=(highest + 1, highest + 2))
    why, there = newer.wait_bye()
    equal(why, REFUSED, "why the session ended")
    check(f"it speaks {highest + 1} to {highest + 2}, this server {lowest} to {highest}" in there, there)
    here = asked(one)["text"]
    check("no common version" in here, here)
    newer.close()
    # One that can do ours too. Its greeting is longer than ours, and it says things that nobody here knows.
    newer = fake(rig, tape, versions=(lowest, highest + 7), longer=bytes(16))
    connected(one)
    newer.send(message(777, b"what a later version says".ljust(32)))
    newer.have(flags=FULL | BOTH_LINKS | ENDED)
    wait_for("the gap to be filled", lambda: one.open_gaps() == 0 and not one.status()["refolding"])
    version = asked(one)["version"]
    equal(version, highest, "the version of the session")
    # It heals as well: what it asks for it gets, byte for byte.
    newer.want(1, tape.last)
    newer.wait("all that it asked for", lambda: sum(b[1][3] for b in newer.of(BLOCK)) == tape.last)
    for _, fields, _, data in newer.of(BLOCK):
        own = b"".join(tape.messages[s] for s in range(fields[1], fields[1] + fields[3]))
        equal(data, own, f"messages from {fields[1]} on")
    # Rows of another fold.
    digest = next(d[1] for d in newer.wait("digests", lambda: newer.of(DIGEST)))
    newer.send(message(DIGEST, digest[0], 1, 2, digest[3], digest[4], digest[5], digest[6], digest[7] + 1, digest[8], digest[9]))

    def told_apart():
        document = one.twinlink("verify", "--partner", "--socket", str(one.socket), store=False)
        equal(document["different"], 0, "tables that differ")
        return document["not_comparable"]
    apart = wait_for("the other fold to be noticed", told_apart)
    newer.close()
    wait_for("all rows to be right", lambda: all(g["state"] == "healed" for g in one.gaps()["gaps"]))
    one.stop()
    rig.show(f"versions {highest + 1}-{highest + 2}: \"{there}\"; "
             f"versions {lowest}-{highest + 7}: spoke {version}, gave {newer.lent}, took {tape.last}; "
             f"another fold: {apart} not comparable, 0 different")
    rig.reference(DAY, one)


@row(39)
def partner_unreachable(rig):
    """the wire between the servers is cut for an hour of the day, while each of the four links loses 30 %

    each works alone, what it lacks stays small to tell, all heals soon after"""
    one, two = rig.two()
    rig.hosts.set_pair("down")
    for server in (one, two):
        rig.wait("the cut to be noticed", lambda: says(server, "the partner is away"))
    day = ["--agents", "100", "--hours", "70m", "--start", "2026-03-02T09:00:00Z", "--seed", "39"]
    truth = rig.send([one, two], *day, "--speed", "1200", "--fault", "loss=0.3")
    one.settle(), two.settle()
    lacking = [(s.status()["acds"][0]["missing"], s.open_gaps()) for s in (one, two)]
    check(all(missing for missing, _ in lacking), "nothing was lost: the row proves nothing")
    away = says(one, "the partner is away")
    rig.hosts.set_pair("up")
    began = time.monotonic()
    connected(one, two)
    again = time.monotonic() - began
    took = rig.heal(one, two, truth, stop=False)
    bytes_told = counter(one, "have_bytes_out")
    rig.heal(one, two, truth)
    rig.show(f"\"{away}\"; lacking then {lacking[0][0]} messages in {lacking[0][1]} gaps | {lacking[1][0]} in {lacking[1][1]}; "
             f"connected again after {again:.1f} s, healed {took:.1f} s later; accounts {bytes_told} bytes")


@row(40)
def one_way(rig):
    """nothing that server 1 says reaches server 2 any more; the other way is fine

    both notice, each with its reason; no storm of packets; heals when the way is back"""
    one, two = rig.two()
    sender = rig.sending([one, two], "--agents", "60", "--speed", "300", "--seed", "40", "--fault", "loss=0.2")
    rig.wait("messages", lambda: one.messages() > 200)
    before = [rig.hosts.pair_sent(n)[0] for n in (1, 2)]
    cut = time.monotonic()
    rig.hosts.deafen(2)
    equal((rig.hosts.hears(1), rig.hosts.hears(2)), (True, False), "who hears the other")
    rig.wait("the deaf one to notice", lambda: says(two, "the partner is away"))
    rig.wait("the other to notice", lambda: says(one, "the partner is away"))
    noticed_ms = round(1000 * (time.monotonic() - cut))
    texts = [asked(s)["text"] for s in (one, two)]
    reached = one.messages()
    rig.wait("both to go on by themselves", lambda: one.messages() > reached + 600)
    while time.monotonic() - cut < 4:  # how often they try is seen over some time; four seconds are enough for a storm
        time.sleep(0.1)
    took = time.monotonic() - cut
    rates = [(rig.hosts.pair_sent(n)[0] - b) / took for n, b in zip((1, 2), before)]
    check(max(rates) < 200, f"packets a second on the pair's wire: {rates}")
    rig.hosts.undeafen(2)
    connected(one, two)
    truth = rig.over(sender)
    rig.heal(one, two, truth)
    rig.show(f"noticed by both within {noticed_ms} ms: server 1 \"{texts[0]}\", server 2 \"{texts[1]}\"; "
             f"{rates[0]:.0f} | {rates[1]:.0f} packets/s meanwhile")


@row(41)
def slow_partner(rig):
    """what server 2 gives comes over 2 Mbit/s, and it stands still for a second now and then, while server 1 needs much of it

    live traffic of server 1 is taken without a drop; the refill takes as long as it must, and ends"""
    one, two = rig.two()
    rig.hosts.set_pair("down")
    rig.send([one, two], "--agents", "400", "--hours", "90m", "--start", "2026-03-02T09:00:00Z", "--seed", "41", "--speed", "1500",
             "--fault", "server=1 at=09:05 for=80m drop")
    lacking = one.status()["acds"][0]["missing"]
    rig.hosts.shape_pair(2, "2mbit")
    rig.hosts.set_pair("up")
    sent_before = rig.hosts.pair_sent(2)[1]
    began = time.monotonic()
    rig.wait("the refill to begin", lambda: one.status()["acds"][0]["missing"] < lacking)
    # The next day, live, while the old one is refilled.
    sender = rig.sending_day([one, two], "--agents", "100", "--hours", "2", "--start", "2026-03-03T08:30:00Z", "--seed", "42",
                             "--speed", "600")
    pauses = 0
    while sender.poll() is None:
        time.sleep(2)
        if sender.poll() is None and pauses < 2:
            stop_process(two)
            time.sleep(1)  # how long it stands still is the fault
            go_on(two)
            pauses += 1
    wait_for("all that is old to be here", lambda: not any(g["state"] in ("open", "requested") for g in one.gaps()["gaps"]))
    took = time.monotonic() - began
    rate = (rig.hosts.pair_sent(2)[1] - sent_before) * 8 / took / 1e6
    truth = rig.ended(sender)
    dropped = sum(n for p in one.status()["ports"] for name, n in p["counters"].items() if "missed" in name or "drop" in name)
    equal(dropped, 0, "frames that server 1 dropped")
    live = truth.streams()[-1]
    rig.hosts.shape_pair(2, None)
    one.settle()
    status = one.status()
    rig.heal_streams(one, two)
    equal(next(s["missing"] for s in one.gaps()["streams"] if s["epoch"] == live["epoch"]), 0, "live messages missing")
    rig.show(f"{lacking} messages at {rate:.1f} Mbit/s in {took:.0f} s with {pauses} pauses; meanwhile {live['messages']} live ones, "
             f"0 dropped, longest commit {status['store']['commit_ns_max'] / 1e6:.0f} ms")


def lies(tape, gap):
    """(what, what the partner does, what must come of it): "ends" = the session, "let go" = counted, and all goes on."""
    first, last = gap

    def answer(**how):
        """To a request: a block that is wrong in this way."""
        def act(p):
            p.how = lambda want, ranges: p.block(want[1], how.get("first", first), how.get("seqs", range(first, last + 1)),
                                                 epoch=how.get("epoch"), data=how.get("data"))
            p.have()
        return act

    def raw_block(p):
        p.block(12345, first, range(first, last + 1))

    torn = b"".join(tape.messages[s] for s in range(first, last + 1))[:-3]
    other = range(first - 5, last - 4)
    ended = [
        ("garbage", lambda p: p.send(b"\x17\x03garbage" * 300)),
        ("a wrong CRC", lambda p: p.send(message(HAVE, tape.epoch, 1, 9, 0, 0, 1, FULL, 0, 0)[:-1] + b"\x01")),
        ("a frame of 4 GiB", lambda p: p.send(b"\xff\xff\xff\xff" + bytes(60))),
        ("another schema", lambda p: p.send(sealed(b"\x28\x00\x09\x00\x01\x00\x00\x00" + bytes(40)))),
        ("a second greeting", lambda p: p.hello()),
        ("ranges that descend", lambda p: p.have(missing=20, ranges=[(50, 59), (20, 29)])),
        ("ranges beyond the end", lambda p: p.have(missing=10, ranges=[(tape.last + 5, tape.last + 14)])),
        ("an account that does not add up", lambda p: p.have(missing=7, ranges=[(20, 29)])),
        ("a block of other names", answer(first=first - 5, seqs=other)),
        ("a block of another life", answer(epoch=tape.epoch + 1)),
        ("a block with torn messages", answer(data=torn)),
        ("a block of 2 M messages", lambda p: p.send(message(BLOCK, tape.epoch, first, 1, 2_000_000, 1, LAST, 0, data=torn))),
        ("a request for name 0", lambda p: p.want(0, 10)),
        ("rows that descend", lambda p: p.send(message(ROW_HASHES, 9, 9, 1, LAST, 0, 0, entries=[(5, 0, 1), (4, 0, 1)]))),
    ]
    let_go = [
        ("a block that nobody asked for", raw_block, "blocks_unasked"),
        ("requests without end", lambda p: [p.want(1, tape.last, n + 1) for n in range(5_000)], "lacks_out"),
        ("rows that nobody asked for", lambda p: p.send(message(ROW_HASHES, 9, 9, 1, LAST, 0, 0, entries=[(5, 0, 1)]),
                                                        message(ROW_ITEMS, 5, 0, 1, LAST, 0, 0, entries=[(7,)])), "rows_unasked"),
        ("a life of the far future", lambda p: p.have(next_seq=100, epoch=1 << 63), None),
        ("names of a life that never was", lambda p: p.have(next_seq=1 << 62, epoch=tape.epoch - 5), None),
        ("a tip that is far away, and no answers", lambda p: (setattr(p, "how", lambda *_: None), p.have(next_seq=1 << 62)), "wants_out"),
        ("the loss of what is here", lambda p: p.send(message(LOST_PROPOSE, tape.epoch, 1, 0, 0, entries=[(1, tape.last)]),
                                                      message(LOST_AGREE, tape.epoch, 1, 0, 0, entries=[(1, tape.last)])), None),
    ]
    return ended, let_go


@row(42, quick=True)
def partner_lies(rig):
    """the partner has the right credentials and lies: garbage, wrong lengths, ranges, names and lives, torn messages, floods; and
    four hundred strangers have none

    the session ends or the lie is let go, each is counted; nothing of it is stored; memory stays; the connecting side backs off"""
    gap = (500, 520)
    one, tape = alone(rig, "500..520", partner="lost_after_ms = 1000")
    equal([(g["first"], g["last"]) for g in one.gaps()["gaps"]], [gap], "the gap")
    before = {table: rows_of(one, table) for table in TABLES}
    memory = memory_of(one)
    ended, let_go = lies(tape, gap)
    for what, act in ended:
        broken = counter(one, "sessions_broken")
        liar = fake(rig, tape)
        act(liar)
        why, text = liar.wait_bye()
        equal(why, BROKEN, f"{what}: why the session ended ({text})")
        wait_for(f"{what}: the end of the session", lambda: counter(one, "sessions_broken") == broken + 1)
        liar.close()
    for what, act, counts in let_go:
        liar = fake(rig, tape)
        connected(one)
        seen = counter(one, counts) if counts else counter(one, "frames_in")
        act(liar)
        wait_for(f"{what}: to be counted", lambda: counter(one, counts or "frames_in") > seen)
        equal(asked(one)["state"], "up", f"{what}: state of the session")
        liar.close()
        wait_for("the end of the session", lambda: asked(one)["state"] != "up")
    strangers(rig, one, 400)
    grown = memory_of(one) - memory
    # (Sanitizers keep what was given back; their build looks for leaks itself, at the end.)
    check(grown < 20 or sanitized(one), f"memory grew by {grown} MB")
    equal(sum(counter(one, c) for c in ("names_in", "lost_agreed")), counter(one, "names_in"), "names agreed to be lost")
    for table in TABLES:
        check(rows_of(one, table) == before[table], f"rows of {table} changed")
    equal([(g["first"], g["last"], g["state"]) for g in one.gaps()["gaps"] if g["state"] not in ("open", "requested")], [], "gaps")
    pauses = back_off(rig, 5 if rig.quick else 7)
    # And a truthful one is welcome all the same.
    truthful = fake(rig, tape)
    connected(one)
    truthful.have()
    wait_for("the gap to be filled", lambda: one.open_gaps() == 0)
    wait_for("all rows to be right", lambda: all(g["state"] == "healed" for g in one.gaps()["gaps"]))
    truthful.close()
    one.stop()
    one.store_check()
    rig.show(f"{len(ended)} lies ended the session, {len(let_go)} were let go; nothing stored; 400 strangers refused; memory "
             f"+{max(grown, 0)} MB; pauses before connecting again {', '.join(f'{p:.1f}' for p in pauses)} s")
    rig.reference(DAY, one)


def strangers(rig, server, number):
    """That many connections by somebody who has no credentials and speaks no TLS."""
    before = asked(server)["connections_refused"]
    for _ in range(number):
        with rig.hosts.socket_in(rig.hosts.servers[2], socket.SOCK_STREAM) as plain:
            plain.settimeout(LIMIT_S)
            plain.connect((rig.hosts.pair_address(1), PAIR_PORT))
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            try:
                while plain.recv(1 << 16):
                    pass
            except ConnectionError:  # refused with what was sent still unread
                pass
    wait_for("the strangers to be refused", lambda: asked(server)["connections_refused"] >= before + number)


def sanitized(server):
    with open(f"/proc/{server.process.pid}/maps") as maps:
        return any("libasan" in line or "libtsan" in line for line in maps)


def back_off(rig, attempts):
    """Server 2 connects to a listener that lies at once, each time: the pauses between its attempts, in seconds."""
    listener = rig.hosts.socket_in(rig.hosts.servers[1], socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((rig.hosts.pair_address(1), PAIR_PORT + 1))
    listener.listen()
    listener.settimeout(60)
    liar = FakePartner(rig.folder / "pair1")
    tls = liar.context(ssl.PROTOCOL_TLS_SERVER)
    two = rig.server(2)
    text = two.config.read_text()
    two.config.write_text(text.replace(f":{PAIR_PORT}", f":{PAIR_PORT + 1}"))
    two.start()
    times = []
    for _ in range(attempts):
        plain, _ = listener.accept()
        times.append(time.monotonic())
        with tls.wrap_socket(plain, server_side=True) as stream:
            stream.sendall(b"\x17\x03garbage" * 300)
            while stream.recv(1 << 16):
                pass
    two.stop()
    listener.close()
    pauses = [b - a for a, b in zip(times, times[1:])]
    check(pauses[-1] > 3 * pauses[0], f"no back-off: {pauses}")
    return pauses


@row(44)
def who_is_no_partner(rig):
    """a server that is connected to itself, one of another pair, and a second one with the partner's credentials

    refused, both sides say why; the right partner stays"""
    one = rig.server(1).start()
    make_credentials(rig.folder / "strangers")
    reasons = []

    def refused(name, credentials, here, there):
        before = asked(one)["connections_refused"]
        config = rig.server(2, name=name, credentials=credentials).start()
        wait_for(f"the refusal of {name}", lambda: asked(one)["connections_refused"] > before)
        wait_for(f"'{here}' here", lambda: here in asked(one)["last_refusal"], said=lambda: asked(one)["last_refusal"])
        reasons.append(asked(one)["last_refusal"])
        if there:
            wait_for(f"'{there}' there", lambda: there in asked(config)["text"], said=lambda: asked(config)["text"])
        config.stop()
    refused("itself", rig.folder / "pair1", "not know this server's certificate", "connected to itself")
    refused("stranger", rig.folder / "strangers/pair1", "not know this server's certificate", "not the partner's")
    two = rig.server(2).start()
    connected(one, two)
    refused("third", rig.folder / "pair2", "connected already", "")
    equal((asked(one)["state"], asked(two)["state"]), ("up", "up"), "the pair's session")
    truth = rig.send([one, two], *DAY, "--speed", "1200", "--fault", "loss=0.2")
    rig.heal(one, two, truth)
    rig.show("; ".join(f'"{r}"' for r in reasons))
