"""What tests of a pair share: credentials, two servers on this machine, when they are healed, and the proofs that they are equal."""
import json
import subprocess

from rig import LIMIT_S, TWINLINK, Server, Truth, check, end_orderly, equal, free_udp_ports, open_ranges, wait_for

# A day that outlasts every test on every machine; whoever starts it ends it (rig.end_orderly).
ON_AND_ON = ["--hours", "1000", "--opens", "00:00", "--closes", "24:00"]


def pair_command(*words, code=0):
    run = subprocess.run([str(TWINLINK), "pair", *map(str, words)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(run.returncode, code, f"exit code of twinlink pair {words} ({run.stderr})")
    return run.stdout + run.stderr


def make_credentials(folder, days=None):
    """Three commands, as an operator runs them; returns the two folders."""
    one, two = folder / "pair1", folder / "pair2"
    more = ["--days", days] if days else []
    pair_command("init", "--credentials", one)
    pair_command("join", one / "own.crt", "--credentials", two, *more)
    pair_command("join", two / "own.crt", "--credentials", one)
    for file in [*one.iterdir(), *two.iterdir()]:
        equal(file.stat().st_mode & 0o777, 0o600, f"mode of {file}")
    return one, two


def partner_table(mode, port, credentials, more="", host="127.0.0.1"):
    return f'[partner]\n{mode} = "{host}:{port}"\ncredentials = "{credentials}"\n{more}'


# Memory is taken at start: little of it, where servers are started again and again.
SMALL = {"extra_store": "commit_mib_max = 8", "extra_acd": "calls_max = 4096\nagents_max = 1024\nskills_max = 64", "pool_frames": 8192}


def two_servers(folder, more="", **options):
    port = free_udp_ports(1)[0]
    one, two = make_credentials(folder)
    return (Server(folder / "one", "udp", extra=partner_table("listen", port, one, more), **options),
            Server(folder / "two", "udp", extra=partner_table("connect", port, two, more), **options))


def asked(server):
    """What `twinlink partner` says, as a machine reads it."""
    run = subprocess.run([str(TWINLINK), "partner", "--socket", str(server.socket), "--json"], capture_output=True, text=True,
                         timeout=LIMIT_S)
    check(run.returncode in (0, 1), f"twinlink partner: exit {run.returncode}: {run.stderr}")
    return json.loads(run.stdout)


def connected(*servers):
    for server in servers:
        wait_for("the partners to connect", lambda: asked(server)["state"] == "up", said=lambda: asked(server)["text"])


def counter(server, name):
    return next(c["value"] for c in asked(server)["counters"] if c["counter"] == name)


def common(a, b):
    """Ranges that are in both, by stream."""
    both = {}
    for key in a.keys() & b.keys():
        ranges = [(max(x[0], y[0]), min(x[1], y[1])) for x in a[key] for y in b[key]]
        ranges = sorted(r for r in ranges if r[0] <= r[1])
        if ranges:
            both[key] = ranges
    return both


def healed(*servers):
    """Nothing that the partner has is missing, nothing waits to be folded again."""
    def what_lacks():
        lacks = []
        for server in servers:
            partner, status = asked(server), server.status()
            lacks += [f"{s['wanted']} wanted" for s in partner["streams"] if s["wanted"] or s["behind"]]
            lacks += [f"{partner['asked']} under way"] if partner["asked"] else []
            lacks += ["refolding"] if status["refolding"] else []
            lacks += ["commits"] if status["store"]["committed_messages"] != status["messages"] else []
            lacks += ["filled, not healed"] if any(g["state"] == "filled" for g in server.gaps()["gaps"]) else []
        return lacks
    connected(*servers)
    wait_for("the pair to heal", lambda: not what_lacks(), said=lambda: ", ".join(what_lacks()))


def intervals_begun(server):
    """Of how many intervals there are rows: the last of them is not over, and has some all the same."""
    return len({r["STARTTIME_UTC"] for r in server.twinlink("report", "skills")["rows"]})


def rows_of(server, table):
    rows = server.rows(table)["rows"]
    for row in rows:
        del row["REVISION"]  # how often it was recomputed is each server's own
    return rows


def equal_rows(one, two):
    for table in ("skills", "agents", "vdns", "vectors", "trunk-groups", "calls", "logins"):
        a, b = rows_of(one, table), rows_of(two, table)
        check(a or table == "logins", f"no rows of {table}")
        check(a == b, f"{table}: the servers differ: {next(((x, y) for x, y in zip(a + [None], b + [None]) if x != y), None)}")


def missing_equals_truth(one, two, truth):
    """Each server lacks exactly what both have lost."""
    wanted = common(truth.lost(1), truth.lost(2))
    for server in (one, two):
        equal(open_ranges(server.gaps()), wanted, "what is missing, against what both lost")


def end_equal(one, two, sender, folder):
    """The switch that still sends ends; both heal, hold the same rows, and lack exactly what the truth says that both lost. Stopped."""
    end_orderly(sender)
    one.settle(), two.settle()
    healed(one, two)
    proven_equal(one, two)
    one.stop(), two.stop()
    missing_equals_truth(one, two, Truth(folder / "truth.json"))
    equal_rows(one, two)


def proven_equal(one, two):
    """`twinlink verify --partner` on both, once the switch has closed an interval: all tables equal."""
    for server in (one, two):
        def verified():
            run = subprocess.run([str(TWINLINK), "verify", "--partner", "--socket", str(server.socket), "--json"],
                                 capture_output=True, text=True, timeout=LIMIT_S)
            check(run.returncode in (0, 1), f"verify --partner: exit {run.returncode}: {run.stderr}")
            document = json.loads(run.stdout)
            equal(document["different"], 0, "tables that differ")
            return run.returncode == 0 and document["equal"] > 0
        wait_for("all digests to be equal", verified)
