// What the journal lets go: the oldest blocks first, by size and by age, a bounded number in each commit, in
// the same transaction as the batch that makes them superfluous.
//
// The writer thread. Invariant: of each ACD the newest checkpoint stays and so does every block behind it,
// since a restart folds from there; only when the map is nearly full does room come before that (counted).
// Where room is short, blocks go before their time, but for the last hour's and for what is needed elsewhere.
// Names that went are noted per stream (Db::Pruned), so that a check can tell pruned from lost.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/store.hpp"

#include <vector>

namespace twinlink::store {

class Retention {
public:
    Retention(const StoreConfig& config, Counters<StoreCounter>& counters)
        : config_(config), counters_(counters) {}
    /// `map_tight`: the map is nearly full. `shed`: room is short. Adds what went to `result`. Returns LMDB's
    /// code.
    int run(Txn& txn, bool map_tight, bool shed, CommitResult& result);
    void keep_while(std::function<bool(Stream, Range)> needed) { needed_ = std::move(needed); }

private:
    /// The oldest block of one ACD.
    struct Front {
        SeqKey at;
        u32 count;
        u64 bytes;
        u64 last_time;
        u64 newest_time;  ///< first time of the ACD's newest block: the age's other end
        SeqKey newest;    ///< the ACD's newest block, which always stays
        std::optional<SeqKey> checkpoint;
    };
    int find_fronts(Txn& txn);
    std::vector<Front>::iterator next_to_go(u64 total, bool shed);
    int read_front(Cursor& c, Front& front, bool& there);
    bool held(const Front& front, bool map_tight) noexcept;
    int delete_front(Txn& txn, Cursor& c, Front& front, CommitResult& result);
    int note_pruned(Txn& txn, Stream stream, Seq upto, u64 messages);
    int delete_checkpoints(Txn& txn, const Front& front, Stream stream, Seq upto);

    StoreConfig config_;
    Counters<StoreCounter>& counters_;
    std::vector<Front> fronts_;
    std::function<bool(Stream, Range)> needed_;
    u32 deletions_ = 0;
};

/// Bytes of the journal's and the checkpoints' pages.
[[nodiscard]] u64 journal_bytes(const Txn& txn) noexcept;

}  // namespace twinlink::store
