// Writing a checkpoint. See checkpoint.hpp.
#include "engine/fold/checkpoint.hpp"

namespace twinlink::fold {

void Checkpoint::put_row(const RowStore& rows, u32 slot, std::vector<std::byte>& to) {
    u16 used = 0;
    const u64* const row = rows.row(slot);
    const u16 columns = rows.live(slot) ? rows.columns() : u16{0};
    for (u16 i = 0; i < columns; ++i) used = static_cast<u16>(used + (row[i] != 0));
    put(used, to);
    for (u16 i = 0; i < columns; ++i) {
        if (row[i] == 0) continue;
        put(i, to);
        put(row[i], to);
    }
}

/// `ref` is 0 in what is saved beside it, or 1 when a leg follows.
void Checkpoint::put_leg(const Leg& leg, std::vector<std::byte>& to) {
    Leg l = leg;
    l.held_before = 0;       // the agent knows
    l.trunk = l.trunk != 0;  // trunk_group and trunk_number tell which
    if (l.codes == 0) l.last_code = 0;
    std::fill(l.code.begin() + leg.work_codes().size(), l.code.end(), 0);
    std::fill(l.further_vdn.begin() + l.further, l.further_vdn.end(), 0);
    l.reserved1 = {};
    put(l, to);
}

/// Nothing where nobody is traced: then states are those of programs that knew no trace.
void Checkpoint::put_traces(const Core& c, std::vector<std::byte>& to) {
    if (c.traces_.empty()) return;
    put(static_cast<u64>(c.traces_.size()), to);
    for (const Trace& t : c.traces_) put(t, to);
}

u16 Checkpoint::other_columns(const Core& c) noexcept {
    return static_cast<u16>(c.vdn_rows_.columns() + c.vector_rows_.columns() + c.group_rows_.columns() +
                            c.trunk_rows_.columns() + c.code_rows_.columns());
}

void Checkpoint::put_agent(const Core& c, const AgentEntry& a, std::vector<std::byte>& to) {
    const auto skill_of = [&](u32 link) { return link == kNoIndex ? u16{0} : c.links_[link].skill; };
    u32 links = 0;
    for (u32 l = a.first; l != kNoIndex; l = c.links_[l].next) ++links;
    const auto call_of = [&](u32 ref) { return ref == 0 ? u64{0} : c.legs_[ref - 1].call; };
    Segment work = a.work;
    work.leg = work.leg != 0;
    u32 held = 0;
    for (u32 l = a.held_leg; l != 0; l = c.legs_[l - 1].held_before) ++held;
    put(SavedAgent{a.id,
                   a.at,
                   a.call,
                   a.ext_at,
                   a.pump_up,
                   a.login_at,
                   a.mode_at,
                   call_of(a.ext_leg),
                   work,
                   a.extension,
                   links,
                   held,
                   a.skill,
                   skill_of(a.held_link),
                   skill_of(a.ext_link),
                   a.mode,
                   a.reason,
                   a.direction,
                   a.held,
                   static_cast<u8>(a.flags & ~(kAgentDirty | kSkillLeaving | kTraced)),
                   a.ext_class,
                   a.found,
                   {}},
        to);
    for (u32 l = a.held_leg; l != 0; l = c.legs_[l - 1].held_before) put(c.legs_[l - 1].call, to);
    if (a.work.leg != 0) put_leg(c.legs_[a.work.leg - 1], to);
    for (u32 l = a.first; l != kNoIndex; l = c.links_[l].next) {
        const SkillOfAgent& k = c.links_[l];
        put(SavedLink{k.pump_up, k.skill, k.level, k.assigned, k.leaving, {}}, to);
        put_row(c.agent_rows_, l, to);
    }
}

namespace {

/// Indices of the used entries, sorted by what `number` gives.
template <class Entries, class Number>
std::vector<u32> in_order(const Entries& entries, Number number) {
    std::vector<u32> order;
    for (u32 i = 0; i < entries.high(); ++i) {
        if (entries[i].used()) order.push_back(i);
    }
    std::sort(order.begin(), order.end(),
              [&](u32 a, u32 b) { return number(entries[a]) < number(entries[b]); });
    return order;
}

}  // namespace

void Checkpoint::put_tables(const Core& c, std::vector<std::byte>& to) {
    for (const u32 i : in_order(c.skills_, [](const SkillEntry& s) { return s.number; })) {
        SkillEntry s = c.skills_[i];
        s.in_queue = s.staffed = s.top = 0;  // derived
        put(s, to);
        put_row(c.skill_rows_, i, to);
    }
    for (const u32 i : in_order(c.vdns_, [](const VdnState& v) { return v.number; })) {
        VdnState v = c.vdns_[i];
        v.waiting = 0;
        put(v, to);
        put_row(c.vdn_rows_, i, to);
    }
    for (const u32 i : in_order(c.vectors_, [](const VectorState& v) { return v.number; })) {
        put(c.vectors_[i], to);
        put_row(c.vector_rows_, i, to);
    }
    for (const u32 i : in_order(c.groups_, [](const GroupState& g) { return g.number; })) {
        GroupState g = c.groups_[i];
        g.busy = 0;
        put(g, to);
        put_row(c.group_rows_, i, to);
    }
    for (const u32 i : in_order(c.trunks_, [](const TrunkState& t) { return t.key; })) {
        TrunkState t = c.trunks_[i];
        t.group = t.leg = 0;
        put(t, to);
        put_row(c.trunk_rows_, i, to);
    }
    for (const u32 i : in_order(c.codes_, [](const CodeState& k) { return k.code; })) {
        put(c.codes_[i], to);
        put_row(c.code_rows_, i, to);
    }
}

void Checkpoint::save(Core& c, std::vector<std::byte>& to) {
    c.settle_all();
    c.for_each_table([](RowStore& rows, auto finish, auto) {
        for (const u32 slot : rows.live_slots()) finish(slot);
    });
    const std::size_t begin = to.size();
    const auto agents = in_order(c.agents_, [](const AgentEntry& a) { return a.id; });
    const auto calls = in_order(c.calls_, [](const CallEntry& e) { return e.id; });
    const auto size = [](const auto& v) { return static_cast<u32>(v.size()); };
    put(Head{kMagic,
             kFormat,
             kFoldVersion,
             c.acd_.value,
             c.skill_rows_.columns(),
             c.agent_rows_.columns(),
             other_columns(c),
             static_cast<u32>(c.instances_.size()),
             size(c.names_.entries()),
             c.skills_.size(),
             size(agents),
             size(calls),
             size(c.staged_skills_),
             size(c.staged_agents_),
             size(c.staged_calls_),
             c.vdns_.size(),
             c.vectors_.size(),
             c.groups_.size(),
             c.trunks_.size(),
             c.codes_.size(),
             size(c.staged_out_),
             c.out_of_service_},
        to);
    put(SavedClock{c.now_,
                   c.opened_,
                   c.skew_,
                   c.wall_,
                   c.epoch_,
                   c.seq_,
                   c.gap_names_,
                   c.unopened_missing_,
                   c.phase_,
                   c.instances_.ancient(),
                   c.last_record_at_,
                   c.last_record_call_,
                   c.record_,
                   c.acd_record_,
                   c.seen_,
                   c.minutes_,
                   c.ready_,
                   c.uncertain_,
                   c.after_gap_,
                   c.resync_,
                   c.open_,
                   c.all_incomplete_,
                   c.skills_in_doubt_,
                   c.pumping_,
                   {},
                   c.pump_up_},
        to);
    for (std::size_t i = 0; i < c.instances_.size(); ++i) put(c.instances_[i], to);
    for (const Names::Entry& e : c.names_.entries()) put(e, to);
    put_tables(c, to);
    for (const u32 i : agents) put_agent(c, c.agents_[i], to);
    for (const u32 i : calls) {
        CallEntry e = c.calls_[i];
        e.leg = e.leg != 0;
        e.talk.leg = e.talk.leg != 0;
        put(e, to);
        if (e.leg != 0) put_leg(c.legs_[c.calls_[i].leg - 1], to);
    }
    for (const auto& m : c.staged_skills_) put(m, to);
    for (const auto& m : c.staged_agents_) put(m, to);
    for (const auto& m : c.staged_calls_) put(m, to);
    for (const auto& m : c.staged_out_) put(m, to);
    put_traces(c, to);
    put(crc32c(Bytes(to).subspan(begin)), to);
}

void Core::save(std::vector<std::byte>& to) { Checkpoint::save(*this, to); }

}  // namespace twinlink::fold
