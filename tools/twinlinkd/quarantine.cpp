// See quarantine.hpp.
#include "tools/twinlinkd/quarantine.hpp"

#include "tools/twinlinkd/service.hpp"

#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>

namespace twinlink::daemon {

Expected<std::string> quarantine(const std::string& store, Nanos wall,
                                 const std::function<Expected<void>(const std::string&)>& write_down) {
    namespace fs = std::filesystem;
    fs::path path = store;
    if (!path.has_filename()) path = path.parent_path();
    const auto failed = [&](const std::string& why) {
        return failure("putting the store " + path.string() + " aside: " + why + "; nothing was changed");
    };
    std::error_code ignored;
    if (!fs::exists(path, ignored) || fs::is_empty(path, ignored)) return std::string();
    // Whoever writes it holds this lock (engine/store/README.md).
    const int lock = open((path / "writer.lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        return failed("another process has it open for writing");
    }
    const auto seconds = static_cast<std::time_t>(wall.value / 1'000'000'000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char when[32];
    std::strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);
    // Two may be put aside within one second: what is there already stays.
    constexpr int kSameSecondMax = 100;
    const std::string first = path.string() + ".quarantine-" + when;
    std::string aside = first;
    struct stat there{};
    int tries = 1;
    while (tries < kSameSecondMax && lstat(aside.c_str(), &there) == 0)
        aside = first + "-" + std::to_string(++tries);
    std::string why;
    if (lstat(aside.c_str(), &there) == 0)
        why = aside + " is there already";
    else if (const auto written = write_down(aside); !written)
        why = written.error().text;
    else if (std::rename(path.c_str(), aside.c_str()) != 0)
        why = std::strerror(errno);
    const bool moved = why.empty();
    if (lock >= 0) close(lock);
    if (!moved) return failed(why);
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (const int fd = open(parent.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
        static_cast<void>(fsync(fd));  // should it be undone by a power cut, the next loop does it again
        close(fd);
    }
    return aside;
}

bool go_safe(const std::string& store, const std::string& why, Nanos wall, bool again) {
    const SafeMode before = read_safe_mode(store);
    // One that was written down and cut off before the rename is none yet.
    struct stat there{};
    if (!again && before.since != 0 && lstat(before.quarantined.c_str(), &there) == 0) {
        spdlog::critical("{}, and it is in safe mode already: the store stays where it is", why);
        return false;
    }
    SafeMode safe{wall.value, {}, why};
    const auto aside = quarantine(store, wall, [&](const std::string& name) {
        safe.quarantined = name;
        return enter_safe_mode(store, safe);
    });
    if (!aside && !safe.quarantined.empty())
        if (const auto undone = enter_safe_mode(store, before); !undone)
            spdlog::error("{}", undone.error().text);
    if (!aside) spdlog::critical("{}; {}", why, aside.error().text);
    if (!aside || aside->empty()) return false;
    spdlog::critical(
        "safe mode: {}. The store was put aside as {}, as it is; collecting goes on into a fresh one, which "
        "the partner fills. `twinlink safe-mode off` when you have seen this",
        safe.why, safe.quarantined);
    return true;
}

}  // namespace twinlink::daemon
