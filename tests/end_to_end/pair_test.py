"""Two servers over TLS, real processes: what each lost the other gives, and who is no partner is told why."""
import json
import socket
import subprocess
import time
from html.parser import HTMLParser

from pair_rig import (ON_AND_ON, asked, connected, counter, end_equal, equal_rows, healed, make_credentials, missing_equals_truth,
                      pair_command, partner_table, proven_equal, two_servers)
from rig import (LIMIT_S, TWINLINK, Processes, Server, check, end_orderly, equal, free_udp_ports, main, switch,
                 wait_for)


def losses_on_all_four_links(folder):
    """loss on all four links: each server ends with all that either got, the same rows, and fills that say so"""
    one, two = two_servers(folder)
    one.start(), two.start()
    connected(one, two)
    truth = switch([one, two], folder, "--agents", "60", "--hours", "2", "--speed", "1000", "--seed", "11",
                   "--fault", "server=1 loss=0.2", "--fault", "server=2 loss=0.2")
    one.settle(), two.settle()
    healed(one, two)
    check(counter(one, "names_in") > 0 and counter(two, "names_in") > 0, "nobody gave anybody anything")
    equal(counter(one, "names_in"), counter(two, "names_lent"), "messages given and taken")
    proven_equal(one, two)
    one.stop(), two.stop()
    missing_equals_truth(one, two, truth)
    equal_rows(one, two)
    for server in (one, two):
        filled = [g for g in server.gaps()["gaps"] if g["filled_by"] == "partner"]
        check(filled and all(g["state"] == "healed" and g["attempts"] >= 1 for g in filled), "gaps do not say who filled them")
        server.store_check()


def killed_and_back(folder):
    """kill -9 of either server while the switch sends, again and again: both end with the same, nothing missing"""
    one, two = two_servers(folder)
    one.start(), two.start()
    sender = switch([one, two], folder, "--agents", "60", *ON_AND_ON, "--speed", "600", "--seed", "12", wait=False)
    for server in (one, two, one, two):
        before = min(one.messages(), two.messages())
        wait_for("messages to come in", lambda: min(one.messages(), two.messages()) > before + 300)
        server.kill()
        other = two if server is one else one
        more = other.messages() + 500
        wait_for("the other one to go on", lambda: other.messages() > more)
        server.start()
        connected(one, two)
    end_equal(one, two, sender, folder)


def deaf_for_a_while(folder):
    """both links of one server down for an hour of the switch: it follows its partner, and has all of it"""
    one, two = two_servers(folder)
    one.start(), two.start()
    connected(one, two)
    truth = switch([one, two], folder, "--agents", "40", "--hours", "2", "--start", "2026-03-02T09:00:00Z", "--speed", "600",
                   "--seed", "13", "--fault", "server=1 at=09:30 for=3600s drop")
    one.settle(), two.settle()
    healed(one, two)
    check(counter(one, "names_in") > 1000, "the partner gave little")
    one.stop(), two.stop()
    missing_equals_truth(one, two, truth)
    equal_rows(one, two)


def lost_by_agreement(folder):
    """what neither got is called lost by both, the same ranges, while links are well; rows say so"""
    one, two = two_servers(folder, more="lost_after_ms = 500")
    one.start(), two.start()
    connected(one, two)
    sender = switch([one, two], folder, "--agents", "40", *ON_AND_ON, "--speed", "300", "--seed", "14",
                    "--fault", "at-seq=2000..2060 drop", wait=False)
    def lost(server):
        return sum(g["last"] - g["first"] + 1 for g in server.gaps()["gaps"] if g["state"] == "lost")
    for server in (one, two):
        wait_for("61 messages to be called lost", lambda: lost(server) == 61)
    end_equal(one, two, sender, folder)


