// The messages described: names, offsets, sizes and types of every field, and the names of enumerators.
//
// For whoever shows or checks messages without knowing them one by one: the generator's truth output,
// dissectors, tests. Nothing on the hot path needs it. Names are those of acd_link.xml; a test holds both to
// each other. What a compiler can check is checked here: the fields of a message cover its block from 0 to
// the end without a hole. Pure constant data; any thread. Offsets and sizes are bytes.
#pragma once

#include <twinlink/messages.hpp>

#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>

namespace twinlink {

enum class Primitive : u8 { Char, U8, U16, U32, U64, I16 };

/// Name of the primitive in SBE.
constexpr std::string_view name_of(Primitive p) noexcept {
    constexpr std::array<std::string_view, 6> names{"char", "uint8", "uint16", "uint32", "uint64", "int16"};
    return names[static_cast<std::size_t>(p)];
}

/// One field. `enum_name` is the enum or set of the schema that gives its values meaning, else empty.
struct FieldLayout {
    std::string_view name;
    u16 offset;
    u16 size;  ///< bytes, all elements together
    Primitive primitive;
    u16 count;  ///< elements; 1 unless an array
    std::string_view enum_name;

    [[nodiscard]] constexpr bool padding() const noexcept { return name.starts_with("reserved"); }
};

/// One message: its names and its fields in the order of the struct.
struct MessageLayout {
    u16 template_id;
    std::string_view name;
    u16 block_length;
    std::span<const FieldLayout> fields;
};

/// A word of an enum, as the schema names it.
struct Enumerator {
    std::string_view name;
    u8 value;
};
/// An enum, or a set (then a value is a bit's weight, not its number).
struct EnumLayout {
    std::string_view name;
    bool set;
    std::span<const Enumerator> values;
};

namespace layout {

template <class E>
struct Values;  // name and all of each enum
template <class M>
struct Fields;  // name and all of each message: a tuple of Field

/// A field as the compiler knows it: the description and the member.
template <class M, class T>
struct Field {
    T M::* member;
    FieldLayout layout;
};

/// The primitive type that T is on the wire.
template <class T>
constexpr Primitive primitive_of() noexcept {
    if constexpr (std::same_as<T, char>)
        return Primitive::Char;
    else if constexpr (std::is_enum_v<T> || std::same_as<T, u8>)
        return Primitive::U8;
    else if constexpr (std::same_as<T, u16>)
        return Primitive::U16;
    else if constexpr (std::same_as<T, u32>)
        return Primitive::U32;
    else if constexpr (std::same_as<T, i16>)
        return Primitive::I16;
    else {
        static_assert(std::same_as<T, u64>);
        return Primitive::U64;
    }
}

/// A member that is one value.
template <class M, class T>
constexpr Field<M, T> field(std::string_view name, std::size_t offset, T M::* member,
                            std::string_view enum_name = {}) noexcept {
    if constexpr (std::is_enum_v<T>) enum_name = Values<T>::name;
    return {member, {name, static_cast<u16>(offset), sizeof(T), primitive_of<T>(), 1, enum_name}};
}
template <class M, class T, std::size_t N>
constexpr Field<M, std::array<T, N>> field(std::string_view name, std::size_t offset,
                                           std::array<T, N> M::* member) noexcept {
    return {member, {name, static_cast<u16>(offset), sizeof(T) * N, primitive_of<T>(), N, {}}};
}

// A list of up to 20 names, each handed to f(about, name): how the lines below stay one per message.
#define TWINLINK_PARENS ()
#define TWINLINK_EXPAND(...) \
    TWINLINK_EXPAND2(TWINLINK_EXPAND2(TWINLINK_EXPAND2(TWINLINK_EXPAND2(__VA_ARGS__))))
#define TWINLINK_EXPAND2(...) \
    TWINLINK_EXPAND1(TWINLINK_EXPAND1(TWINLINK_EXPAND1(TWINLINK_EXPAND1(__VA_ARGS__))))
#define TWINLINK_EXPAND1(...) __VA_ARGS__
#define TWINLINK_EACH(f, about, ...) __VA_OPT__(TWINLINK_EXPAND(TWINLINK_NEXT(f, about, __VA_ARGS__)))
#define TWINLINK_NEXT(f, about, first, ...) \
    f(about, first) __VA_OPT__(, TWINLINK_AGAIN TWINLINK_PARENS(f, about, __VA_ARGS__))
#define TWINLINK_AGAIN() TWINLINK_NEXT

#define TWINLINK_ENUMERATOR(E, v) \
    Enumerator { #v, static_cast<u8>(E::v) }
#define TWINLINK_ENUM(E, ...)                                                                \
    template <>                                                                              \
    struct Values<E> {                                                                       \
        static constexpr std::string_view name = #E;                                         \
        static constexpr std::array all{TWINLINK_EACH(TWINLINK_ENUMERATOR, E, __VA_ARGS__)}; \
    };

TWINLINK_ENUM(Link, A, B)
TWINLINK_ENUM(AgentMode, Unstaffed, Avail, Acd, Acw, Aux, DirectAcd, DirectAcw, Ring, Other, Unknown)
TWINLINK_ENUM(Direction, None, In, Out)
TWINLINK_ENUM(Priority, Low, Medium, High, Top)
TWINLINK_ENUM(QueuedBy, QueueTo, CheckBackup, Messaging, RouteTo, Redirect, DirectAgent)
TWINLINK_ENUM(VdnEntry, First, RouteTo, Redirected)
TWINLINK_ENUM(VectorEntry, Vdn, GoTo)
TWINLINK_ENUM(Offer, Skill, Direct, Extension)
TWINLINK_ENUM(AbandonedIn, Vector, Queue, Ringing, Hold)
TWINLINK_ENUM(RedirectTo, SameSkill, Vdn, Other)
TWINLINK_ENUM(DequeueWhy, Command, AnsweredElsewhere, Ended)
TWINLINK_ENUM(DisconnectBy, Step, Timer, EndOfVector, StepLimit)
TWINLINK_ENUM(OutflowTo, Vdn, OffSwitch, Extension)
TWINLINK_ENUM(ReleasedBy, Caller, Agent, Switch)
TWINLINK_ENUM(CallDirection, In, Out, Adjunct, Internal)
TWINLINK_ENUM(CallEventKind, Stroke, Assist, Malicious)
TWINLINK_ENUM(PumpUpWhy, Start, LinkUp, Audit)
TWINLINK_ENUM(CallPlace, Trunk, Vdn, Queue, Ringing, Talking, Held, AfterWork, Extension)

inline constexpr std::array kFrameFlags{Enumerator{"heartbeat", kFlagHeartbeat},
                                        Enumerator{"end_of_epoch", kFlagEndOfEpoch},
                                        Enumerator{"pump_up", kFlagPumpUp}};

// The frame header keeps `flags` and `link` as numbers, since they are checked before they are believed.
template <>
struct Fields<FrameHeader> {
    using M = FrameHeader;
    static constexpr std::string_view name = "FrameHeader";
    static constexpr auto all = std::make_tuple(
        field("magic", offsetof(M, magic), &M::magic), field("version", offsetof(M, version), &M::version),
        field("flags", offsetof(M, flags), &M::flags, "FrameFlags"), field("acd", offsetof(M, acd), &M::acd),
        field("link", offsetof(M, link), &M::link, Values<Link>::name),
        field("reserved", offsetof(M, reserved), &M::reserved),
        field("message_count", offsetof(M, message_count), &M::message_count),
        field("body_bytes", offsetof(M, body_bytes), &M::body_bytes),
        field("crc32c", offsetof(M, crc32c), &M::crc32c), field("epoch", offsetof(M, epoch), &M::epoch),
        field("first_seq", offsetof(M, first_seq), &M::first_seq),
        field("sent_at", offsetof(M, sent_at), &M::sent_at));
};

// `in` is a word of too many languages: the schema, and so this table, calls that field after its enum.
constexpr std::string_view schema_name(std::string_view member) noexcept {
    return member == "in" ? "abandoned_in" : member;
}
#define TWINLINK_FIELD(M, member) field(schema_name(#member), offsetof(M, member), &M::member)
#define TWINLINK_MESSAGE(M, ...)                                                                    \
    template <>                                                                                     \
    struct Fields<M> {                                                                              \
        static constexpr std::string_view name = #M;                                                \
        static constexpr auto all = std::make_tuple(TWINLINK_EACH(TWINLINK_FIELD, M, __VA_ARGS__)); \
    };

TWINLINK_MESSAGE(IntervalBoundary, time, interval_start, interval_minutes, reserved0, reserved1)
TWINLINK_MESSAGE(ClockSet, time, old_time, new_time)
TWINLINK_MESSAGE(PumpUpBegin, time, why, reserved0, reserved1, reserved2)
TWINLINK_MESSAGE(AcdInfo, time, utc_offset_minutes, interval_minutes, phantom_abandon_s, reserved0, name,
                 release)
TWINLINK_MESSAGE(SkillInfo, time, skill, service_level_s, period_s, reserved0, name)
TWINLINK_MESSAGE(VdnInfo, time, vdn, vector, service_level_s, skill, period_s, name)
TWINLINK_MESSAGE(VectorInfo, time, vector, reserved0, reserved1, name)
TWINLINK_MESSAGE(TrunkGroupInfo, time, trunk_group, trunks, out_of_service, reserved0, name)
TWINLINK_MESSAGE(AgentInfo, time, agent, name)
TWINLINK_MESSAGE(AgentSkill, time, agent, skill, level, preference, percent, reserved0, reserved1)
TWINLINK_MESSAGE(AgentSnapshot, time, agent, since, call, login_time, extension, skill, mode, reason,
                 direction, held_calls, oldest_skill, reserved0)
TWINLINK_MESSAGE(CallSnapshot, time, call, ucid, started, since, queued_at, agent, vdn, vector, trunk_group,
                 trunk, skill, priority, place, direction, connected, reserved1)
TWINLINK_MESSAGE(PumpUpEnd, time, skills, vdns, vectors, trunk_groups, agents, agent_skills, agent_snapshots,
                 call_snapshots)
TWINLINK_MESSAGE(TrunkSeized, time, call, ucid, trunk_group, trunk, direction, reserved0, reserved1, calling,
                 dialled)
TWINLINK_MESSAGE(TrunkIdle, time, call, trunk_group, trunk, reserved0)
TWINLINK_MESSAGE(TrunkMaintenance, time, call, trunk_group, trunk, busy, reserved0, reserved1)
TWINLINK_MESSAGE(CallAtVdn, time, call, vdn, how, reserved0, reserved1)
TWINLINK_MESSAGE(CallAtVector, time, call, vector, how, reserved0, reserved1)
TWINLINK_MESSAGE(CallQueued, time, call, agent, skill, priority, position, by, reserved0, reserved1)
TWINLINK_MESSAGE(CallDequeued, time, call, skill, why, reserved0, reserved1)
TWINLINK_MESSAGE(CallRinging, time, call, agent, skill, offer, reserved0, reserved1)
TWINLINK_MESSAGE(CallAnswered, time, call, agent, skill, offer, reserved0, reserved1)
TWINLINK_MESSAGE(CallHeld, time, call, agent)
TWINLINK_MESSAGE(CallRetrieved, time, call, agent)
TWINLINK_MESSAGE(CallConferenced, time, call, agent, other)
TWINLINK_MESSAGE(CallTransferred, time, call, agent, to_call)
TWINLINK_MESSAGE(CallRedirected, time, call, agent, skill, to, reserved0, reserved1)
TWINLINK_MESSAGE(CallAbandoned, time, call, agent, skill, in, reserved0, reserved1)
TWINLINK_MESSAGE(CallForcedBusy, time, call)
TWINLINK_MESSAGE(CallForcedDisconnect, time, call, by, reserved0, reserved1, reserved2)
TWINLINK_MESSAGE(CallOutflowed, time, call, vdn, to, reserved0, reserved1)
TWINLINK_MESSAGE(CallConnected, time, call, extension, reserved0)
TWINLINK_MESSAGE(CallReleased, time, call, agent, by, reserved0, reserved1, reserved2)
TWINLINK_MESSAGE(CallWorkCode, time, call, agent, code)
TWINLINK_MESSAGE(CallEvent, time, call, agent, kind, number, reserved0, reserved1)
TWINLINK_MESSAGE(AgentLogin, time, agent, extension, reserved0)
TWINLINK_MESSAGE(AgentLogout, time, agent, reason, reserved0, reserved1, reserved2)
TWINLINK_MESSAGE(AgentState, time, agent, call, skill, previous, mode, reason, direction, reserved0)

#undef TWINLINK_MESSAGE
#undef TWINLINK_FIELD
#undef TWINLINK_ENUM
#undef TWINLINK_ENUMERATOR
#undef TWINLINK_AGAIN
#undef TWINLINK_NEXT
#undef TWINLINK_EACH
#undef TWINLINK_EXPAND1
#undef TWINLINK_EXPAND2
#undef TWINLINK_EXPAND
#undef TWINLINK_PARENS

/// The fields of M as plain data.
template <class M>
inline constexpr auto kFields =
    std::apply([](const auto&... f) { return std::array{f.layout...}; }, Fields<M>::all);

/// Every field begins where the one before ends, and the last ends with the block: none was forgotten.
template <class M>
consteval bool covers_block() {
    std::size_t at = 0;
    for (const FieldLayout& f : kFields<M>) {
        if (f.offset != at) return false;
        at += f.size;
    }
    return at == sizeof(M);
}

/// The layout of M. Does not compile where the table above misses a member.
template <class M>
constexpr MessageLayout message() noexcept {
    static_assert(covers_block<M>(), "the table above lists every member, in the order of the struct");
    return {M::kTemplate, Fields<M>::name, sizeof(M), kFields<M>};
}

inline constexpr std::size_t kMessages = [] {
    std::size_t n = 1;  // the frame header
    for_each_message([&]<class M>() { ++n; });
    return n;
}();

/// The layouts of the enums E and of the frame flags.
template <class... E>
constexpr auto enums() noexcept {
    return std::array{EnumLayout{Values<E>::name, false, Values<E>::all}...,
                      EnumLayout{"FrameFlags", true, kFrameFlags}};
}

}  // namespace layout

/// The frame header and every message, in the order of their template ids.
inline constexpr std::array<MessageLayout, layout::kMessages> kMessageLayouts = [] {
    std::array<MessageLayout, layout::kMessages> all{};
    all[0] = layout::message<FrameHeader>();
    std::size_t n = 1;
    for_each_message([&]<class M>() { all[n++] = layout::message<M>(); });
    return all;
}();
static_assert(std::ranges::is_sorted(kMessageLayouts, std::less{}, &MessageLayout::template_id));

/// Every enum of the protocol, and the set of frame flags.
inline constexpr auto kEnumLayouts =
    layout::enums<Link, AgentMode, Direction, Priority, QueuedBy, VdnEntry, VectorEntry, Offer, AbandonedIn,
                  RedirectTo, DequeueWhy, DisconnectBy, OutflowTo, ReleasedBy, CallDirection, CallEventKind,
                  PumpUpWhy, CallPlace>();

/// The message with this template id, or nullptr where we do not know it.
constexpr const MessageLayout* layout_of(u16 template_id) noexcept {
    const auto at = std::ranges::lower_bound(kMessageLayouts, template_id, {}, &MessageLayout::template_id);
    return at != kMessageLayouts.end() && at->template_id == template_id ? &*at : nullptr;
}
/// Name of the message with this template id; empty where we do not know it.
constexpr std::string_view name_of(u16 template_id) noexcept {
    const MessageLayout* found = layout_of(template_id);
    return found != nullptr ? found->name : std::string_view{};
}
/// Name of an enumerator; empty where the value is not known.
template <class E>
    requires requires { layout::Values<E>::all; }
constexpr std::string_view name_of(E value) noexcept {
    for (const Enumerator& e : layout::Values<E>::all)
        if (e.value == static_cast<u8>(value)) return e.name;
    return {};
}

/// Calls f(const FieldLayout&, const auto& value) for every field of a message, padding included.
template <class M, class F>
constexpr void for_each_field(const M& message, F&& f) {
    std::apply([&](const auto&... field) { (f(field.layout, message.*field.member), ...); },
               layout::Fields<M>::all);
}

}  // namespace twinlink
