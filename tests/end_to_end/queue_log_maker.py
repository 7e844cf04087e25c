"""Writes a queue_log as Asterisk would: an afternoon of a small centre, second by second, from a seed.

Three queues (500 rings all its members at once), members of every kind, all events; lines of neighbouring seconds may
stand in the wrong order. No line is damaged. Python's standard library only.
"""
import random

START = 1_772_445_600  # 2026-03-02T10:00:00Z, if no other time is given
QUEUES = {"400": 1, "500": 9, "600": 1}  # name: how many members ring at once
LOGINS = ["Agent/1001", "Agent/1002"]  # by AGENTLOGIN, always the same queue
DYNAMIC = ["Local/301@from-queue/n", "PJSIP/302", "SIP/303", "Local/304@from-queue/n"]  # by ADDMEMBER
STATIC = ["SIP/101", "SIP/102", "IAX2/103"]  # never said to come
REASONS = ["Lunch", "7", "", "Back office"]


class Member:
    def __init__(self, name, queues):
        self.name, self.queues = name, queues
        self.here = self.paused = False
        self.call = None  # rings or talks
        self.wish = None  # to go, or to pause, after the present call


class Caller:
    def __init__(self, number, queue, now, rng):
        self.id = f"pbx-{now}.{number}"
        self.number = number
        self.enter(queue, now, rng)

    def enter(self, queue, now, rng):
        self.queue, self.entered = queue, now
        self.patience = now + rng.randint(15, 400)
        self.key = now + rng.randint(20, 200) if rng.random() < 0.05 else None
        self.timeout = now + 180
        self.ringing = []  # (member, since, until)
        self.member, self.answered, self.until = None, None, None


