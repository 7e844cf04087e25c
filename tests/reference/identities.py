"""What must hold between items and between tables in complete rows, whoever made them: laws of the field's definitions."""
from tables import Row


def total(row, names):
    return sum(row[name] for name in names.split())


def numbered(row, name, count):
    return sum(row[f"{name}{n}"] for n in range(1, count + 1))


def laws(table, row):
    """(left side, right side, what it says) of one row."""
    if table == "hsplit":
        ends = "ACDCALLS ABNCALLS BUSYCALLS DISCCALLS OUTFLOWCALLS DEQUECALLS"
        yield row["CALLSOFFERED"], total(row, ends), "CALLSOFFERED = " + ends
        yield row["ACDCALLS"], numbered(row, "ACDCALLS", 10), "ACDCALLS = ACDCALLS1..10"
        states = "I_ACDTIME I_ACWTIME I_AUXTIME I_AVAILTIME I_OTHERTIME I_RINGTIME"
        yield row["I_STAFFTIME"], total(row, states), "I_STAFFTIME = " + states
    if table == "hvdn":
        parts = "BUSYTIME CONNECTTIME CONNTALKTIME DISCTIME OUTFLOWTIME"
        yield row["OTHERTIME"], total(row, parts), "OTHERTIME = " + parts
        yield row["INTIME"], total(row, "ACDTIME ABNTIME ANSTIME HOLDTIME OTHERTIME"), "INTIME"
        parts = "BUSYCALLS CONNECTCALLS DISCCALLS OUTFLOWCALLS"
        yield row["OTHERCALLS"], total(row, parts), "OTHERCALLS = " + parts
        both = numbered(row, "ANSCONNCALLS", 10)
        yield row["ACDCALLS"] + row["CONNECTCALLS"], both, "ACDCALLS + CONNECTCALLS = ANSCONNCALLS1..10"
    if table == "hvector":
        parts = "BUSYCALLS DISCCALLS OUTFLOWCALLS"
        yield row["OTHERCALLS"], total(row, parts), "OTHERCALLS = " + parts
        yield row["OTHERTIME"], total(row, "BUSYTIME DISCTIME OUTFLOWTIME"), "OTHERTIME"
        yield row["INTIME"], total(row, "ANSTIME ABNTIME OTHERTIME"), "INTIME"
    if table in ("hsplit", "hvdn"):
        yield row["ABNCALLS"], numbered(row, "ABNCALLS", 10), "ABNCALLS = ABNCALLS1..10"
    if table in ("hvdn", "hvector", "htkgrp", "htrunk"):
        parts = "ACDCALLS ABNCALLS OTHERCALLS"
        yield row["INCALLS"], total(row, parts), "INCALLS = " + parts
    if table in ("htkgrp", "htrunk"):
        parts = "O_ACDCALLS O_ABNCALLS O_OTHERCALLS"
        yield row["OUTCALLS"], total(row, parts), "OUTCALLS = " + parts
    if table == "call_rec" and row["ANSLOGIN"]:
        parts = "DISPTIME TALKTIME ANSHOLDTIME ACWTIME"
        yield row["SEGSTOP"] - row["SEGSTART"], total(row, parts), "SEGSTOP - SEGSTART = " + parts


class Sums:
    """Sums over rows: {of what: [item: value]}; what is not complete makes the sum unusable."""

    def __init__(self):
        self.sums = {}
        self.incomplete = set()

    def add(self, of, row, items):
        sums = self.sums.setdefault(of, dict.fromkeys(items, 0))
        for item in items:
            sums[item] += row[item]
        if row["INCOMPLETE"]:
            self.incomplete.add(of)


AGENT_PARTS = (
    "I_ACDTIME I_ACWTIME I_DA_ACDTIME I_DA_ACWTIME I_RINGTIME TI_AUXTIME TI_AVAILTIME TI_OTHERTIME".split()
)
RECORD_ITEMS = ["ACDCALLS", "ACDTIME", "ACWTIME", "ABNCALLS"]
TRUNK_ITEMS = "I_INOCC I_OUTOCC MBUSYTIME INCALLS INTIME ACDCALLS ABNCALLS OUTCALLS OUTTIME SETUPTIME".split()


def agents_time(tables):
    """Over one agent's skills, all staffed time is in some state."""
    sums = Sums()
    for interval, (agent, _), row in tables.all_rows("hagent"):
        sums.add((interval, agent), row, ["TI_STAFFTIME", *AGENT_PARTS])
    for of, row in sums.sums.items():
        if of not in sums.incomplete:
            yield row["TI_STAFFTIME"], sum(row[item] for item in AGENT_PARTS), f"agent {of}: TI_STAFFTIME"


def trunks_and_groups(tables):
    sums = Sums()
    for interval, (group, _), row in tables.all_rows("htrunk"):
        sums.add((interval, group), row, TRUNK_ITEMS)
    for interval, (group,), row in tables.all_rows("htkgrp"):
        of_trunks = sums.sums.get((interval, group), {})
        for item in TRUNK_ITEMS:
            yield row[item], of_trunks.get(item, 0), f"trunk group {group} {interval}: {item}"


def counted(record):
    """What one call record counts as in the rows of its skill and its agent."""
    answered, abandoned = record["DISPOSITION"] == 2, record["DISPOSITION"] == 3
    return {
        "ACDCALLS": int(answered),
        "ACDTIME": record["TALKTIME"] if answered else 0,
        "ACWTIME": record["ACWTIME"] if answered else 0,
        "ABNCALLS": int(abandoned),
        "INCOMPLETE": record["INCOMPLETE"],
    }


def records_again(tables):
    """Call records are a second account of the same calls: added up they give the rows of skills and agents."""
    skills, agents = Sums(), Sums()
    for interval, _, record in tables.all_rows("call_rec"):
        if record["DISPSPLIT"] and not record["DA_QUEUED"]:
            skills.add((interval, record["DISPSPLIT"]), counted(record), RECORD_ITEMS)
            if record["ANSLOGIN"] and not record["PHANTOM"]:
                of = interval, record["ANSLOGIN"], record["DISPSPLIT"]
                agents.add(of, counted(record), RECORD_ITEMS[:3])
    for table, sums, items in (("hsplit", skills, RECORD_ITEMS), ("hagent", agents, RECORD_ITEMS[:3])):
        for interval, key, row in tables.all_rows(table):
            if row["INCOMPLETE"] == 0 and (interval, *key) not in sums.incomplete:
                again = sums.sums.pop((interval, *key), dict.fromkeys(items, 0))
                for item in items:
                    yield row[item], again[item], f"{table} {key} {interval}: {item} = sum over call records"


def broken(tables):
    """Every law that does not hold, in words."""
    checks = []
    for table in ("hsplit", "hvdn", "hvector", "htkgrp", "htrunk", "call_rec"):
        for interval, key, row in tables.all_rows(table):
            if row["INCOMPLETE"] == 0:
                whole = Row(row, SEGSTOP=key[0])
                checks += [(a, b, f"{table} {key} {interval}: {law}") for a, b, law in laws(table, whole)]
    for law in (agents_time, trunks_and_groups, records_again):
        checks += law(tables)
    return [f"{law}: {a} is not {b}" for a, b, law in checks if a != b]
