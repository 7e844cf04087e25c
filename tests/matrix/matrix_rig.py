"""What a row of the matrix has to work with: two servers on hosts of their own, a switch, and the proofs of healing.

A row is a function with a number. Its docstring says the fault and, after an empty line, the outcome that is expected; what it
shows() is the evidence in the table. Servers are small here (memory is taken at start) and trace agents, so that the
independent reference can compute every table of theirs.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
for neighbour in ("end_to_end", "reference"):
    sys.path.insert(0, str(HERE.parent / neighbour))

import runs
from pair_rig import (ON_AND_ON, common, connected, counter, equal_rows, healed, intervals_begun, make_credentials,
                      missing_equals_truth, partner_table, proven_equal)
from rig import (ACDSIM, LIMIT_S, Failed, Server, Truth, check, end_orderly, equal, open_ranges, switch, vhost, wait_for)
from stream import merge

PAIR_PORT = 5600
ROWS = {}
SMALL_ACD = f"trace_agents = {runs.TRACED}\ncalls_max = 4096\nagents_max = 1024\nskills_max = 64"
SMALL_STORE = "commit_mib_max = 8"
# Some 30,000 messages on both links, which the reference computes in half a minute.
REFERENCE_BYTES_MAX = 6 << 20
# A small centre, over the end of an interval: some 1,100 messages, which the reference computes in a second.
DAY = ["--agents", "20", "--hours", "40m", "--start", "2026-03-02T09:00:00Z", "--seed", "5"]


class Row:
    def __init__(self, number, function, quick):
        self.number = number
        self.run = function
        self.quick = quick
        fault, _, expected = function.__doc__.partition("\n\n")
        self.fault = " ".join(fault.split())
        self.expected = " ".join(expected.split())


def row(number, quick=False):
    """Makes a function the row of that number; quick ones run with all other tests."""
    def enter(function):
        assert number not in ROWS, f"two rows {number}"
        ROWS[number] = Row(number, function, quick)
        return function
    return enter


class Rig:
    """One row's hosts, folder and evidence."""

    def __init__(self, hosts, folder, quick):
        self.hosts = hosts
        self.folder = Path(folder)
        self.quick = quick  # fewer repetitions, smaller days
        self.evidence = []
        self.servers = []
        self.sender = None
        self.recording = None  # {link: capture of all that was sent}
        self.dead = {}  # server: its links that bring nothing any more

    def show(self, text):
        self.evidence.append(text)

    # ---- the servers
    def server(self, number, partner="", more="", wire=None, store="", prefix=(), name=None, credentials=None,
               store_path=None, **options):
        """Server 1 waits for its partner, server 2 connects. `partner`: more keys of [partner]."""
        folder = self.folder / (name or f"server{number}")
        folder.mkdir(exist_ok=True)
        if not (self.folder / "pair1").exists():
            make_credentials(self.folder)
        table = partner_table("listen" if number == 1 else "connect", PAIR_PORT, credentials or self.folder / f"pair{number}",
                              partner, self.hosts.pair_address(1))
        if wire == "vhost":
            wire = vhost(folder, 2 * (number - 1))
            wire.switch_args[-1] = "512"
        server = Server(folder, wire or self.hosts.wire(number), extra=f"{more}\n{table}", extra_store=f"{SMALL_STORE}\n{store}",
                        extra_acd=SMALL_ACD, addresses=self.hosts.link_addresses(number), pool_frames=options.pop("pool_frames", 8192),
                        prefix=[*self.hosts.inside(self.hosts.servers[number]), *prefix], store=store_path, **options)
        self.servers.append(server)
        return server

    def two(self, **options):
        """Both, running and connected."""
        servers = [self.server(n, **options) for n in (1, 2)]
        for server in servers:
            server.start()
        connected(*servers)
        return servers

    # ---- the switch
    def send(self, servers, *words):
        """A day of the switch to its end; what became of each message."""
        return switch(servers, self.folder, *words)

    def sending_day(self, servers, *words, recorded=False):
        """The same, while it goes on: ended() waits for its end. `recorded`: for as_recorded()."""
        if recorded:
            self.recording = {link: self.folder / f"recorded-{link}.pcap" for link in "AB"}
        self.sender = switch(servers, self.folder, *words, wait=False, recording=self.recording)
        return self.sender

    def ended(self, sender):
        equal(sender.wait(5 * LIMIT_S), 0, "exit code of acdsim")
        return Truth(self.folder / "truth.json")

    def rehearse(self, *words):
        """The truth of a day that nobody gets: it is the same each time."""
        folder = self.folder / "rehearsal"
        folder.mkdir()
        target = ",".join(f"{link}=pcap:{folder}/{link}.pcap" for link in "AB")
        subprocess.run([str(w) for w in (ACDSIM, "run", "--server", target, "--speed", "max", "--truth-summary",
                                         folder / "truth.json", *words)], check=True, capture_output=True)
        return Truth(folder / "truth.json")

    def sending(self, servers, *words, recorded=False):
        """A switch that goes on until over() is called; its first interval ends five minutes later."""
        return self.sending_day(servers, *ON_AND_ON, "--start", "2026-03-02T09:25:00Z", *words, recorded=recorded)

    def over(self, sender):
        for server in self.servers:
            self.wait("an interval to be over", lambda: intervals_begun(server) > 1 or server.process.poll() is not None)
        end_orderly(sender)
        return Truth(self.folder / "truth.json")

    def wait(self, what, condition, said=lambda: "no more is known"):
        """wait_for(), but not for a switch that has failed."""
        def happened():
            if self.sender is not None and self.sender.poll() not in (None, 0):
                raise Failed("acdsim failed: " + (self.folder / "acdsim.log").read_text()[-500:])
            return condition()
        return wait_for(what, happened, said=said)

    # ---- proofs
    def heal(self, one, two, truth, stop=True):
        """Both servers hold all that either got, the same rows, and lack exactly what came to neither. Returns the seconds."""
        for server in (one, two):
            server.settle(self.dead.get(server, ()))
        began = time.monotonic()
        healed(one, two)
        took = time.monotonic() - began
        proven_equal(one, two)
        tables = compared(one)
        fetched = [counter(s, "names_in") for s in (one, two)]
        if not stop:
            return took
        one.stop(), two.stop()
        missing_equals_truth(one, two, truth)
        equal_rows(one, two)
        for server in (one, two):
            server.store_check()
        lost = [count(truth.lost(n)) for n in (1, 2)]
        missing = count(common(truth.lost(1), truth.lost(2)))
        self.show(f"{tables} digests equal; lost on both links {lost[0]} | {lost[1]}, fetched {fetched[0]} | {fetched[1]}, "
                  f"missing {missing} = lost to both")
        return took

    def heal_streams(self, one, two):
        """The same where there are several switches' runs and so no one truth: equal, and nothing missing that one has."""
        healed(one, two)
        proven_equal(one, two)
        one.stop(), two.stop()
        equal(open_ranges(one.gaps()), open_ranges(two.gaps()), "what is missing")
        equal_rows(one, two)
        for server in (one, two):
            server.store_check()
        self.show(f"rows equal, {count(open_ranges(one.gaps()))} missing on both")

    def reference(self, words, *servers):
        """Every item of every row of these (stopped) servers is what the independent reference computes from the same day."""
        values = of_reference(self.folder, words, servers)
        self.show(f"{values:,} values equal the reference")


    def as_if_nothing(self, words, *servers):
        """Every item of every row of these (stopped) servers is that of a server that the same day reached whole.

        For days of several lives of the ACD: what an interval is that was cut by a restart, the reference leaves open."""
        whole = self.server(1, name="whole").start()
        switch([whole], whole.folder, *words, "--speed", "900")
        whole.settle()
        whole.stop()
        check(not whole.gaps()["gaps"], "the server that shall lose nothing lost something")
        self.show(f"{runs.same_values(whole, servers):,} values equal those of a server that lost nothing")

    def as_recorded(self, *servers, complete=False):
        """Every item of every row of these (stopped) servers is what comes of all that the switch sent: by the independent reference,
        or, where that would take minutes, by a server that reads the recording. `complete`: as of runs.against(), by the reference."""
        if complete or sum(file.stat().st_size for file in self.recording.values()) <= REFERENCE_BYTES_MAX:
            both = runs.Both(strict=True)
            values = runs.against(both, merge(both.schema, self.recording.values()), servers, complete=complete)
            self.show(f"{values:,} values {'of complete rows ' if complete else ''}equal the reference")
            return
        folder = self.folder / "whole"
        folder.mkdir()
        whole = runs.product(folder, self.recording, 1, number=3)
        self.show(f"{runs.same_values(whole, servers):,} values equal those of a server that read all of it from a file")


