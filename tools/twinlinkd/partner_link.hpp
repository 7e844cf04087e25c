// The connection to the partner server: TCP under TLS 1.3, on a thread of its own. The rim around the shim
// (engine/partner/shim.hpp), which says what goes over it.
//
// One server listens, the other connects, as configured; either way both certificates are checked, and only
// the partner's own is good enough. A connection that breaks is made anew with growing pauses. Nothing here,
// and nothing the other side does, holds up the engine: the two share an offer desk and a feed.
#pragma once

#include "engine/partner/progress.hpp"
#include "engine/partner/shim.hpp"
#include "tools/twinlinkd/config.hpp"

#include <memory>
#include <string>

namespace twinlink::daemon {

/// What the connection adds to what the shim knows.
struct PartnerLinkStatus {
    PartnerStatus shim;
    partner::Progress::Told progress;  ///< of catching up here
    u16 own_server = 0;
    std::string own_name;
    std::string address;          ///< "listening on 192.0.2.1:5600", "connecting to ..."
    u64 connections_refused = 0;  ///< who was not the partner, or came while it was connected
    std::string last_refusal;     ///< why the latest of them was
};

class PartnerLink {
public:
    /// Reads the credentials, opens the listening socket, starts the thread. Errors name the key or the
    /// address.
    static Expected<std::unique_ptr<PartnerLink>> open(Engine& engine, const Config& config);
    ~PartnerLink();
    PartnerLink(const PartnerLink&) = delete;
    PartnerLink& operator=(const PartnerLink&) = delete;

    /// Takes leave of the partner and ends the thread. Waits a third of a second at most.
    void stop(partner::ByeWhy why, const std::string& text);
    /// Any thread: how this server is, for the partner to know.
    void set_condition(partner::ServerCondition condition);
    /// Any thread.
    [[nodiscard]] PartnerLinkStatus status() const;
    [[nodiscard]] std::vector<Compared> compared() const;
    /// Any thread: when its thread last came round, monotonic.
    [[nodiscard]] Nanos heartbeat() const noexcept;
    /// Any thread. Null: another question is under way.
    [[nodiscard]] AccountAnswerPtr ask_account(const AccountQuestion& question);
    /// The same.
    [[nodiscard]] RowsAnswerPtr ask_rows(const RowsQuestion& question);

private:
    class Impl;
    explicit PartnerLink(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace twinlink::daemon
