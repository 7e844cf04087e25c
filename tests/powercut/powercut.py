#!/usr/bin/env python3
"""Cuts a machine's power again and again and compares what its store holds with what it had acknowledged.

    powercut.py --guest PROGRAM [--no-flush LIBRARY] [--kernel FOLDER] [--cycles N] [--seed N] [--control]

The machine is QEMU's, with Debian's cloud kernel, an initial file system made here, and ext4 on a disk that honours flushes.
In it runs the whole engine with its store (guest.cpp); each commit that is durable it acknowledges over the serial line. At a
random moment QEMU gets SIGKILL: what the machine's kernel had not written is gone. The next boot says what the store holds.
FOLDER has an unpacked kernel package (tools/setup powercut puts it in build/powercut-kernel).

--control: the guest's syncs do nothing. Exit code 0 when that was found out: else the rig would prove nothing.
Exit codes: 0 nothing acknowledged was lost, 1 something was, 2 usage, 77 the machine cannot be run here.
"""
import argparse
import os
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
QEMU = "qemu-system-x86_64"
KERNEL = HERE.parents[1] / "build/powercut-kernel"
BOOT_LIMIT_S = 600  # emulated, on a busy machine; a healthy boot takes three seconds
DISK_BYTES = 128 << 20
MODULES = ["virtio_pci", "virtio_blk"]


def needed_modules(root):
    """The modules of MODULES and what they need, in the order to load them."""
    files = {p.name.removesuffix(".ko").replace("-", "_"): p for p in root.rglob("*.ko")}
    order = []

    def add(name):
        if name not in files or files[name] in order:
            return  # built into the kernel, or there already
        depends = re.search(rb"\0depends=([^\0]*)\0", files[name].read_bytes())
        for needed in depends.group(1).decode().split(",") if depends else []:
            add(needed.replace("-", "_"))
        order.append(files[name])

    for name in MODULES:
        add(name)
    return order


class InitialFiles:
    """An initial file system as the kernel unpacks it (cpio, "newc")."""

    def __init__(self):
        self.bytes = bytearray()
        self.folders = set()
        self.count = 0

    def _entry(self, name, mode, content=b"", device=(0, 0)):
        self.count += 1
        fields = [self.count, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0]
        self.bytes += b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
        self.bytes += b"\0" * (-len(self.bytes) % 4) + content
        self.bytes += b"\0" * (-len(self.bytes) % 4)

    def folder(self, path):
        parts = path.strip("/").split("/")
        for n in range(1, len(parts) + 1):
            name = "/".join(parts[:n])
            if name and name not in self.folders:
                self.folders.add(name)
                self._entry(name, 0o040755)

    def file(self, path, content, mode=0o755):
        self.folder(os.path.dirname(path))
        self._entry(path.strip("/"), 0o100000 | mode, content)

    def device(self, path, major, minor):
        self.folder(os.path.dirname(path))
        self._entry(path.strip("/"), 0o020600, device=(major, minor))

    def link(self, path, target):
        self._entry(path.strip("/"), 0o120777, target.encode())

    def done(self):
        self._entry("TRAILER!!!", 0)
        return bytes(self.bytes)


def libraries(program):
    """What the loader loads for a program, itself included."""
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", said)))


def initial_files(guest, no_flush, kernel):
    files = InitialFiles()
    for folder in ("proc", "sys", "dev", "disk", "tmp", "bin", "modules"):
        files.folder(folder)
    files.device("dev/console", 5, 1)
    busybox = Path(shutil.which("busybox")).read_bytes()
    files.file("bin/busybox", busybox)
    for applet in ("sh", "mount", "mkdir", "insmod", "cat", "echo", "poweroff"):
        files.link(f"bin/{applet}", "busybox")
    files.file("bin/guest", Path(guest).read_bytes())
    for library in libraries(guest):
        files.file(library, Path(library).read_bytes())
    if no_flush:
        files.file("lib/no_flush.so", Path(no_flush).read_bytes())
    modules = needed_modules(kernel / "lib/modules")
    for module in modules:
        files.file(f"modules/{module.name}", module.read_bytes())
    files.file("modules/order", "".join(m.name + "\n" for m in modules).encode())
    files.file("init", (HERE / "init").read_bytes())
    return files.done()


