// Rows that differ between the two servers, as the daemon tells them to the command: JSON there and back.
//
// Pure; one thread. Of a row that both have only the items that differ are told, each by its column's index.
// What came from the partner was checked frame by frame; who reads checks again what came over the socket.
#pragma once

#include "engine/partner/differing_rows.hpp"

#include <twinlink/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinlink::tools {

struct DifferingItem {
    u16 column = 0;  ///< index in the table; a newer partner's may be beyond what this program knows
    u64 own = 0;
    u64 theirs = 0;
};
struct NamedRow {
    u64 entity = 0;
    u64 entity2 = 0;
    bool here = false;
    bool there = false;
    std::vector<DifferingItem> items{};  ///< of a row that both have; empty: the partner's were not told
};
/// What came of a comparison.
struct RowsTold {
    u64 own_rows = 0;
    u64 their_rows = 0;
    u64 only_here = 0;
    u64 only_there = 0;
    u64 differing = 0;
    std::vector<NamedRow> rows{};
    std::string why{};  ///< not empty: not all, because ...

    [[nodiscard]] u64 all() const noexcept { return only_here + only_there + differing; }
};

/// Precondition: the answer is done.
[[nodiscard]] RowsTold told_of(const RowsAnswer& answer);
[[nodiscard]] nlohmann::ordered_json to_json(const RowsTold& told);
/// Errors: a key that is missing or of another kind, more rows than can be asked for, a row nowhere.
[[nodiscard]] Expected<RowsTold> rows_told_of(const nlohmann::ordered_json& json);

/// The question as a line for the control socket, without its newline:
/// "rows acd=1 table=hsplit start=1772438400000000000 instance=0 most=20"; and back. `most` and `instance`
/// may be absent.
[[nodiscard]] std::string to_line(const RowsQuestion& question);
[[nodiscard]] std::optional<RowsQuestion> rows_question_of(std::string_view line);

}  // namespace twinlink::tools
