// Opening a store for reading. Cold path; any thread.
#include <twinlink/store_reader.hpp>

#include "engine/store/environment.hpp"
#include "engine/store/file_check.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace twinlink {

std::string_view name(GapCause cause) noexcept {
    static constexpr std::array<std::string_view, static_cast<std::size_t>(GapCause::Count_)> kNames = {
        "unknown",     "both_links",     "link_down",      "local_drop",
        "server_down", "refused_frames", "before_pump_up", "tail"};
    return cause < GapCause::Count_ ? kNames[static_cast<std::size_t>(cause)] : "?";
}

std::string_view name(GapState state) noexcept {
    static constexpr std::array<std::string_view, static_cast<std::size_t>(GapState::Count_)> kNames = {
        "open", "requested", "filled", "healed", "lost"};
    return state < GapState::Count_ ? kNames[static_cast<std::size_t>(state)] : "?";
}

std::string_view name(FilledBy by) noexcept {
    static constexpr std::array<std::string_view, static_cast<std::size_t>(FilledBy::Count_)> kNames = {
        "nobody", "link_a", "link_b", "partner", "backup"};
    return by < FilledBy::Count_ ? kNames[static_cast<std::size_t>(by)] : "?";
}

Expected<StoreReader> StoreReader::open(const std::filesystem::path& path) {
    const auto doing = fmt::format("reading the store {}", path.string());
    if (auto checked = store::check_file(path); !checked)
        return std::unexpected(std::move(checked.error()).in(doing));
    // Readers write their slot into lock.mdb. Where they cannot, they go without.
    const auto lock = path / "lock.mdb";
    const bool lockable =
        ::access(lock.c_str(), R_OK | W_OK) == 0 || (errno == ENOENT && ::access(path.c_str(), W_OK) == 0);
    auto environment = StoreEnvironment::open(path, lockable ? OpenAs::Reader : OpenAs::ReaderWithoutLock, 0);
    if (!environment) return std::unexpected(std::move(environment.error()).in(doing));
    StoreReader reader(std::move(*environment));
    if (auto format = store::check_format(*reader.environment_); !format)
        return std::unexpected(std::move(format.error()).in(doing));
    return reader;
}

Expected<StoreSnapshot> StoreReader::snapshot() const { return environment_->snapshot(environment_); }

bool StoreReader::locked() const noexcept { return environment_->as != OpenAs::ReaderWithoutLock; }

}  // namespace twinlink
