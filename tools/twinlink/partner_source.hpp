// What the appliance says of its partner. Cold; one thread.
#pragma once

#include "tools/twinlink/commands.hpp"

#include <nlohmann/json.hpp>

namespace twinlink::cli {

/// The answer to `question` ("partner", "compare"), whose member "partner" is an object. Refusals: the
/// appliance does not answer, it is none, it has no partner.
[[nodiscard]] Result<nlohmann::ordered_json> ask_partner(const Arguments&, const Rim&,
                                                         const std::string& question);

}  // namespace twinlink::cli
