"""Half-hour tables straight from the Technion's calls: one loop and plain sums, nothing of acdsim or the engine.

A table is {(its name, key of the row, half hour): {item: value}}; what is not there is 0. Values are counts, and
seconds where the item is a time. Two laws: what is about a call counts in the half hour in which the call ends; what
is about time (I_, TI_) is split at each half hour.

The file tells of calls, not of agents' days, and its seconds have no order inside. REPLAY_DECIDES says which items
rest on what the replay makes of that.
"""
import collections

from technion_file import HALF_HOUR_S, half_hour

SERVICE_LEVEL_S = 20
PERIODS_S = [5, 10, 20, 30, 45, 60, 90, 120, 300]
AROUND_S = 60  # agents log in so long before their first call of a day, and out after the last
VDN_BASE = 6000

# Items that the file does not determine: (table, items, how they are checked, why).
REPLAY_DECIDES = [
    ("hsplit hvdn hvector", "RINGCALLS RINGTIME I_RINGTIME", "compared",
     "the file has no ringing: each answered call rings once, for no time"),
    ("hagent", "RINGCALLS RINGTIME ANSRINGTIME I_RINGTIME ACD_RELEASE", "compared",
     "as above; nor does it tell who hung up: the caller"),
    ("hsplit", "I_STAFFTIME I_AVAILTIME I_OTHERTIME", "compared", "the file has no logins: a minute around the day's calls"),
    ("hagent", "I_STAFFTIME I_AVAILTIME I_OTHERTIME TI_STAFFTIME TI_AVAILTIME", "compared", "the same"),
    ("hsplit hvdn", "ACCEPTABLE SLVLABNS", "compared", "the service level is the replay's"),
    ("hsplit hvdn", "ACDCALLS1..10 ABNCALLS1..10 ANSCONNCALLS1..10", "compared", "the buckets are the replay's"),
    ("hsplit", "MAXINQUEUE MAXSTAFFED", "between bounds", "the order inside a second is the replay's"),
    ("hvdn", "MAXWAITING", "between bounds", "the same"),
    ("hsplit", "MAXTOP", "identities", "which skill is an agent's best is the replay's"),
    ("htkgrp", "TRUNKS ALLINUSETIME", "identities", "calls that overlap on a line get a spare trunk of the replay"),
]
SETTINGS = {"SERVICELEVEL": SERVICE_LEVEL_S, **{f"PERIOD{n}": s for n, s in enumerate(PERIODS_S, 1)}}


def items_decided(table, how):
    return {item for tables, items, by, _ in REPLAY_DECIDES if table in tables.split() and by == how
            for item in items.split()}


class Tables:
    def __init__(self):
        self.cells = collections.defaultdict(lambda: collections.defaultdict(int))

    def book(self, table, key, t, **items):
        """Whole, in the half hour of t."""
        cell = self.cells[table, key, half_hour(t)]
        for item, value in items.items():
            cell[item] += value

    def longest(self, table, key, t, item, value):
        cell = self.cells[table, key, half_hour(t)]
        cell[item] = max(cell[item], value)

    def split(self, table, key, begin, end, *items, sign=1):
        """A piece for each half hour that [begin, end) touches."""
        while begin < end:
            until = min(end, (half_hour(begin) + 1) * HALF_HOUR_S)
            for item in items:
                self.cells[table, key, half_hour(begin)][item] += sign * (until - begin)
            begin = until

    def rows(self, table):
        """{(key, half hour): items} of all that is not empty."""
        return {(key, half): items for (name, key, half), items in self.cells.items()
                if name == table and any(items.values())}


def bucket(wait):
    return next((n for n, limit in enumerate(PERIODS_S, 1) if wait <= limit), 10)


def add_answered(tables, call):
    wait, whole, talk, end = call.wait(), call.whole_wait(), call.talk(), call.ended
    tables.book("hsplit", call.skill, end, CALLSOFFERED=1, ACDCALLS=1, ANSTIME=wait, ACDTIME=talk, RINGCALLS=1,
                ACCEPTABLE=int(wait <= SERVICE_LEVEL_S), **{f"ACDCALLS{bucket(wait)}": 1, f"{call.priority}CALLS": 1})
    tables.split("hsplit", call.skill, call.answered, end, "I_ACDTIME")
    agent = call.agent, call.skill
    tables.book("hagent", agent, end, ACDCALLS=1, ACDTIME=talk, RINGCALLS=1)
    tables.split("hagent", agent, call.answered, end, "I_ACDTIME")
    tables.book("hvdn", VDN_BASE + call.skill, end, INCALLS=1, INTIME=whole + talk, ACDCALLS=1, ANSTIME=whole,
                ACDTIME=talk, RINGCALLS=1, ACCEPTABLE=int(whole <= SERVICE_LEVEL_S), SKILLCALLS1=1, SKILLTIME1=talk,
                **{f"ANSCONNCALLS{bucket(whole)}": 1})
    tables.book("hvector", call.skill, end, INCALLS=1, INTIME=whole, ACDCALLS=1, ANSTIME=whole, RINGCALLS=1)
    tables.book("htkgrp", call.group, end, ACDCALLS=1)


