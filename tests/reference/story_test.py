"""Stories that acdsim never tells: the reference against the product, every item of every row.

    story_test.py                   all stories
    story_test.py clock_back        one of them, by the name of its function
    story_test.py --strict          imitating no known difference

Each story is a stream of its own, and those of a file are told at once: one ACD each, in one pair of captures.
"""
import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import clock_stories
import every_stories
import illegal_stories
import odd_stories
import runs
import stories
import trunk_stories
import way_stories
from coverage import driven_items, never_driven
from rig import Failed, Processes
from story import Story
from stream import merge
from writer import write_capture

ROOMS = (stories, clock_stories, illegal_stories, way_stories, trunk_stories, odd_stories, every_stories)
# How a story's ACD differs from the usual one.
ACDS = {name: settings for room in ROOMS for name, settings in getattr(room, "ACDS", {}).items()}
END = {"one_call_over_many_intervals": ("12:00:00",), "cut_everywhere": ("11:00:00",)}


def told(function, acd):
    name = function.__name__
    story = Story(acd, **ACDS.get(name, {}))
    function(story)
    for time in END.get(name, ("08:30:00", "09:00:00", "09:30:00")):
        if story.time_of(time) > story.now:
            story.boundary(time)
    return story


def tell_all(told_stories, both, folder):
    """The verdict about these stories, and the reference's tables."""
    schema = both.schema
    paths = {link: folder / f"{link}.pcap" for link in "AB"}
    for link, path in paths.items():
        write_capture(schema, path, link, [(s.acd, s.epoch, s.encoded(schema)) for s in told_stories])
    tables = runs.reference_rows(merge(schema, paths.values()), both.items, both.known)
    verdict = runs.Verdict("stories")
    server = runs.compare_run(verdict, folder, paths, tables, len(told_stories))
    runs.compare_reports(verdict, server, tables)
    return verdict, tables


def one_room(wanted, both, differences):
    """Tells the stories of a file; (verdict, tables)."""
    folder = Path(tempfile.mkdtemp(prefix="twinlink-stories-"))
    try:
        verdict, tables = tell_all([told(f, acd) for acd, f in enumerate(wanted, 1)], both, folder)
    finally:
        Processes.end_all()
        shutil.rmtree(folder, ignore_errors=True)
    for acd, function in enumerate(wanted, 1):
        mine = [d for d in verdict.wrong if d.acd == acd]
        known = both.known and function.__name__ in runs.KNOWN_STORIES
        if known and mine:
            verdict.wrong = [d for d in verdict.wrong if d.acd != acd]
        elif known:
            verdict.failure = f"{function.__name__} does not differ: it is no known difference any more"
        end = f"{'known to differ' if known else 'FAILED'}: {len(mine)} values differ" if mine else "ok"
        print(f"{function.__name__}: {function.__doc__}: {end}")
        for difference in [] if known else mine[:differences]:
            print(f"    {difference}")
    if verdict.failure:
        print(f"    {verdict.failure}")
    for line in [*verdict.broken, *verdict.reports]:
        print(f"    {line}")
    return verdict, tables


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stories", nargs="*", help="names; all without any")
    parser.add_argument("--differences", type=int, default=10, help="how many to print of each story")
    parser.add_argument("--strict", action="store_true", help="imitate no known difference")
    options = parser.parse_args()
    both = runs.Both(options.strict)
    driven, verdicts, count = set(), [], 0
    for room in ROOMS:
        wanted = [f for f in room.STORIES if not options.stories or f.__name__ in options.stories]
        if not wanted:
            continue
        try:
            verdict, tables = one_room(wanted, both, options.differences)
        except Failed as why:
            print(f"FAILED: {why}")
            sys.exit(1)
        verdicts.append(verdict)
        driven |= driven_items(tables)
        count += len(wanted)
    zero = never_driven(both.items, driven) if not options.stories else []
    for table, item in zero:
        print(f"    {table} {item}: no story drives it, and it does not say why it is always 0")
    rows = sum(sum(v.rows.values()) for v in verdicts)
    wrong, broken, reports = (
        sum(len(part) for part in parts) for parts in zip(*(v.complaints() for v in verdicts))
    )
    print(
        f"{count} stories, {rows} rows: {wrong} values differ, {broken} laws do not hold, {reports} reported rows differ"
    )
    sys.exit(0 if all(v.good() for v in verdicts) and not zero else 1)


if __name__ == "__main__":
    main()
