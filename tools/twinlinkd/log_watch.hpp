// What goes to the log while the daemon collects: at most once a second, what changed for the worse or the
// better; the counters hold the rest. Main thread.
//
// In maintenance nothing of it is a warning.
#pragma once

#include "tools/twinlinkd/partner_link.hpp"

#include <twinlink/engine.hpp>

#include <spdlog/spdlog.h>

#include <map>
#include <string>

namespace twinlink::daemon {

/// "1 gap is open; 601 messages are missing, those in lost gaps included".
inline std::string missing_text(const AcdStatus& acd) {
    return fmt::format("{} {} open; {} messages are missing, those in lost gaps included", acd.open_gaps,
                       acd.open_gaps == 1 ? "gap is" : "gaps are", acd.stream.missing);
}

class LogWatch {
public:
    void watch(const EngineStatus& s, bool maintenance) {
        quiet_ = maintenance;
        for (const AcdStatus& acd : s.acds) watch(acd);
        if (s.conflicts != conflicts_) {
            warn("{} messages differ between the links ({} more)", s.conflicts, s.conflicts - conflicts_);
            conflicts_ = s.conflicts;
        }
    }

    void watch(const PartnerLinkStatus& partner) {
        const bool up = partner.shim.state == partner::SessionState::Up;
        if (up && !partner_up_)
            spdlog::info("partner: server {} ({}) is connected, protocol {}", partner.shim.partner_server,
                         partner.shim.partner_name, partner.shim.version);
        if (partner.shim.text != partner_text_ && !partner.shim.text.empty())
            warn("partner: {}", partner.shim.text);
        if (partner.connections_refused != partner_refused_)
            warn("partner: {} connections refused, the latest because {}",
                 partner.connections_refused - partner_refused_, partner.last_refusal);
        const bool maintenance = up && partner.shim.their_condition.maintenance();
        if (maintenance != their_maintenance_ && up)
            spdlog::info("partner: in maintenance{}", maintenance ? "" : " no more");
        partner_up_ = up;
        partner_text_ = partner.shim.text;
        partner_refused_ = partner.connections_refused;
        if (up) their_maintenance_ = maintenance;
    }

private:
    struct Seen {
        u64 epoch = 0;
        u64 open_gaps = 0;
        u64 missing = 0;
        bool off = false;
        std::array<bool, kLinks> silent{};
    };

    template <class... Args>
    void warn(fmt::format_string<Args...> text, Args&&... args) {
        spdlog::log(quiet_ ? spdlog::level::info : spdlog::level::warn, text, std::forward<Args>(args)...);
    }

    void watch(const AcdStatus& acd) {
        Seen& seen = seen_[acd.stream.acd];
        if (acd.stream.epoch != seen.epoch) {
            spdlog::info("ACD {}: epoch {} from message {}", acd.stream.acd, acd.stream.epoch,
                         acd.stream.first_seen);
        }
        if (acd.open_gaps > seen.open_gaps || (acd.stream.missing > seen.missing)) {
            warn("ACD {}: {}", acd.stream.acd, missing_text(acd));
        }
        if (acd.off != seen.off)
            warn("ACD {}: {}", acd.stream.acd, acd.off ? "is not collected any more" : "is collected again");
        for (const Link link : {Link::A, Link::B}) {
            const bool silent = acd.links[index(link)].silent != 0;
            if (silent == seen.silent[index(link)]) continue;
            if (silent)
                warn("ACD {}: link {} is silent", acd.stream.acd, letter(link));
            else if (!acd.off)
                spdlog::info("ACD {}: link {} is heard again", acd.stream.acd, letter(link));
            seen.silent[index(link)] = silent;
        }
        seen.epoch = acd.stream.epoch;
        seen.open_gaps = acd.open_gaps;
        seen.missing = acd.stream.missing;
        seen.off = acd.off;
    }

    bool quiet_ = false;
    std::map<u16, Seen> seen_;
    u64 conflicts_ = 0;
    bool partner_up_ = false;
    bool their_maintenance_ = false;
    std::string partner_text_;
    u64 partner_refused_ = 0;
};

}  // namespace twinlink::daemon
