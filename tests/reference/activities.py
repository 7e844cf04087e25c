"""Agent trace: what the agents whom the configuration names do, one activity after the other.

An activity is the time in which mode, AUX reason, direction, call and skill of an agent stay as they are. It is a row of
its own in the interval of its end. What is told of its call is what was known when it began. One that takes no time and
in which nothing happens is none; a logout is a row of its own, without duration.
"""

MODES = "Unstaffed Avail Acd Acw Aux DirectAcd DirectAcw Ring Other Unknown".split()
DIRECTIONS = {"None": 0, "In": 1, "Out": 2}
# What a message says that its agent did in what he is doing.
DEEDS = {
    "CallHeld": ["CALLER_HOLD"],
    "CallRetrieved": ["RECONNECT"],
    "CallConferenced": ["CONFERENCE"],
    "CallTransferred": ["TRANSFERRED", "AGT_RELEASED"],
    "CallRedirected": ["NOANSREDIR"],
}


class Activity:
    def __init__(self, agent, began, items, doubtful):
        self.of = self.state_of(agent)
        self.began = began
        self.items = items
        self.doubtful = doubtful
        self.deeds = {}

    @staticmethod
    def state_of(agent):
        reason = agent.reason if agent.mode == "Aux" else 0
        return agent.mode, reason, agent.direction, agent.call, agent.skill


class Activities:
    def __init__(self, fold, traced):
        self.fold = fold
        self.clock = fold.clock
        self.present = dict.fromkeys(traced)  # login id: the Activity, None while logged out
        self.newest = {}  # login id: the interval and the moment of the newest row

    # ---- what goes on
    def look(self, login_id, now):
        """Something was heard of the agent: is he still doing the same?"""
        agent = self.fold.agents.agent(login_id)
        if login_id not in self.present or not agent.staffed:
            return
        activity = self.present[login_id]
        if activity is None or activity.of != Activity.state_of(agent):
            self.end(agent, now)
            self.begin(agent, now)

    def found(self, login_id, since):
        """By a pump-up, without having been seen to begin."""
        if login_id in self.present:
            self.begin(self.fold.agents.agent(login_id), since, found=True)

    def logged_out(self, agent, now, reason, unseen=False):
        if agent.login_id not in self.present or not agent.staffed:
            return
        if unseen:
            self.doubt(agent.login_id)
        self.end(agent, now)
        self.write(agent, now, {"LOGOUT_REASON": reason, "INCOMPLETE": int(unseen)})

    # ---- what happens in it
    def take(self, m):
        """A message about a call that is no protocol error."""
        for item in DEEDS.get(m.template, ()):
            self.did(m.agent, item)
        if m.template == "CallReleased" and m.by == "Agent":
            self.did(m.agent, "AGT_RELEASED")
        if m.template == "CallAbandoned" and m.abandoned_in in ("Ringing", "Hold"):
            self.did(m.agent, "ABNRING" if m.abandoned_in == "Ringing" else "HOLDABN")
        if m.template in ("CallEvent", "CallWorkCode"):
            agent = self.fold.calls.by_number[m.call].queues.talk(m).agent
            if m.template == "CallWorkCode":
                self.did(agent, "WORKCODE", m.code)
            elif m.kind in ("Assist", "Malicious"):
                self.did(agent, "ASSIST_ACTV" if m.kind == "Assist" else "MCT")

    def did(self, login_id, item, value=1):
        if self.present.get(login_id):
            self.present[login_id].deeds[item] = value

    def doubt(self, login_id):
        """A message contradicted what is known of him."""
        if self.present.get(login_id):
            self.present[login_id].doubtful = True

    # ---- rows
    def begin(self, agent, now, found=False):
        mode, reason, direction, call, skill = Activity.state_of(agent)
        items = {"WORKMODE": MODES.index(mode), "AUXREASON": reason, "SPLIT": skill, "CALLID": call}
        items["DIRECTION"] = DIRECTIONS[direction]
        segment = self.segment(agent, call) if call else None
        if call and direction == "None":
            items["DIRECTION"] = 2 if segment and segment.direction in ("Out", "Adjunct") else 1
        if segment:
            items |= {"UCID": segment.ucid, "CALLING_PTY": segment.calling, "DIALED_NUM": segment.dialled}
        tainted = segment is not None and segment.call.tainted
        self.present[agent.login_id] = Activity(agent, now, items, found or tainted)

    def segment(self, agent, number):
        """Of the call that the agent is on or in the after-call work of."""
        if agent.mode in ("Acw", "DirectAcw"):
            for call in self.fold.calls.by_number.values():
                for conversation in call.waiting_conversations():
                    if conversation.agent == agent.login_id and conversation.heard_of_as == number:
                        return conversation.call.segment
        call = self.fold.calls.by_number.get(number)
        return call.segment if call else None

    def end(self, agent, now):
        activity, self.present[agent.login_id] = self.present[agent.login_id], None
        if activity is None or (now == activity.began and not activity.deeds):
            return
        items = {"DURATION": now - activity.began, "INCOMPLETE": int(activity.doubtful)}
        self.write(agent, activity.began, items | activity.items | activity.deeds)

    def write(self, agent, began, items):
        moment = self.clock.shown(began)
        if self.newest.get(agent.login_id) == (self.clock.interval, moment):
            moment += 1
        self.newest[agent.login_id] = self.clock.interval, moment
        for item, value in (items | {"EXTN": agent.extension}).items():
            self.fold.tables.put("ag_actv", self.clock.interval, (agent.login_id, moment), item, value)
