// Rows that differ between the two servers, named one by one: what people ask once digests have said that a
// table of an interval differs.
//
// Part of the shim, its thread, but for RowAsks::ask(), which any thread may call. First the hashes of all of
// the partner's rows come, a page a question, and are held against ours in one walk through both; then the
// items of the rows that differ and are to be named. At most one comparison is under way here and one
// question is answered here, in pages and slices of kRowsPage rows, so that nothing else waits for a report.
// It ends within kRowsLimit whatever the partner does, with what was found until then and why that is not
// all. Invariant: rows in front of `at_` were compared, and each was counted once.
#pragma once

#include "engine/partner/frames.hpp"
#include "engine/partner/session.hpp"

#include <twinlink/store_reader.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace twinlink {

/// Of which table and interval rows are to be compared, and how many that differ are to be named.
struct RowsQuestion {
    TableId table = TableId::None;
    Acd acd;
    u64 start = 0;
    u16 instance = 0;
    u32 most = partner::kRowsAsked;
};

/// A row that is not the same on both.
struct DifferingRow {
    u64 entity = 0;
    u64 entity2 = 0;
    bool here = false;
    bool there = false;
    std::vector<u64> own;     ///< items, where both have the row
    std::vector<u64> theirs;  ///< the same; empty: not told, or gone meanwhile
};

/// An answer that may still be on its way. Nothing but done() may be touched before done() is true.
class RowsAnswer {
public:
    [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire); }

    u64 own_rows = 0;  ///< compared
    u64 their_rows = 0;
    u64 only_here = 0;
    u64 only_there = 0;
    u64 differing = 0;               ///< rows of both with other items
    std::vector<DifferingRow> rows;  ///< of all those the first ones, by key
    std::string why;                 ///< not empty: this is not all, because ...

private:
    friend class RowAsks;
    std::atomic<bool> done_{false};
};
using RowsAnswerPtr = std::shared_ptr<RowsAnswer>;

namespace partner {

/// How long a comparison may take. Specified: two seconds.
inline constexpr Nanos kRowsLimit = 2_s;

/// A row's place in its table and interval.
using RowPlace = std::pair<u64, u64>;

/// What a row's items come to.
[[nodiscard]] u64 hash_of_row(std::span<const u64> items) noexcept;

}  // namespace partner

/// Our questions.
class RowAsks {
public:
    RowAsks(const StoreReader& store, partner::ShimCounters& counters, std::vector<std::byte>& out)
        : store_(store), counters_(counters), out_(out) {}

    /// Any thread. Null: another comparison is under way. Precondition: 1 <= most <= kRowsAsked.
    [[nodiscard]] RowsAnswerPtr ask(const RowsQuestion& question);
    /// Sends what is due, compares a slice, gives up what takes too long. `not_up`: why there is no session,
    /// or empty.
    void work(Now now, std::string_view not_up);
    /// The session ended.
    void forget(std::string_view why);
    // Precondition: read_frame() said Ok, and it is a frame of that template.
    void on_hashes(const partner::FrameIn& frame);
    void on_items(const partner::FrameIn& frame);

private:
    enum class Step : u8 {
        Begin,     ///< asked, nothing sent yet
        Ask,       ///< the next page of hashes is to be asked for
        Page,      ///< ... and on its way
        Compare,   ///< it is here
        AskItems,  ///< all hashes were compared
        Items,     ///< the items of rows are on their way
    };
    void send(std::span<const partner::RowEntry> keys);
    void compare();
    void take_own(const RowView& row);
    void take_theirs();
    void name_row(DifferingRow row);
    void ask_items();
    void finish(std::string_view why);
    void does_not_fit();
    [[nodiscard]] bool expects(Step step, u32 request);

    const StoreReader& store_;
    partner::ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::mutex mutex_;  // of all below
    RowsQuestion question_;
    RowsAnswerPtr answer_;  ///< null: nothing is asked
    Step step_ = Step::Begin;
    u32 request_ = 0;
    Nanos begun_at_;
    partner::RowPlace at_;
    std::vector<partner::RowHashEntry> page_;
    std::size_t page_at_ = 0;         ///< entries of page_ that are dealt with
    partner::RowPlace behind_;        ///< the page is of rows in front of this place ...
    bool last_page_ = false;          ///< ... or of all that are left
    std::vector<std::size_t> asked_;  ///< rows of the answer whose items were asked for
    std::size_t items_at_ = 0;        ///< how many of those came
    bool unreadable_here_ = false;
    bool unreadable_there_ = false;
};

namespace partner {

/// The partner's questions.
class RowLender {
public:
    RowLender(const StoreReader& store, ShimCounters& counters, std::vector<std::byte>& out)
        : store_(store), counters_(counters), out_(out) {}

    void forget() noexcept { asked_.reset(); }
    /// Takes the place of one that is under way.
    void on_ask(const RowsAsk& ask, const FrameIn& frame);
    /// Tells a page, where one is due and little waits for the connection.
    void lend(Now now);

private:
    struct Asked {
        RowsAsk ask;
        std::vector<RowEntry> keys;
        std::size_t at = 0;  ///< keys that were answered
    };
    void tell_hashes(const StoreSnapshot& snapshot);
    void tell_items(const StoreSnapshot& snapshot);
    [[nodiscard]] RowKey key_of(u64 entity, u64 entity2) const noexcept;

    /// Chosen: 200,000 rows a second, 5 MB of hashes.
    static constexpr Nanos kPageEvery = 5_ms;
    static constexpr std::size_t kItemsPerSlice = 16;
    /// Bytes that may wait for the connection in front of a page.
    static constexpr std::size_t kAhead = std::size_t{64} << 10;

    const StoreReader& store_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::optional<Asked> asked_;
    Nanos told_at_;
};

}  // namespace partner
}  // namespace twinlink
