// The fold's state as bytes: canonical (sorted by number, clocks booked first, so that neither history of the
// tables nor flushes show), versioned, closed by a CRC. Loading trusts nothing. See core.hpp.
//
//     checkpoint = head · clock · instance* · name* · skill* · agent* · call* · staged pump-up · crc32c
//     skill = SkillEntry row        agent = SavedAgent (SavedLink row)*        row = u16 columns (u16 column
//     u64 value)*
//
// Traded: entries are written as they lie in memory, so the format is of this version only; a store folds
// again from its journal where the version differs.
#include "engine/fold/core.hpp"
#include "engine/fold/modes.hpp"

namespace twinlink::fold {
namespace {

constexpr u64 kMagic = 0x31444C4F46544C54ULL;
constexpr u16 kFormat = 1;

struct Head {
    u64 magic;
    u16 format;
    u16 fold_version;
    u16 acd;
    u16 skill_columns;
    u16 agent_columns;
    u16 reserved;
    u32 instances;
    u32 names;
    u32 skills;
    u32 agents;
    u32 calls;
    u32 staged_skills;
    u32 staged_agents;
    u32 staged_calls;
    u32 reserved1;
};

struct SavedClock {
    u64 now, opened, skew, wall, epoch, seq, gap_names, unopened_missing, phase, pump_up, ancient;
    IntervalRecord record;
    AcdRecord acd;
    PumpUpEnd seen;
    u16 minutes;
    u8 ready, uncertain, after_gap, resync, open, all_incomplete, skills_in_doubt, pumping;
    std::array<u8, 6> reserved;
};

struct SavedAgent {
    u64 id, at, call, ext_at, pump_up;
    Segment work;
    u32 extension;
    u32 links;
    u16 skill, held_skill, ext_skill;
    AgentMode mode;
    u8 reason;
    Direction direction;
    u8 held;
    u8 flags;
    ExtensionClass ext_class;
    std::array<u8, 4> reserved;
};

struct SavedLink {
    u64 pump_up;
    u16 skill;
    u8 level;
    u8 assigned;
    u8 leaving;
    std::array<u8, 3> reserved;
};

template <class T>
concept Saved = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;
static_assert(Saved<Head> && Saved<SavedClock> && Saved<SavedAgent> && Saved<SavedLink> && Saved<Segment>);

}  // namespace

/// Writes and reads a Core's members.
struct Checkpoint {
    // ---- writing ----
    static void save(Core& c, std::vector<std::byte>& to);
    static void put_agent(const Core& c, const AgentEntry& a, std::vector<std::byte>& to);
    static void put_row(const RowStore& rows, u32 slot, std::vector<std::byte>& to);
    template <Saved T>
    static void put(const T& value, std::vector<std::byte>& to) {
        const auto* p = reinterpret_cast<const std::byte*>(&value);
        to.insert(to.end(), p, p + sizeof value);
    }

    // ---- reading: each returns false where the bytes cannot be ours ----
    Core& core;
    Bytes from;

