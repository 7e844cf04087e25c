"""Wire to durable rows with the real processes: acdsim, virtio-user, vhost, twinlinkd, LMDB on the disk.

The switch sends one recorded day again and again on both links at a fixed rate. Counted are messages that
are durable; the run counts only when nothing was dropped, refused or left missing, and all that the switch
says it sent is in the store. A switch that finds the device full waits; --no-wait, for the search of the rate
at which drops begin, makes it give up what is not taken at once, as a real one would.
"""

import math
import re
import time

import harness

FLOOR = 5e6  # messages a second, for 60 s
MEMORY_MIB = 2048  # hugepages of both processes together
WARM_UP_S = 10  # before memory is held to be flat: the journal reaches its limit, buffers their size
JOURNAL_MIB = 1024
STAGES = ("tl-receive", "tl-fold", "tl-commit")

CONFIG = """\
control_socket = "{here}/control.sock"
[store]
path = "{store}/store"
map_gib = 64
journal_mib = {journal}
[threads]
idle = "{idle}"
[dpdk]
hugepages = "{huge}"
[[acd]]
number = 1
[[port]]
link = "A"
driver = "dpdk"
device = "net_vhost0,iface={here}/a.sock"
addresses = ["10.101.1.2"]
udp_port = 5500
[[port]]
link = "B"
driver = "dpdk"
device = "net_vhost1,iface={here}/b.sock"
addresses = ["10.101.2.2"]
udp_port = 5500
"""


def messages_of_a_day(tools, agents, log):
    """What acdsim says of the day it would send; the packets go to a port where nobody listens."""
    nowhere = "A=udp:127.0.0.1:9,B=udp:127.0.0.1:9"
    args = [
        tools / "acdsim/acdsim",
        "run",
        "--agents",
        agents,
        "--loop-days",
        1,
        "--speed",
        "max",
        "--server",
        nowhere,
    ]
    with harness.process(args, log) as p:
        p.wait(120)
    found = re.search(r"a day: (\d+) messages", log.read_text())
    if not found:
        raise harness.Trouble("acdsim made no day: " + harness.tail(log))
    return int(found[1])


def sent_by(log):
    """Messages on each link, as acdsim says in the end."""
    said = re.search(r"(\d+) messages on each link in ([0-9.]+) s", log.read_text())
    if not said:
        raise harness.Trouble("acdsim did not finish: " + harness.tail(log))
    return int(said[1])


def dropped(status):
    """Everything that a port or the receive stage did not hand on, by name."""
    lost = {}
    for port in status["ports"]:
        found = {
            "nic_missed": port["counters"]["nic_missed"],
            "refused": sum(port["refusals"].values()),
            # What is no UDP packet for this port cannot have been a frame: the switch's ARP, say.
            "refused below": sum(
                v
                for k, v in port["counters"].items()
                if k.startswith("refused") and k != "refused_other"
            ),
        }
        for name, count in found.items():
            if count:
                lost[f"{port['link']} {name}"] = count
    return lost


def watch(daemon, switch, control, run):
    """Samples once a second until the switch ends and everything is durable."""
    begin = time.monotonic()
    while True:
        status = harness.ask(control)
        if status is None or daemon.poll() is not None:
            raise harness.Trouble("twinlinkd does not answer")
        run["samples"].append(
            {
                "s": time.monotonic() - begin,
                "durable": status["store"]["committed_messages"],
                **harness.memory_kib(daemon.pid),
            }
        )
        run["status"] = status
        # The fold's count is of its last tick, so one look is not enough.
        if switch.poll() is not None and run["samples"][-1]["durable"] == status["messages"]:
            if len(run["samples"]) > 2 and run["samples"][-2]["durable"] == status["messages"]:
                return
        run["threads"] = harness.thread_seconds(daemon.pid)
        if switch.poll() is None:
            run["generator_s"] = sum(harness.thread_seconds(switch.pid).values())
        time.sleep(0.25 if switch.poll() is not None else 1)


