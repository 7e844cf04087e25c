// One batch into one transaction. The writer thread; see the header for the rules.
//
// Journal invariant, kept by every path here: blocks of a stream never overlap, and a name that is in the
// journal keeps the bytes that it got first.
#include "engine/store/batch_writer.hpp"

#include "engine/store/rival_writer.hpp"
#include "engine/store/roll_up_writer.hpp"
#include "engine/store/rot_writer.hpp"
#include "engine/store/row_codec.hpp"

#include <twinlink/items.hpp>

#include <algorithm>
#include <bit>
#include <numeric>

namespace twinlink::store {
namespace {

Bytes messages_of(const CommitBatch& batch, const JournalBlock& b) noexcept {
    return Bytes(batch.arena).subspan(b.offset, b.bytes);
}

/// Where a block under the cursor lies, if it is one of `stream`. A damaged head gives a block of no names.
struct Place {
    Seq first;
    Seq end;
    u32 bytes;
};
std::optional<Place> place_of(const Cursor& c, Stream stream) noexcept {
    const auto at = parse_seq_key(c.key);
    if (!at || at->stream != stream) return {};
    const auto head = peek_block(c.value);
    return Place{at->seq, at->seq + (head ? head->count : 0), head ? head->bytes : kMergeBytes};
}

const char* refuse_row(const RowImage& row, std::span<const u64> all) noexcept {
    const std::size_t words = row_map_words(row.items);
    if (row.items > kRowItemsMax || row.at > all.size() || words + row.values > all.size() - row.at)
        return "a row lies outside the row words";
    const auto map = all.subspan(row.at, words);
    std::size_t values = 0;
    for (const u64 bits : map) values += static_cast<std::size_t>(std::popcount(bits));
    const bool beyond = row.items % 64 != 0 && map.back() >> row.items % 64 != 0;
    return values != row.values || beyond ? "a row's map contradicts its values" : nullptr;
}

}  // namespace

const char* BatchWriter::refuse(const CommitBatch& batch) noexcept {
    const auto outside = [](u64 offset, u64 bytes, u64 size) {
        return offset > size || bytes > size - offset;
    };
    for (const auto& b : batch.blocks) {
        if (outside(b.offset, b.bytes, batch.arena.size())) return "a journal block lies outside the arena";
        // The smallest message is an SBE header and its time.
        if (b.count == 0 || b.bytes / 16 < b.count || b.bytes > kBlockBytes)
            return "a journal block's sizes are wrong";
        if (b.first.value == 0 || b.stream.acd.value == 0) return "a journal block has no name";
    }
    for (const auto& r : batch.rivals)
        if (outside(r.offset, r.bytes, batch.arena.size()) || r.bytes < sizeof(SbeHeader) + sizeof(u64))
            return "a copy of a message lies outside the arena";
    for (const auto& r : batch.rows)
        if (const char* const wrong = refuse_row(r, batch.row_words)) return wrong;
    for (const auto& c : batch.checkpoints)
        if (outside(c.offset, c.bytes, batch.arena.size())) return "a checkpoint lies outside the arena";
    for (const auto& r : batch.rolled.rows)
        if (outside(r.offset, r.bytes, batch.rolled.bytes.size())) return "a rolled row lies outside";
    for (const auto& g : batch.gaps)
        if (g.first == 0 || g.last < g.first) return "a gap's range is empty";
    return nullptr;
}

int BatchWriter::write(Txn& txn, const CommitBatch& batch, CommitResult& result) {
    result_ = &result;
    int rc = drop_rotten(txn, batch, counters_, result);
    if (rc == 0) rc = write_blocks(txn, batch);
    if (rc == 0) rc = write_rivals(txn, batch, counters_, result);
    if (rc == 0) rc = find_replaced(txn, batch);
    if (rc == 0) rc = write_rows(txn, batch);
    if (rc == 0) rc = drop_replaced(txn);
    if (rc == 0) rc = drop_stale(txn, batch);
    if (rc == 0) rc = write_checkpoints(txn, batch);
    if (rc == 0) rc = write_records(txn, Db::Gaps, batch.gaps);
    for (const auto& gone : batch.gaps_gone) {
        if (rc != 0) break;
        rc = txn.del(Db::Gaps, seq_key(gone.stream, gone.first).bytes());
        if (rc == MDB_NOTFOUND) rc = 0;
    }
    if (rc == 0) rc = write_records(txn, Db::Streams, batch.streams);
    if (rc == 0) rc = write_records(txn, Db::Links, batch.links);
    if (rc == 0) rc = mark_due(txn, batch.intervals, counters_);
    if (rc == 0) rc = write_records(txn, Db::Intervals, batch.intervals);
    if (rc == 0) rc = write_records(txn, Db::Names, batch.names);
    if (rc == 0) rc = write_records(txn, Db::Acds, batch.acds);
    if (rc == 0) rc = write_roll_ups(txn, batch.rolled, counters_, result);
    return rc;
}

template <class R>
int BatchWriter::write_records(Txn& txn, Db db, const std::vector<R>& records) {
    if (records.empty()) return 0;
    Cursor c;
    int rc = c.open(txn, db);
    for (std::size_t i = 0; rc == 0 && i < records.size(); ++i) {
        const Key key = key_of(records[i]);
        const auto value = seal(key.bytes(), records[i]);
        rc = c.put(key.bytes(), value, 0);
        result_->bytes += key.bytes().size() + value.size();
        counters_.add(StoreCounter::RecordsWritten);
    }
    return rc;
}

int BatchWriter::write_blocks(Txn& txn, const CommitBatch& batch) {
    if (batch.blocks.empty()) return 0;
    order_.resize(batch.blocks.size());
    std::iota(order_.begin(), order_.end(), 0U);
    std::ranges::sort(order_, {}, [&](u32 i) {
        const JournalBlock& b = batch.blocks[i];
        return std::tuple(b.stream, b.first, i);
    });
    Cursor c;
    int rc = c.open(txn, Db::Journal);
    for (std::size_t i = 0; rc == 0 && i < order_.size(); ++i)
        rc = write_block(c, batch, batch.blocks[order_[i]]);
    return rc;
}

int BatchWriter::write_block(Cursor& c, const CommitBatch& batch, const JournalBlock& b) {
    const Bytes messages = messages_of(batch, b);
    const Key key = seq_key(b.stream, b.first);
    const int found = c.move(MDB_SET_RANGE, key.bytes());
    if (found != 0 && found != MDB_NOTFOUND) return found;
    if (found == 0)
        if (const auto next = place_of(c, b.stream); next && next->first < b.first + b.count)
            return insert_missing(c, b, messages);
    const int rc = c.move(found == 0 ? MDB_PREV : MDB_LAST);
    if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    if (rc == 0) {
        if (const auto before = place_of(c, b.stream); before) {
            if (before->end > b.first) return insert_missing(c, b, messages);
            if (!b.fill && before->end == b.first && before->bytes + b.bytes <= kMergeBytes &&
                open_block(c.key, c.value))
                return grow_block(c, b, messages);
        }
    }
    if (b.fill) {
        result_->fill_inserted += b.count;
        counters_.add(StoreCounter::FillInserted, b.count);
    }
    const unsigned flags =
        found == 0 ? static_cast<unsigned>(MDB_NOOVERWRITE) : static_cast<unsigned>(MDB_APPEND);
    return put_new(c, key.bytes(), b.count, b.first_time, b.last_time, messages, flags);
}

int BatchWriter::put_new(Cursor& c, Bytes key, u32 count, u64 first_time, u64 last_time, Bytes messages,
                         unsigned flags) {
    std::byte* to = nullptr;
    if (const int rc = c.reserve(key, sizeof(BlockHead) + messages.size(), flags, to)) return rc;
    store::write_block(to, key, count, first_time, last_time, messages);
    result_->bytes += key.size() + sizeof(BlockHead) + messages.size();
    counters_.add(StoreCounter::BlocksWritten);
    counters_.add(StoreCounter::Messages, count);
    counters_.add(StoreCounter::BytesJournal, messages.size());
    return 0;
}

int BatchWriter::grow_block(Cursor& c, const JournalBlock& b, Bytes messages) {
    const auto at = parse_seq_key(c.key);
    const auto head = read<BlockHead>(c.value.data());
    const Bytes old = c.value.subspan(sizeof head);
    scratch_.assign(old.begin(), old.end());
    scratch_.insert(scratch_.end(), messages.begin(), messages.end());
    const Key key = seq_key(at->stream, at->seq);
    std::byte* to = nullptr;
    if (const int rc = c.reserve(key.bytes(), sizeof head + scratch_.size(), 0, to)) return rc;
    store::write_block(to, key.bytes(), head.count + b.count, head.first_time, b.last_time, scratch_);
    result_->bytes += key.bytes().size() + sizeof head + scratch_.size();
    counters_.add(StoreCounter::BlocksMerged);
    counters_.add(StoreCounter::Messages, b.count);
    counters_.add(StoreCounter::BytesJournal, messages.size());
    return 0;
}

int BatchWriter::insert_missing(Cursor& c, const JournalBlock& b, Bytes messages) {
    if (!b.fill) counters_.add(StoreCounter::Overlaps);
    const Seq end = b.first + b.count;
    for (Seq at = b.first; at < end;) {
        // The block that holds `at`, or the next one.
        const Key key = seq_key(b.stream, at);
        int rc = c.move(MDB_SET_RANGE, key.bytes());
        std::optional<Place> known = rc == 0 ? place_of(c, b.stream) : std::nullopt;
        if (!known || known->first != at) {
            const Seq next = known ? known->first : end;
            rc = c.move(rc == 0 ? MDB_PREV : MDB_LAST);
            known = rc == 0 ? place_of(c, b.stream) : std::nullopt;
            if (!known || known->end <= at) {
                const auto count = static_cast<u32>(std::min(next, end) - at);
                const Bytes piece = messages.first(bytes_of_messages(messages, count));
                u64 last_time = 0;
                for_each_message_in(piece, [&](const MessageView& m) { last_time = m.time().value; });
                rc = put_new(c, key.bytes(), count, message_at(piece.data()).time().value, last_time, piece,
                             MDB_NOOVERWRITE);
                if (rc != 0) return rc;
                result_->fill_inserted += count;
                counters_.add(StoreCounter::FillInserted, count);
                messages = messages.subspan(piece.size());
                at = at + count;
                continue;
            }
        }
        // A block that cannot be read any more makes room for what comes now.
        if (!skip_known(c, b, at, messages))
            if (rc = c.del(); rc != 0) return rc;
    }
    return 0;
}

/// Compares what is held from `at` on with `left` and moves both on; false when the block under the cursor is
/// damaged.
bool BatchWriter::skip_known(Cursor& c, const JournalBlock& b, Seq& at, Bytes& left) {
    const auto known = open_block(c.key, c.value);
    if (!known) return false;
    const Seq end = std::min(known->range.last + 1, b.first + b.count);
    Bytes theirs = known->messages.subspan(
        bytes_of_messages(known->messages, static_cast<u32>(at - known->range.first)));
    for (; at < end; at = at + 1) {
        const u32 mine_bytes = message_at(left.data()).wire_bytes();
        const u32 their_bytes = message_at(theirs.data()).wire_bytes();
        const bool same = std::ranges::equal(left.first(mine_bytes), theirs.first(their_bytes));
        ++(same ? result_->fill_skipped : result_->fill_conflicts);
        counters_.add(same ? StoreCounter::FillSkipped : StoreCounter::FillConflicts);
        left = left.subspan(mine_bytes);
        theirs = theirs.subspan(their_bytes);
    }
    return true;
}

/// In key order images and words are anywhere in the batch: without this each is waited for.
void BatchWriter::fetch_ahead(const CommitBatch& batch, std::size_t at) const noexcept {
    constexpr std::size_t kImages = 12;
    constexpr std::size_t kWords = 6;
    if (at + kImages < row_order_.size()) __builtin_prefetch(&batch.rows[row_order_[at + kImages].index]);
    if (at + kWords >= row_order_.size()) return;
    const u64* const words = batch.row_words.data() + batch.rows[row_order_[at + kWords].index].at;
    for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(words + 8 * line);
}

int BatchWriter::write_rows(Txn& txn, const CommitBatch& batch) {
    row_order_.resize(batch.rows.size());
    for (u32 i = 0; i < batch.rows.size(); ++i) row_order_[i] = {sort_key(batch.rows[i].key), i};
    if (batch.rows.empty()) return 0;
    if (!std::is_sorted(row_order_.begin(), row_order_.end()))
        std::sort(row_order_.begin(), row_order_.end());
    Cursor c;
    int rc = c.open(txn, Db::Rows);
    u64 written = 0;
    u64 bytes = 0;
    for (std::size_t i = 0; rc == 0 && i < row_order_.size(); ++i) {
        fetch_ahead(batch, i);
        // Of several images of one row the last one counts.
        if (i + 1 < row_order_.size() && row_order_[i].key == row_order_[i + 1].key) continue;
        const RowImage& r = batch.rows[row_order_[i].index];
        const RowKeyBytes key_bytes = bytes_of(row_order_[i].key);
        const Bytes key(key_bytes);
        Bytes value = encode_row(scratch_, key, r, std::span(batch.row_words).subspan(r.at));
        if (!replaced_.empty() && keep_revision(txn, batch, r, key, value)) continue;
        rc = c.put(key, value, 0);
        ++written;
        bytes += key.size() + value.size();
    }
    result_->bytes += bytes;
    counters_.add(StoreCounter::RowsWritten, written);
    counters_.add(StoreCounter::RowBytes, bytes);
    return rc;
}

/// For a row of an interval that was folded again: true when the store has the same; else `value` is it with
/// the next revision.
bool BatchWriter::keep_revision(Txn& txn, const CommitBatch& batch, const RowImage& row, Bytes key,
                                Bytes& value) {
    if (!std::ranges::binary_search(replaced_, group_of(sort_key(row.key)))) return false;
    Bytes old;
    if (txn.get(Db::Rows, key, old) != 0 || !decode_row(key, old, items_)) return false;
    RowImage again = row;
    again.revision = read<RowHead>(old.data()).revision;
    const auto words = std::span(batch.row_words).subspan(row.at);
    value = encode_row(scratch_, key, again, words);
    if (std::ranges::equal(old, value)) return true;
    ++again.revision;
    value = encode_row(scratch_, key, again, words);
    counters_.add(StoreCounter::RowsRevised);
    return false;
}

namespace {

/// To the first row of a group; MDB_NOTFOUND where there is none.
int find_group(Cursor& c, const RowGroup& group) {
    const RowSortKey first{{group.front, group.back << 24, 0, 0}};
    const RowKeyBytes bytes = bytes_of(first);
    if (const int rc = c.move(MDB_SET_RANGE, bytes)) return rc;
    const auto row = parse_row_key(c.key);
    if (!row) return MDB_CORRUPTED;
    return group_of(sort_key(*row)) == group ? 0 : MDB_NOTFOUND;
}

}  // namespace

/// Which rows the store has of the intervals that were folded again. An interval that was missing has none:
/// its rows are then written as any others.
int BatchWriter::find_replaced(Txn& txn, const CommitBatch& batch) {
    replaced_.clear();
    if (batch.replaced.empty()) return 0;
    Cursor c;
    int rc = c.open(txn, Db::Rows);
    for (const ReplacedInterval& interval : batch.replaced) {
        for (const Table& table : kTables) {
            const RowGroup group = group_of(sort_key({.table = table.id,
                                                      .acd = interval.acd,
                                                      .interval_start = interval.start,
                                                      .instance = interval.instance}));
            if (rc == 0) rc = find_group(c, group);
            if (rc == 0) replaced_.push_back(group);
            if (rc == MDB_NOTFOUND) rc = 0;
        }
    }
    std::ranges::sort(replaced_);
    const auto twice = std::ranges::unique(replaced_);
    replaced_.erase(twice.begin(), twice.end());
    return rc;
}

/// Rows of intervals that were folded again and have them no more. `row_order_` is sorted.
int BatchWriter::drop_replaced(Txn& txn) {
    if (replaced_.empty()) return 0;
    Cursor c;
    int rc = c.open(txn, Db::Rows);
    for (const RowGroup& group : replaced_) {
        if (rc == 0) rc = find_group(c, group);
        while (rc == 0) {
            const auto row = parse_row_key(c.key);
            if (!row) return MDB_CORRUPTED;
            const RowSortKey key = sort_key(*row);
            if (group_of(key) != group) break;
            const auto at = std::lower_bound(row_order_.begin(), row_order_.end(), SortedRow{key, 0});
            if (at != row_order_.end() && at->key == key) {
                rc = c.move(MDB_NEXT);
                continue;
            }
            scratch_.assign(c.key.begin(), c.key.end());
            rc = c.del();
            counters_.add(StoreCounter::RowsDropped);
            if (rc == 0) rc = c.move(MDB_SET_RANGE, scratch_);
        }
        if (rc == MDB_NOTFOUND) rc = 0;
        if (rc != 0) return rc;
    }
    return rc;
}

/// Whether the stream can be folded to `from` without the states behind it: from the newest one in front, or
/// from nothing, over a journal of which nothing in between has gone, in this life of the ACD or an older
/// one.
bool BatchWriter::foldable(Txn& txn, const StaleCheckpoints& stale) {
    Cursor c;
    if (c.open(txn, Db::Checkpoints) != 0) return false;
    Stream begin{stale.stream.acd, Epoch{}};
    Seq held{};
    int rc = c.move(MDB_SET_RANGE, seq_key(stale.stream, stale.from).bytes());
    if (c.move(rc == 0 ? MDB_PREV : MDB_LAST) == 0)
        if (const auto at = parse_seq_key(c.key); at && at->stream.acd == stale.stream.acd) {
            begin = at->stream;
            held = at->seq;
        }
    Cursor pruned;
    if (pruned.open(txn, Db::Pruned) != 0) return false;
    for (rc = pruned.move(MDB_SET_RANGE, stream_key(begin).bytes()); rc == 0; rc = pruned.move(MDB_NEXT)) {
        const auto record = unseal<PrunedRecord>(pruned.key, pruned.value);
        if (!record) return false;
        const Stream stream{Acd{record->acd}, Epoch{record->epoch}};
        if (stream.acd != stale.stream.acd || stale.stream < stream) break;
        if (stream != begin || held < Seq{record->upto}) return false;
    }
    return rc == 0 || rc == MDB_NOTFOUND;
}

int BatchWriter::drop_stale(Txn& txn, const CommitBatch& batch) {
    for (const StaleCheckpoints& stale : batch.stale) {
        if (!foldable(txn, stale)) {
            counters_.add(StoreCounter::RefoldsImpossible);
            continue;
        }
        Cursor c;
        int rc = c.open(txn, Db::Checkpoints);
        if (rc == 0) rc = c.move(MDB_SET_RANGE, seq_key(stale.stream, stale.from).bytes());
        while (rc == 0) {
            const auto at = parse_seq_key(c.key);
            // Those of later epochs were folded on from them.
            if (!at || at->stream.acd != stale.stream.acd) break;
            scratch_.assign(c.key.begin(), c.key.end());
            rc = c.del();
            if (rc == 0) rc = c.move(MDB_SET_RANGE, scratch_);
        }
        if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    }
    return 0;
}

int BatchWriter::write_checkpoints(Txn& txn, const CommitBatch& batch) {
    if (batch.checkpoints.empty()) return 0;
    Cursor c;
    int rc = c.open(txn, Db::Checkpoints);
    for (std::size_t i = 0; rc == 0 && i < batch.checkpoints.size(); ++i) {
        const CheckpointImage& image = batch.checkpoints[i];
        const Key key = seq_key(image.stream, image.seq);
        CheckpointHead head{0, 1, 0, image.interval_start, image.bytes};
        std::byte* to = nullptr;
        rc = c.reserve(key.bytes(), sizeof head + image.bytes, 0, to);
        if (rc != 0) break;
        std::memcpy(to, &head, sizeof head);
        if (image.bytes != 0) std::memcpy(to + sizeof head, batch.arena.data() + image.offset, image.bytes);
        head.crc32c = seal_of(key.bytes(), {to, sizeof head + image.bytes});
        std::memcpy(to, &head.crc32c, sizeof head.crc32c);
        result_->bytes += key.bytes().size() + sizeof head + image.bytes;
        counters_.add(StoreCounter::CheckpointsWritten);
    }
    return rc;
}

}  // namespace twinlink::store
