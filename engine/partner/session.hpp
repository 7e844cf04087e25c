// One session with the partner: the greeting, who is welcome, signs of life, and the end.
//
// Part of the shim, its thread. States:
//
//     Closed ──connected──▶ Greeting ──Hello that is welcome──▶ Up
//        ▲                     │ any other                       │ Bye, silence, broken rule
//        └────disconnected───── Over ◀──────────────────────────┘
#pragma once

#include "engine/partner/frames.hpp"

#include <string>
#include <vector>

namespace twinlink::partner {

/// Everything that the shim counts, since start. Names and help: info().
enum class Counter : u8 {
    Sessions,
    SessionsRefused,
    SessionsBroken,
    PartnerSilent,
    FramesIn,
    FramesOut,
    BytesIn,
    BytesOut,
    HavesIn,
    HavesOut,
    HaveBytesOut,
    WantsOut,
    NamesAsked,
    BlocksIn,
    NamesIn,
    BlocksUnasked,
    LacksIn,
    RequestsTimedOut,
    WantsIn,
    NamesLent,
    LacksOut,
    StreamsForeign,
    Reloads,
    LostProposed,
    LostAgreed,
    DigestsOut,
    DigestsIn,
    AccountAsksOut,
    AccountPagesIn,
    AccountPagesUnasked,
    AccountPagesWrong,
    AccountsTimedOut,
    AccountAsksIn,
    AccountPagesOut,
    CopiesOut,
    CopiesIn,
    CopiesDiffer,
    NamesCompared,
    RowsAsksOut,
    RowsIn,
    RowsUnasked,
    RowsWrong,
    RowsTimedOut,
    RowsAsksIn,
    RowsOut,
    Count_
};
[[nodiscard]] CounterInfo info(Counter) noexcept;
using ShimCounters = Counters<Counter>;

/// Who a server is, in the pair.
struct Identity {
    std::array<u64, 2> pair{};  ///< both parts 0 = no pair
    u16 server = 0;             ///< 1 or 2
    u64 life = 0;               ///< of this process, random
    u64 config_digest = 0;      ///< of what both must be configured alike for
    u16 fold_version = 0;
    std::string name;  ///< host name, for people
};

enum class SessionState : u8 { Closed, Greeting, Up, Over, Count_ };
[[nodiscard]] std::string_view name(SessionState) noexcept;

class Session {
public:
    Session(const Identity& self, std::vector<Acd> acds, Nanos heartbeat_every, u32 missed_max,
            ShimCounters& counters, std::vector<std::byte>& out);

    void begin(Now now);
    void end(std::string_view why);
    /// What the partner said of itself. False: it is not welcome; the reason went out and is in text().
    bool on_hello(const Hello& hello, const FrameIn& frame, Now now);
    void on_heartbeat(const Heartbeat& heartbeat, Now now);
    void on_bye(const Bye& bye);
    /// Anything came.
    void heard(Now now) noexcept { heard_ = now.mono; }
    /// Heartbeats, silence.
    void on_time(Now now, u64 refilling);
    /// Says why and ends it.
    void bye(ByeWhy why, std::string_view text);

    [[nodiscard]] SessionState state() const noexcept { return state_; }
    [[nodiscard]] bool up() const noexcept { return state_ == SessionState::Up; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const std::string& partner_name() const noexcept { return partner_name_; }
    [[nodiscard]] u16 partner_server() const noexcept { return partner_server_; }
    [[nodiscard]] u16 version() const noexcept { return version_; }
    [[nodiscard]] bool same_fold() const noexcept { return same_fold_; }
    [[nodiscard]] Nanos up_since() const noexcept { return up_since_; }
    [[nodiscard]] Nanos round_trip() const noexcept { return round_trip_; }
    [[nodiscard]] u64 their_refilling() const noexcept { return their_refilling_; }
    /// ACDs that both are configured for.
    [[nodiscard]] std::span<const Acd> common_acds() const noexcept { return common_acds_; }

private:
    [[nodiscard]] std::string unwelcome(const Hello& hello) const;

    Identity self_;
    std::vector<Acd> acds_;
    Nanos heartbeat_every_;
    Nanos silence_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    SessionState state_ = SessionState::Closed;
    std::string text_ = "no connection yet";
    std::string farewell_;  ///< what the partner said when it left, until it is here again
    std::string partner_name_;
    u16 partner_server_ = 0;
    u16 version_ = 0;
    bool same_fold_ = false;
    std::vector<Acd> common_acds_;
    Nanos up_since_;
    Nanos heard_;
    Nanos sent_at_;
    Nanos their_sent_;     ///< `sent` of their newest heartbeat, their clock ...
    Nanos their_sent_at_;  ///< ... and when it came, ours
    Nanos round_trip_;
    u64 their_refilling_ = 0;
};

}  // namespace twinlink::partner
