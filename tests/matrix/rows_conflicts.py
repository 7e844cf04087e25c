"""Rows 8 and 43: copies of one message that differ, on the links of a server or between the two.

Of such copies both servers come to keep the same one, so the rows must be equal in the end, whatever came first.
"""
from matrix_rig import DAY, check, connected, equal, row, told, wait_for
from pair_rig import counter, rows_of
from tape import Tape

TABLES = ("skills", "agents", "vdns", "vectors", "trunk-groups", "calls", "logins")


def likeness(one, two):
    """What `twinlink verify --partner` says once closed intervals are compared: (equal, different), both servers alike."""
    def of(server):
        document = server.twinlink("verify", "--partner", "--socket", str(server.socket), store=False)
        return document["equal"], document["different"]

    def settled():
        says = of(one)
        return says if sum(says) and says == of(two) and says == of(one) else None
    return wait_for("both servers to say the same", settled, said=lambda: f"{of(one)} and {of(two)}")


def settled_alike(rig, one, two):
    """Both hold the same rows, and say so; each still counts that there were other copies."""
    wait_for("the same copy to count on both", lambda: likeness(one, two)[1] == 0, said=lambda: str(likeness(one, two)))
    alike, _ = likeness(one, two)
    differ = [counter(s, "copies_differ") for s in (one, two)]
    conflicts = [s.status()["conflicts"] for s in (one, two)]
    check(max(conflicts) > 0, "nothing differed: the row proves nothing")
    one.stop(), two.stop()
    closed = lambda server, table: [r for r in rows_of(server, table) if r.get("CLOSED", True)]
    equal([table for table in TABLES if closed(one, table) != closed(two, table)], [], "tables that differ")
    for server in (one, two):
        server.store_check()
    rig.show(f"conflicts counted {conflicts[0]} | {conflicts[1]}, of the partner's copies {differ[0]} | {differ[1]} differed; "
             f"{alike} tables equal, 0 different")


@row(8, quick=True)
def copies_differ(rig):
    """links A and B bring other bytes for one message, both valid; server 1 hears A first, server 2 hears B first

    counted and told on both; the same copy counts on both, so their rows are equal"""
    one, two = rig.two(more="[links]\nreorder_window_ms = 2000\nsilence_ms = 10000")
    faults = ["server=1 link=B at-seq=400..420 delay=60s", "server=2 link=A at-seq=400..420 delay=60s",
              *(f"link=B at-seq={seq}..{seq} differ" for seq in range(402, 420, 3))]
    rig.send([one, two], *DAY, "--speed", "600", *(word for fault in faults for word in ("--fault", fault)))
    one.settle(), two.settle()
    seen = [s.status()["conflicts"] for s in (one, two)]
    check(min(seen) >= 6, f"conflicts: {seen}, 6 were sent to each")  # what the partner tells counts as well
    for server in (one, two):
        wait_for("the exception", lambda: told(server, "conflict"))
    records = [sum(e["COUNT"] for e in told(s, "conflict")) for s in (one, two)]
    rig.show(f"6 messages sent with other bytes on B; in exceptions {records[0]} | {records[1]}")
    settled_alike(rig, one, two)


@row(43, quick=True)
def partner_diverged(rig):
    """the two servers hold other bytes of the same names, each valid: what each got over both its links was not the same

    counted on both, and settled: the same copy counts on both, so their rows are equal; nothing is overwritten silently"""
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
    settled_alike(rig, one, two)
