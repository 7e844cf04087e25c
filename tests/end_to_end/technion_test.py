"""23,668 real calls over two DPDK ports with loss on each link: each item of each row is what the file says.

technion_file.py reads the calls, technion_sums.py adds them up; here both sides meet, item by item, over all rows of
five tables, and call by call over the call records.
"""
import collections
import csv
import datetime
import re
import subprocess

import technion_file
import technion_sums
from rig import (LIMIT_S, PATIENT, TWINLINK, Server, Skipped, check, equal, gaps_equal_truth, links_equal_truth, main, switch)
from technion_file import half_hour

NS = 1_000_000_000
KEY_COLUMNS = 20  # what names a row stands in front of its items
REPORTS = {  # table -> the report, and its key; agents by name: a second login is the same person
    "hsplit": ("skills", lambda row: int(row["SPLIT"])),
    "hagent": ("agents", lambda row: (re.sub(r" \d+$", "", row["AGENT_NAME"]), int(row["SPLIT"]))),
    "hvdn": ("vdns", lambda row: int(row["VDN"])),
    "hvector": ("vectors", lambda row: int(row["VECTOR"])),
    "htkgrp": ("trunk-groups", lambda row: row["TKGRP_NAME"]),
}
OVER_SKILLS = {"hagent": "hagent over skills"}  # TI_ items stand in one row of an agent: compared as sums over his skills


def seconds_of(text):
    """Of a time of the reports, which must be on a whole second, as all of the file are."""
    check(text.endswith(".000000000Z"), f"{text} is no whole second")
    return int(datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp())


def expanded(names):
    """"ACDCALLS1..10" is ten items."""
    for name in names:
        family = re.fullmatch(r"(.*?)(\d+)\.\.(\d+)", name)
        if family:
            yield from (family[1] + str(n) for n in range(int(family[2]), int(family[3]) + 1))
        else:
            yield name


def items_of(server, table):
    """{item: (kind, whether it is a time)} from the catalogue, without what names a row and what is made of items."""
    return {name: (item["kind"], item["unit"] == "ns")
            for item in server.twinlink("items", table, store=False)["items"] if item["kind"] not in "I="
            for name in expanded([item["item"]])}


def rows_of(server, report, *words):
    run = subprocess.run([str(TWINLINK), "report", report, "--exact", "--from", "1970-01-01T00:00:00Z", "--store",
                          str(server.store), "--csv", *words], capture_output=True, text=True, timeout=LIMIT_S)
    equal(run.returncode, 0, f"exit code of report {report} ({run.stderr})")
    return csv.reader(run.stdout.splitlines())


def seen_rows(server, table):
    """{(key, half hour): {item: value}} as reported, times in seconds."""
    report, key_of = REPORTS[table]
    items = items_of(server, table)
    seen = collections.defaultdict(lambda: collections.defaultdict(int))
    count = 0
    table_rows = rows_of(server, report, "--items", "all")
    names = next(table_rows)
    columns = [(names.index(item), item, kind == "A", is_time) for item, (kind, is_time) in items.items()]
    for fields in table_rows:
        count += 1
        row = dict(zip(names[:KEY_COLUMNS], fields))
        equal((row["INTRVL"], row["INSTANCE"], row["INCOMPLETE"]), ("30", "0", "0"), f"a row of {table}")
        cell = seen[key_of(row), half_hour(seconds_of(row["STARTTIME_UTC"]))]
        for at, item, is_setting, is_time in columns:
            text = fields[at]
            if is_setting:
                equal(int(text), technion_sums.SETTINGS.get(item, int(text)), f"{item} of {table}")
                continue
            if text in ("0", ""):
                continue
            value, fraction = divmod(int(text), NS if is_time else 1)
            equal(fraction, 0, f"beside whole seconds in {item} of {table}")
            cell[item] += value
    return seen, items, count


def differences(seen, wanted, items):
    nothing = {}
    found = []
    for key in set(seen) | set(wanted):
        a, b = seen.get(key, nothing), wanted.get(key, nothing)
        found += [(key, item, a.get(item, 0), b.get(item, 0)) for item in set(a) | set(b)
                  if item in items and a.get(item, 0) != b.get(item, 0)]
    return sorted(found, key=repr)


def check_bounds(table, seen, bounds):
    """Returns how many of the values had no choice."""
    exact = 0
    for (of_table, key, item), (certain, possible) in bounds.items():
        if of_table != table:
            continue
        halves = {half for of_key, half in seen if of_key == key} | {half for half, most in certain.items() if most}
        for half in halves:
            value = seen.get((key, half), {}).get(item, 0)
            check(certain[half] <= value <= possible[half],
                  f"{table} {key} at {half}: {item} is {value}, not {certain[half]} to {possible[half]}")
            exact += certain[half] == possible[half]
    return exact


def compare_over_skills(table, seen, sums, names):
    added = collections.defaultdict(collections.Counter)
    for ((agent, _), half), row in seen.items():
        for item in names & row.keys():
            added[agent, half][item] += row[item]
    wanted = sums.rows(OVER_SKILLS[table])
    equal(differences(added, wanted, names)[:10], [], f"items of {table} over skills (where, item, seen, wanted)")
    return {item for row in wanted.values() for item in row}


