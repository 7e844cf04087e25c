"""The fold: the messages of one stream, in order, become rows. Each message goes to everybody whom it concerns."""
from activities import Activities
from agents import Agents
from calls import Calls
from clock import Clock
from skills import Skills
from tables import EVENTS
from trunks import Trunks
from visits import Vdns


class Fold:
    """One stream without missing names, from its first pump-up on."""

    def __init__(self, stream, tables, known, traced=()):
        self.tables = tables
        self.known = known  # names of known differences of the product, to be imitated
        self.clock = Clock(stream)
        self.agents = Agents(self)
        self.skills = Skills(self)
        self.vdns = Vdns(self)
        self.trunks = Trunks(self)
        self.calls = Calls(self)
        self.activities = Activities(self, traced)
        for message in stream.messages():
            self.clock.take(message)
            handler = getattr(self, message.template, None)
            legal = not self.calls.is_unknown(message) and not self.calls.is_of_no_talk(message)
            if legal:
                self.activities.take(message)
            if self.calls.is_unknown(message):
                self.calls.mark(message)  # a protocol error: it changes nothing
            elif self.calls.is_of_no_talk(message):
                self.calls.taint(self.calls.by_number[message.call], message)
            elif handler is not None:
                handler(message)
            elif message.template.startswith("Call") and message.template != "CallSnapshot":
                self.calls.take(message)
        self.settle_settings()

    # ---- stream and configuration
    def IntervalBoundary(self, m):
        self.agents.boundary(m.at)
        self.trunks.boundary(m.at)
        self.settle_settings()
        if self.clock.cut(m):
            self.skills.measure_queues()
            self.skills.measure_staff()
            self.vdns.measure_waiting()

    def settle_settings(self):
        """Administrative items: what is in force at the end of the interval."""
        for table, key, row in self.tables.rows_of(self.clock.interval):
            row.update(self.settings_of(table, key, row))
            if self.clock.interval.recounted and table not in EVENTS:
                row["INCOMPLETE"] = 1

    def settings_of(self, table, key, row):
        if table == "hagent":
            agent = self.agents.agent(key[0])
            forgotten = not agent.staffed and agent.left_in is not self.clock.interval
            return {"EXTENSION": 0 if forgotten else agent.extension}
        if table == "htkgrp":
            return {"TRUNKS": self.trunks.sizes.get(key[0], 0)}
        if table not in ("hsplit", "hvdn"):
            return {}
        info = self.skills.settings(key[0]) if table == "hsplit" else self.vdns.info(key[0])
        items = {"SERVICELEVEL": info.service_level_s}
        items |= {f"PERIOD{n}": limit_s for n, limit_s in enumerate(info.period_s, 1)}
        if table == "hvdn":
            items |= {f"SKILL{n}": skill for n, skill in enumerate(info.skill, 1)}
        return items

    def PumpUpBegin(self, m):
        self.agents.pump_up_begins()

    def AgentSnapshot(self, m):
        self.agents.snapshot(m)

    def PumpUpEnd(self, m):
        self.agents.pump_up_ends(m)
        self.skills.measure_staff()

    def AcdInfo(self, m):
        self.clock.local_time(m)
        phantom_ns = m.phantom_abandon_s * 1_000_000_000
        if self.calls.phantom_ns not in (None, phantom_ns):
            self.clock.interval.recounted = (
                True  # what an answered call is has changed: no row means one thing
            )
        self.calls.phantom_ns = phantom_ns

    def SkillInfo(self, m):
        self.skills.configured(m)

    def VdnInfo(self, m):
        self.vdns.configured(m)

    def TrunkGroupInfo(self, m):
        self.trunks.configured(m)

    # ---- agents
    def AgentLogin(self, m):
        if self.agents.agent(m.agent).staffed:
            self.calls.mark(m)
        self.agents.login(m)
        self.activities.look(m.agent, m.at)

    def AgentSkill(self, m):
        self.agents.skill_changed(m)
        self.skills.measure_staff()

    def AgentState(self, m):
        follows = m.previous == self.agents.agent(m.agent).mode
        if not follows or self.calls.is_work_of_no_call(m):
            self.calls.mark(m)
        self.agents.state(m)
        self.calls.agent_state(m)
        self.activities.look(m.agent, m.at)

    def AgentLogout(self, m):
        self.activities.logged_out(self.agents.agent(m.agent), m.at, m.reason)
        self.agents.logout(m)
        self.calls.agent_state(m)

    # ---- calls
    def TrunkSeized(self, m):
        """A call begins on a trunk: a second one for it is a protocol error."""
        call = self.calls.by_number.get(m.call)
        if call and call.trunk:
            self.calls.taint(call, m)
        else:
            self.calls.take(m)
            self.trunks.seized(m, self.calls.by_number[m.call])

    def TrunkIdle(self, m):
        if m.call in self.calls.by_number:
            self.calls.take(m)
        self.trunks.idle(m)

    def TrunkMaintenance(self, m):
        self.trunks.maintenance(m)
        if m.call:
            self.agents.no_longer_held(m.call, m.at)
            self.skills.left(m.call)
            self.calls.aborted(m)

    def CallQueued(self, m):
        if m.by != "DirectAgent":
            self.skills.arrived(m)
            self.skills.measure_queues()
        self.calls.take(m)

    def CallDequeued(self, m):
        self.skills.left(m.call, m.skill)
        self.calls.take(m)

    def CallAnswered(self, m):
        self.agents.answered(m)
        self.skills.left(m.call)
        self.calls.take(m)

    def CallRedirected(self, m):
        self.skills.left(m.call, m.skill if m.to == "SameSkill" else None)
        self.calls.take(m)

    def CallAbandoned(self, m):
        self.agents.no_longer_held(m.call, m.at)
        self.skills.left(m.call)
        self.calls.take(m)

    def CallForcedBusy(self, m):
        self.skills.left(m.call)
        self.calls.take(m)

    CallForcedDisconnect = CallOutflowed = CallForcedBusy

    def CallHeld(self, m):
        self.agents.held(m)
        self.calls.take(m)

    def CallRetrieved(self, m):
        self.agents.no_longer_held(m.call, m.at)
        self.calls.take(m)

    CallConferenced = CallTransferred = CallReleased = CallRetrieved
