"""The procedure of a rolling upgrade, step by step, with servers and switches of two versions."""
import hashlib
import json
import random
import shutil
import subprocess
import time

import runs
from matrix_rig import DAY, SMALL_ACD, SMALL_STORE, of_reference
from pair_rig import (asked, common, connected, counter, equal_rows, healed, make_credentials, missing_equals_truth,
                      partner_table, proven_equal)
from rig import (ACDSIM, LIMIT_S, TWINLINK, TWINLINKD, PATIENT, Server, Truth, check, equal, free_udp_ports, main, switch, wait_for)

OLD = FOLD = None  # tools of the previous version, and of the one that folds by other rules
SEED = random.Random(20261130)
LOSSES = ["--fault", "server=1 loss=0.1", "--fault", "server=2 loss=0.1"]


def server_of(folder, partner):
    return Server(folder, "udp", extra=f"{PATIENT}\n{partner}", extra_store=SMALL_STORE, extra_acd=SMALL_ACD, pool_frames=8192,
                  crashes_max=None)


def pair(folder, program):
    """Two servers, both running `program` and connected."""
    port = free_udp_ports(1)[0]
    credentials = make_credentials(folder)
    servers = [server_of(folder / f"server{n}", partner_table(mode, port, own))
               for n, mode, own in ((1, "listen", credentials[0]), (2, "connect", credentials[1]))]
    for server in servers:
        server.program = program
        server.start()
    connected(*servers)
    return servers


def upgrade_check(server):
    """(exit code, document) of this version's `twinlink upgrade check`."""
    run = subprocess.run([str(TWINLINK), "upgrade", "check", "--socket", str(server.socket), "--json"], capture_output=True, text=True,
                         timeout=LIMIT_S)
    check(run.returncode in (0, 1), f"twinlink upgrade check: exit {run.returncode}: {run.stderr}")
    return run.returncode, json.loads(run.stdout)


def safe(server):
    """Waits until it is safe to stop the server."""
    def bad():
        code, document = upgrade_check(server)
        equal(document["safe"], code == 0, "what the exit code says")
        return [f"{c['check']}: {c['text']}" for c in document["checks"] if c["verdict"] == "NO"]
    wait_for("an upgrade to be safe", lambda: not bad(), said=lambda: "; ".join(bad()))


def upgrade(server, other, program=TWINLINKD):
    """Stops it and starts `program` in its place; while it is away the other one collects. Returns how many messages that got."""
    server.stop()
    code, document = upgrade_check(other)
    equal(code, 1, "whether the other one may be stopped meanwhile")
    check(any(c["check"] == "partner" and c["verdict"] == "NO" for c in document["checks"]), "the partner's absence is not told")
    before = other.messages()
    wait_for("the other one to collect meanwhile", lambda: other.messages() > before + 50)
    away = other.messages() - before
    server.program = program
    server.start()
    connected(server, other)
    return away


def version(server):
    return server.status()["version"]


def never_different(*servers):
    for server in servers:
        run = subprocess.run([str(TWINLINK), "verify", "--partner", "--socket", str(server.socket), "--json"], capture_output=True,
                             text=True, timeout=LIMIT_S)
        equal(json.loads(run.stdout)["different"], 0, "tables that differ")


def proven(folder, one, two, sender, words):
    """The day is over: all of it is on both, equal, and what the independent reference computes from it."""
    equal(sender.wait(5 * LIMIT_S), 0, "exit code of acdsim")
    truth = Truth(folder / "truth.json")
    for server in (one, two):
        server.settle()
    healed(one, two)
    proven_equal(one, two)
    one.stop(), two.stop()
    missing_equals_truth(one, two, truth)
    equal_rows(one, two)
    for server in (one, two):
        server.store_check()
    check(not common(truth.lost(1), truth.lost(2)), "both lost the same: the reference needs another seed")
    return of_reference(folder, words, (one, two))


def day(folder, servers, speed):
    """A day of the switch that outlasts the procedure."""
    sender = switch(servers, folder, *DAY, "--speed", str(speed), *LOSSES, wait=False)

    def come():
        check(sender.poll() in (None, 0), "acdsim failed: " + (folder / "acdsim.log").read_text()[-500:])
        return all(server.messages() > 100 for server in servers)
    wait_for("messages to come", come)
    return sender


def rolling(folder):
    """one server after the other gets this version, under load: nothing is lost, equal to each other and to the reference"""
    one, two = pair(folder, OLD / "twinlinkd/twinlinkd")
    old = version(one)
    sender = day(folder, (one, two), 12)
    for server, other in ((one, two), (two, one)):
        safe(server)
        away = upgrade(server, other)
        equal(server.status()["store"]["counters"]["migrated_from"], 1, "format that the store had")
        healed(one, two)
        never_different(one, two)
        print(f"  server {1 if server is one else 2}: {old} -> {version(server)}, {away} messages meanwhile, "
              f"protocol version {asked(server)['version']}", flush=True)
    check(sender.poll() is None, "the day was over before the procedure: the test proves nothing")
    equal(version(one), version(two), "versions")
    check(version(one) != old, "the version has not changed: the test proves nothing")
    check(counter(one, "names_in") + counter(two, "names_in") > 0, "nobody lacked anything: the test proves nothing")
    values = proven(folder, one, two, sender, DAY)
    print(f"  {values:,} values equal the reference", flush=True)


