// Names of skills, agents, VDNs, vectors and trunk groups, both ways.
//
// Read once from a snapshot; plain values, one thread.
#pragma once

#include <twinlink/store_reader.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace twinlink::cli {

/// Names of skills, agents, VDNs, vectors and trunk groups, read once.
class Names {
public:
    explicit Names(const StoreSnapshot& snapshot);
    /// Empty where the ACD never named it.
    [[nodiscard]] std::string find(Acd acd, NameKind kind, u64 number) const;
    /// Number of what has that name on that ACD; case does not matter.
    [[nodiscard]] std::optional<u64> number(Acd acd, NameKind kind, std::string_view name) const;
    /// Some names, for a message.
    [[nodiscard]] std::string some(NameKind kind) const;

private:
    std::map<std::tuple<u16, NameKind, u64>, std::string> names_;
};

}  // namespace twinlink::cli
