"""Rows 8 and 43: copies of one message that differ, on the links of a server or between the two.

Which copy counts is decided by arrival where the product has no rule of its own (`has_rule()` tells). Without one rows may
differ, and that must be told; with one they must not.
"""
from matrix_rig import DAY, check, connected, equal, row, told, wait_for
from pair_rig import asked, counter, rows_of
from tape import Tape

TABLES = ("skills", "agents", "vdns", "vectors", "trunk-groups", "calls", "logins")


def has_rule(server):
    """Whether the two compare copies that differ: then `twinlink partner` counts them."""
    return any(c["counter"] == "copies_differ" for c in asked(server)["counters"])


def likeness(one, two):
    """What `twinlink verify --partner` says once closed intervals are compared: (equal, different), both servers alike."""
    def of(server):
        document = server.twinlink("verify", "--partner", "--socket", str(server.socket), store=False)
        return document["equal"], document["different"]

    def settled():
        says = of(one)
        return says if sum(says) and says == of(two) and says == of(one) else None
    return wait_for("both servers to say the same", settled, said=lambda: f"{of(one)} and {of(two)}")


def told_truly(rig, one, two):
    """Whether rows are equal or not, that is what is told; equal they must be where the product has a rule."""
    rule = has_rule(one)
    if rule:
        wait_for("the rule to have made them equal", lambda: likeness(one, two)[1] == 0)
    alike, different = likeness(one, two)
    check(different or rule, "nothing differs: the row proves nothing")
    how = f"by rule (copies compared: {counter(one, 'copies_differ')} | {counter(two, 'copies_differ')} differ)" if rule else "by arrival"
    one.stop(), two.stop()
    closed = lambda server, table: [r for r in rows_of(server, table) if r.get("CLOSED", True)]
    unlike = [table for table in TABLES if closed(one, table) != closed(two, table)]
    equal(bool(unlike), different > 0, f"rows differ in {unlike}; told")
    for server in (one, two):
        server.store_check()
    rig.show(f"which copy counts is decided {how}: {alike} tables equal, {different} told as different")


@row(8, quick=True)
def copies_differ(rig):
    """links A and B bring other bytes for one message, both valid; server 1 hears A first, server 2 hears B first

    counted and told on both; if their rows differ by it, `verify --partner` says so (without a rule, which copy counts is decided by
    arrival)"""
    one, two = rig.two(more="[links]\nreorder_window_ms = 2000\nsilence_ms = 10000")
    faults = ["server=1 link=B at-seq=400..420 delay=60s", "server=2 link=A at-seq=400..420 delay=60s",
              *(f"link=B at-seq={seq}..{seq} differ" for seq in range(402, 420, 3))]
    rig.send([one, two], *DAY, "--speed", "600", *(word for fault in faults for word in ("--fault", fault)))
    one.settle(), two.settle()
    seen = [s.status()["conflicts"] for s in (one, two)]
    equal(seen, [6, 6], "conflicts")
    for server in (one, two):
        wait_for("the exception", lambda: told(server, "conflict"))
    records = [sum(e["COUNT"] for e in told(s, "conflict")) for s in (one, two)]
    rig.show(f"6 messages sent with other bytes on B; conflicts counted {seen[0]} | {seen[1]}, in exceptions {records[0]} | {records[1]}")
    told_truly(rig, one, two)


@row(43, quick=True)
def partner_diverged(rig):
    """the two servers hold other bytes of the same names, each valid: what each got over both its links was not the same

    the difference is told by both, as far as rows differ; nothing is overwritten silently"""
    folder = rig.folder / "recording"
    folder.mkdir()
    played = Tape(folder, DAY)
    one, two = rig.two(more="[links]\nreorder_window_ms = 2000")
    names = [seq for seq in played.messages if 300 < seq < 700 and played.template(seq) == "CallAnswered"][:5]
    # Meanwhile neither can take from the other what its links bring later.
    rig.hosts.set_pair("down")
    played.play(rig.hosts, servers=(1,))
    played.change_times(names, 1000)
    played.play(rig.hosts, servers=(2,))
    one.settle(), two.settle()
    rig.hosts.set_pair("up")
    connected(one, two)
    rig.show(f"server 2 got {len(names)} answers of calls a microsecond later")
    told_truly(rig, one, two)
