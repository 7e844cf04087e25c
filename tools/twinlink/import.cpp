// `twinlink import`: has the appliance fill gaps from a capture, a data backup or another server's store,
// shows how far it is, and ends with what came of it.
//
// Interrupted once, it has the appliance stop; what was filled by then stays filled, and importing again goes
// on from there.
#include "tools/twinlink/import_watch.hpp"

#include <fmt/format.h>

namespace twinlink::cli {

Result<Answer> run_import(const Arguments& arguments, const Rim& rim) {
    const auto words = order_words(arguments, OptionId::Path, "");
    if (!words) return std::unexpected(words.error());
    if (rim.interrupted) rim.interrupted();  // heeded from here on: nothing has begun yet
    try {
        auto begun = ask_import("import " + *words, arguments, rim);
        if (!begun) return std::unexpected(begun.error());
        const auto ended = watch_import(std::move(*begun), arguments, rim);
        if (!ended) return std::unexpected(ended.error());
        return import_answer(*ended, "import");
    } catch (const nlohmann::ordered_json::exception& error) {
        return refuse(tools::ExitCode::Internal,
                      fmt::format("what the appliance says of the import cannot be read: {}", error.what()));
    }
}

}  // namespace twinlink::cli
