"""A Story is a stream told message by message: what acdsim's model never does, or not at such a moment.

Times are "HH:MM:SS" of one day. Agents are small numbers (1 is login id 1), calls and skills too.
"""

DAY_NS = 1_772_409_600_000_000_000  # 2026-03-02T00:00:00Z
SECOND_NS = 1_000_000_000
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

    def pump_up(self, why="Audit", snapshots=()):
        """Configuration, and the AgentSnapshot fields of those who are staffed."""
        self.send("PumpUpBegin", why=why)
        self.send("AcdInfo", **self.info)
        for skill, settings in self.settings.items():
            self.send("SkillInfo", skill=skill, **settings)
        for agent in sorted(self.skills):
            for skill, level in self.skills[agent].items():
                self.send("AgentSkill", agent=agent, skill=skill, level=level)
        for snapshot in snapshots:
            self.send("AgentSnapshot", **snapshot)
        skills = sum(len(skills) for skills in self.skills.values())
        counts = {"skills": len(self.settings), "agent_skills": skills, "agent_snapshots": len(snapshots)}
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

    def logout(self, agent):
        self.skills[agent] = {}
        return self.send("AgentLogout", agent=agent)

    # ---- calls
    def arrive(self, call, direction="In"):
        self.send("TrunkSeized", call=call, trunk_group=1, trunk=call, direction=direction)
        self.send("CallAtVdn", call=call, vdn=5001, how="First")
        return self.send("CallAtVector", call=call, vector=1, how="Vdn")

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

    def idle(self, call):
        return self.send("TrunkIdle", call=call, trunk_group=1, trunk=call)