class Centre:
    def __init__(self, seed, calls, seconds, fraction, start):
        self.rng = random.Random(seed)
        self.lines, self.fraction, self.seconds, self.start = [], fraction, seconds, start
        self.members = [Member(n, ["400"]) for n in LOGINS] + [Member(n, self.some_queues()) for n in DYNAMIC] + \
                       [Member(n, ["600"] if i else ["400", "600"]) for i, n in enumerate(STATIC)]
        self.callers, self.arrivals = [], sorted(self.rng.randint(60, seconds - 1200) for _ in range(calls))
        self.calls = 0

    def some_queues(self):
        return self.rng.sample(list(QUEUES), self.rng.randint(1, 2)) if self.rng.random() < 0.5 else ["500"]

    def log(self, now, call, queue, member, event, *parameters):
        text = f"{self.start + now}{self.fraction}|{call}|{queue}|{member}|{event}|" + "|".join(map(str, parameters))
        self.lines.append((now, text))

    # ---- members
    def come(self, m, now):
        m.here = True
        if m.name == LOGINS[0]:
            self.log(now, f"{self.start + now}.9", "NONE", m.name, "AGENTLOGIN", "SIP/9-0a")
        elif m.name in LOGINS:
            self.log(now, "NONE", "NONE", m.name, "AGENTCALLBACKLOGIN", "209@default")
        elif m.name in DYNAMIC:
            for q in m.queues:
                self.log(now, "MANAGER", q, m.name, "ADDMEMBER", "")
                if self.rng.random() < 0.3:
                    self.log(now, "NONE", q, m.name, "PENALTY", self.rng.randint(0, 5))

    def go(self, m, now):
        m.here = m.paused = False
        if m.name == LOGINS[0]:
            self.log(now, "NONE", "NONE", m.name, "AGENTLOGOFF", "SIP/9-0a", 1)
        elif m.name in LOGINS:
            self.log(now, "NONE", "NONE", m.name, "AGENTCALLBACKLOGOFF", "209@default", 1, "Autologoff")
        elif m.name in DYNAMIC:
            for q in m.queues:
                self.log(now, "MANAGER", q, m.name, "REMOVEMEMBER", "")

    def pause(self, m, now):
        m.paused = not m.paused
        verb = "PAUSE" if m.paused else "UNPAUSE"
        reason = self.rng.choice(REASONS) if m.paused else ""
        if self.rng.random() < 0.5:
            self.log(now, "NONE", "NONE", m.name, verb + "ALL", reason)
        for q in m.queues:
            self.log(now, "NONE", q, m.name, verb, reason)

    def members_change(self, now):
        meeting = 6_000 <= now < 6_400  # of all who can leave
        for m in self.members:
            if not m.here:
                if (m.name in STATIC and now == 30) or (m.name not in STATIC and not meeting and self.rng.random() < 0.004):
                    self.come(m, now)
            elif m.paused:
                if self.rng.random() < 0.006:
                    self.pause(m, now)
            elif m.wish is None:
                if m.name not in STATIC and (meeting or self.rng.random() < 0.0004):
                    m.wish = self.go
                elif self.rng.random() < 0.001:
                    m.wish = self.pause
            elif m.call is None:  # gets no more calls until it is fulfilled
                wish, m.wish = m.wish, None
                wish(m, now)

    # ---- callers
    def let_go(self, c, event, now):
        for m, since, _ in c.ringing:
            m.call = None
            if event is not None and since < now:
                self.log(now, c.id, c.queue, m.name, event, (now - since) * 1000)
        c.ringing = []

    def leave(self, c, now, event, *parameters):
        if event == "ABANDON":
            self.let_go(c, "RINGCANCELED", now)
        self.log(now, c.id, c.queue, "NONE", event, *parameters)
        self.callers.remove(c)
        if event != "ABANDON" and self.rng.random() < 0.5:
            self.enter_again(c, now)

    def enter_again(self, c, now):
        """The dialplan, or the agent, sends the caller to another queue: the uniqueid stays."""
        c.enter(self.rng.choice([q for q in QUEUES if q != c.queue]), now, self.rng)
        self.log(now, c.id, c.queue, "NONE", "ENTERQUEUE", "", 4165550000 + c.number, 1)
        self.callers.append(c)

    def ring(self, c, now):
        free = [m for m in self.members if m.here and not m.paused and m.wish is None and m.call is None and c.queue in m.queues]
        self.rng.shuffle(free)
        for m in free[:QUEUES[c.queue]]:
            m.call = c
            c.ringing.append((m, now, now + self.rng.randint(2, 12)))
        if c.ringing:
            c.attempt_ends = now + 14

    def try_answer(self, c, now):
        for m, since, until in c.ringing:
            if now >= until and self.rng.random() < 0.3:
                if self.rng.random() < 0.02:  # hung up in the announcement: the caller waits on
                    self.let_go(c, None, now)
                    return self.log(now, c.id, c.queue, m.name, "AGENTDUMP", "")
                if self.rng.random() < 0.01:  # two telephones that cannot talk: both hang up
                    self.let_go(c, None, now)
                    self.callers.remove(c)
                    return self.log(now, c.id, c.queue, m.name, "SYSCOMPAT", "")
                c.ringing.remove((m, since, until))
                self.let_go(c, None, now)  # the others just stop
                c.member, c.answered, c.until = m, now, now + self.rng.randint(0, 300)
                self.log(now, c.id, c.queue, m.name, "CONNECT", now - c.entered, f"{c.id}1", now - since)
                return
        if now >= c.attempt_ends:
            self.let_go(c, "RINGNOANSWER", now)

    def end_talk(self, c, now):
        hold, talk = c.answered - c.entered, now - c.answered
        event = self.rng.choice(["COMPLETEAGENT", "COMPLETECALLER", "COMPLETECALLER", "BLINDTRANSFER", "TRANSFER",
                                 "ATTENDEDTRANSFER"])
        first = {"BLINDTRANSFER": ["204", "default"], "TRANSFER": ["205", "default"], "ATTENDEDTRANSFER": ["BRIDGE", "b7"]}
        self.log(now, c.id, c.queue, c.member.name, event, *first.get(event, []), hold, talk, 1)
        c.member.call = None
        self.callers.remove(c)
        if event == "BLINDTRANSFER" and self.rng.random() < 0.5:
            self.enter_again(c, now)

    def step(self, now):
        self.members_change(now)
        while self.arrivals and self.arrivals[0] == now:
            self.arrivals.pop(0)
            self.calls += 1
            c = Caller(self.calls, self.rng.choice(list(QUEUES)), now, self.rng)
            self.log(now, c.id, c.queue, "NONE", "DID", "5551000")
            self.log(now, c.id, c.queue, "NONE", "ENTERQUEUE", "", 4165550000 + c.number, 1)
            self.callers.append(c)
        for c in list(self.callers):
            if c.answered is not None:
                if now >= c.until:
                    self.end_talk(c, now)
            elif now >= c.patience:
                self.leave(c, now, "ABANDON", 1, 1, now - c.entered)
            elif c.ringing:
                self.try_answer(c, now)
            elif c.key is not None and now >= c.key:
                self.leave(c, now, "EXITWITHKEY", 1, 1, 1, now - c.entered)
            elif now >= c.timeout:
                self.leave(c, now, "EXITWITHTIMEOUT", 1, 1, now - c.entered)
            elif not any(m.here and c.queue in m.queues for m in self.members):
                self.leave(c, now, "EXITEMPTY", 1, 1, now - c.entered)
            else:
                self.ring(c, now)

    def run(self):
        self.log(0, "NONE", "NONE", "NONE", "QUEUESTART", "")
        for m in self.members[:4]:
            self.come(m, 1)
        for now in range(2, self.seconds):
            self.step(now)
            if now % 3000 == 0:
                self.log(now, "NONE", "NONE", "NONE", "CONFIGRELOAD", "")
                self.log(now, "NONE", "400", "NONE", "INFO", "an event that nobody knows")
        while self.callers or any(m.call for m in self.members):
            now += 1
            self.step(now)
        for m in self.members:
            if m.here:
                self.go(m, now + 60)
        self.log(now + 120, "NONE", "NONE", "NONE", "CONFIGRELOAD", "")
        return self.shaken()

    def shaken(self):
        """Lines of one second keep their order; whole seconds change places with their neighbours now and then."""
        order = [(now + self.rng.choice([0, 0, 0, 0, 3]) if self.rng.random() < 0.1 else now, i)
                 for i, (now, _) in enumerate(self.lines)]
        moved = {}
        for (key, i) in order:  # what shares a second moves together
            moved.setdefault(self.lines[i][0], key)
        return [self.lines[i][1] for i in sorted(range(len(self.lines)), key=lambda i: (moved[self.lines[i][0]], self.lines[i][0], i))]


def make(seed, calls=700, seconds=10_800, fraction="", start=START):
    return "\n".join(Centre(seed, calls, seconds, fraction, start).run()) + "\n"


if __name__ == "__main__":
    print(make(1), end="")
