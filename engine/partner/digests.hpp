// The proof: digests of what each closed interval's rows come to, here and at the partner, held against each
// other.
//
// A digest is XXH3-128 over the rows of one table and interval in key order: key and every item, as the store
// has them, without what is a server's own (revisions). It is made when an interval closes or is replaced by
// a refold, and told to the partner; at the beginning of a session all of them are. The partner thread calls
// everything but compared(), which any thread may call.
#pragma once

#include "engine/partner/frames.hpp"
#include "engine/partner/session.hpp"

#include <twinlink/items.hpp>
#include <twinlink/store_reader.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace twinlink {

/// What the digests of a table in an interval say.
enum class Likeness : u8 {
    Equal,          ///< both hold the same rows
    Different,      ///< both hold all messages, and yet other rows: a bug, or rot
    NotComparable,  ///< they differ, but one lacks messages, folds by other rules, or has not told yet
    Count_
};
[[nodiscard]] std::string_view name(Likeness) noexcept;

/// One table of one interval, compared.
struct Compared {
    Acd acd;
    u64 start = 0;
    u16 instance = 0;
    TableId table = TableId::None;
    Likeness likeness = Likeness::NotComparable;
    std::string_view why;  ///< of NotComparable
    u64 own_rows = 0;
    u64 their_rows = 0;
};

namespace partner {

/// Intervals of one ACD that are compared: the newest. Chosen: two weeks of half hours, a week of quarters.
inline constexpr std::size_t kDigestIntervals = 672;

/// In the place of a fold version: rows of one table and interval were folded by the rules of several.
inline constexpr u16 kMixedFolds = 0xFFFF;

/// What rows come to.
struct RowsDigest {
    std::array<u64, 2> digest{};
    u64 rows = 0;
    u64 missing = 0;
    u16 fold_version = 0;  ///< by whose rules the rows were folded, or kMixedFolds
    bool incomplete = false;
};
/// The digest of one table's rows in an interval, from a snapshot. `fold_version` is said where there are
/// none.
[[nodiscard]] RowsDigest digest_of(const StoreSnapshot& snapshot, TableId table,
                                   const IntervalRecord& interval, u16 fold_version);

class Digests {
public:
    Digests(const StoreReader& store, u16 fold_version, ShimCounters& counters, std::vector<std::byte>& out)
        : store_(store), fold_version_(fold_version), counters_(counters), out_(out) {}

    /// The own store was read anew: these intervals are closed.
    void reload(std::span<const IntervalRecord> closed);
    /// An interval was closed, or replaced.
    void changed(const IntervalRecord& interval);
    /// A session is up: all is to be told.
    void begin();
    /// The session ended: what the partner told is not known any more.
    void forget();
    void on_digest(const Digest& digest);
    /// Makes or (where it may be sent now) tells what is due, an interval at most. Returns intervals.
    std::size_t work(bool up, bool may_tell, std::span<const Acd> acds);

    [[nodiscard]] std::vector<Compared> compared() const;

    struct Key {
        Acd acd;
        u64 start = 0;
        u16 instance = 0;
        friend constexpr auto operator<=>(const Key&, const Key&) noexcept = default;
    };
    /// The oldest interval with a table that differs though both lack equally much of it, has done so
    /// unchanged for kOddFor, and has not been looked into since. INCOMPLETE ones only of `alike`: ACDs of
    /// which both hold the very same messages.
    [[nodiscard]] std::optional<Key> next_different(std::span<const Acd> alike, Now now);
    [[nodiscard]] bool all_alike() const { return to_look_into_.empty(); }
    [[nodiscard]] bool differs(Key key) const { return to_look_into_.contains(key); }
    void looked_into(Key key) { to_look_into_.erase(key); }

private:
    using OfTables = std::map<TableId, RowsDigest>;
    void hold_against(Key key);
    static void keep_newest(std::map<Key, OfTables>& all, Acd acd);
    bool make(const IntervalRecord& interval, bool tell);
    void tell(Key key, const OfTables& tables);

    /// Digests cross on their way: what differs for less than this is not worth a question. Chosen.
    static constexpr Nanos kOddFor = 2_s;

    const StoreReader& store_;
    u16 fold_version_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::map<Key, IntervalRecord> due_;  ///< to be made
    std::set<Key> to_tell_;
    struct Odd {
        bool incomplete = false;  ///< rows of it are INCOMPLETE
        Nanos since;              ///< looked at first, as it is; 0 = not yet
    };
    std::map<Key, Odd> to_look_into_;
    mutable std::mutex mutex_;  // of the two below; never held while the store is read
    std::map<Key, OfTables> own_;
    std::map<Key, OfTables> theirs_;
};

}  // namespace partner
}  // namespace twinlink