def one_run(tools, disk, rate, seconds, agents, huge, idle="backoff", wait=True):
    """One rate for so long (rate 0 = as fast as the wire takes it); what came of it."""
    with harness.folder() as here, harness.folder(disk) as store:
        day = messages_of_a_day(tools, agents, here / "day.log")
        days = max(1, math.ceil((rate or 8e6) * seconds / day))
        (here / "d.toml").write_text(
            CONFIG.format(
                here=here, store=store, journal=JOURNAL_MIB, idle=idle, huge="yes" if huge else "no"
            )
        )
        args = [
            tools / "acdsim/acdsim",
            "run",
            "--agents",
            agents,
            "--loop-days",
            days,
            "--speed",
            "max",
            "--wait-ready",
            20,
            "--truth-summary",
            here / "sent.json",
            "--server",
            f"A=dpdk:net_virtio_user0,path={here}/a.sock,packed_vq=1,queue_size=1024,"
            f"B=dpdk:net_virtio_user1,path={here}/b.sock,packed_vq=1,queue_size=1024",
        ]
        args += ["--rate", int(rate)] if rate else []
        args += [] if huge else ["--no-huge"]
        args += [] if wait else ["--no-wait"]
        run = {"asked": rate, "agents": agents, "hugepages": huge, "samples": [], "threads": {}}
        with harness.process(
            [tools / "twinlinkd/twinlinkd", "-c", here / "d.toml"], here / "d.log"
        ) as daemon:
            control = here / "control.sock"
            try:
                harness.wait_for("twinlinkd starts", lambda: harness.ask(control), 30, daemon)
                with harness.process(args, here / "s.log") as switch:
                    watch(daemon, switch, control, run)
            except harness.Trouble as trouble:
                raise harness.Trouble(
                    f"{trouble} [{harness.tail(here / 'd.log')}] [{harness.tail(here / 's.log')}]"
                )
        words = r"(\d+) messages on each link in ([0-9.]+) s.*given up: (\d+)"
        said = re.search(words, (here / "s.log").read_text())
        if not said:
            raise harness.Trouble("acdsim did not finish: " + harness.tail(here / "s.log"))
        run["sent"], run["seconds"], run["given_up"] = int(said[1]), float(said[2]), int(said[3])
        return judge(run)


def judge(run):
    """Adds the figures, and `clean`: every message that was sent is durable, nothing was dropped."""
    status = run.pop("status")
    run["durable"] = status["store"]["committed_messages"]
    run["lost"] = dropped(status)
    if run["given_up"]:
        run["lost"]["not taken by the device"] = run["given_up"]
    run["missing"] = sum(a["missing"] for a in status["acds"])
    run["clean"] = not run["lost"] and run["missing"] == 0 and run["durable"] == run["sent"]
    run["rate"] = run["sent"] / run["seconds"]
    run["commits"] = status["store"]["commits"]
    run["commit_ms_max"] = status["store"]["commit_ns_max"] / 1e6
    run["cpu_ns_per_message"] = {n: 1e9 * run["threads"].get(n, 0) / run["sent"] for n in STAGES}
    run["cpu_ns_per_message"]["acdsim"] = 1e9 * run.get("generator_s", 0) / run["sent"]
    warm = [s["RssAnon"] for s in run["samples"] if WARM_UP_S <= s["s"] <= run["seconds"]]
    if len(warm) >= 3:
        run["anon_mib"] = {"first": warm[0] / 1024, "last": warm[-1] / 1024, "max": max(warm) / 1024}
    return run


def search(tools, disk, agents, huge, idle, low, step, seconds, say):
    """Raises the rate until something is dropped; the last clean run and the first that is not."""
    clean = None
    rate = low
    while True:
        run = one_run(tools, disk, rate, seconds, agents, huge, idle, wait=False)
        say(
            f"  {rate / 1e6:.2f} M messages/s asked, {run['rate'] / 1e6:.2f} sent: "
            + ("clean" if run["clean"] else f"dropped {run['lost']} missing {run['missing']}")
        )
        # A switch that cannot send faster will not at the next step either.
        if not run["clean"] or run["rate"] < 0.97 * rate:
            return (run if run["clean"] else clean), (None if run["clean"] else run)
        clean = run
        rate += step
