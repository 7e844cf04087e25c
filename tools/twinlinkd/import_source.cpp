// See import_source.hpp.
#include "tools/twinlinkd/import_source.hpp"

#include "tools/backup/archive.hpp"
#include "tools/backup/data_format.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace twinlink::daemon {
namespace {

/// A record is a journal block or a frame at most.
constexpr std::size_t kRecordBytesMax = sizeof(ImportRecord) + kBlockBytes;

/// What spawn needs to know, freed with the object.
struct SpawnSettings {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    explicit SpawnSettings(int out) {
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
        posix_spawnattr_init(&attributes);
        // The daemon's threads wait for signals elsewhere; this process must end by them.
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        sigset_t usual;
        sigemptyset(&usual);
        sigaddset(&usual, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
};

}  // namespace

Expected<ImportSource> ImportSource::start(const std::string& path) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return failure(std::string("pipe: ") + strerrordesc_np(errno));
    const SpawnSettings settings(ends[1]);
    std::string program = "twinlinkd";
    std::string what = "--read-import";
    std::string file = path;
    const std::array<char*, 4> words{program.data(), what.data(), file.data(), nullptr};
    pid_t process = 0;
    // Our own program, as it was started: also when the file was replaced since.
    const int error =
        posix_spawn(&process, "/proc/self/exe", &settings.files, &settings.attributes, words.data(), environ);
    close(ends[1]);
    if (error == 0) return ImportSource(process, ends[0]);
    close(ends[0]);
    return failure(std::string("starting the process that reads it: ") + strerrordesc_np(error));
}

ImportSource::ImportSource(ImportSource&& from) noexcept
    : process_(std::exchange(from.process_, 0)),
      fd_(std::exchange(from.fd_, -1)),
      in_(std::move(from.in_)),
      head_(from.head_),
      record_(from.record_),
      why_(std::move(from.why_)),
      counts_(from.counts_),
      over_(from.over_) {}

ImportSource::~ImportSource() {
    if (fd_ >= 0) close(fd_);
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

ImportSource::Next ImportSource::next(int timeout_ms) {
    if (record_.kind != ImportRecord::Kind{}) head_ += sizeof record_ + payload_.size();
    payload_ = {};
    record_ = {};
    if (!fill(sizeof record_, timeout_ms)) return over_ ? broken() : Next::Nothing;
    const auto record = twinlink::read<ImportRecord>(in_.data() + head_);
    if (record.bytes > kBlockBytes) return broken();
    if (!fill(sizeof record + record.bytes, timeout_ms)) return over_ ? broken() : Next::Nothing;
    record_ = record;
    payload_ = Bytes(in_).subspan(head_ + sizeof record, record.bytes);
    return take();
}

bool ImportSource::fill(std::size_t bytes, int timeout_ms) {
    if (in_.size() - head_ >= bytes) return true;
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
    while (in_.size() < bytes) {
        pollfd one{fd_, POLLIN, 0};
        if (over_ || poll(&one, 1, timeout_ms) <= 0) return false;
        const std::size_t held = in_.size();
        in_.resize(std::max(bytes, std::min(held + 64 * 1024, kRecordBytesMax)));
        const ssize_t n = ::read(fd_, in_.data() + held, in_.size() - held);
        in_.resize(held + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
        if (n == 0 || (n < 0 && errno != EINTR)) over_ = true;
    }
    return true;
}

ImportSource::Next ImportSource::take() {
    using Kind = ImportRecord::Kind;
    switch (record_.kind) {
        case Kind::Messages: {
            constexpr u64 seq_limit = u64{1} << 63;
            const bool named = record_.acd != 0 && record_.epoch != 0 && record_.first != 0 &&
                               record_.first < seq_limit && record_.count != 0;
            if (named && validate_messages(payload_, record_.count) == FrameRefusal::Ok)
                return Next::Messages;
            ++counts_.damaged;
            return Next::Counts;
        }
        case Kind::Counts: {
            if (payload_.size() != sizeof counts_) return broken();
            const u64 damaged_here = counts_.damaged;
            counts_ = twinlink::read<SourceCounts>(payload_.data());
            counts_.damaged = std::max(counts_.damaged, damaged_here);
            return Next::Counts;
        }
        case Kind::Head: return payload_.size() == sizeof(backup::ArchiveHead) ? Next::Head : broken();
        case Kind::Interval:
            return payload_.size() == sizeof(backup::IntervalEntry) ? Next::Interval : broken();
        case Kind::LinkEvent: return payload_.size() == sizeof(LinkEventRecord) ? Next::LinkEvent : broken();
        case Kind::Row: return payload_.size() > backup::kRowKeyBytes ? Next::Row : broken();
        case Kind::Remark: return Next::Remark;
        case Kind::Failed: return Next::Failed;
        case Kind::End: return Next::End;
    }
    return broken();
}

std::string ImportSource::text() const {
    if (!why_.empty()) return why_;
    std::string text(payload_.size(), ' ');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(payload_[i]);
    return text;
}

/// The process ended, or does not speak our language, before it said that it was done.
ImportSource::Next ImportSource::broken() {
    why_ = "the process that read it ended before it was done";
    int status = 0;
    if (process_ != 0) {
        kill(process_, SIGKILL);
        while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = 0;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        why_ += std::string(" (") + sigdescr_np(WTERMSIG(status)) +
                "): what it read is likely damaged where LMDB finds its way in it";
    payload_ = {};
    record_ = {};
    over_ = true;
    return Next::Failed;
}

}  // namespace twinlink::daemon
