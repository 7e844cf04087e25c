"""What tests of backups share: the commands, a small disk that is full, and what a folder holds."""
import ctypes
import hashlib
import json
import subprocess
from contextlib import contextmanager

from rig import LIMIT_S, TWINLINK, Processes, Skipped, check


def command(*words, codes=(0,)):
    """Runs `twinlink WORDS --json`; returns its document (None where it printed none) and what it said on stderr."""
    run = subprocess.run([str(TWINLINK), *map(str, words), "--json"], capture_output=True, text=True, timeout=LIMIT_S)
    check(run.returncode in codes, f"twinlink {words}: exit {run.returncode}: {run.stdout} {run.stderr}")
    return (json.loads(run.stdout) if run.stdout else None), run.stderr


def refused(*words, says, codes=(1,)):
    """It is refused, and says all of that."""
    document, said = command(*words, codes=codes)
    check(document is None, f"twinlink {words} printed a document though it was refused")
    for part in [says] if isinstance(says, str) else says:
        check(part in said, f"twinlink {words}: {part!r} is not said: {said}")


def begun(*words):
    """The same, going on by itself."""
    return Processes.start([TWINLINK, *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def backup_system(server, file, *words, codes=(0,)):
    return command("backup", "system", file, "--config", server.config, *words, codes=codes)


def holds(folder):
    """Every file below the folder with its SHA-256."""
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.rglob("*") if f.is_file()}


@contextmanager
def small_disk(folder, size):
    """A file system of its own of that size."""
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"twinlink", str(folder).encode(), b"tmpfs", 0, f"size={size}".encode()) != 0:
        raise Skipped("no right to mount a small file system")
    try:
        yield folder
    finally:
        libc.umount2(str(folder).encode(), 2)


@contextmanager
def filled(folder):
    """That file system is full meanwhile."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for piece in (65536, 4096):
            try:
                while file.write(bytes(piece)) == piece:
                    pass
            except OSError:
                pass
    yield
    ballast.unlink()
