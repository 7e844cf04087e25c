"""Power, real processes: NUT's upsd, upsmon and dummy-ups, with the files of tools/nut; a battery that the test empties."""
import subprocess

from pair_rig import ON_AND_ON, SMALL, asked, connected, equal_rows, healed, missing_equals_truth, proven_equal, two_servers
from rig import LIMIT_S, TWINLINK, Truth, check, end_orderly, equal, main, switch, wait_for
from ups_rig import Ups


def power(server):
    return server.status()["service"]["power"]["state"]


def power_fails(folder):
    """on battery: told on both servers, backups wait, also after a restart; back; low: all is durable, the partner knows why, the host goes down"""
    one, two = two_servers(folder, **SMALL)
    ups = Ups(folder, one)
    one.start(), two.start()
    connected(one, two)
    sender = switch([one, two], folder, "--agents", "40", *ON_AND_ON, "--start", "2026-03-02T09:25:00Z", "--speed", "300", "--seed", "61",
                    wait=False)
    ups.start()
    wait_for("messages", lambda: min(one.messages(), two.messages()) > 100)
    equal((power(one), one.status()["service"]["backups_wait"]), ("online", False), "power at first")

    def tells_of_battery():
        wait_for("the server to know", lambda: power(one) == "on-battery", said=ups.log)
        check(one.status()["service"]["backups_wait"], "backups do not wait")
        check(any("on battery since" in r for r in one.status()["reasons"]), one.status()["reasons"])
        wait_for("the partner to know", lambda: any("on battery" in n for n in two.status()["notes"]), said=lambda: two.status()["notes"])
    ups.says("OB")
    tells_of_battery()
    asked_for = subprocess.run([str(TWINLINK), "ups", "--socket", str(one.socket)], capture_output=True, text=True, timeout=LIMIT_S)
    equal(asked_for.returncode, 1, f"exit code of twinlink ups on battery ({asked_for.stderr})")
    check("Backups wait" in asked_for.stdout, asked_for.stdout)
    one.kill()
    one.start()
    connected(one, two)
    tells_of_battery()
    ups.says("OL")
    wait_for("power again", lambda: power(one) == "online", said=ups.log)
    wait_for("the partner to know", lambda: not two.status()["notes"], said=lambda: two.status()["notes"])
    told = [e for e in one.twinlink("report", "exceptions")["exceptions"] if e["EXCEPTION"] == "on_battery"]
    equal(len(told), 1, "episodes on battery")
    # And away again, for good.
    ups.says("OB")
    wait_for("the server to know", lambda: power(one) == "on-battery", said=ups.log)
    ups.says("OB LB")
    equal(one.process.wait(LIMIT_S), 0, f"exit code on low battery ({one.tail()} {ups.log()})")
    wait_for("the host to be shut down", ups.shut_down.exists, said=ups.log)
    equal(ups.shut_down.read_text().strip(), "-h +0", "how it is shut down")
    wait_for("the partner to say why", lambda: any("want of power" in r for r in two.status()["reasons"]),
             said=lambda: two.status()["reasons"])
    equal(asked(two)["state"] != "up", True, "the session is over")
    log = one.log.read_text()
    collected, durable = [int(word) for word in log[log.rindex("stopped in good order: "):].split() if word.isdigit()][:2]
    equal(durable, collected, "messages durable, of those collected")
    # Power is back, the machine comes up.
    one.start()
    connected(one, two)
    wait_for("an interval to be over", lambda: two.twinlink("report", "skills")["rows"])
    end_orderly(sender)
    one.settle(), two.settle()
    healed(one, two)
    proven_equal(one, two)
    one.stop(), two.stop()
    missing_equals_truth(one, two, Truth(folder / "truth.json"))
    equal_rows(one, two)


if __name__ == "__main__":
    main([power_fails])