class Machine:
    """One life of the machine, from power on to power off."""

    def __init__(self, rig, seed):
        append = f"console=ttyS0 quiet loglevel=1 panic=-1 no_timer_check seed={seed}"
        if rig.control:
            append += " preload=/lib/no_flush.so"
        self.qemu = subprocess.Popen(
            [QEMU, "-accel", "tcg", "-cpu", "Nehalem", "-m", "768", "-smp", "1", "-nodefaults", "-no-reboot", "-display", "none",
             "-kernel", rig.vmlinuz, "-initrd", rig.initrd, "-append", append, "-serial", "stdio",
             "-drive", f"file={rig.disk},format=raw,if=virtio,cache=writeback"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.rest = b""

    def line(self, until):
        """The next line, None when the machine is off, "" when `until` has passed."""
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.qemu.stdout], [], [], left)[0]:
                return ""
            part = os.read(self.qemu.stdout.fileno(), 65536)
            if not part:
                return None
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode(errors="replace").strip() or " "

    def cut(self):
        """SIGKILL; what it had said by then was said."""
        self.qemu.kill()
        said = self.rest + self.qemu.stdout.read()
        self.qemu.wait()
        return said.rpartition(b"\n")[0].decode(errors="replace").splitlines()


class Rig:
    def __init__(self, options, folder):
        self.control = options.control
        self.random = random.Random(options.seed)
        self.seed = options.seed
        self.disk = folder / "disk"
        self.initrd = str(folder / "initrd")
        self.vmlinuz = str(next((options.kernel / "boot").glob("vmlinuz-*")))
        Path(self.initrd).write_bytes(initial_files(options.guest, options.no_flush, options.kernel))
        self.acknowledged = None
        self.acks = self.cuts = self.disks = 0
        self.wrong = []

    def new_disk(self):
        self.disk.unlink(missing_ok=True)
        with open(self.disk, "wb") as file:
            file.truncate(DISK_BYTES)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", str(self.disk)], check=True, env={"PATH": "/sbin:/usr/sbin"})
        self.disks += 1
        self.seed += 1
        self.acknowledged = (0, 0, 0)

    def hear(self, line):
        """Takes a line of the machine; returns its first word."""
        words = line.split()
        if words and words[0] in ("found", "ack"):
            place = tuple(int(w) for w in words[1:4])
            if words[0] == "found" and (place[0] < self.acknowledged[0] or place[1:] < self.acknowledged[1:]):
                self.wrong.append(f"cut {self.cuts}: {self.acknowledged} was acknowledged, {place} was found")
            if words[0] == "ack":
                self.acks += 1
            self.acknowledged = place if words[0] == "found" else max(self.acknowledged, place)
        elif words and words[0] in ("wrong", "ended"):
            self.wrong.append(f"cut {self.cuts}: {line}")
        return words[0] if words else ""

    def cycle(self):
        """One boot and one cut. False when the machine did not come up."""
        machine = Machine(self, self.seed)
        until = time.monotonic() + BOOT_LIMIT_S
        seen = []
        cut_at = None
        # Most cuts come while it writes, some while it checks what it found.
        commits = -1 if self.random.random() < 0.15 else self.random.randrange(60)
        while True:
            line = machine.line(until)
            if line == "" and cut_at is not None:
                break
            if line == "" or line is None:
                machine.cut()
                if "done" in seen:  # before its turn to be cut came
                    self.new_disk()
                    return True
                self.wrong.append(f"cut {self.cuts}: the machine did not come up: {seen[-5:]}")
                return False
            seen.append(line)
            word = self.hear(line)
            if word in ("wrong", "ended"):
                machine.cut()
                self.new_disk()
                return True
            commits -= word == "ack"
            if cut_at is None and (commits < 0 if word == "found" else commits == 0 and word in ("whole", "ack")):
                cut_at = until = time.monotonic() + self.random.uniform(0, 2 if word == "found" else 0.3)
        for line in machine.cut():
            seen.append(line)
            self.hear(line)
        self.cuts += 1
        if "done" in seen:
            self.new_disk()
        return True


def options_given():
    parser = argparse.ArgumentParser()
    parser.add_argument("--guest", required=True)
    parser.add_argument("--no-flush")
    parser.add_argument("--kernel", type=Path, default=KERNEL)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true")
    return parser.parse_args()


def main():
    options = options_given()
    missing = [what for what, there in (
        (QEMU, shutil.which(QEMU)), ("busybox", shutil.which("busybox")),
        (f"a kernel in {options.kernel}", list((options.kernel / "boot").glob("vmlinuz-*")))) if not there]
    if missing:
        print(f"SKIPPED: no {', no '.join(missing)} (tools/setup powercut)")
        return 77
    with tempfile.TemporaryDirectory(prefix="twinlink-powercut-", dir=os.environ.get("TMPDIR")) as folder:
        rig = Rig(options, Path(folder))
        rig.new_disk()
        began = time.monotonic()
        while rig.cuts < options.cycles and len(rig.wrong) < 5:
            if not rig.cycle():
                break
        took = time.monotonic() - began
    print(f"{rig.cuts} power cuts in {took:.0f} s on {rig.disks} disks, {rig.acks} commits acknowledged, "
          f"{len(rig.wrong)} times something was lost or wrong")
    for wrong in rig.wrong:
        print("  " + wrong)
    return 0 if bool(rig.wrong) == options.control else 1


if __name__ == "__main__":
    sys.exit(main())
