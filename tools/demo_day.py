"""The demo's day: a switch, two DPDK ports, twinlinkd, faults on the links - and reports held against the truth. Then a pair of
servers that lose different messages, one of them killed on the way, and end with the same rows.

Called by tools/demo when everything is built. Uses the rig of the end-to-end tests, so that what a newcomer sees is what
the tests check. Exit code 0 when every line of the gap reports is what the switch says it lost, and the servers are equal.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "end_to_end"))
import pair_rig  # noqa: E402
from rig import TWINLINK, Failed, Processes, Server, Truth, links_equal_truth, open_ranges, switch, wait_for  # noqa: E402

FAULTS = ["loss=0.01 link=A", "loss=0.01 link=B",        # frames lost on each link: mostly the other one has them
          "at-seq=30000..30007 drop",                     # eight messages lost on both
          "link=B at=11:10 for=4m down",                  # one link down: nothing is missing
          "link=both at=12:20 for=2m down"]               # both down: a gap
PAIR_FAULTS = ["server=1 loss=0.1 at=08:00 for=40m",       # both links of a server lose the same frame now and then
               "server=2 loss=0.1 at=08:00 for=40m",
               "server=2 at=08:20 for=10m drop",           # the second one is deaf
               "at-seq=3000..3007 drop"]                   # nobody gets these
RATE_SECONDS = 15


def title(text):
    print(f"\n-- {text}", flush=True)


def show(server, *words, live=False, store=None):
    """Runs the operator's command and shows what it prints; live: as the daemon has it."""
    print("$ twinlink " + " ".join(words), flush=True)
    where = ["--socket", str(server.socket)] if live else ["--store", str(server.store)]
    where += ["--store", str(store.store)] if store else []
    return subprocess.run([str(TWINLINK), *words, *where], check=False).returncode


def hold_against_truth(server, lost, where):
    """Every range that the switch lost is in the gap report, and no other."""
    seen, lost = open_ranges(server.gaps()), {k: v for k, v in lost.items() if v}
    print(f"{f'the switch lost on {where}':>32}    {'the gap report says':<24}")
    matched = True
    for stream in sorted(set(seen) | set(lost)):
        for r in sorted(set(seen.get(stream, [])) | set(lost.get(stream, []))):
            there, reported = r in lost.get(stream, []), r in seen.get(stream, [])
            matched &= there and reported
            text = f"{r[0]}-{r[1]}" if r[0] != r[1] else str(r[0])
            print(f"{text if there else '-':>32}    {text if reported else '-':<24}{'' if there and reported else '  <-- DIFFERS'}")
    return matched


def measure_rate(folder):
    """As fast as the switch can send over both links, for a while: messages a second that became durable rows."""
    server = Server(folder / "rate", extra_store="rows_every_ms = 250").start()
    sender = switch([server], server.folder, "--agents", "500", "--loop-days", "1000000", wait=False, truth=False)
    wait_for("the first messages", lambda: server.messages() > 0)
    before, began = server.status(), time.monotonic()
    while time.monotonic() - began < RATE_SECONDS:
        time.sleep(0.5)
    after, took = server.status(), time.monotonic() - began
    sender.terminate()
    sender.wait()
    durable = after["store"]["committed_messages"] - before["store"]["committed_messages"]
    dropped = sum(p["counters"]["nic_missed"] + p["counters"]["nic_no_buffer"] for p in after["ports"])
    server.stop()
    print(f"{durable / took / 1e6:.2f} M messages/s from the wire to durable rows, over two links ({durable:,} messages in "
          f"{took:.1f} s, each of them twice on the wire; {dropped} frames dropped)")


