// The folder that a receiver of call records takes its files from: chr0001, chr0002, ... and the account of
// what has been exported. Every record goes out once, whenever the export or the machine stops.
//
// The argument. A file is written as chrNNNN.part and made durable. Then the account that counts its records
// as exported takes the place of the old one, in one rename: that is the moment of the export. Then the file
// gets its name. Who opens the folder finishes or undoes what was begun: a .part that the account knows is
// complete and gets its name; one that it does not know was never exported and is deleted, to be made again
// under the same number. A file that has its name is never written again, so the receiver may take it away at
// any time. One process at a time: the folder is locked.
//
// The account (echi_account) is text: what was exported of which interval. An interval without doubt is a
// line; of one that may still change, each record exported is named, so that what comes late goes out, and
// only that. One thread.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <compare>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace twinlink::echi {

struct IntervalName {
    u16 acd = 0;
    u64 start = 0;
    u16 instance = 0;
    friend constexpr auto operator<=>(const IntervalName&, const IntervalName&) noexcept = default;
};
/// A call record's key, and how often it had been redone when it was exported.
struct ExportedRecord {
    u64 stop = 0;
    u64 call = 0;
    u32 revision = 0;
};
struct ExportedInterval {
    bool whole = false;  ///< nothing can change: records are not named
    std::vector<ExportedRecord> records;
};
using Account = std::map<IntervalName, ExportedInterval>;

class Outbox {
public:
    /// Locks the folder, reads its account and brings to an end what was interrupted. Errors: it is not
    /// there, in use, its account damaged or of another version.
    [[nodiscard]] static Expected<Outbox> open(const std::filesystem::path& folder, u32 version);
    Outbox(Outbox&& other) noexcept;
    Outbox& operator=(Outbox&&) = delete;
    ~Outbox();

    [[nodiscard]] const Account& account() const noexcept { return account_; }
    /// Of the newest file, 0 = none yet.
    [[nodiscard]] u32 sequence() const noexcept { return sequence_; }
    /// An earlier run's file that got its name now; empty: none.
    [[nodiscard]] const std::string& finished() const noexcept { return finished_; }

    /// Begins the next file, number sequence() + 1.
    [[nodiscard]] Expected<void> begin();
    [[nodiscard]] Expected<void> write(std::span<const std::byte> bytes);
    /// Makes the file durable, then the account, then gives the file its name. Returns that name.
    [[nodiscard]] Expected<std::string> finish(Account account);
    /// Forgets the file that was begun, and keeps the account, which may have changed without any record.
    [[nodiscard]] Expected<void> finish_without_file(Account account);

private:
    Outbox(std::filesystem::path folder, u32 version, int lock)
        : folder_(std::move(folder)), version_(version), lock_(lock) {}
    [[nodiscard]] Expected<void> read_account();
    [[nodiscard]] Expected<void> recover();
    [[nodiscard]] Expected<void> write_account() const;

    std::filesystem::path folder_;
    u32 version_;
    int lock_;  ///< of the folder
    int file_ = -1;
    u32 sequence_ = 0;
    Account account_;
    std::string finished_;
};

/// "chr0042".
[[nodiscard]] std::string file_name(u32 sequence);

}  // namespace twinlink::echi
