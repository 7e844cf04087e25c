// See scrub_store.hpp. The child's findings come back as lines of text.
#include "engine/store/scrub_store.hpp"

#include "engine/store/environment.hpp"
#include "engine/store/file_check.hpp"
#include "engine/store/scrub_walk.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace twinlink {

using namespace store;

namespace {

/// A damaged tree can have circles: then nothing but time ends the walk. Chosen: a terabyte reads in less.
constexpr int kScrubSeconds = 3'600;

/// "! why" where nothing could be read; else the counts in one line, then a line per finding, its two parts
/// parted by a tab.
std::string scrub_here(const std::filesystem::path& path) {
    auto environment = StoreEnvironment::open_alone(path, OpenAs::Reader, 0);
    if (!environment) environment = StoreEnvironment::open_alone(path, OpenAs::ReaderWithoutLock, 0);
    if (!environment) return "! " + environment.error().text;
    if (auto format = check_format(**environment); !format) return "! " + format.error().text;
    const auto snapshot = (*environment)->snapshot(*environment);
    if (!snapshot) return "! " + snapshot.error().text;
    ScrubPlace place;
    u64 damaged = 0;
    std::string lines;
    const ScrubSlice all =
        scrub_slice(*snapshot, place, std::numeric_limits<u64>::max(), [&](const Rotten& rotten) {
            if (++damaged <= kScrubFindingsMax) lines += rotten.where() + "\t" + rotten.what + "\n";
        });
    return fmt::format("{} {} {}\n", all.values, all.bytes, damaged) + lines;
}

StoreScrub parse(std::string_view text) {
    StoreScrub scrub;
    for (u64* field : {&scrub.values, &scrub.bytes, &scrub.damaged}) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *field);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    }
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        const auto tab = line.find('\t');
        scrub.findings.push_back({.where = std::string(line.substr(0, tab)),
                                  .what = std::string(line.substr(tab + 1)),
                                  .mending = {},
                                  .state = RotState::Hopeless});
        text.remove_prefix(line.size() + 1);
    }
    return scrub;
}

}  // namespace

Expected<StoreScrub> scrub_store(const std::filesystem::path& path) {
    const auto doing = fmt::format("reading the store {}", path.string());
    if (auto file = check_file(path); !file) return std::unexpected(std::move(file.error()).in(doing));
    auto text = in_child([&] { return scrub_here(path); }, kScrubSeconds);
    if (!text) return std::unexpected(std::move(text.error()).in(doing));
    if (text->starts_with("! ")) return failure(doing + ": " + text->substr(2));
    return parse(*text);
}

}  // namespace twinlink
