// One line of an Asterisk app_queue queue_log: what it says, or why it cannot be understood.
//
// Pure. A line is `time|call|queue|member|EVENT|parameter|...`; time is seconds since 1970, with or without a
// fraction, UTC. NONE, REALTIME, MANAGER and nothing at all stand for "no call" and "no queue" and "no
// member".
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <string>

namespace twinlink::sim {

/// The events, by the names in the file.
enum class QueueLogKind : u8 {
    Abandon,
    AddMember,
    AgentCallbackLogin,
    AgentCallbackLogoff,
    AgentDump,
    AgentLogin,
    AgentLogoff,
    AttendedTransfer,
    BlindTransfer,
    CompleteAgent,
    CompleteCaller,
    ConfigReload,
    Connect,
    Did,
    EnterQueue,
    ExitEmpty,
    ExitWithKey,
    ExitWithTimeout,
    Pause,
    PauseAll,
    Penalty,
    QueueStart,
    RemoveMember,
    RingCanceled,
    RingNoAnswer,
    SysCompat,
    Transfer,
    Unpause,
    UnpauseAll,
    Unknown,   ///< `text` is its name
    RingStart  ///< in no file: a ring that a later line tells of begins; `outcome` is that line's kind
};

struct QueueLogEvent {
    Nanos time{};
    QueueLogKind kind = QueueLogKind::Unknown;
    QueueLogKind outcome = QueueLogKind::Unknown;
    std::string call{};    ///< the caller's uniqueid; empty = none
    std::string queue{};   ///< empty = none, or all
    std::string member{};  ///< empty = none
    /// Caller's number, number dialled, extension transferred to, channel of a login, reason of a pause or
    /// logoff, PAUSED of an ADDMEMBER.
    std::string text{};
    Nanos ring{};  ///< how long it rang until this event
    u32 penalty = 0;
};

/// Longer lines are damaged. Asterisk's own are below 2,100 bytes.
inline constexpr std::size_t kQueueLogLineBytes = 8'192;
/// Earlier times are damage: Asterisk is not older. 2000-01-01.
inline constexpr Nanos kQueueLogEarliest{946'684'800'000'000'000ULL};

/// `line` has no line end, but may have a carriage return. Errors: why it is damaged. Times after `latest`
/// are damage, too.
[[nodiscard]] Expected<QueueLogEvent> parse_queue_log_line(std::string_view line, Nanos latest);

/// The name in the file.
[[nodiscard]] std::string_view name(QueueLogKind kind) noexcept;

}  // namespace twinlink::sim
