// `twinlink backup system` and `twinlink backup check`: a whole server into one file, and whether such a file
// is whole.
#include "tools/backup/system_backup.hpp"
#include "tools/backup/system_restore.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/backup_order.hpp"
#include "tools/twinlink/backup_watch.hpp"

#include <fmt/format.h>

namespace twinlink::cli {

using namespace tools;

Result<Answer> run_backup_system(const Arguments& arguments, const Rim& rim) {
    const auto places = backup_places(arguments);
    if (!places) return std::unexpected(places.error());
    const backup::SystemOrder order{.file = arguments.text(OptionId::File),
                                    .configuration = places->configuration,
                                    .credentials = places->credentials,
                                    .store = places->store,
                                    .program = TWINLINK_VERSION,
                                    .wall = rim.wall_ns()};
    const auto watch = watch_beside_appliance(arguments, rim, places->socket);
    if (!watch) return std::unexpected(watch.error());
    const auto made = backup::back_up_system(order, *watch);
    end_bar(rim);
    if (!made) return refuse(ExitCode::Problem, made.error().text);
    Answer answer;
    Document& document = answer.document;
    document.command = "backup system";
    document.fact("file", order.file.string());
    document.fact("bytes", made->bytes);
    document.fact("took_ns", made->took.value);
    document.opening.push_back(
        {fmt::format("{}: {} MiB in {}", order.file.string(),
                     with_separators((made->bytes + 1'048'575) >> 20), span_text(made->took.value)),
         Style::Title});
    add_archive(document, made->head, made->manifest);
    if (!order.credentials.empty())
        document.closing.push_back({"It holds this server's private key: keep it as you keep that."});
    return answer;
}

Result<Answer> run_backup_check(const Arguments& arguments, const Rim& rim) {
    const auto watch = watch_of(arguments, rim);
    if (!watch) return std::unexpected(watch.error());
    const std::string file = arguments.text(OptionId::File);
    const auto proven = backup::prove_archive(file, *watch);
    end_bar(rim);
    if (!proven)
        return refuse(ExitCode::Problem,
                      proven.error().text + ". It is not to be relied on; nothing was changed");
    Answer answer;
    Document& document = answer.document;
    document.command = "backup check";
    document.fact("file", file);
    document.fact("bytes", proven->bytes);
    document.opening.push_back({fmt::format("{}: a {} backup, {} MiB", file, name(proven->head.kind),
                                            with_separators((proven->bytes + 1'048'575) >> 20)),
                                Style::Title});
    add_archive(document, proven->head, proven->manifest);
    document.closing.push_back({"Every part is as it was written.", Style::Good});
    return answer;
}

}  // namespace twinlink::cli
