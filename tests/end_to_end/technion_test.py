"""23,668 real calls over two DPDK ports with loss on each link: the rows equal what a plain count over the file gives."""
import collections
import csv
import datetime
import os
from pathlib import Path

from rig import Server, Skipped, check, equal, gaps_equal_truth, links_equal_truth, main, switch

FILE = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "technion" / "calls_august_1_15.csv"
SKILLS = {code: number for number, code in enumerate(["PS", "NE", "NW", "IN", "PE", "TT"], 1)}
SIZE_S = 1800


def seconds(text):
    h, m, s = text.split(":")
    return int(h) * 3600 + int(m) * 60 + int(s)


def counted_from_the_file():
    """{(skill, half hour): [answered, abandoned in queue]}; a call counts in the half hour in which it ends.

    Times are of the day; one that is long before the call came in is past midnight. An answered call without times of
    service ended when it left the queue, or the menu.
    """
    counts = collections.defaultdict(lambda: [0, 0])
    rows = 0
    with open(FILE, newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            day = int(datetime.datetime.fromisoformat(row["date"] + "T00:00:00+00:00").timestamp())
            entry = seconds(row["vru_entry"])
            answered = row["outcome"] == "AGENT"
            if not answered and int(row["q_time"]) == 0:
                continue  # hung up in the menu: in no queue
            no_service = row["ser_start"] == "0:00:00" and row["ser_exit"] == "0:00:00"
            if answered and not no_service:
                end = seconds(row["ser_exit"])
            else:
                end = seconds(row["q_exit"] if int(row["q_time"]) != 0 else row["vru_exit"])
            if end + 43_200 < entry:
                end += 86_400
            counts[SKILLS[row["type"]], (day + end) // SIZE_S][0 if answered else 1] += 1
    return counts, rows


def half_hour(row):
    return int(datetime.datetime.fromisoformat(row["STARTTIME_UTC"][:19] + "+00:00").timestamp()) // SIZE_S


def real_calls(folder):
    """real calls of a bank, loss on each link, never on both: answered and abandoned per skill and half hour are the file's"""
    if not FILE.exists():
        raise Skipped(f"{FILE} is not there")
    # At full speed one link may be far ahead of the other on a busy machine: that is no loss, so holes may wait.
    server = Server(folder / "server", extra="[links]\nreorder_window_ms = 10000").start()
    truth = switch([server], server.folder, "--format", "technion", str(FILE), "--speed", "max", "--fault", "loss=0.02",
                   "--fault", "burst=0.001:10", "--fault", "never-both", command="replay")
    server.settle()
    server.stop()
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    equal(server.gaps()["gaps"], [], "gaps")
    for link, t in truth.streams()[0]["servers"][0]["links"].items():
        check(t["lost"] > 100, f"link {link} lost only {t['lost']} messages: the test proves nothing")

    wanted, rows = counted_from_the_file()
    equal(rows, 23_668, "rows of the file")
    seen = collections.defaultdict(lambda: [0, 0])
    for row in server.rows("skills")["rows"]:
        check(not row["INCOMPLETE"], f"a row is not complete: {row['STARTTIME_UTC']} skill {row['SPLIT']}")
        if row["ACDCALLS"] or row["ABNCALLS"]:
            cell = seen[row["SPLIT"], half_hour(row)]
            cell[0] += row["ACDCALLS"]
            cell[1] += row["ABNCALLS"]
    differing = {k: (seen.get(k), wanted.get(k)) for k in set(seen) | set(wanted) if seen.get(k) != wanted.get(k)}
    equal(differing, {}, "cells that differ from the file (seen, wanted)")
    print(f"    {sum(c[0] for c in wanted.values())} answered, {sum(c[1] for c in wanted.values())} abandoned in queue,"
          f" {len(wanted)} cells of skill and half hour")
    server.store_check()


if __name__ == "__main__":
    main([real_calls])
