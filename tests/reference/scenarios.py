"""What acdsim is asked for: scenarios with a name, and one for every seed."""
import random

# The load decides what happens: a busy centre queues calls to second and third skills.
NAMED = {
    "small": "--agents 5 --hours 30m --phantom 5",
    "morning": "--agents 25 --hours 3 --phantom 3",
    "busy": "--agents 40 --skills 6 --calls-per-hour 900 --hours 2 --start 2026-03-02T09:00:00Z --interval 15",
    "unanswered": "--agents 30 --skills 5 --calls-per-hour 500 --hours 2 --unanswered-ppm 300000 --phantom 10",
    "crowd": "--agents 200 --hours 45m --start 2026-03-02T10:00:00Z",
    "day": "--agents 12 --whole-day --phantom 5 --interval 60",
    "trunks": "--agents 25 --hours 2 --trunk-maintenance 2000",
    "open": "--agents 20 --hours 100m --phantom 5",
    "acds": "--agents 10 --acds 3 --hours 1",
    "faults": "--agents 20 --hours 2 --cut-differently --fault never-both --fault dup=0.05 --fault corrupt=0.02"
    " --fault truncate=0.01",
    "clock": "--agents 20 --hours 3 --clock-sets 40",
    "days": "--agents 10 --hours 50 --clock-sets 30 --interval 15 --phantom 4",
    "overload": "--agents 8 --skills 2 --calls-per-hour 400 --hours 3 --unanswered-ppm 900000",
    "outages": "--agents 60 --skills 8 --acds 2 --calls-per-hour 2000 --hours 1 --start 2026-03-02T11:50:00Z"
    " --trunk-maintenance 5000 --phantom 60",
    "night": "--agents 30 --skills 3 --hours 10 --opens 00:00 --closes 24:00 --start 2026-03-02T18:00:00Z"
    " --interval 60",
}


def of_seed(seed):
    """A centre of modest size, different for every seed and always the same for one."""
    choose = random.Random(seed)
    acds = choose.choice((1, 1, 1, 1, 2, 3))
    agents = choose.randint(8, 40) // acds
    words = {
        "--acds": acds,
        "--agents": max(agents, 5),
        "--skills": choose.randint(2, 6),
        "--start": f"2026-03-02T{choose.randint(8, 16):02}:{choose.choice((0, 0, 7, 21, 45)):02}:00Z",
        "--hours": f"{choose.randint(60, 120)}m",
        "--interval": choose.choice((15, 30, 60)),
        "--calls-per-hour": round(agents * choose.choice((4, 8.5, 8.5, 12, 20))),
        "--phantom": choose.choice((0, 3, 5, 20)),
        "--unanswered-ppm": choose.choice((0, 25_000, 100_000, 300_000)),
        "--trunk-maintenance": choose.choice((0, 20, 500, 3000)),
        "--clock-sets": choose.choice((0, 0, 24, 96)),
        "--pump-up-every": choose.choice((0, 10, 60)),
    }
    return " ".join(f"{option} {value}" for option, value in words.items())
