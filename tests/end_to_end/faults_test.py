"""Faults on the links against the truth: what the switch says it lost is what the gap report says is missing."""
from rig import PATIENT, Server, check, equal, gaps_equal_truth, links_equal_truth, main, switch, wait_for

SMALL = ["--agents", "40", "--hours", "2"]


def key(row):
    return tuple(row.get(k) for k in ("ACD", "STARTTIME_UTC", "INSTANCE", "SPLIT", "LOGID"))


def values(row):
    return {k: v for k, v in row.items() if k not in ("REVISION", "FOLD_VERSION")}


def wait_until_whole(server):
    """Every gap is filled, and what it touched is folded again."""
    wait_for("every gap to be filled", lambda: server.open_gaps() == 0)
    wait_for("every row to be complete", lambda: not any(
        row["INCOMPLETE"] for table in ("skills", "agents") for row in server.rows(table)["rows"]))


def collect(folder, *args, wire="vhost", acds=1, speed="2000", whole=False):
    server = Server(folder / "server", wire, acds).start()
    truth = switch([server], server.folder, *SMALL, "--speed", speed, "--seed", "7", "--acds", str(acds), *args)
    server.settle()
    if whole:
        wait_until_whole(server)
    server.stop()
    return server, truth


def clean_run(folder, *day):
    """The same day without faults, as fast as it goes."""
    server = Server(folder / "clean", extra=PATIENT).start()
    switch([server], server.folder, *day, "--speed", "max")
    server.settle()
    server.stop()
    equal(server.gaps()["gaps"], [], "gaps of a day without faults")
    return server


def complete_rows_equal(server, clean):
    """Wherever no message is missing, a row is that of a run without faults. Returns how many were compared."""
    compared = 0
    for table in ("skills", "agents"):
        wanted = {key(r): values(r) for r in clean.rows(table)["rows"]}
        for row in server.rows(table)["rows"]:
            if row["INCOMPLETE"]:
                continue
            equal(values(row), wanted.get(key(row)), f"{table}: the complete row {key(row)}")
            compared += 1
    return compared


def never_both(folder):
    """loss, bursts and reordering on both links, but never of the same message: nothing missing, rows as without faults"""
    clean = clean_run(folder, *SMALL, "--seed", "7")
    server, truth = collect(folder, "--fault", "loss=0.05", "--fault", "burst=0.005:20", "--fault", "reorder=0.05:4",
                            "--fault", "dup=0.1", "--fault", "never-both", whole=True)
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    # On a machine that stands still for a moment, a copy may come after the reorder window: that is a gap for as long.
    equal([gap for gap in server.gaps()["gaps"] if gap["state"] not in ("filled", "healed")], [], "gaps")
    rows = complete_rows_equal(server, clean)
    equal(rows, sum(len(clean.rows(t)["rows"]) for t in ("skills", "agents")), "complete rows")
    server.store_check()


def both_links(folder):
    """loss on both links, scripted and random: every missing message is named, no other one; complete rows are right"""
    clean = clean_run(folder, *SMALL, "--seed", "7")
    server, truth = collect(folder, "--fault", "at-seq=2000..2003 drop", "--fault", "at=09:40 for=20s drop",
                            "--fault", "loss=0.03 link=A", "--fault", "loss=0.03 link=B", "--pump-up-every", "20")
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    lost = truth.streams()[0]["servers"][0]["lost_both"]
    check(lost >= 4, "the switch lost nothing on both links: the test proves nothing")
    check(complete_rows_equal(server, clean) > 0, "no row is complete: the test proves nothing")
    server.store_check()


def damage(folder):
    """corrupt, cut off and wild frames are refused or set aside, counted, and missing where both copies were hit"""
    server, truth = collect(folder, "--fault", "corrupt=0.05", "--fault", "truncate=0.03", "--fault", "wild=0.02")
    gaps_equal_truth(server, truth)
    server.store_check()


def conflicts(folder):
    """copies with other bytes and a valid CRC are counted as conflicts"""
    server = Server(folder / "server").start()
    truth = switch([server], server.folder, *SMALL, "--speed", "2000", "--fault", "differ=0.02 link=B")
    server.settle()
    conflicts_seen = server.status()["conflicts"]
    server.stop()
    gaps_equal_truth(server, truth)
    sent = truth.streams()[0]["servers"][0]["links"]["B"]["conflict"]
    check(sent > 0, "no differing copy was sent: the test proves nothing")
    # Whichever copy came first counts; the other one is the conflict. Where B's frame was the first and A's came within
    # the history, it is seen from the other side. A copy that came when its twin had left the history is not compared.
    check(0 < conflicts_seen <= sent, f"conflicts: seen {conflicts_seen}, sent {sent}")


def link_down(folder):
    """one link down, then the other, each with its pump-up: no gap; both down: one gap with that cause"""
    # Two seconds of silence for both, so that a machine that stands still for a moment does not hide it.
    server, truth = collect(folder, "--fault", "link=A at=08:20 for=10m down", "--fault", "link=B at=08:40 for=10m down",
                            "--fault", "link=both at=09:00 for=40m down", speed="1200")
    gaps_equal_truth(server, truth)
    gaps = [g for g in server.gaps()["gaps"] if g["state"] == "open"]
    check(gaps, "both links were down and nothing is missing: the test proves nothing")
    equal({g["cause"] for g in gaps}, {"link_down"}, "causes")


def restart_of_the_acd(folder):
    """an ACD that crashes begins a new epoch: both streams are whole, and nothing is taken for a huge gap"""
    server, truth = collect(folder, "--restart-at", "09:00", "--restart-at", "09:30")
    gaps_equal_truth(server, truth)
    equal(len(server.gaps()["streams"]), 3, "epochs")
    server.store_check()


def two_acds_udp(folder):
    """several ACDs over kernel sockets, frames cut differently on the two links"""
    server, truth = collect(folder, "--cut-differently", "--fault", "loss=0.02", wire="udp", acds=3)
    equal(len(truth.streams()), 3, "streams")
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    server.store_check()


def late_copies(folder):
    """one link loses what the other brings long after: gaps open, are filled and folded in; rows as without faults"""
    clean = clean_run(folder, *SMALL, "--seed", "7")
    server = Server(folder / "server", "vhost", 1).start()
    faults = []
    for names in ("1500..1530", "2600..2601", "4000..4300"):
        faults += ["--fault", f"link=A at-seq={names} drop", "--fault", f"link=B at-seq={names} delay=20m"]
    switch([server], server.folder, *SMALL, "--speed", "2000", "--seed", "7", *faults)
    server.settle()
    wait_for("a refold", lambda: server.status()["refolds"] > 0)
    wait_until_whole(server)
    server.stop()
    gaps = server.gaps()["gaps"]
    check(gaps and all(gap["state"] in ("filled", "healed") for gap in gaps), f"gaps that were filled: {gaps}")
    rows = complete_rows_equal(server, clean)
    equal(rows, sum(len(clean.rows(t)["rows"]) for t in ("skills", "agents")), "complete rows")
    server.store_check()


if __name__ == "__main__":
    main([never_both, both_links, late_copies, damage, conflicts, link_down, restart_of_the_acd, two_acds_udp])
