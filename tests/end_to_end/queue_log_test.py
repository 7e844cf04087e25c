"""An Asterisk queue_log over two links with loss on each: the rows equal what a plain count over the file gives."""
import collections
import datetime
import os
import signal
import time
from decimal import Decimal

import queue_log_maker
from rig import PATIENT, Server, check, equal, gaps_equal_truth, links_equal_truth, main, switch, wait_for

SIZE = 1800 * 10**9  # of an interval, ns
CODES = {"Lunch": 1, "Back office": 2, "7": 7, "": 0}
AUX = [w for text, code in CODES.items() if text not in ("", "7") for w in ("--aux", f"{text}={code}")]
ENDS = ("COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "TRANSFER", "ATTENDEDTRANSFER")
SKILL_ITEMS = ["CALLSOFFERED", "I_ARRIVED", "ACDCALLS", "ACDTIME", "ANSTIME", "ABNCALLS", "ABNTIME", "OUTFLOWCALLS", "OUTFLOWTIME",
               "DISCCALLS", "NOANSREDIR", "TRANSFERRED", "BUSYCALLS", "DEQUECALLS", "I_ACDTIME"]
AGENT_ITEMS = ["ACDCALLS", "ACDTIME", "ACWTIME", "TRANSFERRED", "ACD_RELEASE", "NOANSREDIR", "I_ACDTIME", "I_RINGTIME",
               "TI_STAFFTIME", "TI_AUXTIME"] + [f"TI_AUXTIME{c}" for c in CODES.values()]


class Sums:
    """{(name, interval): {item: sum}}, in ns."""

    def __init__(self):
        self.cells = collections.defaultdict(collections.Counter)

    def count(self, name, at, **items):
        self.cells[name, at // SIZE].update(items)

    def spread(self, name, item, begin, end):
        """Time is split at every boundary."""
        while begin < end:
            edge = min(end, (begin // SIZE + 1) * SIZE)
            self.count(name, begin, **{item: edge - begin})
            begin = edge


def lines_of(text):
    lines = [line.split("|") for line in text.splitlines()]
    return sorted(((int(Decimal(f[0]) * 10**9), *f[1:]) for f in lines), key=lambda f: f[0])


def counted_from_the_file(text, redirect):
    """What happened, by the file alone: a call counts where it ends; the time of agents is split at boundaries.

    With redirect, a ring that nobody answers ends the wait, and the call is queued anew.
    """
    skills, agents = Sums(), Sums()
    entered, answered, came, paused = {}, {}, {}, {}
    lines = lines_of(text)

    def seen(member, at):
        if member in queue_log_maker.STATIC:
            came[member] = min(at, came.get(member, at))

    def go_on(member, at):
        if member in paused:
            since, code = paused.pop(member)
            for item in ("TI_AUXTIME", f"TI_AUXTIME{code}"):
                agents.spread(member, item, since, at)

    def gone(member, at):
        go_on(member, at)
        agents.spread(member, "TI_STAFFTIME", came.pop(member), at)

    for at, call, queue, member, event, *p in lines:
        ring = int(p[2]) * 10**9 if event == "CONNECT" else int(p[0]) * 10**6 if event in ("RINGNOANSWER", "RINGCANCELED") else 0
        if member != "NONE":
            seen(member, at - ring)
            agents.spread(member, "I_RINGTIME", at - ring, at)
        if event == "ENTERQUEUE":
            entered[call, queue] = at
            skills.count(queue, at, I_ARRIVED=1)
        elif event == "CONNECT":
            answered[call, queue] = at, at - entered.pop((call, queue))
        elif event in ENDS:
            since, wait = answered.pop((call, queue))
            moved = int(event.endswith("TRANSFER"))
            both = {"ACDCALLS": 1, "ACDTIME": at - since, "TRANSFERRED": moved}
            skills.count(queue, at, CALLSOFFERED=1, ANSTIME=wait, **both)
            agents.count(member, at, ACD_RELEASE=int(event != "COMPLETECALLER"), **both)
            skills.spread(queue, "I_ACDTIME", since, at)
            agents.spread(member, "I_ACDTIME", since, at)
        elif event == "ABANDON":
            skills.count(queue, at, CALLSOFFERED=1, ABNCALLS=1, ABNTIME=at - entered.pop((call, queue)))
        elif event.startswith("EXIT"):
            skills.count(queue, at, CALLSOFFERED=1, OUTFLOWCALLS=1, OUTFLOWTIME=at - entered.pop((call, queue)))
        elif event == "SYSCOMPAT":
            skills.count(queue, at, CALLSOFFERED=1, DISCCALLS=1)
            entered.pop((call, queue))
        elif event in ("RINGNOANSWER", "AGENTDUMP") and redirect:
            skills.count(queue, at, CALLSOFFERED=1, OUTFLOWCALLS=1, OUTFLOWTIME=at - entered[call, queue], NOANSREDIR=1, I_ARRIVED=1)
            agents.count(member, at, NOANSREDIR=1)
            entered[call, queue] = at
        elif event in ("ADDMEMBER", "AGENTLOGIN", "AGENTCALLBACKLOGIN"):
            came.setdefault(member, at)
        elif event in ("REMOVEMEMBER", "AGENTLOGOFF", "AGENTCALLBACKLOGOFF"):
            if member in came:
                gone(member, at)
        elif event in ("PAUSE", "PAUSEALL"):
            go_on(member, at)
            paused[member] = at, CODES[p[0]]
        elif event in ("UNPAUSE", "UNPAUSEALL"):
            go_on(member, at)
    equal((entered, answered), ({}, {}), "calls that the file does not end")
    for member in list(came):
        gone(member, lines[-1][0])
    return skills.cells, agents.cells


def cells_of(rows, name, items):
    """The same from the report; an agent's rows of all skills are one."""
    cells = collections.defaultdict(collections.Counter)
    for row in rows["rows"]:
        check(not row["INCOMPLETE"], f"a row is not complete: {row['STARTTIME_UTC']} {row[name]}")
        start = datetime.datetime.fromisoformat(row["STARTTIME_UTC"][:19] + "+00:00").timestamp()
        cells[row[name], int(start) * 10**9 // SIZE].update({i: row[i] for i in items})
    return cells


def same(seen, wanted, items, what):
    differing = {}
    for key in sorted(set(seen) | set(wanted)):
        for item in items:
            if seen[key][item] != wanted[key][item]:
                differing[key, item] = seen[key][item], wanted[key][item]
    equal(differing, {}, f"{what} that differ from the file (seen, wanted)")
    unused = [i for i in items if not any(cell[i] for cell in wanted.values())]
    return unused


def nothing_illegal(server):
    fold = server.status()["acds"][0]["fold"]
    names = list(fold)
    kinds = names[names.index("unknown_template"):names.index("missing") + 1] + ["identity_broken", "calls_aborted", "ignored_before_pump_up"]
    equal({n: fold[n] for n in kinds if fold[n]}, {}, "what the fold calls illegal")


def replayed(folder, seed, fraction="", redirect=False, wire="udp"):
    text = queue_log_maker.make(seed, fraction=fraction)
    folder.mkdir()
    file = folder / "queue_log"
    file.write_text(text)
    server = Server(folder / "server", wire, extra=PATIENT).start()
    truth = switch([server], server.folder, "--format", "queue_log", str(file), "--speed", "max", "--rate", "100000", *AUX,
                   *(["--redirect-unanswered"] if redirect else []), "--fault", "loss=0.05", "--fault", "burst=0.002:10",
                   "--fault", "never-both", "--pump-up-every", "20", command="replay")
    server.settle()
    nothing_illegal(server)
    server.stop()
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    equal(server.gaps()["gaps"], [], "gaps")
    for link, t in truth.streams()[0]["servers"][0]["links"].items():
        check(t["lost"] > 50, f"link {link} lost only {t['lost']} messages: the test proves nothing")
    skills, agents = counted_from_the_file(text, redirect)
    unused = same(cells_of(server.rows("skills"), "SPLIT_NAME", SKILL_ITEMS), skills, SKILL_ITEMS, "cells of skill and interval")
    unused += same(cells_of(server.rows("agents"), "AGENT_NAME", AGENT_ITEMS), agents, AGENT_ITEMS, "cells of agent and interval")
    check(set(unused) <= {"BUSYCALLS", "DEQUECALLS", "ACWTIME", "NOANSREDIR"}, f"always 0, so nothing is proved of {unused}")
    calls = collections.Counter(f[4] for f in lines_of(text))
    print(f"    seed {seed}: {len(text.splitlines())} lines, {calls['CONNECT']} answered, {calls['ABANDON']} abandoned, "
          f"{len(skills)} + {len(agents)} cells")
    server.store_check()


def sums(folder):
    """loss on each link, never on both: every count and time per skill, agent and interval is the file's"""
    for seed in (1, 2, 3):
        replayed(folder / str(seed), seed)


def fractions(folder):
    """times with fractions of a second"""
    replayed(folder / "f", 4, ".375")


def redirected(folder):
    """rings that nobody answers as redirections: NOANSREDIR, and waits that begin anew"""
    replayed(folder / "r", 5, redirect=True)


def over_vhost(folder):
    """the same over vhost"""
    replayed(folder / "v", 6, wire="vhost")


def damaged(folder):
    """damaged lines are named by number and count in the exit code, the rest goes on"""
    text = queue_log_maker.make(7, calls=60, seconds=3600).splitlines()
    text[100:100] = ["rubbish", "1772445999|x|400|SIP/1|CONNECT|1|x|soon", "\x00\x01|||||", "z" * 100_000]
    file = folder / "queue_log"
    file.write_text("\r\n".join(text))
    server = Server(folder / "server", "udp").start()
    run = switch([server], server.folder, "--format", "queue_log", str(file), "--speed", "max", command="replay", wait=False)
    equal(run.wait(120), 1, "exit code of acdsim")
    server.settle()
    nothing_illegal(server)
    log = (server.folder / "acdsim.log").read_text()
    for number in range(101, 105):
        check(f"queue_log:{number}: skipped: " in log, f"line {number} is not named: {log[-2000:]}")
    check(f"{len(text)} lines, 4 skipped" in log, f"the lines are not counted: {log[-2000:]}")
    good = "\n".join(text[:100] + text[104:])
    same(cells_of(server.rows("skills"), "SPLIT_NAME", SKILL_ITEMS), counted_from_the_file(good, False)[0], SKILL_ITEMS, "cells")
    server.stop()


class Writer:
    """Writes calls as they happen, and remembers all that was ever written."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        path.write_text(text)
        self.calls = text.count("|ENTERQUEUE|")

    def call(self, queue, member, path=None):
        now, call = int(time.time()), f"live-{self.calls}"
        lines = f"{now}|{call}|{queue}|NONE|ENTERQUEUE||5551000|1\n{now}|{call}|{queue}|{member}|CONNECT|0|x|0\n" \
                f"{now}|{call}|{queue}|{member}|COMPLETEAGENT|0|0|1\n"
        with open(path or self.path, "a", encoding="utf-8") as file:
            file.write(lines[:30])
            file.flush()
            file.write(lines[30:])
        self.text += lines
        self.calls += 1


def followed(folder):
    """a file that is written while it is followed, renamed and cut off: every call comes once, until a signal"""
    path = folder / "queue_log"
    writer = Writer(path, queue_log_maker.make(8, calls=80, seconds=3600, start=int(time.time()) - 6000))
    server = Server(folder / "server", "udp", extra=PATIENT).start()
    follower = switch([server], server.folder, "--format", "queue_log", str(path), "--follow", "--window", "1", *AUX, "--fault",
                      "loss=0.02", "--fault", "never-both", command="replay", wait=False)

    def item(name):
        return sum(r[name] for r in server.rows("skills")["rows"])

    def all_there():
        check(follower.poll() is None, "acdsim ended: " + (server.folder / "acdsim.log").read_text()[-2000:])
        return item("CALLSOFFERED") == writer.calls

    wait_for("what was in the file before", all_there)
    writer.call("400", "SIP/101")
    wait_for("a call that was added", all_there)
    os.rename(path, folder / "queue_log.1")
    writer.call("400", "SIP/102", folder / "queue_log.1")
    wait_for("a call at the end of the file that was renamed", all_there)
    writer.call("Support Team", "Alice Smith")  # in a new file, by names that are new
    wait_for("a call in the new file", all_there)
    os.truncate(path, 0)
    wait_for("the cut to be noticed", lambda: at_start(follower, path))
    writer.call("Support Team", "Alice Smith")
    wait_for("a call after the cut", all_there)
    writer.call("400", "SIP/101")
    follower.send_signal(signal.SIGTERM)
    equal(follower.wait(120), 0, "exit code of acdsim")
    server.settle()
    nothing_illegal(server)
    server.stop()
    wanted = collections.Counter(f[4] for f in lines_of(writer.text))
    equal(item("ACDCALLS"), wanted["CONNECT"], "answered")
    equal(item("ABNCALLS"), wanted["ABANDON"], "abandoned")
    equal(item("I_ARRIVED"), wanted["ENTERQUEUE"], "came")
    check("Support Team" in {r["SPLIT_NAME"] for r in server.rows("skills")["rows"]}, "a new name is not in the report")
    log = (server.folder / "acdsim.log").read_text()
    check("2 times the file was rotated" in log, f"rotations: {log[-2000:]}")


def at_start(process, path):
    """Whether the process has gone back to the beginning of the file."""
    for fd in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            if os.readlink(f"/proc/{process.pid}/fd/{fd}") == str(path):
                with open(f"/proc/{process.pid}/fdinfo/{fd}", encoding="ascii") as info:
                    return info.readline().split()[1] == "0"
        except OSError:
            continue
    return False


if __name__ == "__main__":
    main([sums, fractions, redirected, over_vhost, damaged, followed])