class Page(HTMLParser):
    """The page of a gap report: its tables by id, and that every element that opens closes."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.open, self.table, self.lanes = {}, [], None, 0
        self.feed(text)
        self.close()
        check(not self.open, f"not closed: {self.open}")

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        check(tag not in ("script", "link", "img", "iframe"), f"the page has a {tag}")
        self.open.append(tag)
        if tag == "table":
            self.table = self.tables.setdefault(attributes.get("id"), [])
        elif tag == "tr" and self.table is not None:
            self.table.append([])
        elif tag in ("td", "th") and self.table:
            self.table[-1].append("")
        self.lanes += attributes.get("class") == "t-lane"

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        check(self.open and self.open.pop() == tag, f"</{tag}> closes nothing")
        self.table = None if tag == "table" else self.table

    def handle_data(self, data):
        if self.table and self.table[-1] and self.open[-1] in ("td", "th"):
            self.table[-1][-1] += data

    def figure(self, title, column):
        return next(row[1 + column] for row in self.tables["figures"] if row and row[0] == title)


def report_of_the_pair(folder):
    """either server tells the gaps and links of both, as the other one's store has them; the page has the same numbers"""
    one, two = two_servers(folder)
    one.start(), two.start()
    connected(one, two)
    switch([one, two], folder, "--agents", "60", "--hours", "2", "--speed", "1000", "--seed", "15",
           "--fault", "server=1 loss=0.2", "--fault", "server=2 loss=0.2")
    one.settle(), two.settle()
    healed(one, two)
    proven_equal(one, two)

    def ask(server, *words, codes=(0,)):
        run = subprocess.run([str(TWINLINK), *map(str, words), "--store", str(server.store), "--socket", str(server.socket),
                              "--json"], capture_output=True, text=True, timeout=LIMIT_S)
        check(run.returncode in codes, f"twinlink {words}: exit {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)
    lost = any(g["state"] != "healed" for g in one.gaps()["gaps"])
    for asked_server, number in ((one, 1), (two, 2)):
        pair = ask(asked_server, "gaps", "--pair", codes=(0, 1))
        equal(pair["own_server"], number, "own server")
        for server, of in ((one, 1), (two, 2)):
            wanted = server.gaps()["gaps"]
            seen = [{k: v for k, v in g.items() if k not in ("server", "server_name")} for g in pair["gaps"] if g["server"] == of]
            check(wanted, "no gap: the test proves nothing")
            equal(seen, wanted, f"gaps of server {of}, as server {number} tells them")
        equal(pair["digests_different"], 0, "tables that differ")
        check(pair["digests_equal"] > 0 and not pair["problems"], f"{pair['digests_equal']} equal, {pair['problems']}")
        check(all(s["heal_gaps"] and s["heal_p50_ns"] <= s["heal_p99_ns"] <= s["heal_max_ns"] for s in pair["servers"]),
              f"times to heal: {pair['servers']}")
        links = ask(asked_server, "links", "--pair")["links"]
        equal(sorted((l["server"], l["link"]) for l in links), [(1, "A"), (1, "B"), (2, "A"), (2, "B")], "links")
        check(all(l["lost"] for l in links), "a link that lost nothing")
    file = folder / "gaps.html"
    written = ask(two, "gaps", "--html", file, codes=(0, 1))
    equal(written["html_alone"], None, "why the page is of one server")
    page = Page(file.read_text())
    equal(file.stat().st_mode & 0o777, 0o644, "mode of the page")
    equal(page.lanes, 9, "lanes")
    for column, server in enumerate(written["servers"]):
        for title, key in (("messages here", "messages"), ("missing now", "missing"), ("gaps in all", "gaps")):
            equal(page.figure(title, column), f"{server[key]:,}", f"{title} of server {column + 1} on the page")
    listed = sum(1 for row in page.tables["gaps"] if len(row) > 2) - 1
    equal(listed, len(written["gaps"]), "gaps on the page")
    check(lost or "both servers hold the same rows" in file.read_text(), "the verdict is not on the page")
    # The other one goes: nothing is made up for it, and it takes no time.
    one.kill()
    wait_for("the session to end", lambda: asked(two)["state"] != "up")
    began = time.monotonic()
    alone = ask(two, "gaps", "--pair", codes=(1,))
    check(time.monotonic() - began < 10, "a partner that is away holds up the report")
    check(any("not known" in p for p in alone["problems"]), f"{alone['problems']}")
    equal([s["known"] for s in alone["servers"]], [False, True], "which servers are known")
    two.stop()


def who_is_no_partner(folder):
    """another pair, itself, an expired certificate, no TLS: refused, and both sides say why"""
    one, two = make_credentials(folder / "a")
    stranger, _ = make_credentials(folder / "b")
    port = free_udp_ports(1)[0]
    first = Server(folder / "one", "udp", extra=partner_table("listen", port, one)).start()

    def refused(credentials, here, there):
        before = asked(first)["connections_refused"]
        other = Server(folder / f"other{before}", "udp", extra=partner_table("connect", port, credentials)).start()
        wait_for("the refusal", lambda: asked(first)["connections_refused"] > before)
        wait_for(f"'{here}' here", lambda: here in asked(first)["last_refusal"], said=lambda: asked(first)["last_refusal"])
        wait_for(f"'{there}' there", lambda: there in asked(other)["text"], said=lambda: asked(other)["text"])
        equal(asked(first)["state"], "not_connected", "state of the session")
        other.stop()
    refused(stranger, "not know this server's certificate", "not the partner's")
    refused(one, "not know this server's certificate", "connected to itself")
    before = asked(first)["connections_refused"]
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        wait_for("the refusal", lambda: asked(first)["connections_refused"] > before)
    check("does not speak TLS" in asked(first)["last_refusal"], asked(first)["last_refusal"])
    # And the right one is welcome all the same, but only once.
    second = Server(folder / "two", "udp", extra=partner_table("connect", port, two)).start()
    connected(first, second)
    third = Server(folder / "three", "udp", extra=partner_table("connect", port, two)).start()
    wait_for("the third to be refused", lambda: "connected already" in asked(first)["last_refusal"])
    equal(asked(first)["state"], "up", "state of the session")
    third.stop(), second.stop()
    wait_for("the last word", lambda: "stopped in good order" in asked(first)["text"], said=lambda: asked(first)["text"])
    first.stop()


def wrong_credentials(folder):
    """credentials that are not there, readable by others, or not paired: one clear line, and nothing was opened"""
    one, _ = make_credentials(folder)
    port = free_udp_ports(1)[0]
    def fails(credentials, text):
        server = Server(folder / "server", "udp", extra=partner_table("listen", port, credentials))
        server.log.unlink(missing_ok=True)
        server.process = Processes.start([*server.prefix, TWINLINK.parent.parent / "twinlinkd/twinlinkd", "-c", server.config],
                                         stderr=open(server.log, "a"))
        equal(server.process.wait(LIMIT_S), 3, f"exit code ({server.tail()})")
        check(text in server.tail(), server.tail())
    fails(folder / "nowhere", "twinlink pair init")
    (one / "own.key").chmod(0o644)
    fails(one, "can be read by others")
    (one / "own.key").chmod(0o600)
    (one / "partner.crt").unlink()
    fails(one, "twinlink pair join")
    pair_command("init", "--credentials", one, code=1)
    pair_command("join", one / "own.crt", "--credentials", one, code=1)
    pair_command("join", one / "own.key", "--credentials", one, code=1)


if __name__ == "__main__":
    main([losses_on_all_four_links, killed_and_back, deaf_for_a_while, lost_by_agreement, report_of_the_pair, who_is_no_partner,
          wrong_credentials])
