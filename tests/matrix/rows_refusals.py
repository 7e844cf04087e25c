"""Row 55: what the daemon refuses to start with."""
import ctypes
import os
import subprocess

from matrix_rig import PAIR_PORT, check, equal, row
from rig import LIMIT_S, TWINLINKD, Skipped

LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT = 1, 32
# Codes of twinlinkd.
STORE, CONFIGURATION, UNREACHABLE = 1, 2, 3


def refused(server, code, text, *, untouched=True):
    """Starts it; it must leave with that code and one line that says so. Returns the code."""
    done = subprocess.run([*server.prefix, str(TWINLINKD), "-c", str(server.config)], capture_output=True, text=True,
                          timeout=LIMIT_S)
    said = [line for line in done.stderr.splitlines() if " error: " in line]
    equal(done.returncode, code, f"exit code ({done.stderr})")
    check(len(said) == 1 and text in said[0], f"wanted one line with '{text}': {done.stderr}")
    check(not untouched or not server.store.exists(), "the store was touched")
    return code


@row(55, quick=True)
def refused_to_start(rig):
    """wrong configuration, credentials that others can read, a read-only disk, a partner's port and a store in use, no hugepages

    an exit code for each and one clear line, before the store is touched"""
    codes = {}
    number = 0

    def fresh(**options):
        nonlocal number
        number += 1
        return rig.server(1, name=f"server{number}", **options)

    def with_text(old, new, **options):
        server = fresh(**options)
        text = server.config.read_text()
        check(old in text, f"no {old} in the configuration")
        server.config.write_text(text.replace(old, new))
        return server
    codes["unknown key"] = refused(with_text("map_gib = 8", "map_gob = 8"), CONFIGURATION, "map_gob")
    codes["wrong value"] = refused(with_text("map_gib = 8", "map_gib = -8"), CONFIGURATION, "map_gib must be")
    key = rig.folder / "pair1/own.key"
    key.chmod(0o644)
    codes["key readable by others"] = refused(fresh(), UNREACHABLE, "can be read by others", untouched=False)
    key.chmod(0o600)
    codes["no such device"] = refused(with_text("iface=lB", "iface=nowhere"), UNREACHABLE, "link B")
    # A machine may have some; then this cannot be seen there.
    if int(next(l for l in open("/proc/meminfo") if l.startswith("HugePages_Total")).split()[1]) == 0:
        codes["no hugepages"] = refused(with_text('hugepages = "no"', 'hugepages = "yes"'), UNREACHABLE, "no hugepages are free")
    disk = rig.folder / "disk"
    disk.mkdir()
    if LIBC.mount(b"twinlink", str(disk).encode(), b"tmpfs", 0, b"size=4m") != 0:
        raise Skipped("no right to mount a small file system")
    try:
        LIBC.mount(b"twinlink", str(disk).encode(), b"tmpfs", MS_REMOUNT | MS_RDONLY, b"size=4m")
        codes["read-only disk"] = refused(fresh(store_path=disk / "store"), STORE, "store")
    finally:
        LIBC.umount2(str(disk).encode(), 2)
    running = fresh().start()
    second = fresh()
    codes["partner's port in use"] = refused(second, UNREACHABLE, str(PAIR_PORT), untouched=False)
    third = fresh(store_path=running.store)
    before = os.stat(running.store / "data.mdb").st_size
    codes["store in use"] = refused(third, STORE, "store", untouched=False)
    equal(os.stat(running.store / "data.mdb").st_size >= before, True, "the store of the first one")
    fourth = fresh()
    text = fourth.config.read_text()
    fourth.config.write_text(text.replace(str(fourth.socket), str(running.socket)))
    codes["control socket in use"] = refused(fourth, UNREACHABLE, "control", untouched=False)
    check(running.status() is not None, "the first daemon does not answer any more")
    running.stop()
    running.store_check()
    rig.show(", ".join(f"{what}: {code}" for what, code in codes.items()))
