// `twinlink restore system`: a whole server from one file, onto a machine that has none of it.
#include "tools/backup/system_restore.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/backup_watch.hpp"

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using namespace tools;

constexpr std::string_view kConfiguration = "configuration";
constexpr std::string_view kCredentials = "credentials";
constexpr std::string_view kStore = "store";

/// Sets the places of what was asked for.
Result<backup::RestoreOrder> order_of(const Arguments& arguments, const Rim& rim) {
    backup::RestoreOrder all;
    all.file = arguments.text(OptionId::File);
    all.configuration = arguments.has(OptionId::Config) ? arguments.text(OptionId::Config)
                                                        : std::string(kConfigurationDefault);
    all.credentials = arguments.has(OptionId::Credentials) ? arguments.text(OptionId::Credentials)
                                                           : std::string(kCredentialsDefault);
    const std::string set = rim.environment("TWINLINK_STORE");
    all.store = arguments.has(OptionId::Store) ? arguments.text(OptionId::Store)
                : set.empty()                  ? std::string(kStoreDefault)
                                               : set;
    all.quick = arguments.has(OptionId::Quick);
    all.dry_run = arguments.has(OptionId::DryRun);
    if (!arguments.has(OptionId::Parts)) return all;
    backup::RestoreOrder order{all.file, {}, {}, {}, all.quick, all.dry_run};
    const std::string list = arguments.text(OptionId::Parts);
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t comma = std::min(list.find(',', at), list.size());
        const std::string_view word = std::string_view(list).substr(at, comma - at);
        at = comma + 1;
        if (word == kConfiguration)
            order.configuration = all.configuration;
        else if (word == kCredentials)
            order.credentials = all.credentials;
        else if (word == kStore)
            order.store = all.store;
        else
            return refuse(ExitCode::Usage, fmt::format("--parts: \"{}\" is none of {}, {}, {}.", clean(word),
                                                       kConfiguration, kCredentials, kStore));
    }
    return order;
}

std::string_view text_of_state(backup::Placed placed, bool dry_run) {
    switch (placed) {
        case backup::Placed::NotAsked: return "not asked for";
        case backup::Placed::NotThere: return "not in the backup";
        case backup::Placed::Same: return "there already, the same";
        case backup::Placed::Done: break;
    }
    return dry_run ? "would be placed" : "placed";
}

/// Where the configuration and the places do not agree, the server would not find what was restored.
void add_disagreement(Document& document, const backup::RestoreOrder& order,
                      const backup::SystemRestore& restored) {
    if (!restored.says) return;
    const auto differs = [&](std::string_view key, const std::string& says,
                             const std::filesystem::path& place) {
        if (place.empty() || says.empty() ||
            std::filesystem::path(says).lexically_normal() ==
                std::filesystem::absolute(place).lexically_normal())
            return;
        document.closing.push_back({fmt::format("The configuration names {} {}, and it is in {}: change one "
                                                "of them before you start twinlinkd.",
                                                key, clean(says), place.string()),
                                    Style::Warning});
    };
    differs("[store] path", restored.says->store, order.store);
    differs("[partner] credentials", restored.says->credentials, order.credentials);
}

}  // namespace

Result<Answer> run_restore_system(const Arguments& arguments, const Rim& rim) {
    const auto order = order_of(arguments, rim);
    if (!order) return std::unexpected(order.error());
    auto watch = watch_of(arguments, rim);
    if (!watch) return std::unexpected(watch.error());
    watch->seconds_max = 0;  // nothing grows while an archive is read
    const auto restored = backup::restore_system(*order, *watch);
    end_bar(rim);
    if (!restored)
        return refuse(ExitCode::Problem, fmt::format("not restored: {}. Nothing that was there was changed",
                                                     restored.error().text));
    Answer answer;
    Document& document = answer.document;
    document.command = "restore system";
    document.fact("file", order->file.string());
    document.fact("dry_run", order->dry_run);
    document.fact("took_ns", restored->took.value);
    document.opening.push_back(
        {fmt::format("{}: {} in {}", order->file.string(), order->dry_run ? "read and proven" : "restored",
                     span_text(restored->took.value)),
         Style::Title});
    add_archive(document, restored->head, restored->manifest);
    Listing places{"places", {{"what", "what"}, {"state", "state"}, {"place", "place"}}, {}, {}};
    const auto add = [&](std::string_view what, backup::Placed state, const std::filesystem::path& place) {
        places.rows.push_back({{std::string(what), std::string(text_of_state(state, order->dry_run)),
                                place.empty() ? Value{} : Value{place.string()}},
                               Style::Plain});
    };
    add(kConfiguration, restored->configuration, order->configuration);
    add(kCredentials, restored->credentials, order->credentials);
    add(kStore, restored->store, order->store);
    document.tables.push_back(std::move(places));
    if (restored->check)
        document.closing.push_back(
            {order->quick ? "The store was opened and its structure checked, no problem found."
                          : fmt::format("The store was opened and checked: {} messages, {} rows, no problem "
                                        "found.",
                                        with_separators(restored->check->messages),
                                        with_separators(restored->check->rows)),
             Style::Good});
    add_disagreement(document, *order, *restored);
    if (restored->store == backup::Placed::Done && !order->dry_run)
        document.closing.push_back(
            {"Start twinlinkd as the user who owns these files; what came since comes from its partner."});
    return answer;
}

}  // namespace twinlink::cli
