// The numbers of a link: which there are, what they mean, and where they come from. `twinlink links` shows
// them of one server or of both.
//
// Constant data and plain values; one thread.
#pragma once

#include "tools/twinlink/store_source.hpp"

namespace twinlink::cli {

/// A number of a link: where it comes from and what it means. Rows for people, keys for machines.
struct LinkNumber {
    std::string_view key;
    std::string_view title;
    tools::Kind kind;
    std::string_view meaning;
    u64 (*of)(const LinkRecord&);
};

[[nodiscard]] std::span<const LinkNumber> link_numbers() noexcept;
/// A number as people read it; the columns of the text hold different kinds, so they are texts.
[[nodiscard]] std::string link_cell(const LinkNumber& number, u64 value, int offset);
[[nodiscard]] std::string link_name(const LinkRecord& link);

/// One stream with its links, from wherever.
struct StreamLinks {
    AcdContext acd;
    StreamRecord stream;
    std::vector<LinkRecord> links;
    u64 filled_elsewhere = 0;
    u64 rotten = 0;
};

struct LinkSource {
    std::string name;  ///< "appliance" or "store"
    std::string where;
    std::vector<StreamLinks> streams;
};

/// As the appliance counts now; the present epochs.
[[nodiscard]] Result<LinkSource> links_from_appliance(const Arguments&, const Rim&);
/// As the last commit left them; all epochs.
[[nodiscard]] LinkSource links_from_store(const StoreSource& store);

/// `links --pair`.
[[nodiscard]] Result<Answer> run_links_pair(const Arguments&, const Rim&);

}  // namespace twinlink::cli
