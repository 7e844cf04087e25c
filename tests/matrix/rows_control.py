"""Row 0: the rig itself. Proofs that cannot fail prove nothing, so here is a pair that cannot heal."""
from matrix_rig import DAY, count, equal, missing_equals_truth, of_reference, row
from pair_rig import equal_rows
from rig import Failed


def must_fail(what, proof):
    try:
        proof()
    except Failed:
        return what
    raise Failed(f"{what}: held where it must not")


@row(0, quick=True)
def control(rig):
    """the control of all others: the wire between the servers is cut for good, and server 1 lacks 100 messages

    each proof that the other rows use fails, but for the server that lacks nothing"""
    one, two = rig.two()
    rig.hosts.set_pair("down")
    truth = rig.send([one, two], *DAY, "--speed", "1200", "--fault", "server=1 at-seq=500..599 drop")
    one.settle(), two.settle()
    one.stop(), two.stop()
    equal(count(truth.lost(1)), 100, "messages lost to server 1")
    other = [word if word != "5" else "6" for word in DAY]  # another seed
    failed = [must_fail("missing = lost to both", lambda: missing_equals_truth(one, two, truth)),
              must_fail("equal rows", lambda: equal_rows(one, two)),
              must_fail("the reference for server 1", lambda: of_reference(rig.folder, DAY, [one])),
              must_fail("the reference of another day", lambda: of_reference(rig.folder, other, [two]))]
    rig.show("failed as they must: " + ", ".join(failed))
    rig.reference(DAY, two)