def compare(server, table, sums, bounds):
    """Every item of every row, and no row more. Returns the rows as reported."""
    seen, items, count = seen_rows(server, table)
    wanted = sums.rows(table)
    free = technion_sums.items_decided(table, "between bounds") | technion_sums.items_decided(table, "identities")
    check(free <= set(items), f"{table} has no {free - set(items)}")
    compared = {item for item, (kind, _) in items.items() if kind != "A"} - free
    over = {item for item in compared if item.startswith("TI_")} if table in OVER_SKILLS else set()
    found = differences(seen, wanted, compared - over)
    equal(found[:10], [], f"{len(found)} values of {table}, the first (where, item, seen, wanted)")
    equal(set(seen) - set(wanted), set(), f"rows of {table} with nothing to report")
    counted = {item for row in wanted.values() for item, value in row.items() if value}
    if over:
        counted |= compare_over_skills(table, seen, sums, over)
    equal(counted - compared, set(), f"items added up that {table} does not have")
    certain = check_bounds(table, seen, bounds)
    print(f"    {table}: {count} rows; {len(counted)} items are what the file adds up to, {len(compared - counted)} are 0"
          + (f"; {len(free)} are not the file's alone, yet {certain} values of them had no choice" if free else ""))
    return seen


def check_records(server, calls):
    """One call record for each call: the second account."""
    items = ("SEGSTART SEGSTOP DISPOSITION DISPTIME QUEUETIME TALKTIME DURATION FIRSTVDN DISPIVECTOR SPLIT1 DISPSPLIT"
             " CALLING_PTY").split()
    seen = collections.Counter()
    names, *records = rows_of(server, "calls", "--items", ",".join(i for i in items if i != "SEGSTOP"))
    for fields in records:
        row = dict(zip(names, fields))
        values = [row[i] if i == "CALLING_PTY" else seconds_of(row[i]) if i.startswith("SEG") else
                  int(row[i]) // (NS if i.endswith("TIME") or i == "DURATION" else 1) for i in items]
        seen[tuple(values)] += 1
    wanted = collections.Counter()
    for c in calls:
        answered, skill = c.answered is not None, 0 if c.queued is None else c.skill
        wanted[c.came, c.ended, 2 if answered else 3, c.whole_wait(), c.wait() if skill else 0,
               c.talk() if answered else 0, c.ended - c.came, technion_sums.VDN_BASE + c.skill, c.skill, skill, skill,
               c.customer] += 1
    equal(list((seen - wanted).items())[:3], list((wanted - seen).items())[:3], "call records (seen, wanted)")
    print(f"    call_rec: {sum(seen.values())} records, {len(items)} items each")


def check_both_laws(rows, calls, skills):
    """The calls that cross a half hour are what the laws are about: enough of them, and booked differently by each."""
    equal(len(rows), 23_668, "rows of the file")
    answered = [c for c in calls if c.answered is not None]
    equal(len(answered), 15_888, "answered calls")
    equal(sum(technion_file.crosses_by_its_columns(r) for r in rows if r["outcome"] == "AGENT"), 2_671,
          "answered calls that cross a half hour, by their columns")
    crossing = sum(half_hour(c.came) != half_hour(c.ended) for c in answered)
    equal(crossing, 2_650, "answered calls that cross a half hour")
    talks = [c for c in answered if half_hour(c.answered) != half_hour(c.ended)]
    equal(len(talks), 1_601, "answered calls that cross a half hour while talking")
    # Whole where the call ends, or split: the totals are the same, the cells are not.
    for item in ("ACDTIME", "I_ACDTIME"):
        equal(sum(row[item] for row in skills.values()), sum(c.talk() for c in answered), f"{item} over all")
    moved = collections.Counter()  # what the second law books elsewhere than the first
    for c in talks:
        for half in range(half_hour(c.answered), half_hour(c.ended)):
            begin = max(c.answered, half * technion_file.HALF_HOUR_S)
            piece = (half + 1) * technion_file.HALF_HOUR_S - begin
            moved[c.skill, half] += piece
            moved[c.skill, half_hour(c.ended)] -= piece
    apart = {key: row["I_ACDTIME"] - row["ACDTIME"] for key, row in skills.items() if row["I_ACDTIME"] != row["ACDTIME"]}
    equal(apart, {key: value for key, value in moved.items() if value}, "I_ACDTIME less ACDTIME")
    print(f"    {crossing} of {len(answered)} answered calls cross a half hour, {len(talks)} of them talking: whole in"
          f" ACDTIME, split in I_ACDTIME, which so differ in {len(apart)} cells of skill and half hour")


def run(folder):
    """The calls over two ports into a store; loss on each link, never on both."""
    server = Server(folder / "server", extra=PATIENT).start()
    truth = switch([server], server.folder, "--format", "technion", str(technion_file.FILE), "--speed", "max",
                   "--fault", "loss=0.02", "--fault", "burst=0.001:10", "--fault", "never-both", command="replay")
    server.settle()
    server.stop()
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    equal(server.gaps()["gaps"], [], "gaps")
    for link, t in truth.streams()[0]["servers"][0]["links"].items():
        check(t["lost"] > 100, f"link {link} lost only {t['lost']} messages: the test proves nothing")
    return server


def real_calls(folder):
    """real calls of a bank, loss on each link, never on both: every item of every half-hour row is the file's"""
    if not technion_file.FILE.exists():
        raise Skipped(f"{technion_file.FILE} is not there")
    server = run(folder)
    rows = technion_file.read_rows()
    calls = [technion_file.call_of(row) for row in rows]
    sums, bounds = technion_sums.sums_of(calls), technion_sums.bounds_of(calls)
    seen = {table: compare(server, table, sums, bounds) for table in REPORTS}
    check_both_laws(rows, calls, seen["hsplit"])
    check_records(server, calls)
    server.twinlink("verify", codes=(0,))  # identities, for what the file leaves open, too
    server.store_check()


if __name__ == "__main__":
    main([real_calls])
