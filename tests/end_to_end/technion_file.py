"""The Technion's recorded calls as plain calls, read here from the file alone: nothing of acdsim or the engine.

What the columns leave open is read as tools/acdsim/README.md says ("Recorded calls"). Times are seconds since 1970 of
the file's local clock, which the ACD takes for its own; the file has no finer ones.
"""
import csv
import dataclasses
import datetime
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "technion" / "calls_august_1_15.csv"
SKILLS = {code: number for number, code in enumerate(["PS", "NE", "NW", "IN", "PE", "TT"], 1)}
PRIORITIES = {"0": "LOW", "1": "MED", "2": "HIGH"}
HALF_HOUR_S = 1800
DAY_S = 86_400


def half_hour(t):
    return t // HALF_HOUR_S


@dataclasses.dataclass
class Call:
    day: int             # midnight of the row's date
    came: int            # the trunk was seized
    queued: int | None   # None: hung up in the menu
    answered: int | None  # None: hung up
    ended: int
    skill: int
    priority: str
    group: str           # "AA01", the VRU
    customer: str
    agent: str           # "" where hung up

    def talk(self):
        return self.ended - self.answered

    def wait(self):
        """In the queue, until it was answered or given up."""
        return (self.ended if self.answered is None else self.answered) - self.queued

    def whole_wait(self):
        """As wait(), and in the menu before."""
        return (self.ended if self.answered is None else self.answered) - self.came


def time_of_day(text):
    h, m, s = text.split(":")
    return int(h) * 3600 + int(m) * 60 + int(s)


def has_no_service(row):
    return row["ser_start"] == "0:00:00" and row["ser_exit"] == "0:00:00"


def call_of(row):
    day = int(datetime.datetime.fromisoformat(row["date"] + "T00:00:00+00:00").timestamp())
    entry = time_of_day(row["vru_entry"])

    def moment(column):
        t = time_of_day(row[column])
        return day + t + (DAY_S if t + DAY_S // 2 < entry else 0)  # half a day too early: past the midnight after

    answered, waited = row["outcome"] == "AGENT", int(row["q_time"]) != 0
    waits_until = moment("q_exit" if waited else "vru_exit")
    came = day + entry
    queued = moment("q_start") if waited else moment("vru_exit") if answered else None
    if answered:
        # Without times of service it was short: answered and over when the wait ends.
        begins, ends = (waits_until, waits_until) if has_no_service(row) else (moment("ser_start"), moment("ser_exit"))
        queued = min(queued, begins)  # the agent's times are right where the queue is left after the answer
    else:
        begins, ends = None, waits_until
    if queued is not None:
        came = min(came, queued)  # q_time agrees with q_start, so vru_entry is what came too late
    return Call(day, came, queued, begins, ends, SKILLS[row["type"]], PRIORITIES[row["priority"]], row["vru+line"][:-2],
                row["customer_id"], row["server"] if answered else "")


def read_rows():
    with open(FILE, newline="") as file:
        return list(csv.DictReader(file))


def crosses_by_its_columns(row):
    """Whether the half hour of vru_entry is another one than that of ser_exit, as the columns stand.

    That counts 22 rows without times of service as ending at 0:00:00.
    """
    return half_hour(time_of_day(row["vru_entry"])) != half_hour(time_of_day(row["ser_exit"]))
