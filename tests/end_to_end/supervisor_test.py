"""Software that fails, real processes: stages that hang, crash loops, a message that crashes the fold. The test is the supervisor."""
import os
import signal
import subprocess
import types

from pair_rig import (ON_AND_ON, SMALL, connected, equal_rows, healed, missing_equals_truth, proven_equal, rows_of, two_servers)
from rig import (BIN, LIMIT_S, TWINLINK, Failed, Truth, Wire, check, end_orderly, equal, main, open_ranges, switch, wait_for)
from supervisor_rig import Paused, Supervised

PLANTED = BIN / "tests/service/twinlinkd_planted"


def hung(folder):
    """each stage hung by itself, and the whole daemon: feeding stops, the supervisor kills and starts, nothing is missing in the end"""
    one, two = two_servers(folder, **SMALL)
    watched = Supervised(one).start()
    two.start()
    connected(one, two)
    sender = switch([one, two], folder, "--agents", "40", *ON_AND_ON, "--speed", "300", "--seed", "51", wait=False)
    wait_for("messages", lambda: min(one.messages(), two.messages()) > 200)
    for thread in ("tl-receive", "tl-fold", "tl-commit", "tl-refold", "tl-partner"):
        watched.fed()
        with Paused(one.process, thread) as paused:
            watched.starved()
            check(one.process.poll() is None, "it ended by itself")
            paused.kill()
        watched.start()
    watched.fed()
    os.kill(one.process.pid, signal.SIGSTOP)
    watched.starved()
    one.kill()
    watched.start()
    connected(one, two)
    wait_for("an interval to be over", lambda: two.twinlink("report", "skills")["rows"])
    end_orderly(sender)
    one.settle(), two.settle()
    healed(one, two)
    proven_equal(one, two)
    one.stop(), two.stop()
    check(watched.times("STOPPING=1"), "the supervisor was not told of the end")
    missing_equals_truth(one, two, Truth(folder / "truth.json"))
    equal_rows(one, two)
    one.store_check()


