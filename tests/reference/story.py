"""A Story is a stream told message by message: what acdsim's model never does, or not at such a moment.

Times are "HH:MM:SS" of one day. Agents are small numbers (1 is login id 1), calls and skills too.
"""

DAY_NS = 1_772_409_600_000_000_000  # 2026-03-02T00:00:00Z
SECOND_NS = 1_000_000_000
VECTORS = 4
PERIODS = [5, 10, 20, 30, 45, 60, 90, 120, 300]


class Story:
    def __init__(self, acd, phantom_s=0, minutes=30, utc_offset_minutes=0, begins="08:00:00"):
        self.acd = acd
        self.messages = []  # (template, fields)
        self.minutes = minutes
        self.info = {
            "utc_offset_minutes": utc_offset_minutes,
            "interval_minutes": minutes,
            "phantom_abandon_s": phantom_s,
            "name": f"story {acd}",
        }
        self.settings = {n: {"service_level_s": 20, "period_s": PERIODS} for n in range(1, 6)}
        self.vdns = {
            vdn: {"vector": vdn - 5000, "service_level_s": 20, "period_s": PERIODS, "skill": skills}
            for vdn, skills in ((5001, [1, 2, 3]), (5002, [2, 1, 0]), (5003, [3, 0, 0]))
        }
        self.trunk_groups = {1: 100, 2: 2}  # number of trunks
        self.out_of_service = []  # (trunk group, trunk)
        self.places = {}  # call: (trunk group, trunk)
        self.mode = {}  # agent: its mode, for `previous`
        self.logins = {}  # agent: its AgentLogin
        self.skills = {}  # agent: {skill: level}
        self.at(begins)
        self.epoch = self.now
        self.pump_up("Start")
        self.boundary(begins)

    @staticmethod
    def time_of(time):
        hours, minutes, seconds = time.split(":")
        return (
            DAY_NS + (int(hours) * 3600 + int(minutes) * 60) * SECOND_NS + round(float(seconds) * SECOND_NS)
        )

    def at(self, time):
        self.now = self.time_of(time)
        return self

    def send(self, template, **fields):
        self.messages.append((template, {"time": self.now, **fields}))
        return self

    def encoded(self, schema):
        return [(fields["time"], schema.encode(template, fields)) for template, fields in self.messages]

    # ---- stream
    def boundary(self, time):
        self.at(time)
        return self.send("IntervalBoundary", interval_start=self.now, interval_minutes=self.minutes)

    def pump_up(self, why="Audit", snapshots=(), calls=()):
        """Configuration, and the fields of AgentSnapshot and CallSnapshot of what is there."""
        self.send("PumpUpBegin", why=why)
        self.send("AcdInfo", **self.info)
        for skill, settings in self.settings.items():
            self.send("SkillInfo", skill=skill, **settings)
        for vdn, settings in self.vdns.items():
            self.send("VdnInfo", vdn=vdn, **settings)
        for vector in range(1, VECTORS + 1):
            self.send("VectorInfo", vector=vector)
        for group, trunks in self.trunk_groups.items():
            out = sum(place[0] == group for place in self.out_of_service)
            self.send("TrunkGroupInfo", trunk_group=group, trunks=trunks, out_of_service=out)
        for group, trunk in self.out_of_service:
            self.send("TrunkMaintenance", trunk_group=group, trunk=trunk, busy=1)
        for agent in sorted(self.skills):
            for skill, level in self.skills[agent].items():
                self.send("AgentSkill", agent=agent, skill=skill, level=level)
        for snapshot in snapshots:
            self.send("AgentSnapshot", **snapshot)
        for call in calls:
            self.send("CallSnapshot", **call)
        skills = sum(len(skills) for skills in self.skills.values())
        counts = {"skills": len(self.settings), "agent_skills": skills, "agent_snapshots": len(snapshots)}
        counts |= {"vdns": len(self.vdns), "vectors": VECTORS, "trunk_groups": len(self.trunk_groups)}
        counts |= {"call_snapshots": len(calls)}
        return self.send("PumpUpEnd", **counts)

    # ---- agents
    def login(self, agent, *skills, mode="Avail"):
        """Skills in the order of logon, their levels 1, 2 and so on; or pairs (skill, level)."""
        self.send("AgentLogin", agent=agent, extension=2000 + agent)
        self.mode[agent] = "Other"
        self.skills[agent] = {}
        for n, skill in enumerate(skills, 1):
            self.skill(agent, *(skill if isinstance(skill, tuple) else (skill, n)))
        return self.state(agent, mode)

    def skill(self, agent, skill, level):
        self.skills[agent].pop(skill, None) if level == 0 else self.skills[agent].update({skill: level})
        return self.send("AgentSkill", agent=agent, skill=skill, level=level)

    def state(self, agent, mode, call=0, skill=0, reason=0, direction="None"):
        previous, self.mode[agent] = self.mode[agent], mode
        fields = {"agent": agent, "call": call, "skill": skill, "previous": previous, "mode": mode}
        return self.send("AgentState", **fields, reason=reason, direction=direction)

    def logout(self, agent, reason=0):
        self.skills[agent] = {}
        return self.send("AgentLogout", agent=agent, reason=reason)

    # ---- calls
    def seize(self, call, direction="In", group=1, trunk=None):
        self.places[call] = group, trunk or call
        fields = {
            "trunk_group": group,
            "trunk": trunk or call,
            "direction": direction,
            "ucid": (7 << 48) + call,
        }
        return self.send("TrunkSeized", call=call, **fields, calling=f"0301234{call}", dialled="08005001")

    def arrive(self, call, direction="In", vdn=5001, group=1, trunk=None):
        self.seize(call, direction, group, trunk)
        return self.enter(call, vdn)

    def enter(self, call, vdn, how="First"):
        self.send("CallAtVdn", call=call, vdn=vdn, how=how)
        return self.send("CallAtVector", call=call, vector=self.vdns[vdn]["vector"], how="Vdn")

    def queue(self, call, skill, position=1, by="QueueTo", priority="Medium", agent=0):
        fields = {"call": call, "skill": skill, "position": position, "by": by, "priority": priority}
        return self.send("CallQueued", **fields, agent=agent)

    def ring(self, call, agent, skill, offer="Skill"):
        self.send("CallRinging", call=call, agent=agent, skill=skill, offer=offer)
        return self.state(agent, "Ring", call, skill)

    def answer(self, call, agent, skill, offer="Skill"):
        self.send("CallAnswered", call=call, agent=agent, skill=skill, offer=offer)
        return self.state(agent, "DirectAcd" if offer == "Direct" else "Acd", call, skill)

    def hold(self, call, agent, direction="None"):
        return self.send("CallHeld", call=call, agent=agent).state(agent, "Other", direction=direction)

    def retrieve(self, call, agent, skill, mode="Acd"):
        return self.send("CallRetrieved", call=call, agent=agent).state(agent, mode, call, skill)

    def release(self, call, agent, then="Avail", by="Caller", skill=0):
        """`then` is the agent's next mode; after-call work is work of this call."""
        self.send("CallReleased", call=call, agent=agent, by=by)
        of = call if then in ("Acw", "DirectAcw") else 0
        self.state(agent, then, of, skill if of else 0)
        return self.idle(call)

    def abandon(self, call, place, agent=0, skill=0, then="Avail"):
        self.send("CallAbandoned", call=call, agent=agent, skill=skill, abandoned_in=place)
        if agent:
            self.state(agent, then)
        return self.idle(call)

    def redirect(self, call, agent, skill, to, then="Avail"):
        return self.send("CallRedirected", call=call, agent=agent, skill=skill, to=to).state(agent, then)

    def outflow(self, call, to, vdn=0):
        """To a VDN the call enters it; off the switch its trunk idles."""
        self.send("CallOutflowed", call=call, to=to, vdn=vdn)
        if to == "Vdn":
            return self.enter(call, vdn, "RouteTo")
        return self.idle(call) if to == "OffSwitch" else self

    def connect(self, call):
        return self.send("CallConnected", call=call, extension=7)

    def extension_leaves(self, call, by="Caller"):
        return self.send("CallReleased", call=call, agent=0, by=by).idle(call)

    def transfer(self, call, agent, to_call, then="Avail", skill=0):
        """The trunk goes along; after-call work is work of the call left."""
        self.send("CallTransferred", call=call, agent=agent, to_call=to_call)
        self.places[to_call] = self.places.pop(call)
        return self.state(agent, then, call if then == "Acw" else 0, skill if then == "Acw" else 0)

    def code(self, call, agent, code):
        return self.send("CallWorkCode", call=call, agent=agent, code=code)

    def idle(self, call):
        group, trunk = self.places.pop(call, (1, call))
        return self.send("TrunkIdle", call=call, trunk_group=group, trunk=trunk)

    def maintenance(self, group, trunk, busy, call=0):
        return self.send("TrunkMaintenance", call=call, trunk_group=group, trunk=trunk, busy=busy)
