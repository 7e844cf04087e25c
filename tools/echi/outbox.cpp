// See outbox.hpp.
#include "tools/echi/outbox.hpp"

#include "engine/wire/crc32c.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace twinlink::echi {
namespace {

constexpr std::string_view kAccount = "echi_account";
constexpr std::string_view kFirstWords = "twinlink echi account 1";

std::string reason() { return std::generic_category().message(errno); }

Expected<void> sync_folder(const std::filesystem::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool ok = fd >= 0 && ::fsync(fd) == 0;
    const std::string why = ok ? "" : reason();
    if (fd >= 0) ::close(fd);
    if (!ok) return failure("cannot make " + folder.string() + " durable: " + why);
    return {};
}

Expected<void> write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failure("cannot write: " + reason());
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Expected<void> rename_to(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0)
        return failure("cannot rename " + from.string() + ": " + reason());
    return sync_folder(to.parent_path());
}

/// Numbers of a line, one after the other.
class Numbers {
public:
    explicit Numbers(std::string_view text) : rest_(text) {}
    template <class T>
    bool next(T& value) {
        while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc{}) return false;
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return true;
    }
    [[nodiscard]] bool done() const { return rest_.find_first_not_of(' ') == std::string_view::npos; }

private:
    std::string_view rest_;
};

/// One line of the account; false when it is none.
bool read_line(std::string_view line, Account& account) {
    const bool whole = line.starts_with("whole ");
    if (!whole && !line.starts_with("doubtful ")) return false;
    Numbers numbers(line.substr(line.find(' ')));
    IntervalName name;
    if (!numbers.next(name.acd) || !numbers.next(name.start) || !numbers.next(name.instance)) return false;
    ExportedInterval& interval = account[name];
    interval.whole = whole;
    while (!numbers.done()) {
        ExportedRecord record;
        if (whole || !numbers.next(record.stop) || !numbers.next(record.call) ||
            !numbers.next(record.revision))
            return false;
        interval.records.push_back(record);
    }
    return true;
}

std::string text_of(const Account& account, u32 version, u32 sequence) {
    std::string text = fmt::format("{}\nversion {}\nsequence {}\n", kFirstWords, version, sequence);
    for (const auto& [name, interval] : account) {
        text += fmt::format("{} {} {} {}", interval.whole ? "whole" : "doubtful", name.acd, name.start,
                            name.instance);
        for (const ExportedRecord& record : interval.records)
            text += fmt::format(" {} {} {}", record.stop, record.call, record.revision);
        text += '\n';
    }
    return text + fmt::format("end {:08x}\n", crc32c(std::as_bytes(std::span(text))));
}

}  // namespace

std::string file_name(u32 sequence) { return fmt::format("chr{:04}", sequence); }

Expected<Outbox> Outbox::open(const std::filesystem::path& folder, u32 version) {
    const int lock = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0) return failure("cannot open the folder " + folder.string() + ": " + reason());
    Outbox outbox(folder, version, lock);
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0)
        return failure("another export is at work in " + folder.string());
    if (auto read = outbox.read_account(); !read) return std::unexpected(read.error());
    if (auto done = outbox.recover(); !done) return std::unexpected(done.error());
    return outbox;
}

Outbox::Outbox(Outbox&& other) noexcept
    : folder_(std::move(other.folder_)),
      version_(other.version_),
      lock_(std::exchange(other.lock_, -1)),
      file_(std::exchange(other.file_, -1)),
      sequence_(other.sequence_),
      account_(std::move(other.account_)),
      finished_(std::move(other.finished_)) {}

Outbox::~Outbox() {
    if (file_ >= 0) ::close(file_);
    if (lock_ >= 0) ::close(lock_);
}

Expected<void> Outbox::read_account() {
    const auto path = folder_ / kAccount;
    std::ifstream in(path, std::ios::binary);
    if (!in.is_open()) {
        if (std::filesystem::exists(path)) return failure("cannot read " + path.string());
        return {};
    }
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto damaged = [&] {
        return failure(
            "the account of what was exported, " + path.string() +
            ", is damaged; exporting on could send records twice. Restore it, or export into a new folder");
    };
    const std::size_t end = text.rfind("end ");
    if (!text.starts_with(kFirstWords) || end == std::string::npos) return damaged();
    const std::string_view body = std::string_view(text).substr(0, end);
    if (text.substr(end) != fmt::format("end {:08x}\n", crc32c(std::as_bytes(std::span(body)))))
        return damaged();
    std::string_view rest = body.substr(kFirstWords.size() + 1);
    u32 version = 0;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        const bool ok = line.starts_with("version ")    ? Numbers(line.substr(8)).next(version)
                        : line.starts_with("sequence ") ? Numbers(line.substr(9)).next(sequence_)
                                                        : read_line(line, account_);
        if (!ok) return damaged();
    }
    if (version != version_)
        return failure(
            fmt::format("{} holds files of version {}: a receiver expects one version in a folder; "
                        "export version {} into another",
                        folder_.string(), version, version_));
    return {};
}

Expected<void> Outbox::recover() {
    const auto part = [&](u32 sequence) { return folder_ / (file_name(sequence) + ".part"); };
    std::error_code error;
    if (sequence_ != 0 && std::filesystem::exists(part(sequence_), error)) {
        if (auto done = rename_to(part(sequence_), folder_ / file_name(sequence_)); !done) return done;
        finished_ = file_name(sequence_);
    }
    std::filesystem::remove(part(sequence_ + 1), error);
    if (!error) std::filesystem::remove(folder_ / (std::string(kAccount) + ".part"), error);
    if (error) return failure("cannot clear " + folder_.string() + ": " + error.message());
    return {};
}

Expected<void> Outbox::begin() {
    const auto path = folder_ / (file_name(sequence_ + 1) + ".part");
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file_ < 0) return failure("cannot write " + path.string() + ": " + reason());
    return {};
}

Expected<void> Outbox::write(std::span<const std::byte> bytes) { return write_all(file_, bytes); }

Expected<void> Outbox::write_account() const {
    const auto path = folder_ / (std::string(kAccount) + ".part");
    const std::string text = text_of(account_, version_, sequence_);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return failure("cannot write " + path.string() + ": " + reason());
    auto written = write_all(fd, std::as_bytes(std::span(text)));
    if (written && ::fsync(fd) != 0)
        written = failure("cannot make " + path.string() + " durable: " + reason());
    ::close(fd);
    if (!written) return written;
    return rename_to(path, folder_ / kAccount);
}

Expected<std::string> Outbox::finish(Account account) {
    const std::string name = file_name(sequence_ + 1);
    const auto part = folder_ / (name + ".part");
    const bool durable = ::fsync(file_) == 0;
    const std::string why = durable ? "" : reason();
    ::close(std::exchange(file_, -1));
    if (!durable) return failure("cannot make " + part.string() + " durable: " + why);
    if (auto synced = sync_folder(folder_); !synced) return std::unexpected(synced.error());
    ++sequence_;
    account_ = std::move(account);
    if (auto written = write_account(); !written) return std::unexpected(written.error());
    if (auto named = rename_to(part, folder_ / name); !named) return std::unexpected(named.error());
    return name;
}

Expected<void> Outbox::finish_without_file(Account account) {
    if (file_ >= 0) {
        ::close(std::exchange(file_, -1));
        std::error_code ignored;  // who opens the folder next removes it
        std::filesystem::remove(folder_ / (file_name(sequence_ + 1) + ".part"), ignored);
    }
    account_ = std::move(account);
    return write_account();
}

}  // namespace twinlink::echi
