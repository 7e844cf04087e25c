// The daemon's state as one JSON document: what `twinlink status` and `twinlink links` show. Main thread,
// cold.
//
// Also keeps what only time can tell: the reach register of each link (one bit a second, newest lowest).
#pragma once

#include "tools/twinlinkd/control.hpp"
#include "tools/twinlinkd/import_job.hpp"
#include "tools/twinlinkd/loops.hpp"
#include "tools/twinlinkd/partner_link.hpp"
#include "tools/twinlinkd/service.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>

namespace twinlink::daemon {

/// What the pair is doing: in the status document, and by itself in answer to "partner".
[[nodiscard]] nlohmann::ordered_json partner_json(const PartnerLinkStatus& status, Nanos mono);

/// What is held here and there, in answer to "compare".
[[nodiscard]] nlohmann::ordered_json compared_json(std::span<const Compared> all);

/// The partner's account of itself, in answer to "account ...": fetched from it first. `partner` may be null;
/// else it must outlive the reply.
[[nodiscard]] ControlSocket::Reply partner_account(PartnerLink* partner, const std::string& question,
                                                   const std::string& store);
/// Which rows of a table and interval differ from the partner's, in answer to "rows ...": in the same way.
[[nodiscard]] ControlSocket::Reply partner_rows(PartnerLink* partner, const std::string& question,
                                                const std::string& store);

class StatusReport {
public:
    /// `partner`: null where there is none.
    StatusReport(const Engine& engine, const Loops& loops, const Imports& imports, const PartnerLink* partner,
                 const Service& service, const Config& config, std::array<Port*, kLinks> ports, Now started);

    /// Once a second: shifts the reach registers.
    void tick();
    /// "collecting", "degraded" and so on.
    [[nodiscard]] std::string state(bool stopping) const;
    /// The whole document, in one line.
    [[nodiscard]] std::string text(bool stopping) const;

private:
    struct Reach {
        u64 frames = 0;
        u8 bits = 0;
    };
    /// The state and its reasons; what is good to know and no fault.
    struct Words {
        std::string state;
        std::vector<std::string> reasons;
        std::vector<std::string> notes;
    };
    [[nodiscard]] Words words(const EngineStatus& s, const std::optional<PartnerLinkStatus>& partner,
                              bool stopping) const;
    [[nodiscard]] nlohmann::ordered_json acd(const AcdStatus& acd) const;
    [[nodiscard]] nlohmann::ordered_json link(const AcdStatus& acd, Link link) const;
    [[nodiscard]] nlohmann::ordered_json port(const EngineStatus& status, Link link) const;

    const Engine& engine_;
    const Loops& loops_;
    const Imports& imports_;
    const PartnerLink* partner_;
    const Service& service_;
    const Config& config_;
    std::array<Port*, kLinks> ports_;
    Now started_;
    std::map<std::pair<u16, u8>, Reach> reach_;  // by ACD and link
};

}  // namespace twinlink::daemon
