// See crashes.hpp.
#include "tools/twinlinkd/crashes.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace twinlink::daemon {
namespace {

constexpr u64 kMagic = 0x31'48'53'52'43'4C'57'54;  // "TWLCRSH1" in memory
constexpr std::size_t kNamesKept = 64;
constexpr std::size_t kStartsKept = 8;  // more than crashes_max may be

}  // namespace

std::string boot_id() {
    std::string id;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
    return id;
}

/// As it lies in the file. All zeros: nothing happened yet.
struct Crashes::Page {
    u64 magic;
    std::array<char, 40> boot;
    std::array<FoldTrail, 2> trails;      // live, refold
    std::array<u64, kStartsKept> starts;  // CLOCK_BOOTTIME of runs that have not ended in order, 0 = free
    struct Name {
        u64 epoch;
        u64 seq;
        u64 found_wall;
        u32 crashes;  // 0 = free
        u16 acd;
        u16 reserved0;
    };
    std::array<Name, kNamesKept> names;
};

void Crashes::Unmap::operator()(Page* page) const noexcept {
    munmap(page, sizeof(Page));
    close(lock);
}

Expected<Crashes> Crashes::open(const std::filesystem::path& folder, Nanos boottime, Nanos wall) {
    const auto file = folder / "crashes";
    const auto failed = [&](const char* doing) {
        return failure(std::string(doing) + " " + file.string() + ": " + std::strerror(errno));
    };
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("making the folder of");
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed("opening");
    // A daemon that runs holds this lock as long as it has the page (its file stays open).
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return failure(file.string() + " is another running daemon's");
    }
    void* memory = MAP_FAILED;
    // Its blocks are taken now: a full disk must not be a signal later.
    if (posix_fallocate(fd, 0, sizeof(Page)) == 0)
        memory = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        const int error = errno;
        close(fd);
        errno = error;
        return failed("mapping");
    }
    Crashes crashes{std::unique_ptr<Page, Unmap>(static_cast<Page*>(memory), Unmap{fd})};
    Page& page = *crashes.page_;
    std::array<char, 40> boot{};
    boot_id().copy(boot.data(), boot.size());
    if (page.magic != kMagic) std::memset(memory, 0, sizeof(Page));
    if (page.magic != kMagic || page.boot != boot) {
        for (FoldTrail& trail : page.trails) trail.seq.store(0);
        page.starts = {};
    }
    page.magic = kMagic;
    page.boot = boot;
    for (u64& start : page.starts)
        if (start > boottime.value) start = 0;
    crashes.read(wall);
    return crashes;
}

void Crashes::read(Nanos wall) {
    for (FoldTrail& trail : page_->trails) {
        if (trail.seq.load() != 0) count(trail, wall);
        trail.seq.store(0);
    }
    for (const Page::Name& n : page_->names)
        if (n.crashes >= kTriesOfMessage)
            skips_.push_back({n.epoch, n.seq, n.found_wall, n.crashes, n.acd, 0});
}

void Crashes::count(const FoldTrail& trail, Nanos wall) {
    const auto acd = static_cast<u16>(trail.acd.load());
    const u64 epoch = trail.epoch.load();
    const u64 seq = trail.seq.load();
    auto& names = page_->names;
    auto at = std::ranges::find_if(
        names, [&](const Page::Name& n) { return n.acd == acd && n.epoch == epoch && n.seq == seq; });
    if (at == names.end()) {  // the place of the one that was seen least often
        at = std::ranges::min_element(names, {}, &Page::Name::crashes);
        if (at->crashes >= kTriesOfMessage) return;
        *at = {epoch, seq, 0, 0, acd, 0};
    }
    ++at->crashes;
    at->found_wall = wall.value;
    found_one_ = found_one_ || at->crashes == kTriesOfMessage;
    stood_at_ = "message " + std::to_string(seq) + " of ACD " + std::to_string(acd) + ", epoch " +
                std::to_string(epoch) + " (" + std::to_string(at->crashes) + " times by now)";
}

u32 Crashes::recent(Nanos boottime) const noexcept {
    return static_cast<u32>(std::ranges::count_if(
        page_->starts, [&](u64 start) { return start != 0 && boottime.value - start <= kLoopTime.value; }));
}

void Crashes::begin(Nanos boottime) noexcept {
    begun_ = boottime.value;
    *std::ranges::min_element(page_->starts) = begun_;
}
void Crashes::withdraw() noexcept { std::ranges::replace(page_->starts, begun_, u64{0}); }
void Crashes::forgive() noexcept { page_->starts = {}; }
void Crashes::forget_latest() noexcept { *std::ranges::max_element(page_->starts) = 0; }
FoldTrail* Crashes::live_trail() noexcept { return &page_->trails[0]; }
FoldTrail* Crashes::refold_trail() noexcept { return &page_->trails[1]; }

}  // namespace twinlink::daemon
