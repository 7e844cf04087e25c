"""What plays the supervisor: a NOTIFY_SOCKET of its own, a limit for the watchdog, and restarts; and one thread that stands still."""
import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from rig import LIMIT_S, Processes, Skipped, TWINLINKD, check, wait_for

PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
WATCHDOG_S = 2  # half of tools/systemd/twinlinkd.service's, which the long form of the matrix takes


def thread_of(process, name):
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise Skipped(f"the daemon has no thread {name}")


class Paused:
    """One thread of a process stands still; all others go on."""

    def __init__(self, process, name):
        self.process = process
        self.thread = thread_of(process, name)

    def __enter__(self):
        if LIBC.ptrace(PTRACE_ATTACH, self.thread, None, None) != 0:
            raise Skipped("no right to stop a single thread")
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            LIBC.ptrace(PTRACE_DETACH, self.thread, None, None)

    def kill(self):
        """The process, whose end is told only when its thread's was heard of."""
        self.process.send_signal(signal.SIGKILL)
        while os.WIFSTOPPED(os.waitpid(self.thread, WALL)[1]):
            pass
        self.process.wait(LIMIT_S)


class Supervised:
    """A server's daemon under a supervisor: what it notifies, and when it was fed last."""

    def __init__(self, server, daemon=TWINLINKD, environment=None, watchdog_s=WATCHDOG_S):
        self.server = server
        self.daemon = daemon
        self.watchdog_s = watchdog_s
        self.path = server.folder / "notify.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.environment = {**os.environ, **(environment or {}), "NOTIFY_SOCKET": str(self.path),
                            "WATCHDOG_USEC": str(watchdog_s * 1_000_000)}
        self.said = []  # (when, what)
        self.lock = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            text = self.socket.recv(4096).decode()
            with self.lock:
                self.said += [(time.monotonic(), line) for line in text.splitlines()]

    def times(self, what):
        with self.lock:
            return [when for when, line in self.said if line == what]

    def status_line(self):
        with self.lock:
            return next((line[7:] for _, line in reversed(self.said) if line.startswith("STATUS=")), "")

    def launch(self):
        with self.lock:
            self.said.clear()
        self.server.process = Processes.start([*self.server.prefix, self.daemon, "-c", self.server.config],
                                              stderr=open(self.server.log, "a"), env=self.environment)
        return self.server.process

    def start(self):
        """Until it says that it is ready."""
        process = self.launch()
        wait_for("READY=1", lambda: self.times("READY=1") or process.poll() is not None)
        check(process.poll() is None, f"twinlinkd ended: {self.server.tail()}")
        return self

    def fed(self):
        """Is being fed: twice more from now on."""
        before = len(self.times("WATCHDOG=1"))
        wait_for("the watchdog to be fed", lambda: len(self.times("WATCHDOG=1")) > before + 1)

    def starved(self):
        """Waits until the watchdog would have killed it; how long after the moment of asking that was."""
        asked = time.monotonic()

        def over():
            fed = self.times("WATCHDOG=1")
            return time.monotonic() - max(fed[-1:] + [0]) > self.watchdog_s
        wait_for("feeding to stop", over)
        return time.monotonic() - asked

    def starts_until_it_stays(self, most):
        """As Restart=always: starts it until it is ready and stays so for a moment; how it ended before that."""
        ends = []
        while len(ends) <= most:
            process = self.launch()
            wait_for("READY=1 or its end", lambda: self.times("READY=1") or process.poll() is not None)
            try:
                ends.append(process.wait(1.0))  # what it may crash on comes at once, if it comes
            except subprocess.TimeoutExpired:
                return ends
        check(False, f"it ended {len(ends)} times: {ends}; {self.server.tail()}")
