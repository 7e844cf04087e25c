"""Row 45: the servers' own clocks."""
from pathlib import Path

from matrix_rig import DAY, check, connected, counter, equal, row
from rig import Skipped

LIBRARIES = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
# Summer time begins within the day, told by the ACD.
CHANGE = ["--utc-offset", "60", "--offset-change", "09:20=120"]


@row(45)
def clocks_of_the_servers(rig):
    """server 1's clock is set an hour ahead, then two hours back, while it collects; summer time begins on the ACD meanwhile

    intervals go by the ACD's clock alone, timers by one that nobody sets: no alarm, no gap, no burst of requests, rows equal"""
    library = next(LIBRARIES, None)
    if library is None:
        raise Skipped("libfaketime is not here")
    clock = rig.folder / "clock"
    clock.write_text("+0\n")
    prefix = ["env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_NO_CACHE=1",
              "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    more = "[links]\nreorder_window_ms = 2000\nsilence_ms = 3000"
    one, two = rig.server(1, prefix=prefix, more=more), rig.server(2, more=more)
    one.start(), two.start()
    connected(one, two)
    sender = rig.sending_day([one, two], *DAY, *CHANGE, "--speed", "300")
    rig.wait("messages", lambda: one.messages() > 200)
    before = counter(one, "sessions"), counter(two, "sessions")
    seen = []
    for offset, until in (("+3600", 500), ("-3600", 800), ("+0", 900)):
        clock.write_text(f"{offset}\n")
        rig.wait("messages", lambda: one.messages() > until)
        seen.append(one.status()["acds"][0]["last_wall"] // 10**9 - two.status()["acds"][0]["last_wall"] // 10**9)
    truth = rig.ended(sender)
    check(seen[0] > 3000 and seen[1] < -3000, f"the clock was not set: {seen}")
    equal([(counter(s, "sessions"), counter(s, "wants_out")) for s in (one, two)], [(b, 0) for b in before], "sessions and requests")
    rig.heal(one, two, truth, stop=False)
    rig.heal(one, two, truth)
    equal(len(one.gaps()["gaps"]), 0, "gaps")
    rig.show(f"clocks apart by {', '.join(map(str, seen))} s; sessions and requests as before, no gap")
    rig.reference([*DAY, *CHANGE], one, two)
