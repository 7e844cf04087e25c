"""Every wire between two processes: the same small day with loss on both links, and the same true gap report.

The veth wires run in a network namespace that the test makes for the switch, joined to another one for the server.
"""
import os
import signal
import subprocess

from rig import Processes, Server, Skipped, Wire, check, equal, gaps_equal_truth, links_equal_truth, main, switch, wait_for

DAY = ["--agents", "30", "--hours", "1", "--speed", "1000", "--fault", "loss=0.05 link=A", "--fault", "loss=0.05 link=B"]


def same_day(server, *args):
    server.start()
    truth = switch([server], server.folder, *DAY, *args)
    server.settle()
    server.stop()
    check(truth.streams()[0]["servers"][0]["lost_both"] > 0, "nothing was lost on both links: the test proves nothing")
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    server.store_check()


def over_vhost(folder):
    """vhost, fed by virtio-user"""
    same_day(Server(folder / "server"))


def over_udp(folder):
    """kernel sockets"""
    same_day(Server(folder / "server", "udp"))


class Namespaces:
    """The server's side of two veth pairs stays in one namespace, the switch's in another; both go with the object."""

    def __init__(self):
        self.server = f"tl-server-{os.getpid()}"
        self.switch = f"tl-switch-{os.getpid()}"

    def __enter__(self):
        try:
            for name in (self.server, self.switch):
                self.ip("netns", "add", name)
            for link in "AB":
                a, b = f"tls{link}", f"tlc{link}"
                self.ip("-n", self.server, "link", "add", a, "type", "veth", "peer", "name", b, "netns", self.switch)
                for name, device in ((self.server, a), (self.switch, b)):
                    self.ip("-n", name, "link", "set", device, "addrgenmode", "none", "up")
        except (OSError, subprocess.CalledProcessError) as why:
            self.__exit__()
            raise Skipped(f"no right to make network namespaces: {why}") from None
        return self

    def __exit__(self, *_):
        for name in (self.server, self.switch):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True, text=True)

    def mac(self, link):
        path = f"/sys/class/net/tls{link}/address"
        return subprocess.run(["ip", "netns", "exec", self.server, "cat", path], check=True, capture_output=True,
                              text=True).stdout.strip()


def over_veth(folder, pmd):
    with Namespaces() as hosts:
        # af_xdp's interface belongs to one process; the switch's end always uses af_packet, as any kernel host would.
        wire = Wire({l: ("dpdk", f"{pmd}{i},iface=tls{l}") for i, l in enumerate("AB")},
                    {l: f"dpdk:net_af_packet{i},iface=tlc{l};mac={hosts.mac(l)}" for i, l in enumerate("AB")},
                    ["--no-huge", "--memory-mb", "256"], prefix=["ip", "netns", "exec", hosts.switch])
        server = Server(folder / "server", wire, prefix=["ip", "netns", "exec", hosts.server])
        try:
            same_day(server)
        finally:
            Processes.end_all()


def over_af_packet(folder):
    """af_packet over veth, two network namespaces"""
    over_veth(folder, "net_af_packet")


def over_af_xdp(folder):
    """af_xdp over veth, two network namespaces"""
    over_veth(folder, "net_af_xdp")


def captures(folder):
    """pcap files: what a switch wrote is read to its end, and the daemon leaves by itself"""
    wire = Wire({l: ("pcap", f"{folder}/{l}.pcap") for l in "AB"}, {l: f"pcap:{folder}/{l}.pcap" for l in "AB"}, dpdk=False)
    server = Server(folder / "server", wire)
    truth = switch([server], server.folder, *DAY)
    server.start_to_end()
    gaps_equal_truth(server, truth)
    links_equal_truth(server, truth)
    server.store_check()


if __name__ == "__main__":
    main([over_vhost, over_udp, over_af_packet, over_af_xdp, captures])
