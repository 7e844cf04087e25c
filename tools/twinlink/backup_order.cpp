// See backup_order.hpp.
#include "tools/twinlink/backup_order.hpp"

#include "tools/backup/archive.hpp"
#include "tools/backup/backup_file.hpp"
#include "tools/backup/configured.hpp"

#include <fmt/format.h>

namespace twinlink::cli {

using tools::ExitCode;

namespace {

/// As long as the archive takes one.
constexpr std::size_t kConfigurationBytes = find_part(backup::PartId::Configuration)->bytes_max;

}  // namespace

Result<BackupPlaces> backup_places(const Arguments& arguments) {
    BackupPlaces places;
    places.configuration = arguments.has(OptionId::Config) ? arguments.text(OptionId::Config)
                                                           : std::string(kConfigurationDefault);
    const auto refused = [&](const Error& error) {
        return refuse(
            ExitCode::Problem,
            fmt::format("the configuration {}: {}. Nothing was written. Name another one with --config",
                        places.configuration.string(), error.text));
    };
    const auto bytes = backup::read_file(places.configuration, kConfigurationBytes);
    if (!bytes) return refused(bytes.error());
    std::string text;
    for (const std::byte b : *bytes) text += static_cast<char>(b);
    const auto says = backup::read_configured(text);
    if (!says) return refused(says.error());
    places.store = arguments.has(OptionId::Store) ? arguments.text(OptionId::Store) : says->store;
    places.credentials =
        arguments.has(OptionId::Credentials) ? arguments.text(OptionId::Credentials) : says->credentials;
    places.socket = arguments.has(OptionId::Socket) ? arguments.text(OptionId::Socket) : says->socket;
    return places;
}

}  // namespace twinlink::cli
