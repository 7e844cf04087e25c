// The vocabulary: strong types for the names of things, so that no bare integer crosses a file.
//
// Every type here is a plain value: trivially copyable, no thread rules, no errors. Units are part of the
// name.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace twinlink {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

/// A number that names one kind of thing. `Tag` keeps two kinds apart; only comparison is defined, because
/// adding two names means nothing. `value` is public: converting to the wire is a deliberate act.
template <class Tag, class Rep>
struct Id {
    using rep = Rep;
    Rep value{};

    constexpr Id() noexcept = default;
    constexpr explicit Id(Rep v) noexcept : value(v) {}
    friend constexpr auto operator<=>(const Id&, const Id&) noexcept = default;
};

/// A switch, numbered by configuration, 1..65535. 0 is no ACD.
using Acd = Id<struct AcdTag, u16>;
/// One life of an ACD's numbering: its start time in ns, the same on all links, greater after each restart. 0
/// is none.
using Epoch = Id<struct EpochTag, u64>;
/// An agent's login id. 0 is no agent.
using Agent = Id<struct AgentTag, u64>;
/// A skill (split). 0 is no skill.
using Skill = Id<struct SkillTag, u16>;
/// A vector directory number. 0 is none.
using Vdn = Id<struct VdnTag, u32>;
/// A vector. 0 is none.
using Vector = Id<struct VectorTag, u16>;
/// A trunk group. 0 is none.
using TrunkGroup = Id<struct TrunkGroupTag, u16>;
/// A call, unique within the epoch. 0 is no call.
using Call = Id<struct CallTag, u64>;

/// The number of a message in its epoch. Starts at 1; 0 is "before the first". Never wraps in practice: at
/// 10^9 messages a second it lasts 584 years.
struct Seq {
    u64 value{};

    constexpr Seq() noexcept = default;
    constexpr explicit Seq(u64 v) noexcept : value(v) {}
    friend constexpr auto operator<=>(const Seq&, const Seq&) noexcept = default;
    /// The name `n` messages later.
    friend constexpr Seq operator+(Seq a, u64 n) noexcept { return Seq{a.value + n}; }
    /// The name `n` messages earlier. Precondition: n <= a.value.
    friend constexpr Seq operator-(Seq a, u64 n) noexcept { return Seq{a.value - n}; }
    /// How many messages lie from `b` to `a`. Precondition: b <= a.
    friend constexpr u64 operator-(Seq a, Seq b) noexcept { return a.value - b.value; }
};

/// A point in time or a duration in integer nanoseconds. Which clock is said where it is used: the ACD's
/// clock (UTC, ns since 1970) in everything that is folded, the server's monotonic clock in windows and
/// timers, the server's wall clock in reports only.
struct Nanos {
    u64 value{};

    constexpr Nanos() noexcept = default;
    constexpr explicit Nanos(u64 v) noexcept : value(v) {}
    friend constexpr auto operator<=>(const Nanos&, const Nanos&) noexcept = default;
    friend constexpr Nanos operator+(Nanos a, Nanos b) noexcept { return Nanos{a.value + b.value}; }
    /// a - b, or 0 where b is later: a clock that stepped back gives no time, never an enormous one.
    friend constexpr Nanos operator-(Nanos a, Nanos b) noexcept {
        return Nanos{a.value > b.value ? a.value - b.value : 0};
    }
};

constexpr Nanos operator""_ns(unsigned long long v) noexcept { return Nanos{v}; }
constexpr Nanos operator""_us(unsigned long long v) noexcept { return Nanos{v * 1'000}; }
constexpr Nanos operator""_ms(unsigned long long v) noexcept { return Nanos{v * 1'000'000}; }
constexpr Nanos operator""_s(unsigned long long v) noexcept { return Nanos{v * 1'000'000'000}; }

/// One of the two paths of the stream into a server.
enum class Link : u8 { A = 0, B = 1 };
constexpr std::size_t kLinks = 2;
constexpr std::size_t index(Link link) noexcept { return static_cast<std::size_t>(link); }
constexpr Link other(Link link) noexcept { return link == Link::A ? Link::B : Link::A; }
constexpr char letter(Link link) noexcept { return link == Link::A ? 'A' : 'B'; }

/// The stream of one life of one ACD; with a Seq, the global name of a message.
struct Stream {
    Acd acd;
    Epoch epoch;
    friend constexpr auto operator<=>(const Stream&, const Stream&) noexcept = default;
};

/// A closed range of names in one stream: first and last both belong to it. Invariant: first <= last, first
/// >= 1.
struct Range {
    Seq first;
    Seq last;
    friend constexpr bool operator==(const Range&, const Range&) noexcept = default;
    constexpr u64 count() const noexcept { return last.value - first.value + 1; }
    constexpr bool holds(Seq s) const noexcept { return first <= s && s <= last; }
};

/// The two clocks of the server, read once per slice of work by whoever runs the thread and handed in.
struct Now {
    Nanos mono;  ///< CLOCK_MONOTONIC: windows, silence, lag.
    Nanos wall;  ///< CLOCK_REALTIME: what reports show. Never decides anything.
};

}  // namespace twinlink

template <class Tag, class Rep>
struct std::hash<twinlink::Id<Tag, Rep>> {
    std::size_t operator()(const twinlink::Id<Tag, Rep>& id) const noexcept {
        return std::hash<Rep>{}(id.value);
    }
};
