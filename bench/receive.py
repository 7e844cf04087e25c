"""The receive path beside dpdk-testpmd on the same vdev, and kernel UDP beside DPDK, in one run.

Every case has the same wire (net_vhost) and the same generator (bench_receive_feed over net_virtio_user), on
the same cores, both made anew each time. Cases take turns, round after round; a ratio is the median of the
rounds' ratios.
"""

import json
import re
import shutil
import statistics
import time

import harness

FLOOR = 0.8  # of testpmd
MEMORY_MIB = 1536
FEED_CORE, RECEIVE_CORE = 0, 1


def feed(tools, here, where, huge):
    args = [tools / "bench_receive_feed", *where] + ([] if huge else ["--no-huge"])
    return harness.process(args, here / "feed.log", core=FEED_CORE)


def ours(tools, here, seconds, huge, *more):
    """bench_receive over vhost; `more` are its options."""
    path = here / "v.sock"
    args = [tools / "bench_receive", "--device", f"net_vhost0,iface={path}", "--seconds", seconds, *more]
    args += [] if huge else ["--no-huge"]
    with open(here / "out.json", "w", encoding="utf-8") as out:
        with harness.process(args, here / "r.log", core=RECEIVE_CORE, stdout=out) as p:
            harness.wait_for("bench_receive", path.exists, 30, p)
            with feed(tools, here, ["--device", f"net_virtio_user0,path={path}"], huge):
                if p.wait(60 + seconds) != 0:
                    raise harness.Trouble("bench_receive: " + harness.tail(here / "r.log"))
    return json.loads((here / "out.json").read_text())


def udp(tools, here, seconds, *more):
    """bench_receive on a kernel socket, fed over the loopback device."""
    address = "127.0.0.1:55001"
    with open(here / "out.json", "w", encoding="utf-8") as out:
        args = [tools / "bench_receive", "--udp", address, "--seconds", seconds, *more]
        with harness.process(args, here / "r.log", core=RECEIVE_CORE, stdout=out) as p:
            with feed(tools, here, ["--udp", address], True):
                if p.wait(60 + seconds) != 0:
                    raise harness.Trouble("bench_receive: " + harness.tail(here / "r.log"))
    return json.loads((here / "out.json").read_text())


def testpmd(tools, here, seconds, huge):
    """dpdk-testpmd rxonly; its own count of packets, asked for over its prompt."""
    path = here / "v.sock"
    prefix = f"twinlink-bench-{here.name}"
    memory = ["--in-memory", "--single-file-segments"] if huge else ["--no-huge", "-m", "512"]
    # Its prompt stays on the generator's core and sleeps there; the loop that counts has the other one.
    # Its output would stay in its buffer without stdbuf.
    args = [
        "stdbuf",
        "-oL",
        "dpdk-testpmd",
        "--no-pci",
        "--no-telemetry",
        *memory,
        f"--file-prefix={prefix}",
        f"--lcores=0@{FEED_CORE},1@{RECEIVE_CORE}",
        "--vdev",
        f"net_vhost0,iface={path}",
        "--log-level=*:error",
        "--",
        "-i",
        "--forward-mode=rxonly",
        "--total-num-mbufs=16384",
        "--burst=32",
        "--record-core-cycles",
        "--auto-start",
    ]
    with harness.process(args, here / "t.log", stdin=-1, stdout=-1, text=True, bufsize=1) as p:

        def asked(command, *words):
            """The numbers behind `words` in what testpmd answers, and when."""
            p.stdin.write(command + "\n")
            found = {}
            while words[-1] not in found:
                line = p.stdout.readline()
                if not line:
                    raise harness.Trouble("dpdk-testpmd ended: " + harness.tail(here / "t.log"))
                for word in words:
                    if at := re.search(re.escape(word) + r" *[:=] *([0-9.]+)", line):
                        found[word] = float(at[1])
            return found[words[0]], time.monotonic()

        def packets():
            return asked("show port stats 0", "RX-packets", "RX-bytes")

        harness.wait_for("dpdk-testpmd", path.exists, 30, p)
        with feed(tools, here, ["--device", f"net_virtio_user0,path={path}"], huge) as feeder:
            harness.wait_for("testpmd receives", lambda: packets()[0] != 0, 20, feeder)
            time.sleep(1)
            first, begin = packets()
            time.sleep(seconds)
            last, end = packets()
            per_frame = asked("show fwd stats all", "CPU cycles/packet")[0]
        p.stdin.write("quit\n")
        p.wait(10)
    shutil.rmtree(f"/var/run/dpdk/{prefix}", ignore_errors=True)
    return {"frames": last - first, "seconds": end - begin, "cycles": per_frame * (last - first)}


def measure(tools, rounds, seconds, huge, say):
    """All cases, round by round, by case: frames a second, and cycles a frame in slices that brought some."""
    cases = {
        "testpmd rxonly": lambda h: testpmd(tools, h, seconds, huge),
        "dpdk port": lambda h: ours(tools, h, seconds, huge),
        "dpdk port, no checksums": lambda h: ours(tools, h, seconds, huge, "--no-checksums"),
        "dpdk port, validated": lambda h: ours(tools, h, seconds, huge, "--validate"),
        "udp port, validated": lambda h: udp(tools, h, seconds, "--validate"),
    }
    rates = {name: [] for name in cases}
    cycles = {name: [] for name in cases}
    for turn in range(rounds):
        for name, case in cases.items():
            with harness.folder() as here:
                count = case(here)
            if count.get("refused"):
                raise harness.Trouble(f"{name}: {count['refused']} frames were refused")
            rates[name].append(count["frames"] / count["seconds"])
            cycles[name].append(count["cycles"] / count["frames"])
            say(
                f"  round {turn + 1} {name}: {rates[name][-1] / 1e6:.3f} M frames/s, {cycles[name][-1]:.0f} cycles"
            )
    return rates, cycles


def ratio(rates, ours_name, peer):
    """The median over the rounds of ours / peer."""
    return statistics.median(a / b for a, b in zip(rates[ours_name], rates[peer]))
