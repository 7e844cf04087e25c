"""The units that ship: how hardened they are by systemd's own measure, that they are whole, and what set-up-host does to a host."""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UNITS = Path(__file__).resolve().parents[2] / "tools/systemd"
EXPOSURE_MAX = 2.5


class Failed(Exception):
    """A check did not hold."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def analyze(*words):
    return subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, timeout=60)


def exposure(unit):
    out = analyze("security", "--offline=true", "--no-pager", unit)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", out.stdout)
    check(found, f"systemd-analyze security says nothing: {out.stdout[-300:]} {out.stderr[-300:]}")
    return float(found.group(1))


def hardened(folder):
    """the daemon's unit is exposed to at most 2.5, and one without its hardening is not"""
    if shutil.which("systemd-analyze") is None:
        return "SKIPPED: there is no systemd-analyze"
    unit = UNITS / "twinlinkd.service"
    seen = exposure(unit)
    check(seen <= EXPOSURE_MAX, f"{unit.name}: exposure {seen}, {EXPOSURE_MAX} is the limit")
    bare = folder / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    check(exposure(bare) > EXPOSURE_MAX, "a bare unit passes: the measure measures nothing")
    return f"ok (exposure {seen})"


def verified(folder):
    """systemd finds nothing to complain of in the units, and does in a wrong one"""
    if shutil.which("systemd-analyze") is None:
        return "SKIPPED: there is no systemd-analyze"
    here = []
    for unit in UNITS.glob("*.service"):
        # Programs are not where they will be installed; all else is as it ships.
        here.append(folder / unit.name)
        here[-1].write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.M))
    check(len(here) == 2, "units are missing")
    out = analyze("verify", *here)
    ours = [line for line in out.stderr.splitlines() if "twinlink" in line]
    check(not ours, "\n".join(ours))
    wrong = folder / "twinlink-wrong.service"
    wrong.write_text("[Service]\nExecStart=/bin/true\nRestrat=always\n")
    check("Restrat" in analyze("verify", wrong).stderr, "a wrong unit passes")
    return "ok"


class Host:
    """A /sys and a /dev as set-up-host sees them, with one NIC port that a kernel driver has."""

    PORT = "0000:03:00.0"

    def __init__(self, folder, group="7"):
        self.sys, self.dev = folder / "sys", folder / "dev"
        self.pages = self.sys / "kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
        device = self.sys / "bus/pci/devices" / self.PORT
        for place in (self.pages.parent, device, self.sys / "bus/pci/drivers/vfio-pci", self.sys / "bus/pci/drivers/ixgbe",
                      self.sys / "kernel/iommu_groups" / group, self.dev / "vfio"):
            place.mkdir(parents=True)
        self.pages.write_text("0\n")
        for file in (device / "driver_override", self.sys / "bus/pci/drivers/ixgbe/unbind", self.sys / "bus/pci/drivers_probe"):
            file.write_text("")
        (device / "driver").symlink_to(self.sys / "bus/pci/drivers/ixgbe")
        (device / "iommu_group").symlink_to(self.sys / "kernel/iommu_groups" / group)
        (self.dev / "vfio" / group).write_text("")
        self.device = device

    def run(self, code=0, **settings):
        run = subprocess.run([str(UNITS / "set-up-host")], capture_output=True, text=True, timeout=30,
                             env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TWINLINK_SYS": str(self.sys),
                                  "TWINLINK_DEV": str(self.dev), "DAEMON_USER": str(Path.home().owner()), **settings})
        check(run.returncode == code, f"set-up-host: exit {run.returncode}: {run.stderr}")
        return run.stderr


def set_up(folder):
    """set-up-host raises hugepages and gives ports to vfio, once; without settings it does nothing; what cannot be had is told"""
    host = Host(folder / "one")
    host.run()
    check(host.pages.read_text() == "0\n" and host.device.joinpath("driver_override").read_text() == "", "it did something unasked")
    host.run(HUGEPAGES="512", PORTS=host.PORT)
    check(host.pages.read_text() == "512\n", "hugepages")
    check(host.device.joinpath("driver_override").read_text() == "vfio-pci\n", "driver_override")
    for file in ("drivers/ixgbe/unbind", "drivers_probe"):
        check((host.sys / "bus/pci" / file).read_text() == f"{host.PORT}\n", file)
    # Already so: nothing is written again, and more pages than asked for stay.
    host.device.joinpath("driver").unlink()
    host.device.joinpath("driver").symlink_to(host.sys / "bus/pci/drivers/vfio-pci")
    host.sys.joinpath("bus/pci/drivers_probe").write_text("")
    host.pages.write_text("1024\n")
    host.run(HUGEPAGES="512", PORTS=host.PORT)
    check(host.pages.read_text() == "1024\n", "hugepages were taken away")
    check(host.sys.joinpath("bus/pci/drivers_probe").read_text() == "", "a port was bound twice")
    check("no PCI device" in host.run(code=1, PORTS="0000:99:00.0"), "a port that is not there")
    bare = Host(folder / "two")
    bare.device.joinpath("iommu_group").unlink()
    check("turn the IOMMU on" in bare.run(code=1, PORTS=bare.PORT), "no IOMMU")
    return "ok"


def main():
    failed = skipped = 0
    tests = (hardened, verified, set_up)
    for test in tests:
        with tempfile.TemporaryDirectory(prefix="twinlink-units-") as folder:
            try:
                verdict = test(Path(folder))
            except Failed as why:
                verdict, failed = f"FAILED: {why}", failed + 1
        skipped += verdict.startswith("SKIPPED")
        print(f"{test.__doc__}: {verdict}", flush=True)
    return 1 if failed else 77 if skipped == len(tests) else 0


if __name__ == "__main__":
    sys.exit(main())
