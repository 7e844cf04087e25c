"""What the benchmarks of whole processes share: hugepages, processes, and what /proc says of them.

Whatever is started or reserved here is ended or given back when its `with` block is left, however that is.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HUGEPAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")
HUGEPAGE_MIB = 2
TICKS = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """A benchmark could not be made; the text says why."""


@contextlib.contextmanager
def hugepages(mib, wanted=True):
    """Reserves hugepages so that `mib` are free, yields whether they are, and puts the old number back."""
    before = int(HUGEPAGES.read_text())
    free = meminfo("HugePages_Free")
    try:
        if wanted and free * HUGEPAGE_MIB < mib and os.access(HUGEPAGES, os.W_OK):
            HUGEPAGES.write_text(str(before - free + (mib + HUGEPAGE_MIB - 1) // HUGEPAGE_MIB))
        yield wanted and meminfo("HugePages_Free") * HUGEPAGE_MIB >= mib
    finally:
        if int(HUGEPAGES.read_text()) != before:
            HUGEPAGES.write_text(str(before))


def meminfo(key):
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0


@contextlib.contextmanager
def folder(under=None):
    """A folder that is gone afterwards. Unix sockets have short names: theirs are under /tmp."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tl-bench-", dir=under))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def process(args, log, core=None, **more):
    """Runs a command in its own process group; ends it with TERM, then KILL. Its output goes to `log`."""
    if core is not None:
        args = ["taskset", "-c", str(core), *args]
    with open(log, "w", encoding="utf-8") as out:
        more.setdefault("stdout", out)
        p = subprocess.Popen([str(a) for a in args], stderr=out, start_new_session=True, **more)
        try:
            yield p
        finally:
            for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
                if p.poll() is not None:
                    break
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(p.pid, sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    p.wait(patience)
            for pipe in (p.stdin, p.stdout):
                if pipe is not None:
                    pipe.close()


def wait_for(what, condition, seconds, alive=None):
    """Waits until condition() is true; Trouble when it is not in time, or when the process ended."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if alive is not None and alive.poll() is not None:
            raise Trouble(f"{what}: the process ended with {alive.returncode}")
        if time.monotonic() > end:
            raise Trouble(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def ask(control, question="status"):
    """One question to twinlinkd's control socket; None when nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(str(control))
            s.sendall(question.encode() + b"\n")
            answer = b""
            while part := s.recv(65536):
                answer += part
        return json.loads(answer)
    except (OSError, ValueError):
        return None


def thread_seconds(pid):
    """CPU seconds by thread name. A thread that ended is not in it."""
    seconds = {}
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):
            name, rest = task.read_text().split("(", 1)[1].rsplit(")", 1)
            fields = rest.split()
            seconds[name] = seconds.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


def memory_kib(pid):
    """RssAnon (what the program took) and RssFile (pages of the store that it has mapped), KiB."""
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key in ("RssAnon", "RssFile", "HugetlbPages"):
            found[key] = int(value.split()[0])
    return found


def tail(log, lines=3):
    """The last lines of a log, for a complaint."""
    with contextlib.suppress(OSError):
        return " | ".join(pathlib.Path(log).read_text(errors="replace").strip().splitlines()[-lines:])
    return ""
