"""Three hosts on one machine: the switch and two servers, each a network namespace, joined by veth pairs.

    switch c1A ── lA server 1 pair ── pair server 2 lA ── c2A switch
    switch c1B ── lB                             lB ── c2B switch

What cuts a wire here cuts it as the field does: the far end goes down, frames go to nobody, a shaper is slow. Addresses
of links are those that acdsim takes by itself (10.10SERVER.LINK.x); the pair has a wire of its own (10.109.0.x).
"""
import ctypes
import json
import os
import socket
import subprocess

from rig import Skipped, Wire

LINKS = {"A": 1, "B": 2}
NOBODY = "02:00:00:00:00:99"  # an address that no interface has: what is sent to it is heard by none
CLONE_NEWNET = 0x40000000
SO_NO_CHECK = 11
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*words, text=None):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True, input=text).stdout


class Hosts:
    """Made on entry, gone on exit with everything in them."""

    def __init__(self):
        self.switch = f"tlm-switch-{os.getpid()}"
        self.servers = {n: f"tlm-server{n}-{os.getpid()}" for n in (1, 2)}

    def __enter__(self):
        names = [self.switch, *self.servers.values()]
        try:
            ip("-batch", "-", text="".join(f"netns add {name}\n" for name in names))
            first, second = self.servers.values()
            lines = [f"link add pair type veth peer name pair netns {second}"]
            for link in LINKS:
                lines += [f"link add l{link} type veth peer name c1{link} netns {self.switch}"]
            ip("-n", first, "-batch", "-", text="\n".join(lines) + "\n")
            lines = [f"link add l{link} type veth peer name c2{link} netns {self.switch}" for link in LINKS]
            ip("-n", second, "-batch", "-", text="\n".join(lines) + "\n")
            for number, name in self.servers.items():
                lines = [f"link set l{link} addrgenmode none up" for link in LINKS]
                lines += ["link set lo up", "link set pair addrgenmode none up", f"addr add {self.pair_address(number)}/24 dev pair"]
                ip("-n", name, "-batch", "-", text="\n".join(lines) + "\n")
            self.macs = {(n, link): self.mac(name, f"l{link}") for n, name in self.servers.items() for link in LINKS}
            lines = []
            for number in self.servers:
                for link, subnet in LINKS.items():
                    device, net = f"c{number}{link}", f"10.{100 + number}.{subnet}"
                    lines += [f"link set {device} addrgenmode none up", f"addr add {net}.1/24 dev {device}",
                              f"neigh replace {net}.2 lladdr {self.macs[number, link]} dev {device} nud permanent"]
            ip("-n", self.switch, "-batch", "-", text="\n".join(lines) + "\n")
        except (OSError, subprocess.CalledProcessError) as why:
            self.__exit__()
            raise Skipped(f"no right to make network namespaces: {why}") from None
        return self

    def __exit__(self, *_):
        for name in (self.switch, *self.servers.values()):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    @staticmethod
    def mac(name, device):
        return json.loads(ip("-n", name, "-j", "link", "show", device))[0]["address"]

    @staticmethod
    def pair_address(number):
        return f"10.109.0.{number}"

    @staticmethod
    def link_addresses(number):
        return {link: f"10.{100 + number}.{subnet}.2" for link, subnet in LINKS.items()}

    @staticmethod
    def inside(name):
        """In front of a command that shall run there."""
        return ["ip", "netns", "exec", name]

    # ---- the links
    def wire(self, number):
        """Packet sockets on veth: what a server's ports open, and where the switch sends."""
        devices = {link: 2 * (number - 1) + i for i, link in enumerate(LINKS)}
        return Wire({link: ("dpdk", f"net_af_packet{i},iface=l{link}") for i, link in enumerate(LINKS)},
                    {link: f"dpdk:net_af_packet{device},iface=c{number}{link};mac={self.macs[number, link]}"
                     for link, device in devices.items()},
                    ["--no-huge", "--memory-mb", "512"], prefix=self.inside(self.switch))

    def sockets(self, number):
        """The same links through the kernel of both ends, which counts what a socket had no room for."""
        for link, address in self.link_addresses(number).items():
            ip("-n", self.servers[number], "addr", "add", f"{address}/24", "dev", f"l{link}")
        return Wire({link: ("udp", "") for link in LINKS},
                    {link: f"udp:{address}:5500" for link, address in self.link_addresses(number).items()},
                    ["--no-huge", "--memory-mb", "512"], prefix=self.inside(self.switch))

    def set_link(self, number, link, state):
        """The server's end of a link: "down" is a cable that is out, for both ends."""
        ip("-n", self.servers[number], "link", "set", f"l{link}", state)

    # ---- the pair's own wire
    def set_pair(self, state):
        ip("-n", self.servers[1], "link", "set", "pair", state)

    def deafen(self, number):
        """What the other server sends does not arrive here any more; what this one sends still does."""
        other = 3 - number
        ip("-n", self.servers[other], "neigh", "replace", self.pair_address(number), "lladdr", NOBODY, "dev", "pair", "nud",
           "permanent")

    def undeafen(self, number):
        ip("-n", self.servers[3 - number], "neigh", "del", self.pair_address(number), "dev", "pair")

    def hears(self, number):
        """Whether a datagram of the other server arrives at this one: the control of what deafen() did."""
        with self.socket_in(self.servers[number]) as to, self.socket_in(self.servers[3 - number]) as out:
            to.bind((self.pair_address(number), 0))
            to.settimeout(0.2)
            out.sendto(b"?", to.getsockname())
            try:
                return to.recv(9) == b"?"
            except TimeoutError:
                return False

    def shape_pair(self, number, rate):
        """What this server sends to its partner, at most; None: as fast as it goes."""
        tc = [*self.inside(self.servers[number]), "tc", "qdisc"]
        how = ["replace", "dev", "pair", "root", "tbf", "rate", rate, "burst", "16k", "latency", "400ms"]
        subprocess.run([*tc, *(how if rate else ["del", "dev", "pair", "root"])], check=True, capture_output=True)

    def pair_sent(self, number):
        """Packets and bytes that a server has sent to the pair's wire."""
        counts = json.loads(ip("-n", self.servers[number], "-s", "-j", "link", "show", "pair"))[0]["stats64"]["tx"]
        return counts["packets"], counts["bytes"]

    # ---- programs of the test itself
    def socket_in(self, name, kind=socket.SOCK_DGRAM):
        """A socket of this process that lives in another host."""
        with open("/proc/self/ns/net") as here, open(f"/run/netns/{name}") as there:
            if LIBC.setns(there.fileno(), CLONE_NEWNET) != 0:
                raise Skipped("no right to enter a network namespace")
            try:
                made = socket.socket(socket.AF_INET, kind)
            finally:
                LIBC.setns(here.fileno(), CLONE_NEWNET)
        if kind == socket.SOCK_DGRAM:
            # No device is there that would fill the checksum in on its way out.
            made.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        return made
