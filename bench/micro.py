"""The Google Benchmark executables: which of their figures the table shows, and beside what.

Each function runs one executable in one go, so that a figure and what it is set beside met the same machine.
"""

import json
import os
import subprocess

import harness


def google(tools, name, seconds, disk=None, only=None):
    """Runs bench_<name>; its results by benchmark name. `seconds` is the least time of each."""
    args = [tools / f"bench_{name}", "--benchmark_format=json", f"--benchmark_min_time={seconds}"]
    args += [f"--benchmark_filter={only}"] if only else []
    env = {**os.environ, "TWINLINK_BENCH_DIR": str(disk)} if disk else None
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        raise harness.Trouble(f"bench_{name} ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    found = {}
    for b in json.loads(done.stdout)["benchmarks"]:
        if b.get("error_occurred"):
            raise harness.Trouble(f"bench_{name} {b['name']}: {b['error_message']}")
        found[b["name"].split("/min_time")[0].removesuffix("/real_time")] = b
    return found


def row(name, figure, ratio="", floor="", met=None, **values):
    return {"name": name, "figure": figure, "ratio": ratio, "floor": floor, "met": met, "values": values}


def wire(run):
    rows = []
    for name, b in google(run.tools, "wire", run.least).items():
        if name.startswith("validate"):
            # Beyond the caches is what a NIC's buffers are; that is the one the floor is for.
            beyond = name.endswith("32768")
            rows.append(
                row(
                    f"validation, {'64 MiB of frames' if beyond else '64 frames, hot'}",
                    f"{b['validate_GBps']:.2f} GB/s = {b['Mmsg_per_s']:.1f} M messages/s",
                    f"{b['ratio']:.2f} x memcpy ({b['memcpy_GBps']:.2f} GB/s)",
                    "0.35" if beyond else "",
                    b["ratio"] >= 0.35 if beyond else None,
                    of_memcpy=b["ratio"],
                )
            )
    return rows


def ring(run):
    found = google(run.tools, "ring", run.least)
    peer = found["plain_memcpy"]["messages"]
    dpdk = found["references_rte_ring"]["messages"]
    texts = {
        "references": "rings: references to frames (as built)",
        "references_rte_ring": "rings: the same by rte_ring",
        "whole_frames": "rings: bytes of frames",
        "decoded_messages": "rings: decoded messages",
    }
    return [
        row(
            text,
            f"{found[n]['messages'] / 1e6:.0f} M messages/s",
            f"{found[n]['messages'] / peer:.2f} x memcpy of the frames, "
            f"{found[n]['messages'] / dpdk:.2f} x rte_ring",
            rate=found[n]["messages"],
        )
        for n, text in texts.items()
    ]


def arbiter(run):
    found = google(run.tools, "arbiter", run.least)
    peer = found.pop("memcmp_of_copies")
    rows = []
    for name, b in found.items():
        loss, disorder = (int(p.split(":")[1]) for p in name.split("/")[1:3])
        what = f"arbiter, {loss / 1e4:g} % loss on each link" + (", disorder" if disorder else "")
        rows.append(
            row(
                what,
                f"{b['messages'] / 1e6:.0f} M messages/s, {b['frames'] / 1e6:.2f} M frames/s",
                f"{b['messages'] / peer['messages']:.2f} x memcmp of the copies",
                rate=b["messages"],
            )
        )
    return rows


def fold(run):
    return [
        row(
            "fold, " + name.split("/", 1)[1].replace("/", " "),
            f"{b['messages/s'] / 1e6:.1f} M messages/s",
            rate=b["messages/s"],
        )
        for name, b in google(run.tools, "fold", run.least, only="fold_messages").items()
    ]


def store(run):
    found = google(run.tools, "store", run.least, run.disk, only="commits|plain_write")
    rows = []
    for name, b in found.items():
        if not name.startswith("commits"):
            continue
        kib, rows_each, full = (int(p.split(":")[1]) for p in name.split("/")[1:4])
        peer = found[f"plain_write/KiB:{kib}"]["B/s"]
        rows.append(
            row(
                f"commit of {kib} KiB, {rows_each} rows" + (", journal full" if full else ""),
                f"{b['B/s'] / 2**20:.0f} MiB/s = {b['msg/s'] / 1e6:.2f} M messages/s, "
                f"{b['real_time']:.1f} ms",
                f"{b['B/s'] / peer:.2f} x write + fdatasync",
                rate=b["msg/s"],
            )
        )
    return rows


def pipeline(run):
    rows = []
    for name, b in google(
        run.tools, "pipeline", run.least, run.disk, only="agents:1000/" if run.quick else None
    ).items():
        stages = {s: b[s + "_cpu_ns"] for s in ("receive", "fold", "commit")}
        slowest = max(stages, key=stages.get)
        text = ", ".join(f"{s} {ns:.0f}" for s, ns in stages.items())
        rows.append(
            row(
                f"three stages in one thread, {name.split(':')[1]} agents",
                f"{b['messages'] / 1e6:.2f} M messages/s; CPU ns a message: {text}",
                f"{slowest} limits: {1e3 / stages[slowest]:.1f} M messages/s on a core of its own",
                rate=b["messages"],
                **stages,
            )
        )
    return rows


def refold(run):
    found = google(run.tools, "refold", run.least, run.disk)
    found = {name.split("/iterations")[0].removesuffix("/manual_time"): b for name, b in found.items()}
    alone, beside = found["live/refolding:0"], found["live/refolding:1"]

    def felt(b):
        return (
            f"{b['messages/s'] / 1e6:.2f} M messages/s of {b['asked/s'] / 1e6:g} asked, "
            f"ring {b['ring_mean']:.1f} frames, {b['ring_max']:.0f} at most"
        )

    plain, again = found["plain_fold"]["messages/s"], found["refold"]["messages/s"]
    return [
        row("live messages, no refold", felt(alone), rate=alone["messages/s"], ring_max=alone["ring_max"]),
        row(
            "live messages beside refolds",
            felt(beside),
            f"{beside['messages/s'] / alone['messages/s']:.2f} x without; "
            f"{beside['refolds']:.0f} refolds, {beside['refolded/s'] / 1e6:.2f} M messages/s",
            rate=beside["messages/s"],
            ring_max=beside["ring_max"],
            refolded=beside["refolded/s"],
        ),
        row(
            "refold, no live messages",
            f"{again / 1e6:.2f} M messages/s",
            f"{again / plain:.2f} x the fold alone over the same journal ({plain / 1e6:.2f} M messages/s)",
            rate=again,
            plain=plain,
        ),
    ]