def add_abandoned(tables, call):
    whole, end, in_queue = call.whole_wait(), call.ended, int(call.queued is not None)
    if in_queue:
        wait = call.wait()
        tables.book("hsplit", call.skill, end, CALLSOFFERED=1, ABNCALLS=1, ABNTIME=wait,
                    SLVLABNS=int(wait <= SERVICE_LEVEL_S), **{f"ABNCALLS{bucket(wait)}": 1})
    tables.book("hvdn", VDN_BASE + call.skill, end, INCALLS=1, INTIME=whole, ABNCALLS=1, ABNTIME=whole,
                ABNQUECALLS=in_queue, SLVLABNS=int(whole <= SERVICE_LEVEL_S), **{f"ABNCALLS{bucket(whole)}": 1})
    tables.book("hvector", call.skill, end, INCALLS=1, INTIME=whole, ABNCALLS=1, ABNTIME=whole, ABNQUECALLS=in_queue)
    tables.book("htkgrp", call.group, end, ABNCALLS=1, ABNVECCALLS=1, ABNQUECALLS=in_queue)


def add_call(tables, call):
    if call.answered is None:
        add_abandoned(tables, call)
    else:
        add_answered(tables, call)
    if call.queued is not None:
        tables.book("hsplit", call.skill, call.queued, I_ARRIVED=1)
        tables.longest("hsplit", call.skill, call.ended, "MAXOCWTIME", call.wait())
    tables.book("hvdn", VDN_BASE + call.skill, call.came, I_ARRIVED=1)
    tables.longest("hvdn", VDN_BASE + call.skill, call.ended, "MAXOCWTIME", call.whole_wait())
    held = call.ended - call.came
    tables.book("htkgrp", call.group, call.ended, INCALLS=1, INTIME=held, SHORTCALLS=int(held < 2))
    tables.split("htkgrp", call.group, call.came, call.ended, "I_INOCC")


class Session:
    """An agent's time at work: from a minute before the first call of a row's date to a minute after the last."""

    def __init__(self, call):
        self.agent, self.day, self.skills, self.calls = call.agent, call.day, set(), []
        self.begin, self.end = call.answered - AROUND_S, call.ended + AROUND_S

    def add(self, call):
        self.begin, self.end = min(self.begin, call.answered - AROUND_S), max(self.end, call.ended + AROUND_S)
        self.skills.add(call.skill)
        self.calls.append(call)


def sessions_of(calls):
    """An agent whose calls overlap has several logins: each call goes to the first that is free."""
    busy = collections.defaultdict(list)  # agent -> the last call of each login
    days = {}
    answered = [c for c in calls if c.answered is not None]
    for call in sorted(answered, key=lambda c: (c.answered, c.ended, c.came)):
        logins = busy[call.agent]
        # A call of no length takes the whole second.
        free = [n for n, last in enumerate(logins)
                if last.ended < call.answered or (last.ended == call.answered and last.talk() > 0)]
        login = free[0] if free else len(logins)
        logins[login:login + 1] = [call]
        days.setdefault((call.agent, login, call.day), Session(call)).add(call)
    sessions = {}
    for (agent, login, _), day in sorted(days.items()):
        last = sessions.setdefault((agent, login), [])
        if last and day.begin <= last[-1].end:  # calls went on over midnight, and so did the session
            for call in day.calls:
                last[-1].add(call)
        else:
            last.append(day)
    return [s for of_login in sessions.values() for s in of_login]


def add_session(tables, s):
    """Staffed in all skills at once; a call is another skill's work to all but its own."""
    for skill in s.skills:
        for table, key in (("hsplit", skill), ("hagent", (s.agent, skill))):
            tables.split(table, key, s.begin, s.end, "I_STAFFTIME", "I_AVAILTIME")
            for call in s.calls:
                tables.split(table, key, call.answered, call.ended, "I_AVAILTIME", sign=-1)
                if call.skill != skill:
                    tables.split(table, key, call.answered, call.ended, "I_OTHERTIME")
    # These stand in the row of one of the skills: which one is the ACD's word, so they are added up over all.
    tables.split("hagent over skills", s.agent, s.begin, s.end, "TI_STAFFTIME", "TI_AVAILTIME")
    for call in s.calls:
        tables.split("hagent over skills", s.agent, call.answered, call.ended, "TI_AVAILTIME", sign=-1)


def sums_of(calls):
    tables = Tables()
    for call in calls:
        add_call(tables, call)
    for session in sessions_of(calls):
        add_session(tables, session)
    return tables


def most_at_once(spans, certain):
    """{half hour: the most of the spans at one moment}.

    Certain: at least so many, whatever the order inside a second (all that end in it are gone before others begin).
    Else: at most so many (all that end in it are still there).
    """
    ends, looks, begins = (0, 1, 2) if certain else (2, 0, 1)
    spans = [s for s in spans if s[0] < s[1] or not certain]
    first, last = half_hour(min(b for b, _ in spans)), half_hour(max(e for _, e in spans))
    events = [(b, begins) for b, _ in spans] + [(e, ends) for _, e in spans]
    events += [(half * HALF_HOUR_S, looks) for half in range(first, last + 1)]
    level, most = 0, collections.Counter()
    for t, what in sorted(events):
        level += (what == begins) - (what == ends)
        most[half_hour(t)] = max(most[half_hour(t)], level)
    return most


def bounds_of(calls):
    """{(table, key, item): (certain, possible)}, each {half hour: count}."""
    spans = collections.defaultdict(list)
    for call in calls:
        answer = call.ended if call.answered is None else call.answered
        spans["hvdn", VDN_BASE + call.skill, "MAXWAITING"].append((call.came, answer))
        if call.queued is not None:
            spans["hsplit", call.skill, "MAXINQUEUE"].append((call.queued, answer))
    for session in sessions_of(calls):
        for skill in session.skills:
            spans["hsplit", skill, "MAXSTAFFED"].append((session.begin, session.end))
    return {key: (most_at_once(s, True), most_at_once(s, False)) for key, s in spans.items()}
