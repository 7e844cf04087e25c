"""Stories that acdsim never tells: the reference against the product, every item of every row.

    story_test.py                   all stories
    story_test.py clock_back        one of them, by the name of its function
    story_test.py --strict          imitating no known difference

Each story is a stream of its own, and all are told at once: one ACD each, in one pair of captures.
"""
import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import clock_stories
import illegal_stories
import runs
import stories
import trunk_stories
import way_stories
from coverage import never_driven
from rig import Failed, Processes
from story import Story
from stream import merge
from writer import write_capture

ROOMS = (stories, clock_stories, illegal_stories, way_stories, trunk_stories)
STORIES = [story for room in ROOMS for story in room.STORIES]
ACDS = clock_stories.ACDS | way_stories.ACDS | trunk_stories.ACDS  # how a story's ACD differs from the usual one
END = {"one_call_over_many_intervals": ("12:00:00",)}


def told(function, acd):
    name = function.__name__
    story = Story(acd, **ACDS.get(name, {}))
    function(story)
    for time in END.get(name, ("08:30:00", "09:00:00", "09:30:00")):
        if story.time_of(time) > story.now:
            story.boundary(time)
    return story


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stories", nargs="*", help="names; all without any")
    parser.add_argument("--differences", type=int, default=10, help="how many to print of each story")
    parser.add_argument("--strict", action="store_true", help="imitate no known difference")
    options = parser.parse_args()
    wanted = [f for f in STORIES if not options.stories or f.__name__ in options.stories]
    schema, items = runs.schema(), runs.catalogue()
    folder = Path(tempfile.mkdtemp(prefix="twinlink-stories-"))
    try:
        streams = [told(function, acd) for acd, function in enumerate(wanted, 1)]
        paths = {link: folder / f"{link}.pcap" for link in "AB"}
        for link, path in paths.items():
            write_capture(schema, path, link, [(s.acd, s.epoch, s.encoded(schema)) for s in streams])
        known = [] if options.strict else runs.KNOWN_DIFFERENCES
        tables = runs.reference_rows(merge(schema, paths.values()), items, known)
        verdict = runs.Verdict("stories")
        runs.compare_run(verdict, folder, paths, tables, len(wanted))
    except Failed as why:
        print(f"FAILED: {why}")
        sys.exit(1)
    finally:
        Processes.end_all()
        shutil.rmtree(folder, ignore_errors=True)
    for acd, function in enumerate(wanted, 1):
        mine = [d for d in verdict.wrong if d.acd == acd]
        end = f"FAILED: {len(mine)} items differ" if mine else "ok"
        print(f"{function.__name__}: {function.__doc__}: {end}")
        for difference in mine[: options.differences]:
            print(f"    {difference}")
    for law in verdict.broken:
        print(f"    {law}")
    zero = never_driven(items, tables) if not options.stories else []
    for table, item in zero:
        print(f"    {table} {item}: no story drives it, and it does not say why it is always 0")
    rows = sum(verdict.rows.values())
    print(f"{len(wanted)} stories, {rows} rows, {len(verdict.wrong)} items differ, {len(verdict.broken)} laws do not hold")
    sys.exit(0 if verdict.good() and not zero else 1)


if __name__ == "__main__":
    main()