def count(ranges):
    return sum(last - first + 1 for all_of in ranges.values() for first, last in all_of)


def compared(server):
    """How many tables `twinlink verify --partner` calls equal."""
    document = server.twinlink("verify", "--partner", "--socket", str(server.socket), store=False)
    equal(document["different"], 0, "tables that differ")
    return document["equal"]


def of_reference(folder, words, servers):
    both = runs.Both(strict=True)
    captures = Path(tempfile.mkdtemp(prefix="reference-", dir=folder))
    paths = runs.captures(captures, " ".join(words))
    return runs.against(both, merge(both.schema, paths.values()), servers)


# ---- what a server shows
def link_of(server, link, acd=0):
    return next(l for l in server.status()["acds"][acd]["links"] if l["link"] == link)


def says(server, text):
    """One of the reasons in the server's status; empty: it does not say that."""
    return next((r for r in server.status()["reasons"] if text in r), "")


def exceptions(server):
    """What `twinlink report exceptions` shows."""
    return server.twinlink("report", "exceptions")["exceptions"]


def told(server, what):
    return [e for e in exceptions(server) if e["EXCEPTION"] == what]


def lost_names(server):
    return sum(g["last"] - g["first"] + 1 for g in server.gaps()["gaps"] if g["state"] == "lost")


def memory_of(server):
    """Resident, now."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(l for l in status.splitlines() if l.startswith("VmRSS")).split()[1]) // 1024


def stop_process(server):
    os.kill(server.process.pid, signal.SIGSTOP)


def go_on(server):
    os.kill(server.process.pid, signal.SIGCONT)
