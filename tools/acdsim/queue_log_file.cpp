// Reads a growing file line by line. See queue_log_file.hpp.
#include "tools/acdsim/queue_log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace twinlink::sim {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
static_assert(kBufferBytes > 2 * kQueueLogLineBytes, "a whole line always fits");

}  // namespace

QueueLogFile::QueueLogFile(std::string path, int fd, bool follow)
    : path_(std::move(path)), fd_(fd), follow_(follow), buffer_(kBufferBytes) {}

QueueLogFile::QueueLogFile(QueueLogFile&& from) noexcept { *this = std::move(from); }

QueueLogFile& QueueLogFile::operator=(QueueLogFile&& from) noexcept {
    if (this == &from) return *this;
    if (fd_ >= 0) ::close(fd_);
    path_ = std::move(from.path_);
    fd_ = std::exchange(from.fd_, -1);
    follow_ = from.follow_;
    failed_ = from.failed_;
    skipping_ = from.skipping_;
    leaving_ = from.leaving_;
    buffer_ = std::move(from.buffer_);
    from_ = from.from_;
    to_ = from.to_;
    read_ = from.read_;
    number_ = from.number_;
    rotations_ = from.rotations_;
    return *this;
}

QueueLogFile::~QueueLogFile() {
    if (fd_ >= 0) ::close(fd_);
}

Expected<QueueLogFile> QueueLogFile::open(std::string path, bool follow) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about{};
    if (fd < 0 || ::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        const std::string why = fd < 0 ? std::system_category().message(errno) : "not a file";
        if (fd >= 0) ::close(fd);
        return failure(fmt::format("cannot read '{}': {}", path, why));
    }
    return QueueLogFile{std::move(path), fd, follow};
}

/// The next `bytes` of the buffer as a line; `ended`: a line feed follows.
std::optional<QueueLogFile::Line> QueueLogFile::take(std::size_t bytes, bool ended) {
    const std::string_view text{buffer_.data() + from_, bytes};
    from_ += bytes + (ended ? 1 : 0);
    if (std::exchange(skipping_, false)) return std::nullopt;  // the tail of a line that was told already
    const bool too_long = bytes > kQueueLogLineBytes;
    return Line{++number_, text.substr(0, kQueueLogLineBytes), too_long};
}

std::optional<QueueLogFile::Line> QueueLogFile::next() {
    std::size_t searched = 0;
    for (;;) {
        const char* const begin = buffer_.data() + from_;
        const auto* const end =
            static_cast<const char*>(std::memchr(begin + searched, '\n', to_ - from_ - searched));
        if (end != nullptr) {
            searched = 0;
            if (auto line = take(static_cast<std::size_t>(end - begin), true)) return line;
            continue;
        }
        searched = to_ - from_;
        if (searched > kQueueLogLineBytes) {  // however long it is: told once, then left out to its end
            const bool first = !skipping_;
            auto line = take(searched, false);
            skipping_ = true;
            searched = 0;
            if (first) return line;
            continue;
        }
        if (read_more()) continue;
        // The end of what there is. A line without an end is one only where nothing can be added to it.
        if (searched != 0 && (!follow_ || leaving_)) {
            auto line = take(searched, false);
            searched = 0;
            if (line) return line;
        }
        if (!follow_ || !(begins_again() || replaced())) return std::nullopt;
        searched = 0;
    }
}

bool QueueLogFile::read_more() {
    if (failed_) return false;
    std::memmove(buffer_.data(), buffer_.data() + from_, to_ - from_);
    to_ -= std::exchange(from_, 0);
    ssize_t got = 0;
    do got = ::read(fd_, buffer_.data() + to_, buffer_.size() - to_);
    while (got < 0 && errno == EINTR);
    if (got < 0) failed_ = true;
    if (got <= 0) return false;
    to_ += static_cast<std::size_t>(got);
    read_ += static_cast<u64>(got);
    return true;
}

void QueueLogFile::begin(int fd) {
    if (fd != fd_) ::close(fd_);
    fd_ = fd;
    from_ = to_ = 0;
    read_ = number_ = 0;
    skipping_ = leaving_ = failed_ = false;
    ++rotations_;
}

/// The file was cut off, and is written from its beginning.
bool QueueLogFile::begins_again() {
    struct stat about{};
    if (::fstat(fd_, &about) != 0 || static_cast<u64>(about.st_size) >= read_) return false;
    if (::lseek(fd_, 0, SEEK_SET) != 0) return false;
    begin(fd_);
    return true;
}

/// Another file has the name now and holds something: its writer has left this one, which is read to its end
/// before the other one begins.
bool QueueLogFile::replaced() {
    struct stat here{};
    struct stat there{};
    if (::fstat(fd_, &here) != 0 || ::stat(path_.c_str(), &there) != 0 || !S_ISREG(there.st_mode))
        return false;
    if ((here.st_ino == there.st_ino && here.st_dev == there.st_dev) || there.st_size == 0) return false;
    if (!std::exchange(leaving_, true)) return true;
    const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    begin(fd);
    return true;
}

}  // namespace twinlink::sim
