"""Agents: where their time goes (the interval-based items), their extension calls and their login sessions.

An agent's life is cut into stretches between two messages that change it, and at every interval boundary; each stretch
is booked at its end, whole, into the rows of all the agent's skills.
"""


class ExtensionCall:
    """A call beside the ACD's work: what it counts as is settled when it begins."""

    def __init__(self, agent, direction, began):
        self.began = began
        self.way = direction.upper()  # IN or OUT
        self.kind, self.skill = agent.beside()


class Agent:
    def __init__(self, login_id, known):
        self.login_id = login_id
        self.extension = 0  # where it was logged in last
        self.left_in = None  # the interval of the last logout
        self.leave()

    def leave(self):
        self.staffed = False
        self.skills = {}  # skill: level, the one logged into longest first
        self.leaving = set()  # skills taken away while the agent was at work for them
        self.mode = "Unstaffed"
        self.reason = 0
        self.skill = 0  # of the ACD call, the ringing or the after-call work of the present mode
        self.call = 0  # that call
        self.direction = "None"  # of the extension call
        self.held = []  # (call, its skill), the last held last
        self.extension_call = None
        self.since = 0
        self.login_at = 0
        self.found_logged_in = False

    def oldest_skill(self):
        return next(iter(self.skills), 0)

    def beside(self):
        """What an extension call is beside now, and the skill that it is booked on."""
        if self.mode == "Acw":
            return "ACW", self.skill or self.oldest_skill()
        if self.held:
            return "ACDAUX", self.held[-1][1]
        return "AUX", self.oldest_skill()

    def at_work_for(self, skill):
        of_mode = self.mode in ("Ring", "Acd", "Acw", "DirectAcd", "DirectAcw") and self.skill == skill
        return of_mode or any(held == skill for _, held in self.held)

    def top_skill(self):
        """The skill with the best level, the lowest number among equals."""
        return min(self.skills, key=lambda skill: (self.skills[skill], skill), default=0)


