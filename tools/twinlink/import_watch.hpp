// An import, or a restore, as the appliance does it: asked for, watched, and told of in the end.
//
// One thread. The appliance reads the file itself; interrupted once, it is asked to stop.
#pragma once

#include "tools/twinlink/commands.hpp"

#include <nlohmann/json.hpp>

namespace twinlink::cli {

/// What the appliance says of an import.
struct Import {
    nlohmann::ordered_json all;

    [[nodiscard]] u64 number(const char* key) const { return all.value(key, u64{0}); }
    [[nodiscard]] std::string text(const char* key) const {
        return tools::clean(all.value(key, std::string()));
    }
    [[nodiscard]] bool over() const { return all.value("over", false); }
    /// The sums of its rows; nullptr of an import that takes none.
    [[nodiscard]] const nlohmann::ordered_json* restore() const {
        const auto at = all.find("restore");
        return at == all.end() || !at->is_object() ? nullptr : &*at;
    }
    [[nodiscard]] bool dry_run() const { return restore() != nullptr && restore()->value("dry_run", false); }
    [[nodiscard]] u64 count(const char* key) const {
        const auto counts = all.find("counts");
        return counts == all.end() ? 0 : counts->value(key, u64{0});
    }
};

/// Asks; what the appliance says of the latest import. Throws Json::exception where that makes no sense.
[[nodiscard]] Result<Import> ask_import(const std::string& question, const Arguments&, const Rim&);
/// What it says beside that.
[[nodiscard]] Result<nlohmann::ordered_json> ask_document(const std::string& question, const Arguments&,
                                                          const Rim&);
/// PATH made absolute, "acd=N " in front of it and `words` between the two: what follows "import ".
[[nodiscard]] Result<std::string> order_words(const Arguments&, OptionId path, std::string_view words);
/// Watches until it is over.
[[nodiscard]] Result<Import> watch_import(Import import, const Arguments&, const Rim&);
/// What an import came to: facts, lines, the gaps that it closed, problems, exit code.
[[nodiscard]] Answer import_answer(const Import& import, std::string_view command);

}  // namespace twinlink::cli
