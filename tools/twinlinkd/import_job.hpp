// Imports: fills gaps from a capture, a data backup or another server's store, one at a time, while the
// daemon collects. A restore is an import of a data backup that takes its rows, too, where no messages bring
// them.
//
// The main thread starts, asks and cancels; a thread of its own (tl-import, nice) takes what the reading
// process writes, sorts it (engine/importer.hpp) and waits until what it filled is durable and folded in.
// What it does is told through a copy behind a mutex, a few times a second.
#pragma once

#include "tools/twinlinkd/config.hpp"
#include "tools/twinlinkd/import_source.hpp"
#include "tools/twinlinkd/row_restore.hpp"

#include "engine/importer.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

namespace twinlink::daemon {

/// What was asked for: "import /path" or "import acd=3 /path"; "restore", then the same, with "dry-run" and
/// "every-row" in front of the path.
struct ImportOrder {
    std::string path;  ///< absolute
    Acd acd;           ///< 0 = all that are configured
    bool restore = false;
    bool dry_run = false;
    bool tell_rows = false;
};
[[nodiscard]] Expected<ImportOrder> read_order(const std::string& words);

enum class ImportState : u8 { None, Reading, Committing, Folding, Rows, Done, Cancelled, Failed };

/// A gap, or a part of one, that an import closed.
struct ClosedGap {
    u16 acd;
    u64 epoch;
    u64 first;
    u64 last;
};

struct ImportStatus {
    u64 id = 0;  ///< counts imports since start; 0 = there was none
    ImportState state = ImportState::None;
    std::string path;
    bool store = false;
    bool backup = false;
    bool restore = false;
    bool dry_run = false;
    u16 acd = 0;
    u64 started_wall = 0;
    u64 took_ns = 0;
    u64 messages = 0;  ///< read
    SourceCounts source;
    std::array<u64, OfferCounters::kSize> counts{};
    u64 missing_before = 0;  ///< names, over the ACDs asked for
    u64 missing_after = 0;
    u64 gaps_closed = 0;
    std::vector<ClosedGap> closed;  ///< the first kClosedNamed
    std::vector<std::string> remarks;
    std::string error;
};

class Imports {
public:
    Imports(Engine& engine, const Config& config) : engine_(engine), config_(config) {}
    ~Imports() { finish(); }
    Imports(const Imports&) = delete;
    Imports& operator=(const Imports&) = delete;

    /// Begins. Errors (nothing was begun): one is under way, the path cannot be read by this process, is this
    /// server's own store, or neither a folder nor a file; an ACD that is not configured.
    Expected<u64> start(const ImportOrder& order);
    /// What was filled stays; what was not read stays as it was. Returns at once.
    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
    /// Cancels and waits for the end.
    void finish();
    [[nodiscard]] ImportStatus status() const;
    /// The status as a document; null when there was none.
    [[nodiscard]] nlohmann::ordered_json json() const;
    /// What was restored, one by one.
    [[nodiscard]] const RestoreReport& restored() const noexcept { return restored_; }

    static constexpr std::size_t kClosedNamed = 100;
    static constexpr std::size_t kRemarksMax = 32;

private:
    [[nodiscard]] Expected<void> check(const ImportOrder& order) const;
    void run();
    [[nodiscard]] bool read_all(ImportSource& source, Importer& importer, const StoreReader& own);
    [[nodiscard]] bool take_rows(ImportSource& source, ImportSource::Next what, Importer& importer,
                                 const StoreReader& own);
    [[nodiscard]] Expected<void> check_origin(ImportSource& source, const StoreReader& own);
    [[nodiscard]] bool offer(const ImportSource& source, Importer& importer);
    [[nodiscard]] bool wait_until_folded(Importer& importer);
    [[nodiscard]] bool ended();
    [[nodiscard]] bool stuck() const;
    void publish(const Importer* importer);
    void sum_up(const StoreReader& own);
    [[nodiscard]] u64 missing_in(const StoreSnapshot& snapshot) const;
    void remark(std::string text);
    void fail(std::string text);

    Engine& engine_;
    const Config& config_;
    std::thread thread_;
    std::atomic<bool> cancelled_{false};
    ImportStatus now_;  // the thread's
    Nanos began_;
    Nanos published_;
    std::array<u64, OfferCounters::kSize> desk_before_{};
    std::vector<Acd> acds_;
    std::optional<RowRestore> rows_;  // from the first row on
    RestoreReport restored_;
    ImportOrder order_;
    mutable std::mutex mutex_;
    ImportStatus told_;
};

}  // namespace twinlink::daemon
