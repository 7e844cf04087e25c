// See configured.hpp.
#include "tools/backup/configured.hpp"

#include "tools/common/default_places.hpp"

#include <toml++/toml.h>

namespace twinlink::backup {

Expected<Configured> read_configured(std::string_view text) {
    Configured to;
    try {
        const toml::table all = toml::parse(text);
        to.store = all["store"]["path"].value_or(std::string());
        to.socket = all["control_socket"].value_or(std::string(tools::kSocketDefault));
        if (all["partner"].is_table())
            to.credentials = all["partner"]["credentials"].value_or(std::string(tools::kCredentialsDefault));
    } catch (const toml::parse_error& error) {
        return failure("line " + std::to_string(error.source().begin.line) + ": " +
                       std::string(error.description()));
    }
    if (to.store.empty()) return failure("it names no store: [store] path = \"...\"");
    return to;
}

}  // namespace twinlink::backup
