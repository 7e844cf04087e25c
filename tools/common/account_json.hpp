// An account of a server, or a part of it, as the daemon tells it to the command: JSON there and back.
//
// Pure; one thread. Records are arrays of numbers with their field names in front once: a page of ten
// thousand gaps stays below 2 MiB. The daemon has checked what the partner said; who reads checks again what
// came over the socket.
#pragma once

#include "engine/partner/account.hpp"

#include <twinlink/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace twinlink::tools {

/// What came of a question.
struct AccountPart {
    partner::AccountKind kind = partner::AccountKind::Streams;
    AccountRecords records;
    std::string why;  ///< not empty: not all, because ...
    bool more = false;
    AccountPlace next;
};

[[nodiscard]] std::string_view name(partner::AccountKind) noexcept;

[[nodiscard]] nlohmann::ordered_json to_json(const AccountPart& part);
/// Errors: a key that is missing or of another kind, a record that makes no sense.
[[nodiscard]] Expected<AccountPart> account_part_of(const nlohmann::ordered_json& json);

/// The question as a line for the control socket, without its newline:
/// "account gaps acd=1 from=0 to=9 next=1/17/42 most=1000"; and back. All but the kind may be absent.
[[nodiscard]] std::string to_line(const AccountQuestion& question);
[[nodiscard]] std::optional<AccountQuestion> account_question_of(std::string_view line);

}  // namespace twinlink::tools
