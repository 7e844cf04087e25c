// What one server of a pair, or one that has no partner, has of itself: streams, gaps, links and what they
// did.
//
// Plain values. The own one is read from the store, the partner's comes through the appliance.
#pragma once

#include "engine/partner/account.hpp"

#include <string>

namespace twinlink::cli {

struct ServerHistory {
    u16 number = 0;    ///< 1 or 2 of its pair; 0 = it has none
    std::string name;  ///< host name; may be empty
    bool own = true;
    AccountRecords records;
    std::string why;  ///< not empty: not all of it is known, because ...

    /// "server 1 (north)", or "this server" where there is no pair.
    [[nodiscard]] std::string title() const {
        if (number == 0) return "this server";
        return "server " + std::to_string(number) + (name.empty() ? "" : " (" + name + ")");
    }
};

}  // namespace twinlink::cli
