"""Wrong configuration, rights and devices: one clear line, the right exit code, and nothing touched."""
import os
import re
import subprocess
from pathlib import Path

from rig import LIMIT_S, Server, TWINLINKD, check, equal, free_udp_ports, main

GOOD = """
control_socket = "{folder}/control.sock"
[store]
path = "{folder}/store"
map_gib = 1
journal_mib = 64
[[acd]]
number = 1
[[port]]
link = "A"
driver = "udp"
addresses = ["127.0.0.1"]
udp_port = {port}
"""
PORT = free_udp_ports(1)[0]


def run(folder, text):
    config = folder / "twinlinkd.toml"
    config.write_text(text.format(folder=folder, port=PORT))
    done = subprocess.run([str(TWINLINKD), "-c", str(config)], capture_output=True, text=True, timeout=LIMIT_S)
    return done.returncode, done.stderr


def wrong_configuration(folder):
    """every wrong configuration is refused with file:line:column and exit code 2, before anything is opened"""
    cases = [
        (GOOD + "colour = 'blue'\n", r":14:1: unknown key port.colour"),
        ("jornal = 1\n" + GOOD, r":1:1: unknown key jornal"),
        (GOOD.replace("number = 1", "number = 0"), r":8:10: acd.number must be a whole number from 1 to 65535"),
        (GOOD.replace("number = 1", "number = \"one\""), r":8:10: acd.number must be a whole number"),
        (GOOD.replace("[[acd]]\nnumber = 1\n", ""), r"acd is missing"),
        (GOOD.replace('path = "{folder}/store"', ""), r"store is missing"),
        (GOOD.replace('driver = "udp"', 'driver = "ucp"'), r'must be one of "dpdk", "udp", "pcap"'),
        (GOOD.replace('"127.0.0.1"', '"127.0.0.300"'), r"must be an IPv4 or IPv6 address"),
        (GOOD.replace("udp_port = {port}", "udp_port = 70000"), r"from 1 to 65535"),
        (GOOD.replace("map_gib = 1", "map_gib = -1"), r"map_gib must be a whole number"),
        (GOOD.replace("journal_mib = 64", "journal_mib = 1024"), r"must leave a quarter"),
        (GOOD + GOOD[GOOD.index("[[port]]"):], r"has another \[\[port\]\] already"),
        (GOOD + "[[acd]]\nnumber = 1\n", r"is used by another \[\[acd\]\] already"),
        (GOOD.replace("number = 1", "number = 1\ntrace_agents = 7"), r":9:16: acd.trace_agents must be a list of numbers"),
        (GOOD.replace("number = 1", "number = 1\ntrace_agents = [7, -1]"), r":9:20: acd.trace_agents must hold numbers"),
        (GOOD.replace("number = 1", "number = 1\ntrace_agents = [7, 0]"), r":9:16: acd.trace_agents must hold login ids"),
        (GOOD.replace("number = 1", "number = 1\ntrace_agents = [7, 8, 7]"), r":9:16: .* must not name an agent twice"),
        (GOOD.replace("number = 1", f"number = 1\ntrace_agents = {list(range(1, 66))}"), r":9:16: .* at most 64 agents"),
        *((GOOD.replace("[[acd]]", f"[retention]\n{keys}\n[[acd]]"), wanted) for keys, wanted in (
            ("interval_days = 30", r":8:17: retention.interval_days must be 0 \(without limit\) or at least 31"),
            ("interval_days = 40\ncall_days = 41", r":9:13: retention.call_days must not be more than interval_days"),
            ("daily_days = 100", r":8:14: retention.daily_days needs interval_days"),
            ("interval_days = 40\ndaily_days = 70", r":9:14: retention.daily_days .* at least 31 more"),
            ("weekly_weeks = -1", r":8:16: retention.weekly_weeks must be a whole number"),
            ("monthly_months = 1", r":8:18: retention.monthly_months must be 0"),
            ("years = 1", r":8:1: unknown key retention.years"))),
        (GOOD.replace("map_gib = 1", "map_gib = 1\njournal_days = 40").replace("[[acd]]", "[retention]\ninterval_days = 41\n[[acd]]"),
         r":9:17: retention.interval_days must be at least 2 more than store.journal_days"),
        (GOOD.replace("map_gib = 1", "map_gib = "), r"twinlinkd.toml:5:"),
        ("\x00\x01" + GOOD, r"twinlinkd.toml:1:"),
    ]
    for text, wanted in cases:
        code, said = run(folder, text)
        equal(code, 2, f"exit code for {wanted} ({said})")
        check(re.search(wanted, said), f"wanted {wanted}, it said: {said}")
        equal(len(said.strip().splitlines()), 1, f"lines said: {said}")
        check(not (folder / "store").exists() and not (folder / "control.sock").exists(), "something was touched")
    done = subprocess.run([str(TWINLINKD), "-c", str(folder / "none.toml")], capture_output=True, text=True, timeout=LIMIT_S)
    equal(done.returncode, 2, "exit code without a file")
    done = subprocess.run([str(TWINLINKD), "--colour"], capture_output=True, text=True, timeout=LIMIT_S)
    equal(done.returncode, 2, "exit code of a wrong option")