    template <Saved T>
    bool take(T& value) {
        if (from.size() < sizeof value) return false;
        value = read<T>(from.data());
        from = from.subspan(sizeof value);
        return true;
    }
    bool load();
    bool load_clock();
    bool load_skill(u16& last);
    bool load_agent(u64& last);
    bool load_links(AgentEntry& a, const SavedAgent& saved);
    bool load_call(u64& last);
    bool load_row(RowStore& rows, u32 slot);
    template <class T>
    bool load_staged(FixedList<T>& to, u32 n);
};

// ---- writing
// ------------------------------------------------------------------------------------------------

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

void Checkpoint::put_agent(const Core& c, const AgentEntry& a, std::vector<std::byte>& to) {
    const auto skill_of = [&](u32 link) { return link == kNoIndex ? u16{0} : c.links_[link].skill; };
    u32 links = 0;
    for (u32 l = a.first; l != kNoIndex; l = c.links_[l].next) ++links;
    put(SavedAgent{a.id,
                   a.at,
                   a.call,
                   a.ext_at,
                   a.pump_up,
                   a.work,
                   a.extension,
                   links,
                   a.skill,
                   skill_of(a.held_link),
                   skill_of(a.ext_link),
                   a.mode,
                   a.reason,
                   a.direction,
                   a.held,
                   static_cast<u8>(a.flags & ~(kAgentDirty | kSkillLeaving)),
                   a.ext_class,
                   {}},
        to);
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

void Checkpoint::save(Core& c, std::vector<std::byte>& to) {
    c.settle_all();
    for (const u32 slot : c.skill_rows_.live_slots()) c.finish_skill_row(slot);
    for (const u32 slot : c.agent_rows_.live_slots()) c.finish_agent_row(slot);
    const std::size_t begin = to.size();
    const auto skills = in_order(c.skills_, [](const SkillEntry& s) { return s.number; });
    const auto agents = in_order(c.agents_, [](const AgentEntry& a) { return a.id; });
    const auto calls = in_order(c.calls_, [](const CallEntry& e) { return e.id; });
    const auto size = [](const auto& v) { return static_cast<u32>(v.size()); };
    put(Head{kMagic, kFormat, kFoldVersion, c.acd_.value, c.skill_rows_.columns(), c.agent_rows_.columns(), 0,
             static_cast<u32>(c.instances_.size()), size(c.names_.entries()), size(skills), size(agents),
             size(calls), size(c.staged_skills_), size(c.staged_agents_), size(c.staged_calls_), 0},
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
                   c.pump_up_,
                   c.instances_.ancient(),
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
                   {}},
        to);
    for (std::size_t i = 0; i < c.instances_.size(); ++i) put(c.instances_[i], to);
    for (const Names::Entry& e : c.names_.entries()) put(e, to);
    for (const u32 i : skills) {
        SkillEntry s = c.skills_[i];
        s.in_queue = s.staffed = s.top = 0;  // derived
        put(s, to);
        put_row(c.skill_rows_, i, to);
    }
    for (const u32 i : agents) put_agent(c, c.agents_[i], to);
    for (const u32 i : calls) put(c.calls_[i], to);
    for (const auto& m : c.staged_skills_) put(m, to);
    for (const auto& m : c.staged_agents_) put(m, to);
    for (const auto& m : c.staged_calls_) put(m, to);
    put(crc32c(Bytes(to).subspan(begin)), to);
}

void Core::save(std::vector<std::byte>& to) { Checkpoint::save(*this, to); }

// ---- reading
// ------------------------------------------------------------------------------------------------

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
        rows.touch(slot)[column] = value;
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
    a.flags = static_cast<u8>(s.flags & ~(kAgentDirty | kSkillLeaving));
    a.ext_class = s.ext_class;
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
    if (at == Pool<CallEntry>::kNone) return false;
    core.calls_[at] = e;
    core.call_ids_.insert(e.id, at);
    core.doubtful_calls_ += e.has(kDoubtful);
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
    u16 skill = 0;
    u64 agent = 0;
    u64 call = 0;
    for (u32 i = 0; i < h.skills; ++i) {
        if (!load_skill(skill)) return false;
    }
    for (u32 i = 0; i < h.agents; ++i) {
        if (!load_agent(agent)) return false;
    }
    for (u32 i = 0; i < h.calls; ++i) {
        if (!load_call(call)) return false;
    }
    return load_staged(core.staged_skills_, h.staged_skills) &&
           load_staged(core.staged_agents_, h.staged_agents) &&
           load_staged(core.staged_calls_, h.staged_calls) && from.empty();
}

/// Precondition: this core is new. After an error it is good for nothing.
Expected<void> Core::load(Bytes from) {
    if (from.size() < sizeof(Head) + sizeof(u32)) return failure("a checkpoint of the fold is cut off");
    const auto h = read<Head>(from.data());
    if (h.magic != kMagic || h.format != kFormat || h.fold_version != kFoldVersion ||
        h.skill_columns != skill_rows_.columns() || h.agent_columns != agent_rows_.columns())
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