def safe_mode(folder):
    """three crashes within a minute: the store is put aside, whole, a fresh one is filled by the partner, and all is told loudly"""
    one, two = two_servers(folder, crashes_max=3, **SMALL)
    watched = Supervised(one).start()
    two.start()
    connected(one, two)
    sender = switch([one, two], folder, "--agents", "40", *ON_AND_ON, "--start", "2026-03-02T09:25:00Z", "--speed", "300", "--seed", "52",
                    wait=False)
    wait_for("messages", lambda: min(one.messages(), two.messages()) > 300)
    for crash in (1, 2, 3):
        check(one.status()["state"] != "safe_mode", f"in safe mode after {crash - 1} crashes")
        one.process.send_signal(signal.SIGABRT)
        equal(one.process.wait(LIMIT_S), -signal.SIGABRT, "how it ended")
        watched.start()
    status = one.status()
    equal(status["state"], "safe_mode", "state after three crashes")
    aside = status["service"]["safe_mode"]["quarantined"]
    check(aside.startswith(f"{one.store}.quarantine-"), aside)
    check("critical: safe mode" in one.log.read_text(), one.tail())
    run = subprocess.run([str(TWINLINK), "status", "--socket", str(one.socket)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(run.returncode, 1, "exit code of twinlink status")
    check("safe_mode" in run.stdout and aside in run.stdout, run.stdout)
    wait_for("the supervisor's status", lambda: watched.status_line() == "safe_mode", said=watched.status_line)
    old = subprocess.run([str(TWINLINK), "store", "check", aside], capture_output=True, text=True, timeout=LIMIT_S)
    equal(old.returncode, 0, f"the store that was put aside ({old.stdout[-500:]})")
    connected(one, two)
    wait_for("the partner to know", lambda: any("safe mode" in n for n in two.status()["notes"]), said=lambda: two.status()["notes"])
    # Three more crashes: nothing more is put aside before somebody has seen it.
    for _ in range(3):
        one.kill()
        watched.start()
    equal(len(list(one.store.parent.glob("store.quarantine-*"))), 1, "stores put aside")
    connected(one, two)
    wait_for("an interval to be over", lambda: two.twinlink("report", "skills")["rows"])
    end_orderly(sender)
    one.settle(), two.settle()
    healed(one, two)
    proven_equal(one, two)
    said = subprocess.run([str(TWINLINK), "safe-mode", "off", "--socket", str(one.socket)], capture_output=True, text=True,
                          timeout=LIMIT_S)
    equal(said.returncode, 0, f"twinlink safe-mode off ({said.stderr})")
    check(one.status()["state"] != "safe_mode", "it is in safe mode still")
    one.stop(), two.stop()
    missing_equals_truth(one, two, Truth(folder / "truth.json"))
    equal_rows(one, two)
    # A store that is damaged needs no loop: it is put aside at once; but once only until somebody has seen it.
    for ends, stores in (([], 2), ([1], 2)):
        with open(one.store / "data.mdb", "r+b") as file:
            file.write(bytes(8192))
        watched.launch()
        wait_for("READY=1 or its end", lambda: watched.times("READY=1") or one.process.poll() is not None)
        equal([one.process.poll()] if one.process.poll() is not None else [], ends, f"how it ended on a damaged store ({one.tail()})")
        equal(len(list(one.store.parent.glob("store.quarantine-*"))), stores, "stores put aside")
        if not ends:
            equal(one.status()["state"], "safe_mode", "state with a damaged store put aside")
            one.stop()


def poison(folder):
    """a message that crashes the fold, live and from the journal: after three tries it is left out of the rows, on both servers alike"""
    poison_seq = 500
    if not PLANTED.exists():
        raise Failed(f"{PLANTED} was not built")
    one, two = two_servers(folder, crashes_max=3, more="lost_after_ms = 500", **SMALL)
    plant = {"TWINLINK_CRASH_AT": str(poison_seq)}
    pair = [Supervised(server, PLANTED, plant).start() for server in (one, two)]
    connected(one, two)
    tape = types.SimpleNamespace(wire=Wire({}, {link: f"pcap:{folder}/{link}.pcap" for link in "AB"}, dpdk=False))
    sender = switch([one, two, tape], folder, "--agents", "40", *ON_AND_ON, "--start", "2026-03-02T09:25:00Z", "--speed", "300",
                    "--seed", "53", wait=False)
    # Live: neither has made it durable when it crashes on it.
    for server in (one, two):
        equal(server.process.wait(LIMIT_S), -signal.SIGABRT, f"how it ended ({server.tail()})")
    for watched in pair:
        watched.start()
        check(f"while it folded message {poison_seq} of ACD 1" in watched.server.tail(), watched.server.tail())
    connected(one, two)
    wait_for("an interval to be over", lambda: two.twinlink("report", "skills")["rows"])
    end_orderly(sender)
    one.settle(), two.settle()
    check(all(any(first <= poison_seq <= last for ranges in open_ranges(s.gaps()).values() for first, last in ranges) for s in (one, two)),
          "the message is there: it did not crash")
    # From a tap: filled, then crashed on while it is folded again, then while the journal is folded at the start.
    took = subprocess.run([str(TWINLINK), "import", f"{folder}/A.pcap", "--socket", str(one.socket)], capture_output=True, text=True,
                          timeout=LIMIT_S)
    check(took.returncode != 2, f"twinlink import: {took.stderr}")
    equal(one.process.wait(LIMIT_S), -signal.SIGABRT, f"how it ended ({one.tail()})")
    ends = pair[0].starts_until_it_stays(4)
    equal(ends, [-signal.SIGABRT], "how it ended until the message was left out")
    check(f"message {poison_seq} of ACD 1" in one.tail() and "is left out of the rows" in one.tail(), one.tail())
    equal(one.status()["service"]["safe_mode"], None, "safe mode for a message that is known")
    for server, crashes in ((one, 3), (two, 0)):
        wait_for("the message to be left out", lambda: server.status()["acds"][0]["skipped"], said=server.tail)
        equal([(s["seq"], s["crashes"]) for s in server.status()["acds"][0]["skipped"]], [(poison_seq, crashes)], "what is left out")
        check(any("left out of the rows" in n for n in server.status()["notes"]), server.status()["notes"])
    check(two.process.poll() is None, "the partner crashed on what it was told to leave out")
    # What the crash cut off of the import.
    again = subprocess.run([str(TWINLINK), "import", f"{folder}/A.pcap", "--socket", str(one.socket)], capture_output=True, text=True,
                           timeout=LIMIT_S)
    equal(again.returncode, 0, f"exit code of the import that is done again ({again.stderr} {again.stdout})")
    healed(one, two)
    proven_equal(one, two)
    for server in (one, two):
        # Again: it is known for good, whatever the counting says.
        server.stop()
        (server.store.parent / "store.state" / "crashes").unlink()
    for watched in pair:
        watched.start()
        equal(len(watched.server.status()["acds"][0]["skipped"]), 1, "what is left out after a restart")
    connected(one, two)
    one.stop(), two.stop()
    equal(open_ranges(one.gaps()), {}, "what is missing")
    equal_rows(one, two)
    check(any(row["INCOMPLETE"] for row in rows_of(one, "skills")), "no row says that something is left out")
    for server in (one, two):
        equal([(e["EXCEPTION"], e["FIRST"]) for e in server.twinlink("report", "exceptions")["exceptions"]
               if e["EXCEPTION"] == "message_skipped"], [("message_skipped", poison_seq)], "what report exceptions says")
        server.store_check()


if __name__ == "__main__":
    main([hung, safe_mode, poison])
