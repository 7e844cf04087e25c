// See store_copy.hpp.
#include "tools/backup/store_copy.hpp"

#include "engine/store/hot_copy.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace twinlink::backup {
namespace {

/// Copies that are begun until one shows the commit that a snapshot taken right behind it shows. A commit
/// takes milliseconds and the look microseconds: one that misses is rare. Chosen.
constexpr int kTries = 200;
constexpr int kFrontWaitMs = 10'000;
constexpr int kPipeBytes = 1 << 20;

}  // namespace

Expected<std::unique_ptr<StoreCopy>> StoreCopy::begin(const std::filesystem::path& store) {
    const auto reader = StoreReader::open(store);
    if (!reader) return std::unexpected(reader.error());
    for (int attempt = 0; attempt < kTries; ++attempt) {
        std::unique_ptr<StoreCopy> copy(new StoreCopy);
        if (auto begun = copy->start(store); !begun) return std::unexpected(begun.error());
        const auto transaction = copy->read_front();
        if (!transaction) return std::unexpected(transaction.error());
        const auto same = copy->look(*reader, *transaction);
        if (!same) return std::unexpected(same.error());
        if (*same) return copy;
    }
    return failure("the server commits faster than a copy can be told from the next one");
}

StoreCopy::~StoreCopy() {
    if (fd_ >= 0) ::close(fd_);
    if (thread_.joinable()) thread_.join();
}

Expected<void> StoreCopy::start(const std::filesystem::path& store) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure(std::string("pipe: ") + std::strerror(errno));
    ::fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes);  // a smaller one serves, too
    fd_ = ends[0];
    thread_ = std::thread([this, store, out = ends[1]] {
        // A reader that leaves is an error of the copy, not the end of the program.
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
        if (auto done = hot_copy(store, out); !done) error_ = std::move(done.error().text);
        ::close(out);
    });
    return {};
}

/// Reads until it is known which commit the copy shows.
Expected<u64> StoreCopy::read_front() {
    std::vector<std::byte> part(4'096);
    for (;;) {
        auto known = transaction_of_copy(front_);
        if (!known) return std::unexpected(std::move(known.error()));
        if (*known) return **known;
        std::vector<std::byte> before;
        std::swap(before, front_);
        const auto n = read(part, kFrontWaitMs);
        std::swap(before, front_);
        if (!n) return std::unexpected(n.error());
        if (!*n || **n == 0) return failure("the copy does not begin");
        front_.insert(front_.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(**n));
    }
}

/// Whether a snapshot shows that commit now; if so, what it says.
Expected<bool> StoreCopy::look(const StoreReader& reader, u64 transaction) {
    const auto snapshot = reader.snapshot();
    if (!snapshot) return std::unexpected(snapshot.error());
    const auto info = snapshot->info();
    if (!info) return std::unexpected(info.error());
    if (info->transaction != transaction) return false;
    info_ = *info;
    for (const StreamRecord& s : snapshot->streams())
        streams_.push_back({s.acd, s.epoch, s.watermark, s.next, s.messages, s.missing});
    return true;
}

Expected<std::optional<std::size_t>> StoreCopy::read(std::span<std::byte> to, int wait_ms) {
    if (!front_.empty()) {
        const std::size_t n = std::min(to.size(), front_.size());
        std::copy_n(front_.begin(), n, to.begin());
        front_.erase(front_.begin(), front_.begin() + static_cast<std::ptrdiff_t>(n));
        return n;
    }
    pollfd one{fd_, POLLIN, 0};
    const int ready = ::poll(&one, 1, wait_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return std::optional<std::size_t>{};
    const ssize_t n = ::read(fd_, to.data(), to.size());
    if (n > 0) return static_cast<std::size_t>(n);
    if (n < 0) return failure(std::string("reading the copy: ") + std::strerror(errno));
    if (thread_.joinable()) thread_.join();
    if (!error_.empty()) return failure(error_);
    return std::size_t{0};
}

}  // namespace twinlink::backup