class Agents:
    def __init__(self, fold):
        self.fold = fold
        self.known = fold.known
        self.tables = fold.tables
        self.clock = fold.clock
        self.by_id = {}
        self.skill_of_call = {}  # (agent, call): the skill through which the agent has it

    def agent(self, login_id):
        return self.by_id.setdefault(login_id, Agent(login_id, self.known))

    # ---- messages
    def login(self, m):
        """A second login of somebody who is logged in is a protocol error: the session goes on."""
        agent = self.agent(m.agent)
        if agent.staffed:
            return
        agent.leave()
        agent.staffed = True
        agent.mode = "Other"
        agent.extension = m.extension
        agent.since = agent.login_at = m.at

    def logout(self, m):
        agent = self.agent(m.agent)
        self.book_stretch(agent, m.at)
        self.end_extension_call(agent, m.at)
        if agent.staffed:
            self.book_session(agent, m)
        agent.leave()

    def book_session(self, agent, m, unseen=False):
        """A row of its own for each session, when it ends; the login by the clock that is in force then."""
        agent.left_in = self.clock.interval
        items = {"LOGOUT": m.time, "LOGOUT_REASON": 0 if unseen else m.reason, "EXTN": agent.extension}
        items |= {"INFLAG": int(agent.found_logged_in), "OUTFLAG": int(unseen)}
        items["INCOMPLETE"] = int(agent.found_logged_in or unseen)
        for n, (skill, level) in enumerate(list(agent.skills.items())[:20], 1):
            items |= {f"LOGONSKILL{n}": skill, f"SKLEVEL{n}": level}
        key = (agent.login_id, self.clock.shown(agent.login_at))
        for item, value in items.items():
            self.tables.put("haglog", self.clock.interval, key, item, value)

    def skill_changed(self, m):
        agent = self.agent(m.agent)
        self.book_stretch(agent, m.at)
        if m.level == 0 and agent.at_work_for(m.skill):
            agent.leaving.add(m.skill)
        elif m.level == 0:
            agent.skills.pop(m.skill, None)
        else:
            agent.leaving.discard(m.skill)
            agent.skills[m.skill] = m.level

    def let_skills_go(self, agent):
        """A skill that was taken away goes when the work for it is done, so that all time stays in some row."""
        for skill in [s for s in agent.leaving if not agent.at_work_for(s)]:
            agent.leaving.discard(skill)
            agent.skills.pop(skill, None)

    # ---- pump-ups: who is logged in
    def pump_up_begins(self):
        self.named = set()

    def snapshot(self, m):
        """An agent who is there, though no login was seen; what is known already changes nothing."""
        self.named.add(m.agent)
        agent = self.agent(m.agent)
        if agent.staffed:
            return
        agent.staffed = True
        agent.found_logged_in = True
        agent.mode, agent.reason, agent.skill = m.mode, m.reason, m.skill
        agent.call, agent.direction = m.call, m.direction
        agent.extension = m.extension
        agent.since = m.at
        agent.login_at = m.at - (m.time - m.login_time)
        self.fold.activities.found(m.agent, m.at - (m.time - m.since) if m.since else m.at)

    def pump_up_ends(self, m):
        """Who is not named is not there any more: the end of the session was not seen."""
        for agent in self.by_id.values():
            if agent.staffed and agent.login_id not in self.named:
                self.book_stretch(agent, m.at)
                self.end_extension_call(agent, m.at)
                self.fold.calls.mark_agent(agent.login_id)
                self.book_session(agent, m, unseen=True)
                self.fold.activities.logged_out(agent, m.at, 0, unseen=True)
                agent.leave()

    def state(self, m):
        agent = self.agent(m.agent)
        self.book_stretch(agent, m.at)
        agent.mode, agent.reason = m.mode, m.reason
        agent.skill = m.skill
        agent.call, agent.direction = m.call, m.direction
        self.let_skills_go(agent)
        going_on = agent.extension_call is not None and agent.extension_call.way == m.direction.upper()
        if not going_on:
            self.end_extension_call(agent, m.at)
            if m.direction != "None":
                agent.extension_call = ExtensionCall(agent, m.direction, m.at)

    def answered(self, m):
        self.skill_of_call[m.agent, m.call] = m.skill or self.agent(m.agent).oldest_skill()

    def held(self, m):
        agent = self.agent(m.agent)
        self.book_stretch(agent, m.at)
        agent.held.append((m.call, self.skill_of_call[m.agent, m.call]))

    def no_longer_held(self, call, at):
        for agent in self.by_id.values():
            if any(held == call for held, _ in agent.held):
                self.book_stretch(agent, at)
                agent.held = [(held, skill) for held, skill in agent.held if held != call]

    def boundary(self, at):
        """Everybody's stretch ends here; the next one belongs to the new interval."""
        for agent in self.by_id.values():
            self.book_stretch(agent, at)

    # ---- booking
    def book(self, agent, skill, item, value, tables=("hsplit", "hagent")):
        for table in tables:
            key = (skill,) if table == "hsplit" else (agent.login_id, skill)
            self.tables.add(table, self.clock.interval, key, item, value)

    def book_stretch(self, agent, now):
        spent, agent.since = now - agent.since, now
        if not agent.staffed or spent == 0:
            return
        for skill in agent.skills:
            self.book(agent, skill, "I_STAFFTIME", spent)
            self.book(agent, skill, self.state_item(agent, skill), spent, self.tables_of_state(agent))
            if agent.mode == "Aux":
                self.book(agent, skill, f"I_AUXTIME{agent.reason}", spent, ["hsplit"])
        self.book_direct_agent_time(agent, spent)
        self.book_agent_time(agent, spent)
        self.book_beside(agent, spent)

    @staticmethod
    def tables_of_state(agent):
        """hagent has no I_AUXTIME: AUX does not belong to a skill of the agent."""
        return ["hsplit"] if agent.mode == "Aux" else ["hsplit", "hagent"]

    @staticmethod
    def state_item(agent, skill):
        """The item of the time in one skill: an agent at another skill's work does something else here."""
        if agent.mode == "Avail":
            return "I_AVAILTIME"
        if agent.mode == "Aux":
            return "I_AUXTIME"
        if skill == (agent.skill or agent.oldest_skill()):
            if agent.mode == "Acd":
                return "I_ACDTIME"
            if agent.mode == "Acw":
                return "I_ACWTIME"
            if agent.mode == "Ring":
                return "I_RINGTIME"
        return "I_OTHERTIME"

    def book_direct_agent_time(self, agent, spent):
        item = {"DirectAcd": "I_DA_ACDTIME", "DirectAcw": "I_DA_ACWTIME"}.get(agent.mode)
        if item is not None:
            self.book(agent, agent.skill or agent.oldest_skill(), item, spent)

    def book_agent_time(self, agent, spent):
        """TI_ items: the agent's time once, in the row of the skill logged into longest."""
        oldest = agent.oldest_skill()
        self.book(agent, oldest, "TI_STAFFTIME", spent, ["hagent"])
        if agent.mode == "Avail":
            self.book(agent, oldest, "TI_AVAILTIME", spent, ["hagent"])
        if agent.mode == "Aux":
            self.book(agent, oldest, "TI_AUXTIME", spent, ["hagent"])
            self.book(agent, oldest, f"TI_AUXTIME{agent.reason}", spent, ["hagent"])
        if agent.mode in ("Other", "Unknown"):
            self.book(agent, oldest, "TI_OTHERTIME", spent, ["hagent"])

    def book_beside(self, agent, spent):
        """Time on extension calls and with ACD calls on hold: parts of the states above."""
        kind, skill = agent.beside()
        if agent.extension_call and agent.extension_call.way == "OUT":
            self.book_consult(agent, spent)
        if agent.extension_call is None:
            if agent.held and agent.mode not in ("Acd", "DirectAcd"):
                self.book(agent, skill, "I_ACDOTHERTIME", spent)
            return
        way = agent.extension_call.way
        item = {"ACDAUXOUT": "I_ACDAUX_OUTTIME"}.get(kind + way, f"I_{kind}{way}TIME")
        self.book(agent, skill, item, spent, ["hsplit"] if kind == "ACW" else ["hsplit", "hagent"])

    def book_consult(self, agent, spent):
        """Time that the agent talked elsewhere belongs to the call that was put on hold last."""
        for number, _ in agent.held[-1:]:
            for conversation in self.fold.calls.conversations(number):
                if conversation.agent == agent.login_id:
                    conversation.consult_ns += spent

    def end_extension_call(self, agent, now):
        """Extension calls are call-based: they count where they end."""
        beside, agent.extension_call = agent.extension_call, None
        if beside is None:
            return
        if beside.kind + beside.way == "ACDAUXOUT":
            self.book(agent, beside.skill, "ACDAUXOUTCALLS", 1)
            return
        kind = ("ACW" if beside.kind == "ACW" else "AUX") + beside.way
        self.book(agent, beside.skill, kind + "CALLS", 1)
        self.book(agent, beside.skill, kind + "TIME", now - beside.began)
