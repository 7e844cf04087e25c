"""A second fault: a daemon died while it wrote, and a call for its store fails when it is started again."""
import hashlib
import os
import signal

from rig import BIN, Processes, Server, check, equal, main, switch, wait_for

FAULTS = BIN / "tests/store/libfaulty_calls.so"
ON_AND_ON = ["--hours", "1000", "--opens", "00:00", "--closes", "24:00"]
# What of the store must be as it was; lock.mdb is LMDB's table of readers, writer.lock names whoever tried last.
DATA = "data.mdb"


def fingerprint(server):
    return hashlib.sha256((server.store / DATA).read_bytes()).hexdigest()


def start_with_fault(server, call, error):
    """Starts it with that call below its store failing, and all after it. Returns the exit code; None: it came up."""
    environment = {"LD_PRELOAD": str(FAULTS.resolve()), "TWINLINK_FAULT": f"{call} {error} forever",
                   "TWINLINK_FAULT_ROOT": str(server.store),
                   # The sanitizer's run-time wants to be first, and need not be.
                   "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    server.prefix = ["env", *(f"{k}={v}" for k, v in environment.items())]
    server.log.unlink()
    server.process = Processes.start([*server.prefix, BIN / "tools/twinlinkd/twinlinkd", "-c", server.config],
                                     stderr=open(server.log, "a"))
    server.prefix = []
    wait_for("twinlinkd to end or to answer", lambda: server.process.poll() is not None or server.asked() is not None)
    return server.process.poll()


def second_fault(folder):
    """killed while it wrote, then EIO, EMFILE or EACCES while its store is opened: exit code 1, said, no byte of it changed"""
    server = Server(folder / "server", "udp", extra_store="rows_every_ms = 20\ncheckpoint_every_ms = 50").start()
    sender = switch([server], server.folder, "--agents", "50", *ON_AND_ON, "--speed", "1500", wait=False, truth=False)
    wait_for("commits", lambda: server.status()["store"]["commits"] > 20)
    server.kill()
    sender.kill()
    before = fingerprint(server)
    failed = 0
    for call in range(0, 200, 2):
        error = (5, 24, 13)[call // 2 % 3]
        code = start_with_fault(server, call, error)
        if "is open; collecting" in server.tail():
            # Beyond the last call of the opening: its store stops with the first commit, if not before.
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            break
        equal(code, 1, f"exit code with call {call} failing with {error} ({server.tail()})")
        check(str(server.store) in server.tail(), f"call {call}: it did not say which store: {server.tail()}")
        equal(fingerprint(server), before, f"{DATA} after call {call} failed")
        failed += 1
    check(failed >= 5, f"only {failed} openings failed")
    server.start()
    server.stop()
    server.store_check()


if __name__ == "__main__":
    main([second_fault])
