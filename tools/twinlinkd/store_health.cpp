// See store_health.hpp.
#include "tools/twinlinkd/store_health.hpp"

#include "engine/store/store.hpp"
#include "tools/common/document.hpp"
#include "tools/common/time_text.hpp"

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace twinlink::daemon {
namespace {

/// Where room is short, a reader that stays is the first to go. Chosen: longer than any report takes.
constexpr u64 kShortReaderMs = 60'000;
/// How long a reader that was asked to end may take. Chosen.
constexpr u32 kGraceTicks = 5;

u64 value(const EngineStatus& s, StoreCounter which) {
    const auto at = static_cast<std::size_t>(which);
    return at < s.store_counters.size() ? s.store_counters[at] : 0;
}
SpaceLevel level(const EngineStatus& s) {
    return static_cast<SpaceLevel>(value(s, StoreCounter::SpaceLevel));
}

std::string mib(u64 bytes) { return tools::with_separators(bytes >> 20) + " MiB"; }

/// "81 % of the store's map of 65,536 MiB are in use, its disk has 12 MiB of 96 MiB left".
std::string room_text(const EngineStatus& s) {
    const u64 map = std::max<u64>(value(s, StoreCounter::MapBytes), 1);
    return std::to_string(value(s, StoreCounter::UsedBytes) * 100 / map) + " % of the store's map of " +
           mib(map) + " are in use, its disk has " + mib(value(s, StoreCounter::DiskFree)) + " of " +
           mib(value(s, StoreCounter::DiskBytes)) + " left";
}

std::string room_reason(const EngineStatus& s) {
    switch (level(s)) {
        case SpaceLevel::Fine: return {};
        case SpaceLevel::Tight: return "room is getting short: " + room_text(s);
        case SpaceLevel::Short:
            return "room is short: " + room_text(s) +
                   "; old journal goes before its time (but the last hour's, and what the partner lacks), "
                   "and "
                   "backups wait";
        case SpaceLevel::Full:
            return "no room for the next commit: " + room_text(s) +
                   "; nothing is written, frames wait, then are dropped and counted. With room it goes on by "
                   "itself, and what was dropped comes from the partner; a map is made larger by map_gib and "
                   "a "
                   "restart";
    }
    return {};
}

/// A reader that is worth a word: not one that a report needs for a moment.
constexpr u64 kLongReaderMs = 2'000;

/// It is of another user, so that we can neither look at it nor end it.
bool is_beyond_us(u64 pid) { return ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == EPERM; }

std::string reader_reason(const EngineStatus& s) {
    const u64 pid = value(s, StoreCounter::ReaderPid);
    const u64 age = value(s, StoreCounter::ReaderAgeMs);
    if (pid == 0 || age < kLongReaderMs || pid == static_cast<u64>(getpid())) return {};
    return "process " + std::to_string(pid) + " has held a snapshot of the store for " +
           tools::span_text(age * 1'000'000) + ": pages that are freed meanwhile cannot be used again" +
           (is_beyond_us(pid) ? "; it is of another user, and only that one can end it" : "");
}

std::string rot_reason(const ScrubStatus& scrub) {
    if (scrub.mending + scrub.hopeless == 0) return {};
    const auto f = std::ranges::find_if(scrub.findings.rbegin(), scrub.findings.rend(),
                                        [](const RotFinding& x) { return x.state != RotState::Mended; });
    std::string text = "bit rot: " + tools::with_separators(scrub.mending) +
                       " values of the store are being made good, " + tools::with_separators(scrub.hopeless) +
                       " cannot be";
    if (f != scrub.findings.rend())
        text += "; the latest: " + f->where + " (" + (f->mending.empty() ? f->what : f->mending) + ")";
    return text;
}

/// The process has that store's file mapped: its number in LMDB's table may be of another one by now.
bool reads(u64 pid, const std::string& store) {
    struct stat file{};
    if (::stat((store + "/data.mdb").c_str(), &file) != 0) return false;
    std::error_code why;
    for (const auto& fd : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", why)) {
        struct stat open{};
        if (::stat(fd.path().c_str(), &open) == 0 && open.st_dev == file.st_dev && open.st_ino == file.st_ino)
            return true;
    }
    return false;
}

}  // namespace

nlohmann::ordered_json scrub_json(const ScrubStatus& scrub) {
    nlohmann::ordered_json json = {{"passes", scrub.passes},
                                   {"begun_wall", scrub.begun_wall},
                                   {"last_pass_wall", scrub.last_pass_wall},
                                   {"bytes_per_s", scrub.bytes_per_s},
                                   {"bytes", scrub.bytes},
                                   {"bytes_expected", scrub.bytes_expected},
                                   {"values", scrub.values},
                                   {"errors", scrub.errors},
                                   {"mended", scrub.mended},
                                   {"mending", scrub.mending},
                                   {"hopeless", scrub.hopeless},
                                   {"asked", scrub.asked},
                                   {"asked_passes", scrub.asked_passes}};
    json["findings"] = nlohmann::ordered_json::array();
    for (const RotFinding& f : scrub.findings)
        json["findings"].push_back({{"where", f.where},
                                    {"what", f.what},
                                    {"mending", f.mending},
                                    {"state", name(f.state)},
                                    {"found_wall", f.found_wall},
                                    {"ended_wall", f.ended_wall}});
    return json;
}

void add_store_reasons(const EngineStatus& status, const ScrubStatus& scrub,
                       std::vector<std::string>& reasons) {
    for (std::string text : {room_reason(status), reader_reason(status), rot_reason(scrub)})
        if (!text.empty()) reasons.push_back(std::move(text));
}

void StoreHealth::tick(const EngineStatus& status, const ScrubStatus& scrub) {
    watch_rot(scrub);
    watch_room(status);
    if (reader_age_max_.value != 0) end_long_reader(status);
}

void StoreHealth::watch_rot(const ScrubStatus& scrub) {
    if (scrub.errors != rot_.errors && !scrub.findings.empty()) {
        const RotFinding& latest = scrub.findings.back();
        spdlog::error("bit rot: {} more values of the store cannot be read, the latest: {}, {}: {}",
                      scrub.errors - rot_.errors, latest.where, latest.what, latest.mending);
    }
    if (scrub.mended != rot_.mended)
        spdlog::info("bit rot: {} values were made good, {} are under way, {} cannot be",
                     scrub.mended - rot_.mended, scrub.mending, scrub.hopeless);
    rot_ = scrub;
}

void StoreHealth::watch_room(const EngineStatus& status) {
    const u64 now = value(status, StoreCounter::SpaceLevel);
    if (now == level_) return;
    if (now == 0)
        spdlog::info("there is room again: {}", room_text(status));
    else if (now > level_)
        spdlog::warn("{}", room_reason(status));
    else
        spdlog::info("{}", room_reason(status));
    level_ = now;
}

void StoreHealth::end_long_reader(const EngineStatus& status) {
    const u64 pid = value(status, StoreCounter::ReaderPid);
    const u64 age_ms = value(status, StoreCounter::ReaderAgeMs);
    const bool no_room = level(status) >= SpaceLevel::Short;
    const u64 most_ms = no_room ? std::min(kShortReaderMs, reader_age_max_.value / 1'000'000)
                                : reader_age_max_.value / 1'000'000;
    if (pid == 0 || pid == static_cast<u64>(getpid()) || age_ms < most_ms || !reads(pid, path_)) {
        asked_pid_ = 0;
        return;
    }
    if (asked_pid_ != pid) {
        asked_pid_ = pid;
        asked_ticks_ = 0;
        spdlog::warn("process {} has held a snapshot of the store for {}: it is asked to end (SIGTERM)", pid,
                     tools::span_text(age_ms * 1'000'000));
        ::kill(static_cast<pid_t>(pid), SIGTERM);
    } else if (++asked_ticks_ == kGraceTicks) {
        spdlog::warn("process {} did not end: SIGKILL", pid);
        ::kill(static_cast<pid_t>(pid), SIGKILL);
    }
}

}  // namespace twinlink::daemon