def info_of(server):
    return json.loads(subprocess.run([str(TWINLINK), "store", "info", str(server.store), "--json"], check=True, capture_output=True,
                                     text=True).stdout)


def killed(folder):
    """kill -9 at random moments of the first start on an older store: the next one goes on, and lacks nothing"""
    server = Server(folder / "server", "udp", extra=PATIENT, extra_store=SMALL_STORE, extra_acd=SMALL_ACD, pool_frames=8192, crashes_max=None)
    server.program = OLD / "twinlinkd/twinlinkd"
    server.start()
    switch([server], folder, *DAY, "--speed", "900")
    server.settle()
    server.stop()
    rows = server.rows("skills")["rows"]
    older = 0
    server.program = TWINLINKD
    for _ in range(25):
        if info_of(server)["format"] == 1:
            shutil.rmtree(folder / "older", ignore_errors=True)
            shutil.copytree(server.store, folder / "older")
        else:
            shutil.rmtree(server.store)
            shutil.copytree(folder / "older", server.store)
        process = subprocess.Popen([str(TWINLINKD), "-c", str(server.config)], stderr=subprocess.DEVNULL)
        time.sleep(SEED.uniform(0, 0.1))
        process.kill()
        process.wait()
        older += info_of(server)["format"] == 1
    server.start()
    server.stop()
    equal(server.rows("skills")["rows"], rows, "rows")
    server.store_check()
    print(f"  25 kills, in {older} of them the store was still the older one", flush=True)


def no_way_back(folder):
    """the previous version on this version's store: refused with clear words, not one byte changed"""
    server = Server(folder / "server", "udp", extra=PATIENT, extra_store=SMALL_STORE, extra_acd=SMALL_ACD, pool_frames=8192, crashes_max=None)
    server.program = TWINLINKD
    server.start()
    switch([server], folder, *DAY, "--speed", "900")
    server.settle()
    server.stop()
    data = server.store / "data.mdb"
    before = hashlib.sha256(data.read_bytes()).hexdigest()
    for program in (OLD / "twinlinkd/twinlinkd", OLD / "twinlink/twinlink"):
        words = ["-c", str(server.config)] if program.name == "twinlinkd" else ["gaps", "--store", str(server.store)]
        run = subprocess.run([str(program), *words], capture_output=True, text=True, timeout=LIMIT_S)
        equal(run.returncode, 1, f"exit code of the older {program.name}")
        check("use a newer program" in run.stderr, f"the older {program.name} says {run.stderr}")
    equal(hashlib.sha256(data.read_bytes()).hexdigest(), before, "the store")
    print("  " + next(l for l in run.stderr.splitlines() if "newer program" in l)[:200], flush=True)


def two_folds(folder):
    """the previous version folds by other rules: never called different, and all rows are of the new rules in the end"""
    one, two = pair(folder, FOLD / "twinlinkd/twinlinkd")
    sender = day(folder, (one, two), 12)
    for server, other in ((one, two), (two, one)):
        safe(server)
        upgrade(server, other)
        healed(one, two)
        never_different(one, two)
    check(sender.poll() is None, "the day was over before the procedure: the test proves nothing")
    proven(folder, one, two, sender, DAY)
    for server in (one, two):
        rows = server.rows("skills")["rows"]
        equal({r["FOLD_VERSION"] for r in rows}, {2}, "fold versions of rows")


def two_lives(servers, *losses):
    """Forty minutes of the previous version's switch, half an hour of nothing, and forty minutes of this version's."""
    for tools, start in ((OLD, "2026-03-02T09:00:00Z"), (ACDSIM.parent.parent, "2026-03-02T10:10:00Z")):
        command = [tools / "acdsim/acdsim", "run", "--agents", "20", "--seed", "5", "--speed", "900", "--hours", "40m", "--start", start,
                   "--wait-ready", LIMIT_S, "--give-up", "0", *losses]
        for server in servers:
            command += ["--server", ",".join(f"{l}={spec}" for l, spec in server.wire.switch.items())]
        subprocess.run([str(w) for w in command], check=True, capture_output=True, timeout=5 * LIMIT_S)
        for server in servers:
            server.settle()


def switch_upgraded(folder):
    """the switch gets another version: silence, then a new life of its numbering; lost is nothing but the silence, and it shows"""
    one, two = pair(folder, TWINLINKD)
    two_lives((one, two), *LOSSES)
    healed(one, two)
    proven_equal(one, two)
    one.stop(), two.stop()
    for server in (one, two):
        streams = server.gaps()["streams"]
        equal(len(streams), 2, "lives")
        equal([s["missing"] for s in streams], [0, 0], "missing in each")
        told = {e["EXCEPTION"] for e in server.twinlink("report", "exceptions")["exceptions"]}
        check({"silent", "epoch_begun", "pump_up"} <= told, f"the silence and the new life are not told: {told}")
        server.store_check()
    equal_rows(one, two)
    whole = server_of(folder / "whole", "").start()
    two_lives([whole])
    whole.stop()
    check(not whole.gaps()["gaps"], "the server that shall lose nothing lost something")
    values = runs.same_values(whole, (one, two))
    print(f"  told: {', '.join(sorted(told))}; {values:,} values equal those of a server that lost nothing", flush=True)


def run(old, fold):
    global OLD, FOLD
    OLD, FOLD = old, fold
    main([rolling, killed, no_way_back, two_folds, switch_upgraded])