def day(folder):
    title("a switch with 200 agents sends 08:00 to 13:00 over two DPDK ports, 900 times as fast as life")
    server = Server(folder / "server").start()
    truth = switch([server], server.folder, "--agents", "200", "--hours", "5", "--speed", "900", "--seed", "42",
                   "--pump-up-every", "30", *[w for f in FAULTS for w in ("--fault", f)])
    server.settle()
    server.stop()
    title("the last hour, per skill and half hour")
    show(server, "report", "skills", "--from", "2026-03-02T12:00:00Z", "--to", "2026-03-02T13:00:00Z")
    title("what the links did")
    show(server, "links")
    title("every message that is missing")
    show(server, "gaps")
    title("held against the truth of the switch")
    matched = hold_against_truth(server, truth.lost(), "both links")
    links_equal_truth(server, truth)
    title("how fast")
    measure_rate(folder)
    print("\nEvery line of the gap report is what the switch says it lost." if matched
          else "\nThe gap report and the truth DIFFER.")
    return matched


def pair(folder):
    """Two servers that lose different messages; the second is killed on the way."""
    title("two servers become a pair by three commands")
    print("$ twinlink pair init      on the first; then carry its own.crt over\n"
          "$ twinlink pair join own.crt      on the second; then carry its own.crt back\n"
          "$ twinlink pair join own.crt      on the first", flush=True)
    one, two = pair_rig.two_servers(folder, more="lost_after_ms = 1000")
    one.start(), two.start()
    pair_rig.connected(one, two)
    title("a switch sends to both, over four links; each loses frames, the second hears nothing for a while, then it is killed")
    sender = switch([one, two], folder, "--agents", "100", "--hours", "1000", "--opens", "00:00", "--closes", "24:00", "--start",
                    "2026-03-02T08:00:00Z", "--speed", "600", "--seed", "7", "--pump-up-every", "30",
                    *[w for f in PAIR_FAULTS for w in ("--fault", f)], wait=False)
    nine = 1_772_442_000 * 10**9  # 2026-03-02T09:00:00Z
    wait_for("nine o'clock", lambda: two.status()["acds"][0]["last_time"] > nine)
    two.kill()
    print("the second server is killed (kill -9), and stays away while 4,000 more messages pass", flush=True)
    more = one.messages() + 4000
    wait_for("messages to pass", lambda: one.messages() > more)
    two.start()
    pair_rig.connected(one, two)
    wait_for("what nobody got to be called lost", lambda: all(
        any(g["state"] == "lost" for g in s.gaps()["gaps"]) for s in (one, two)))
    sender.terminate()
    sender.wait()
    one.settle(), two.settle()
    pair_rig.healed(one, two)
    pair_rig.proven_equal(one, two)
    title("the pair, as the second server sees it")
    show(two, "partner", live=True)
    title("do both hold the same rows?")
    equal = show(two, "verify", "--partner", live=True) == 0
    title("the four links")
    show(two, "links", "--pair", live=True)
    title("what each lacked, who filled it, and how long that took")
    show(two, "gaps", "--pair", store=two, live=True)
    page = Path(os.environ.get("TWINLINK_DEMO_PAGE", Path(tempfile.gettempdir()) / "twinlink-demo-gaps.html"))
    show(two, "gaps", "--html", str(page), store=two, live=True)
    print(f"the same as a page, to be opened in a browser: {page}", flush=True)
    one.stop(), two.stop()
    title("what is missing in the end, held against the truth of the switch")
    truth = Truth(folder / "truth.json")
    lost = pair_rig.common(truth.lost(1), truth.lost(2))
    matched = all([hold_against_truth(server, lost, "all four links") for server in (one, two)])
    pair_rig.equal_rows(one, two)
    print("\nBoth servers lack exactly what came over none of the four links, and hold the same rows."
          if matched and equal else "\nThe pair is NOT what it should be.")
    return matched and equal


def run():
    folder = Path(tempfile.mkdtemp(prefix="twinlink-demo-"))
    try:
        return 0 if day(folder) and pair(folder) else 1
    except Failed as why:
        print(f"demo: {why}", file=sys.stderr)
        return 1
    finally:
        Processes.end_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(run())
