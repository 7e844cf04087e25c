// The partner's account of itself, and what the digests of both say, fetched through the appliance.
//
// Cold; one thread. The appliance asks its partner and answers within seconds, whatever the partner does;
// what it could not find out is said in ServerHistory::why, and nothing is made up for it.
#pragma once

#include "tools/twinlink/commands.hpp"
#include "tools/twinlink/server_history.hpp"

namespace twinlink::cli {

/// Tables of closed intervals, held against each other.
struct DigestCounts {
    u64 equal = 0;
    u64 different = 0;
    u64 not_comparable = 0;

    [[nodiscard]] bool all_equal() const noexcept {
        return different == 0 && not_comparable == 0 && equal != 0;
    }
    /// "both servers hold the same rows (30 tables of closed intervals compared)", or what it is instead.
    [[nodiscard]] std::string text() const;
};

struct PairHistory {
    u16 own_number = 0;
    std::string own_name;
    ServerHistory partner;
    DigestCounts digests;
};

/// Which kinds of records are wanted of the partner; its streams always are.
struct PairWanted {
    Acd acd{};  ///< 0 = all
    bool gaps = false;
    bool links = false;
    bool events = false;
};

/// Refusals: the appliance does not answer, has no partner, or reads another store than `store` (empty: any).
[[nodiscard]] Result<PairHistory> ask_pair(const Arguments&, const Rim&, const std::string& store,
                                           const PairWanted& wanted);

}  // namespace twinlink::cli
