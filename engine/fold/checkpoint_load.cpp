// Reading a checkpoint: nothing in it is trusted. See checkpoint.hpp.
#include "engine/fold/checkpoint.hpp"
#include "engine/fold/modes.hpp"

namespace twinlink::fold {

bool Checkpoint::load_row(RowStore& rows, u32 slot) {
    u16 used = 0;
    if (!take(used) || used > rows.columns()) return false;
    if (used != 0 && !core.open_) return false;
    u32 least = 0;
    for (u16 i = 0; i < used; ++i) {
        u16 column = 0;
        u64 value = 0;
        if (!take(column) || !take(value) || column < least || column >= rows.columns() || value == 0)
            return false;
        rows.touch_all(slot)[column] = value;
        least = column + 1U;
    }
    return true;
}

bool Checkpoint::load_clock() {
    SavedClock s;
    if (!take(s)) return false;
    const u8 flags[] = {s.ready, s.uncertain,      s.after_gap,       s.resync,
                        s.open,  s.all_incomplete, s.skills_in_doubt, s.pumping};
    if (std::any_of(std::begin(flags), std::end(flags), [](u8 f) { return f > 1; })) return false;
    if ((s.minutes != 15 && s.minutes != 30 && s.minutes != 60) || (s.ready && !s.open)) return false;
    core.now_ = s.now;
    core.opened_ = s.opened;
    core.skew_ = s.skew;
    core.wall_ = s.wall;
    core.epoch_ = s.epoch;
    core.seq_ = s.seq;
    core.gap_names_ = s.gap_names;
    core.unopened_missing_ = s.unopened_missing;
    core.phase_ = s.phase;
    core.pump_up_ = s.pump_up;
    core.last_record_at_ = s.last_record_at;
    core.last_record_call_ = s.last_record_call;
    core.instances_.set_ancient(s.ancient);
    core.record_ = s.record;
    core.acd_record_ = s.acd;
    core.seen_ = s.seen;
    core.minutes_ = s.minutes;
    core.ready_ = s.ready;
    core.uncertain_ = s.uncertain;
    core.after_gap_ = s.after_gap;
    core.resync_ = s.resync;
    core.open_ = s.open;
    core.all_incomplete_ = s.all_incomplete;
    core.skills_in_doubt_ = s.skills_in_doubt;
    core.pumping_ = s.pumping;
    core.record_changed_ = core.open_;
    return true;
}

bool Checkpoint::load_skill(u16& last) {
    SkillEntry s;
    if (!take(s) || s.number <= last || (s.in_queue | s.staffed | s.top) != 0) return false;
    last = s.number;
    const u32 slot = core.skills_.take();
    if (slot == Pool<SkillEntry>::kNone) return false;
    core.skills_[slot] = s;
    core.skill_slots_[s.number] = static_cast<u16>(slot);
    return load_row(core.skill_rows_, slot);
}

bool Checkpoint::load_vdn(u32& last) {
    VdnState v;
    if (!take(v) || v.number <= last || v.waiting != 0) return false;
    last = v.number;
    const u32 slot = core.vdn_slot(v.number);
    if (slot == kNoIndex) return false;
    core.vdns_[slot] = v;
    return load_row(core.vdn_rows_, slot);
}

bool Checkpoint::load_vector(u16& last) {
    VectorState v;
    if (!take(v) || v.number <= last) return false;
    last = v.number;
    const u32 slot = core.vector_slot(v.number);
    return slot != kNoIndex && load_row(core.vector_rows_, slot);
}

bool Checkpoint::load_group(u16& last) {
    GroupState g;
    if (!take(g) || g.number <= last || g.busy != 0) return false;
    last = g.number;
    const u32 slot = core.group_slot(g.number);
    if (slot == kNoIndex) return false;
    core.groups_[slot] = g;
    return load_row(core.group_rows_, slot);
}

bool Checkpoint::load_trunk(u64& last) {
    TrunkState t;
    if (!take(t) || t.key <= last || t.key >> 32 != 1 || t.group_number() == 0 || t.number() == 0)
        return false;
    if (core.group_slots_[t.group_number()] == 0xFFFF || t.leg != 0 || t.fate > TrunkFate::Connected)
        return false;
    if (t.call != 0 && (!known(t.direction) || t.has(kOutOfService))) return false;
    last = t.key;
    const u32 slot = core.trunk_slot(t.group_number(), t.number());
    if (slot == kNoIndex) return false;
    t.group = core.trunks_[slot].group;
    core.trunks_[slot] = t;
    core.groups_[t.group].busy += t.call != 0 || t.has(kOutOfService);
    return load_row(core.trunk_rows_, slot);
}

bool Checkpoint::load_code(u64& last) {
    CodeState k;
    if (!take(k) || k.code <= last || !core.open_) return false;
    last = k.code;
    const u32 slot = core.codes_.take();
    if (slot == Pool<CodeState>::kNone) return false;
    core.codes_[slot] = k;
    core.code_ids_.insert(k.code, slot);
    return load_row(core.code_rows_, slot);
}

/// The leg that follows, when `ref` is 1; `ref` then names it. `call` 0: of any call.
bool Checkpoint::load_leg(u32& ref, u64 call) {
    if (ref == 0) return true;
    Leg l;
    if (ref != 1 || !take(l) || l.call == 0 || (call != 0 && l.call != call) || l.trunk > 1) return false;
    if (l.further > l.further_vdn.size() || l.disposition > Disposition::Other) return false;
    const bool in_vdn = l.has(kWaitsInVdn) || l.has(kOwesVdn);
    const u32 vdn = l.vdn == 0 ? IdMap::kNone : core.vdn_ids_.find(l.vdn);
    if (in_vdn && vdn == IdMap::kNone) return false;
    const u32 at = core.legs_.take();
    if (at == Pool<Leg>::kNone) return false;
    ref = at + 1;
    if (l.has(kWaitsInVdn)) ++core.vdns_[vdn].waiting;
    if (l.trunk != 0) {
        const u32 trunk = core.find_trunk(l.trunk_group, l.trunk_number);
        if (trunk == IdMap::kNone || core.trunks_[trunk].call == 0 || core.trunks_[trunk].leg != 0)
            return false;
        core.trunks_[trunk].leg = ref;
        l.trunk = trunk + 1;
    }
    core.legs_[at] = l;
    return true;
}

bool Checkpoint::load_held() {
    const auto leg = [&](u64 call, u32& ref) {
        if (call == 0) return true;
        const CallEntry* const c = core.find_call(call);
        ref = c == nullptr ? 0 : c->talk.leg;
        return ref != 0;
    };
    for (const HeldCalls& h : held) {
        AgentEntry& a = core.agents_[h.agent];
        u32* at = &a.held_leg;
        for (const u64 call : h.held_calls) {
            if (!leg(call, *at) || core.legs_[*at - 1].held_before != 0) return false;
            const CallEntry& c = *core.find_call(call);
            if (c.talk.agent != a.id || !c.talk.has(kHeldNow)) return false;
            at = &core.legs_[*at - 1].held_before;
        }
        if (!leg(h.ext_call, a.ext_leg)) return false;
    }
    return true;
}

bool Checkpoint::load_links(AgentEntry& a, const SavedAgent& saved) {
    for (u32 i = 0; i < saved.links; ++i) {
        SavedLink k;
        if (!take(k) || k.skill == 0 || core.skill_slots_[k.skill] == 0xFFFF) return false;
        if (k.assigned > 1 || k.leaving > 1 || (k.assigned && !a.staffed())) return false;
        if (core.find_link(a, k.skill) != kNoIndex) return false;
        const u32 l = core.add_link(a, k.skill);
        if (l == kNoIndex) return false;
        SkillOfAgent& link = core.links_[l];
        link.pump_up = k.pump_up;
        link.level = k.level;
        link.assigned = k.assigned;
        link.leaving = k.leaving;
        if (k.leaving != 0) a.set(kSkillLeaving);
        core.skills_[link.skill_slot].staffed += k.assigned;
        if (!load_row(core.agent_rows_, l)) return false;
    }
    return true;
}

bool Checkpoint::load_agent(u64& last) {
    SavedAgent s;
    if (!take(s) || s.id <= last || !known(s.mode) || s.reason > 99 || s.direction > Direction::Out)
        return false;
    if (s.ext_class > ExtensionClass::AcdAuxOut || s.links > core.links_.capacity()) return false;
    if (s.work.call != 0 && s.work.agent != s.id) return false;
    last = s.id;
    if (core.agents_.full()) return false;
    AgentEntry& a = *core.find_or_add_agent(s.id);
    a.at = s.at;
    a.call = s.call;
    a.ext_at = s.ext_at;
    a.pump_up = s.pump_up;
    a.work = s.work;
    a.extension = s.extension;
    a.skill = s.skill;
    a.mode = s.mode;
    a.reason = s.reason;
    a.direction = s.direction;
    a.held = s.held;
    a.flags = static_cast<u8>(s.flags & ~(kAgentDirty | kSkillLeaving | kTraced));
    a.ext_class = s.ext_class;
    a.login_at = s.login_at;
    a.mode_at = s.mode_at;
    a.found = s.found;
    HeldCalls holds{core.agent_ids_.find(s.id), {}, s.ext_call};
    for (u32 i = 0; i < s.held_calls; ++i) {
        u64 number = 0;
        if (i > 0xFF || !take(number) || number == 0) return false;
        holds.held_calls.push_back(number);
    }
    if (!load_leg(a.work.leg, 0)) return false;
    if (s.held_calls != 0 || s.ext_call != 0) held.push_back(std::move(holds));
    if (!load_links(a, s)) return false;
    a.held_link = s.held_skill == 0 ? kNoIndex : core.find_link(a, s.held_skill);
    a.ext_link = s.ext_skill == 0 ? kNoIndex : core.find_link(a, s.ext_skill);
    for (u32 l = a.first; l != kNoIndex; l = core.links_[l].next) {
        const SkillOfAgent& k = core.links_[l];
        const auto better = [&](const SkillOfAgent& t) {
            return k.level < t.level || (k.level == t.level && k.skill < t.skill);
        };
        if (k.assigned && (a.top_link == kNoIndex || better(core.links_[a.top_link]))) a.top_link = l;
    }
    if (a.top_link != kNoIndex) ++core.skills_[core.links_[a.top_link].skill_slot].top;
    core.resolve_mode_link(a);
    return true;
}

bool Checkpoint::load_call(u64& last) {
    CallEntry e;
    if (!take(e) || e.id <= last || (e.talk.call != 0 && e.talk.call != e.id)) return false;
    last = e.id;
    for (std::size_t i = 0; i < e.queue.size(); ++i) {
        const u16 skill = e.queue[i].skill;
        if (skill == 0) continue;
        if (core.skill_slots_[skill] == 0xFFFF) return false;
        for (std::size_t j = 0; j < i; ++j) {
            if (e.queue[j].skill == skill) return false;
        }
        ++core.skills_[core.skill_slots_[skill]].in_queue;
    }
    const u32 at = core.calls_.take();
    if (at == Pool<CallEntry>::kNone || e.talk.leg > e.leg || !load_leg(e.leg, e.id)) return false;
    if (e.talk.leg != 0) e.talk.leg = e.leg;
    core.calls_[at] = e;
    core.call_ids_.insert(e.id, at);
    core.doubtful_calls_ += e.has(kDoubtful);
    return true;
}

/// Those who are traced; nothing follows where nobody is.
bool Checkpoint::load_traces() {
    u64 count = 0;
    if (from.empty()) return true;
    if (!take(count) || count == 0 || count > kTracedAgentsMax) return false;
    u64 last = 0;
    for (u64 i = 0; i < count; ++i) {
        Trace t;
        if (!take(t) || t.agent <= last || t.active > 1 || t.doubtful > 1) return false;
        last = t.agent;
        AgentEntry* const a = core.find_agent(t.agent);
        if (t.active != 0 && (a == nullptr || !a->staffed() || t.began > core.now_)) return false;
        if (!known(t.mode) || !known(t.extension) || !known(t.direction)) return false;
        if (a != nullptr) a->set(kTraced);
        core.traces_.push_back(t);
    }
    return true;
}

template <class T>
bool Checkpoint::load_staged(FixedList<T>& to, u32 n) {
    if (n > to.capacity()) return false;
    for (u32 i = 0; i < n; ++i) {
        T m;
        if (!take(m)) return false;
        to.push_back(m);
    }
    return true;
}

bool Checkpoint::load() {
    Head h;
    if (!take(h) || !load_clock()) return false;
    for (u32 i = 0; i < h.instances; ++i) {
        Instances::Entry e;
        if (!take(e) || !core.instances_.append(e)) return false;
    }
    for (u32 i = 0; i < h.names; ++i) {
        Names::Entry e;
        if (!take(e) || e.key == 0 || core.names_.offer(e.key, e.hash) != Names::Verdict::News) return false;
    }
    u16 skill = 0, vector = 0, group = 0;
    u32 vdn = 0;
    u64 agent = 0, call = 0, trunk = 0, code = 0;
    for (u32 i = 0; i < h.skills; ++i) {
        if (!load_skill(skill)) return false;
    }
    for (u32 i = 0; i < h.vdns; ++i) {
        if (!load_vdn(vdn)) return false;
    }
    for (u32 i = 0; i < h.vectors; ++i) {
        if (!load_vector(vector)) return false;
    }
    for (u32 i = 0; i < h.groups; ++i) {
        if (!load_group(group)) return false;
    }
    for (u32 i = 0; i < h.trunks; ++i) {
        if (!load_trunk(trunk)) return false;
    }
    for (u32 i = 0; i < h.codes; ++i) {
        if (!load_code(code)) return false;
    }
    for (u32 i = 0; i < h.agents; ++i) {
        if (!load_agent(agent)) return false;
    }
    for (u32 i = 0; i < h.calls; ++i) {
        if (!load_call(call)) return false;
    }
    core.out_of_service_ = h.out_of_service;
    return load_held() && load_staged(core.staged_skills_, h.staged_skills) &&
           load_staged(core.staged_agents_, h.staged_agents) &&
           load_staged(core.staged_calls_, h.staged_calls) && load_staged(core.staged_out_, h.staged_out) &&
           load_traces() && from.empty();
}

/// Precondition: this core is new. After an error it is good for nothing.
Expected<void> Core::load(Bytes from) {
    if (from.size() < sizeof(Head) + sizeof(u32)) return failure("a checkpoint of the fold is cut off");
    const auto h = read<Head>(from.data());
    if (h.magic != kMagic || h.format != kFormat || h.fold_version != kFoldVersion ||
        h.skill_columns != skill_rows_.columns() || h.agent_columns != agent_rows_.columns() ||
        h.other_columns != Checkpoint::other_columns(*this))
        return failure("a checkpoint of the fold is of another version");
    if (h.acd != acd_.value) return failure("a checkpoint of the fold is of another ACD");
    const Bytes body = from.first(from.size() - sizeof(u32));
    if (read<u32>(body.data() + body.size()) != crc32c(body))
        return failure("a checkpoint of the fold is damaged");
    if (h.skills > skills_.capacity() || h.agents > agents_.capacity() || h.calls > calls_.capacity())
        return failure("a checkpoint of the fold holds more than the configured capacities");
    if (!Checkpoint{*this, body}.load()) return failure("a checkpoint of the fold contradicts itself");
    return {};
}

}  // namespace twinlink::fold
