// Rows of a data backup into the store of the collecting server: interval by interval, through the commit
// stage.
//
// The thread tl-import. A dry run asks the same rule of a snapshot and changes nothing. Memory: one piece of
// kRestoredBytesMax, and what is told of each row, as far as it was asked for (kRowsTold).
#pragma once

#include "engine/restore.hpp"
#include "tools/backup/data_format.hpp"

#include <twinlink/engine.hpp>
#include <twinlink/store_reader.hpp>

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <vector>

namespace twinlink::daemon {

using VerdictCounts = std::array<u64, static_cast<std::size_t>(RestoreVerdict::Count_)>;

/// One table of one interval.
struct RestoredTable {
    u16 acd = 0;
    u64 start = 0;
    u16 instance = 0;
    TableId table = TableId::None;
    VerdictCounts counts{};
};
struct RestoredRowTold {
    RowKey key;
    RestoreVerdict verdict{};
};

/// What a restore did, or would do. Any thread.
class RestoreReport {
public:
    /// Tables of intervals, and rows, that are told one by one; the rest is in the sums. Chosen: a year of
    /// half hours of an ACD; 50 MB.
    static constexpr std::size_t kTablesTold = 200'000;
    static constexpr std::size_t kRowsTold = 1'000'000;

    struct Totals {
        VerdictCounts rows{};
        u64 intervals = 0;        ///< seen
        u64 intervals_whole = 0;  ///< complete here since
        u64 damaged = 0;          ///< entries that make no sense
        u64 other_acd = 0;        ///< rows of an ACD that is not configured or not asked for
        u64 tables_told = 0;
        u64 rows_told = 0;
    };
    void clear();
    void add(const RowKey& key, RestoreVerdict verdict, bool tell_row);
    void count_interval(bool whole);
    void count_damaged();
    void count_other_acd();

    [[nodiscard]] Totals totals() const;
    /// At most `most`, from number `from` on.
    [[nodiscard]] std::vector<RestoredTable> tables(std::size_t from, std::size_t most) const;
    [[nodiscard]] std::vector<RestoredRowTold> rows(std::size_t from, std::size_t most) const;

private:
    mutable std::mutex mutex_;
    Totals totals_;
    std::vector<RestoredTable> tables_;
    std::vector<RestoredRowTold> rows_;
};

/// "restored tables FROM" or "restored rows FROM": a page of it, as arrays of numbers; `more` where there is.
[[nodiscard]] nlohmann::ordered_json restored_json(const RestoreReport& report, const std::string& question);

class RowRestore {
public:
    struct How {
        bool dry_run = false;
        bool tell_rows = false;
        KeptFor kept;                   ///< how long rows are kept here
        u64 wall = 0;                   ///< this server's clock
        std::function<bool()> ended;    ///< the restore, or the daemon, is to stop
        std::function<bool()> stopped;  ///< nothing is committed any more
        std::function<void()> wait;     ///< a moment
    };
    RowRestore(RestoreRings& rings, StoreReader own, std::span<const Acd> acds, RestoreReport& report,
               How how);
    /// Gives the piece back.
    ~RowRestore();
    RowRestore(const RowRestore&) = delete;
    RowRestore& operator=(const RowRestore&) = delete;

    /// Rows of this interval follow. False when it is to stop, as the next two.
    [[nodiscard]] bool interval(const backup::IntervalEntry& entry);
    /// A row of it: key and sealed value. One that makes no sense is left out, and the interval is not
    /// complete by what comes of it.
    [[nodiscard]] bool row(Bytes entry);
    /// No more follow.
    [[nodiscard]] bool finish();

private:
    [[nodiscard]] bool begin_piece();
    [[nodiscard]] bool send(bool last);
    [[nodiscard]] bool send_dry();

    RestoreRings& rings_;
    StoreReader own_;
    std::vector<Acd> acds_;
    RestoreReport& report_;
    How how_;
    backup::IntervalEntry entry_{};
    bool open_ = false;   ///< an interval is being gathered
    bool skip_ = true;    ///< rows are of an interval that is not wanted
    bool lacks_ = false;  ///< a row of the interval made no sense
    RestorePiece* piece_ = nullptr;
    std::vector<u64> items_;
};

}  // namespace twinlink::daemon
