"""The demo's day: a switch, two DPDK ports, twinlinkd, faults on the links - and reports held against the truth.

Called by tools/demo when everything is built. Uses the rig of the end-to-end tests, so that what a newcomer sees is what
the tests check. Exit code 0 when every line of the gap report is what the switch says it lost.
"""
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "end_to_end"))
from rig import ACDSIM, TWINLINK, Failed, Processes, Server, links_equal_truth, open_ranges, switch, wait_for  # noqa: E402

FAULTS = ["loss=0.01 link=A", "loss=0.01 link=B",        # frames lost on each link: mostly the other one has them
          "at-seq=30000..30007 drop",                     # eight messages lost on both
          "link=B at=11:10 for=4m down",                  # one link down: nothing is missing
          "link=both at=12:20 for=2m down"]               # both down: a gap
RATE_SECONDS = 15


def title(text):
    print(f"\n-- {text}", flush=True)


def show(server, *words):
    """Runs the operator's command and shows what it prints."""
    print("$ twinlink " + " ".join(words), flush=True)
    subprocess.run([str(TWINLINK), *words, "--store", str(server.store)], check=False)


def hold_against_truth(server, truth):
    """Every range that the switch lost on both links is in the gap report, and no other."""
    seen, lost = open_ranges(server.gaps()), {k: v for k, v in truth.lost().items() if v}
    print(f"{'the switch lost on both links':>32}    {'the gap report says':<24}")
    matched = True
    for stream in sorted(set(seen) | set(lost)):
        for r in sorted(set(seen.get(stream, [])) | set(lost.get(stream, []))):
            there, reported = r in lost.get(stream, []), r in seen.get(stream, [])
            matched &= there and reported
            text = f"{r[0]}-{r[1]}" if r[0] != r[1] else str(r[0])
            print(f"{text if there else '-':>32}    {text if reported else '-':<24}{'' if there and reported else '  <-- DIFFERS'}")
    links_equal_truth(server, truth)
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
    matched = hold_against_truth(server, truth)
    title("how fast")
    measure_rate(folder)
    print("\nEvery line of the gap report is what the switch says it lost." if matched
          else "\nThe gap report and the truth DIFFER.")
    return matched


def run():
    folder = Path(tempfile.mkdtemp(prefix="twinlink-demo-"))
    try:
        return 0 if day(folder) else 1
    except Failed as why:
        print(f"demo: {why}", file=sys.stderr)
        return 1
    finally:
        Processes.end_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(run())
