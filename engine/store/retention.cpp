// Pruning the journal. The writer thread, inside a commit's transaction.
#include "engine/store/retention.hpp"

#include <algorithm>

namespace twinlink::store {
namespace {

constexpr u64 kBytesBeyondBatch = u64{64} << 20;
constexpr u64 kLastSeq = ~u64{0};
/// What stays when room is short: a partner that was away for a moment finds what it missed. Chosen.
constexpr Nanos kShedKeeps = 3'600_s;

/// Moves to the last key below `key`. Returns LMDB's code; MDB_NOTFOUND when there is none.
int move_before(Cursor& c, Bytes key) noexcept {
    const int rc = c.move(MDB_SET_RANGE, key);
    if (rc == 0) return c.move(MDB_PREV);
    return rc == MDB_NOTFOUND ? c.move(MDB_LAST) : rc;
}

}  // namespace

u64 journal_bytes(const Txn& txn) noexcept {
    u64 bytes = 0;
    for (const Db db : {Db::Journal, Db::Checkpoints}) {
        const MDB_stat s = txn.stat(db);
        bytes += (s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages) * s.ms_psize;
    }
    return bytes;
}

int Retention::run(Txn& txn, bool map_tight, bool shed, CommitResult& result) {
    if (config_.journal_bytes == 0 && config_.journal_age.value == 0 && !shed) return 0;
    if (const int rc = find_fronts(txn)) return rc;
    const u64 page_bytes = txn.stat(Db::Journal).ms_psize;
    const u64 budget_bytes = 2 * result.bytes + kBytesBeyondBatch;
    u64 total = journal_bytes(txn);
    u64 gone_bytes = 0;
    deletions_ = 0;
    Cursor c;
    if (const int rc = c.open(txn, Db::Journal)) return rc;
    while (!fronts_.empty() && deletions_ < config_.deletions_max && gone_bytes < budget_bytes) {
        const auto at = next_to_go(total, shed);
        if (at == fronts_.end()) break;
        if (held(*at, map_tight)) {
            counters_.add(StoreCounter::RetentionHeld);
            fronts_.erase(at);
            continue;
        }
        const u64 bytes = (at->bytes + page_bytes - 1) / page_bytes * page_bytes;
        if (const int rc = delete_front(txn, c, *at, result)) return rc;
        ++deletions_;
        gone_bytes += bytes;
        total -= std::min(total, bytes);
        if (at->count == 0) fronts_.erase(at);
    }
    return 0;
}

/// By age whatever is too old goes, by size the oldest of all; where room is short the oldest that can be
/// spared.
std::vector<Retention::Front>::iterator Retention::next_to_go(u64 total, bool shed) {
    const auto older_than = [](const Front& f, Nanos age) {
        return age.value != 0 && f.newest_time > f.last_time && f.newest_time - f.last_time > age.value;
    };
    auto at =
        std::ranges::find_if(fronts_, [&](const Front& f) { return older_than(f, config_.journal_age); });
    if (at != fronts_.end()) return at;
    if (config_.journal_bytes != 0 && total > config_.journal_bytes)
        return std::ranges::min_element(fronts_, {}, &Front::last_time);
    if (!shed) return fronts_.end();
    std::erase_if(fronts_, [&](const Front& f) {
        const Range names{f.at.seq, f.at.seq + (f.count - 1)};
        return !older_than(f, kShedKeeps) || (needed_ && needed_(f.at.stream, names));
    });
    at = std::ranges::min_element(fronts_, {}, &Front::last_time);
    if (at != fronts_.end()) counters_.add(StoreCounter::PrunedEarly);
    return at;
}

int Retention::find_fronts(Txn& txn) {
    fronts_.clear();
    Cursor c;
    Cursor checkpoints;
    int rc = c.open(txn, Db::Journal);
    if (rc == 0) rc = checkpoints.open(txn, Db::Checkpoints);
    if (rc == 0) rc = c.move(MDB_FIRST);
    while (rc == 0) {
        Front front{};
        bool there = false;
        if (rc = read_front(c, front, there); rc != 0 || !there) break;
        const u16 acd = front.at.stream.acd.value;
        const Key last = seq_key({Acd{acd}, Epoch{kLastSeq}}, Seq{kLastSeq});
        if (move_before(checkpoints, last.bytes()) == 0)
            if (const auto at = parse_seq_key(checkpoints.key); at && at->stream.acd.value == acd)
                front.checkpoint = at;
        if (rc = move_before(c, last.bytes()); rc != 0) break;
        const auto newest = parse_seq_key(c.key);
        const auto head = peek_block(c.value);
        front.newest = newest.value_or(front.at);
        front.newest_time = head ? head->first_time : 0;
        fronts_.push_back(front);
        rc = c.move(MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int Retention::read_front(Cursor& c, Front& front, bool& there) {
    const auto at = parse_seq_key(c.key);
    there = at.has_value();
    if (!there) return 0;
    const auto head = peek_block(c.value);
    front.at = *at;
    front.bytes = c.value.size();
    // A damaged head says nothing; the block is then as old as can be and holds at least its first name.
    front.count = head ? head->count : 1;
    front.last_time = head ? head->last_time : 0;
    return 0;
}

bool Retention::held(const Front& f, bool map_tight) noexcept {
    if (f.at.stream == f.newest.stream && f.at.seq == f.newest.seq) return true;
    const bool folded =
        f.checkpoint && (f.at.stream < f.checkpoint->stream || (f.at.stream == f.checkpoint->stream &&
                                                                f.at.seq + f.count <= f.checkpoint->seq + 1));
    if (folded) return false;
    if (map_tight) counters_.add(StoreCounter::PrunedUnfolded);
    return !map_tight;
}

int Retention::delete_front(Txn& txn, Cursor& c, Front& front, CommitResult& result) {
    const Stream stream = front.at.stream;
    const Seq upto = front.at.seq + (front.count - 1);
    const u64 messages = front.count;
    int rc = c.move(MDB_SET_RANGE, seq_key(stream, front.at.seq).bytes());
    if (rc == 0) rc = c.del();
    if (rc != 0) return rc;
    ++result.pruned_blocks;
    counters_.add(StoreCounter::PrunedBlocks);
    counters_.add(StoreCounter::PrunedBytes, front.bytes);
    counters_.add(StoreCounter::PrunedMessages, messages);
    // After a deletion the cursor stands on what followed.
    const Front before = front;
    rc = c.move(MDB_SET_RANGE, seq_key(stream, upto).bytes());
    bool there = false;
    if (rc == 0) rc = read_front(c, front, there);
    if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    if (!there || front.at.stream.acd != stream.acd) front.count = 0;
    rc = note_pruned(txn, stream, upto, messages);
    if (rc == 0) rc = delete_checkpoints(txn, before, stream, upto);
    return rc;
}

int Retention::note_pruned(Txn& txn, Stream stream, Seq upto, u64 messages) {
    const Key key = stream_key(stream);
    PrunedRecord record{stream.epoch.value, 0, 0, stream.acd.value, 0, 0};
    Bytes value;
    if (txn.get(Db::Pruned, key.bytes(), value) == 0)
        if (const auto known = unseal<PrunedRecord>(key.bytes(), value)) record = *known;
    record.upto = std::max(record.upto, upto.value);
    record.messages += messages;
    Cursor c;
    if (const int rc = c.open(txn, Db::Pruned)) return rc;
    return c.put(key.bytes(), seal(key.bytes(), record), 0);
}

int Retention::delete_checkpoints(Txn& txn, const Front& front, Stream stream, Seq upto) {
    Cursor c;
    int rc = c.open(txn, Db::Checkpoints);
    if (rc == 0) rc = c.move(MDB_SET_RANGE, seq_key(stream, Seq{}).bytes());
    while (rc == 0 && deletions_ < config_.deletions_max) {
        const auto at = parse_seq_key(c.key);
        // What a checkpoint still allows is folding from the name after it.
        if (!at || at->stream != stream || at->seq >= upto) break;
        const auto& newest = front.checkpoint;
        if (newest && newest->stream == stream && newest->seq == at->seq) break;
        rc = c.del();
        ++deletions_;
        counters_.add(StoreCounter::PrunedCheckpoints);
        if (rc == 0) rc = c.move(MDB_SET_RANGE, seq_key(stream, Seq{}).bytes());
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

}  // namespace twinlink::store