def devices(folder):
    """a port that does not open is exit code 3, and the store is not touched"""
    code, said = run(folder, GOOD.replace('driver = "udp"', 'driver = "pcap"\ndevice = "{folder}/none.pcap"'))
    equal(code, 3, f"exit code of a missing capture ({said})")
    code, said = run(folder, GOOD.replace('"127.0.0.1"', '"198.51.100.77"'))
    equal(code, 3, f"exit code of an address that is not ours ({said})")
    code, said = run(folder, GOOD.replace('driver = "udp"', 'driver = "dpdk"\ndevice = "net_nonsense0"'))
    equal(code, 3, f"exit code of an unknown device ({said})")
    check(not (folder / "store").exists(), "the store was touched")


def stores(folder):
    """a store that does not open is exit code 1, said in one line, and left byte for byte as it is"""
    store = folder / "store"
    store.mkdir()
    (store / "data.mdb").write_bytes(b"this is no store" * 1000)
    code, said = run(folder, GOOD)
    equal(code, 1, f"exit code ({said})")
    check("data.mdb" in said or "store" in said, said)
    equal((store / "data.mdb").read_bytes(), b"this is no store" * 1000, "the foreign file")
    equal(sorted(p.name for p in store.iterdir() if p.name not in ("lock.mdb", "writer.lock")), ["data.mdb"], "files")


def damaged_and_alone(folder):
    """a damaged store of a server without a partner stays, until somebody says --quarantine: then it is put aside, and a fresh one begun"""
    server = Server(folder / "server", "udp").start()
    server.stop()
    data = server.store / "data.mdb"
    whole = data.read_bytes()
    data.write_bytes(whole[:3 * 4096])
    for options, wanted in ((), 1), (("--check-config",), 0):
        done = subprocess.run([str(TWINLINKD), "-c", str(server.config), *options], capture_output=True, text=True, timeout=LIMIT_S)
        equal(done.returncode, wanted, f"exit code ({done.stderr})")
        check(bool(options) or "restore a backup" in done.stderr and "--quarantine" in done.stderr, done.stderr)
    equal(data.read_bytes(), whole[:3 * 4096], "the damaged file")
    equal(list(server.store.parent.glob("store.quarantine-*")), [], "stores put aside")
    # What cannot be written down is not done: a fresh store that nobody was told of would be taken for the old one.
    state = server.store.with_name("store.state")
    state.rename(server.folder / "elsewhere")
    state.write_text("in the way")
    done = subprocess.run([str(TWINLINKD), "-c", str(server.config), "--quarantine"], capture_output=True, text=True, timeout=LIMIT_S)
    equal((done.returncode, data.read_bytes()), (1, whole[:3 * 4096]), f"exit code, and the store ({done.stderr})")
    equal(list(server.store.parent.glob("store.quarantine-*")), [], "stores put aside")
    state.unlink()
    (server.folder / "elsewhere").rename(state)
    server.start("--quarantine")
    equal(server.status()["state"], "safe_mode", "state")
    aside = list(server.store.parent.glob("store.quarantine-*"))
    equal([(a / "data.mdb").read_bytes() for a in aside], [whole[:3 * 4096]], "what was put aside")
    server.stop()
    # Nobody has seen that one: the next is put aside by a person's word only.
    server.config.write_text('quarantine = "always"\n' + server.config.read_text())
    data.write_bytes(b"")
    done = subprocess.run([str(TWINLINKD), "-c", str(server.config)], capture_output=True, text=True, timeout=LIMIT_S)
    equal((done.returncode, "in safe mode already" in done.stderr), (1, True), f"exit code of a second damaged store ({done.stderr})")
    server.start("--quarantine")
    equal(len(list(server.store.parent.glob("store.quarantine-*"))), 2, "stores put aside")
    server.stop()


def two_daemons(folder):
    """a second daemon on the same socket or the same store is refused and disturbs nothing"""
    server = Server(folder / "server", "udp").start()
    second = Server(folder / "second", "udp", store=server.store)
    done = subprocess.run([str(TWINLINKD), "-c", str(second.config)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(done.returncode, 1, f"exit code on a store in use ({done.stderr})")
    text = second.config.read_text().replace(str(second.socket), str(server.socket))
    second.config.write_text(text.replace(str(server.store), str(folder / "other")))
    done = subprocess.run([str(TWINLINKD), "-c", str(second.config)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(done.returncode, 3, f"exit code on a socket in use ({done.stderr})")
    check(server.status() is not None, "the first daemon does not answer any more")
    server.stop()


if __name__ == "__main__":
    main([wrong_configuration, devices, stores, damaged_and_alone, two_daemons])
