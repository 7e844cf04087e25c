// The fold's state as bytes: canonical (sorted by number, clocks booked first, so that neither history of the
// tables nor flushes show), versioned, closed by a CRC. Loading trusts nothing. See core.hpp.
//
//     checkpoint = head clock instance* name* skill* vdn* vector* group* trunk* code* agent* call* staged
//     trace* crc32c skill = SkillEntry row (vdn, vector, group, trunk, code alike)      agent = SavedAgent
//     held* leg? (SavedLink row)* call = CallEntry leg?     leg = Leg     row = u16 columns (u16 column u64
//     value)*
//
// References between entries are indices in memory and numbers here: `leg` and `trunk` say 1 where one
// follows.
//
// Traded: entries are written as they lie in memory, so the format is of this version only; a store folds
// again from its journal where the version differs.
#pragma once

#include "engine/fold/core.hpp"

namespace twinlink::fold {

inline constexpr u64 kMagic = 0x31444C4F46544C54ULL;
inline constexpr u16 kFormat = 3;

struct Head {
    u64 magic;
    u16 format;
    u16 fold_version;
    u16 acd;
    u16 skill_columns;
    u16 agent_columns;
    u16 other_columns;  ///< of all other tables together
    u32 instances;
    u32 names;
    u32 skills;
    u32 agents;
    u32 calls;
    u32 staged_skills;
    u32 staged_agents;
    u32 staged_calls;
    u32 vdns;
    u32 vectors;
    u32 groups;
    u32 trunks;
    u32 codes;
    u32 staged_out;
    u32 out_of_service;
};

struct SavedClock {
    u64 now, opened, skew, wall, epoch, seq, gap_names, unopened_missing, phase, ancient, last_record_at,
        last_record_call;
    IntervalRecord record;
    AcdRecord acd;
    PumpUpEnd seen;
    u16 minutes;
    u8 ready, uncertain, after_gap, resync, open, all_incomplete, skills_in_doubt, pumping;
    std::array<u8, 2> reserved;
    u32 pump_up;
};

struct SavedAgent {
    u64 id, at, call, ext_at, pump_up, login_at, mode_at;
    u64 ext_call;  ///< whose leg is ext_leg
    Segment work;
    u32 extension;
    u32 links;
    u32 held_calls;  ///< whose numbers follow, the last held first
    u16 skill, held_skill, ext_skill;
    AgentMode mode;
    u8 reason;
    Direction direction;
    u8 held;
    u8 flags;
    ExtensionClass ext_class;
    u8 found;
    std::array<u8, 7> reserved;
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

/// Writes and reads a Core's members.
struct Checkpoint {
    // ---- writing ----
    static void save(Core& c, std::vector<std::byte>& to);
    [[nodiscard]] static u16 other_columns(const Core& c) noexcept;
    static void put_leg(const Leg& l, std::vector<std::byte>& to);
    static void put_tables(const Core& c, std::vector<std::byte>& to);
    static void put_agent(const Core& c, const AgentEntry& a, std::vector<std::byte>& to);
    static void put_traces(const Core& c, std::vector<std::byte>& to);
    static void put_row(const RowStore& rows, u32 slot, std::vector<std::byte>& to);
    template <Saved T>
    static void put(const T& value, std::vector<std::byte>& to) {
        const auto* p = reinterpret_cast<const std::byte*>(&value);
        to.insert(to.end(), p, p + sizeof value);
    }

    // ---- reading: each returns false where the bytes cannot be ours ----
    Core& core;
    Bytes from;
    /// Agents whose held calls are known by number until the calls are read.
    struct HeldCalls {
        u32 agent;
        std::vector<u64> held_calls;
        u64 ext_call;
    };
    std::vector<HeldCalls> held{};

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
    bool load_vdn(u32& last);
    bool load_vector(u16& last);
    bool load_group(u16& last);
    bool load_trunk(u64& last);
    bool load_code(u64& last);
    bool load_leg(u32& ref, u64 call);
    bool load_agent(u64& last);
    bool load_held();
    bool load_links(AgentEntry& a, const SavedAgent& saved);
    bool load_call(u64& last);
    bool load_traces();
    bool load_row(RowStore& rows, u32 slot);
    template <class T>
    bool load_staged(FixedList<T>& to, u32 n);
};

}  // namespace twinlink::fold
