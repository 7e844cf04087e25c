// See rival_writer.hpp.
#include "engine/store/rival_writer.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace twinlink::store {
namespace {

/// Records of names that are in no journal any more: how many go where there is no room, and how many are
/// looked at.
constexpr u32 kGoAtATime = 8;
constexpr u32 kSeenAtATime = 64;

class RivalWriter {
public:
    RivalWriter(Txn& txn, const CommitBatch& batch, Counters<StoreCounter>& counters, CommitResult& result)
        : txn_(txn), batch_(batch), counters_(counters), result_(result) {}

    int run() {
        int rc = journal_.open(txn_, Db::Journal);
        if (rc == 0) rc = records_.open(txn_, Db::Conflicts);
        std::vector<u32> order(batch_.rivals.size());
        std::iota(order.begin(), order.end(), 0U);
        std::ranges::sort(
            order, {}, [&](u32 i) { return std::tuple(batch_.rivals[i].stream, batch_.rivals[i].seq, i); });
        for (std::size_t i = 0; rc == 0 && i < order.size(); ++i) {
            const RivalCopy& rival = batch_.rivals[order[i]];
            rc = go_to(rival);
            if (rc == 0) rc = weigh(rival);
        }
        return rc == 0 ? leave_block() : rc;
    }

private:
    /// Takes out the block that holds the rival's name, unless it is out already. No block: block_ is empty.
    int go_to(const RivalCopy& rival) {
        if (block_ && block_->stream == rival.stream && block_->range.holds(rival.seq)) return 0;
        int rc = leave_block();
        if (rc != 0) return rc;
        const Key key = seq_key(rival.stream, rival.seq);
        rc = journal_.move(MDB_SET_RANGE, key.bytes());
        if (rc == MDB_NOTFOUND || (rc == 0 && !std::ranges::equal(journal_.key, key.bytes())))
            rc = journal_.move(rc == 0 ? MDB_PREV : MDB_LAST);
        if (rc != 0) return rc == MDB_NOTFOUND ? 0 : rc;
        block_ = open_block(journal_.key, journal_.value);
        if (!block_ || block_->stream != rival.stream || !block_->range.holds(rival.seq)) {
            block_.reset();
            return 0;
        }
        messages_.assign(block_->messages.begin(), block_->messages.end());
        changed_ = false;
        return 0;
    }

    int leave_block() {
        if (!block_ || !changed_) {
            block_.reset();
            return 0;
        }
        const Key key = seq_key(block_->stream, block_->range.first);
        const u64 first_time = message_at(messages_.data()).time().value;
        u64 last_time = 0;
        for_each_message_in(messages_, [&](const MessageView& m) { last_time = m.time().value; });
        std::byte* to = nullptr;
        const auto count = static_cast<u32>(block_->range.count());
        block_.reset();
        if (const int rc = journal_.reserve(key.bytes(), sizeof(BlockHead) + messages_.size(), 0, to))
            return rc;
        write_block(to, key.bytes(), count, first_time, last_time, messages_);
        result_.bytes += key.bytes().size() + sizeof(BlockHead) + messages_.size();
        return 0;
    }

    int weigh(const RivalCopy& rival) {
        if (!block_) {
            counters_.add(StoreCounter::RivalsUnknown);
            return 0;
        }
        const Bytes copy = Bytes(batch_.arena).subspan(rival.offset, rival.bytes);
        const auto before = static_cast<u32>(rival.seq - block_->range.first);
        const std::size_t at = bytes_of_messages(messages_, before);
        const Bytes held = Bytes(messages_).subspan(at, message_at(messages_.data() + at).wire_bytes());
        if (std::ranges::equal(copy, held)) return 0;
        const bool wins = outranks(copy, held);
        bool room = false;
        if (const int rc = record(rival, wins ? copy : held, wins ? held : copy, wins, room)) return rc;
        // Without a record of it the copy that came first stays: nothing changes unseen.
        if (!room) {
            counters_.add(StoreCounter::RivalsBeyond);
            return 0;
        }
        counters_.add(wins ? StoreCounter::RivalsTaken : StoreCounter::RivalsKept);
        if (!wins) return 0;
        const auto place = messages_.begin() + static_cast<std::ptrdiff_t>(at);
        const auto rest = messages_.erase(place, place + static_cast<std::ptrdiff_t>(held.size()));
        messages_.insert(rest, copy.begin(), copy.end());
        changed_ = true;
        return 0;
    }

    int record(const RivalCopy& rival, Bytes kept, Bytes other, bool replaced, bool& room) {
        const Key key = seq_key(rival.stream, rival.seq);
        Bytes value;
        int rc = txn_.get(Db::Conflicts, key.bytes(), value);
        if (rc != 0 && rc != MDB_NOTFOUND) return rc;
        auto record = rc == 0 ? unseal<ConflictRecord>(key.bytes(), value) : std::nullopt;
        if (rc == MDB_NOTFOUND && txn_.stat(Db::Conflicts).ms_entries >= kConflictsMax) {
            if (rc = drop_old(); rc != 0) return rc;
            if (txn_.stat(Db::Conflicts).ms_entries >= kConflictsMax) return 0;
        }
        room = true;
        // The same other copy again, from the other link or the partner, is no news.
        if (record && !replaced && record->other_hash == hash_of_message(other)) return 0;
        if (!record) {
            record = ConflictRecord{};
            record->acd = rival.stream.acd.value;
            record->epoch = rival.stream.epoch.value;
            record->seq = rival.seq.value;
            record->found_wall = batch_.wall;
        }
        const MessageView message = message_at(kept.data());
        record->time = message.time().value;
        record->kept_template = message.template_id;
        record->kept_hash = hash_of_message(kept);
        record->other_hash = hash_of_message(other);
        record->other_template = message_at(other.data()).template_id;
        record->other_bytes = static_cast<u16>(std::min<std::size_t>(other.size(), 0xFFFF));
        record->other = {};
        std::memcpy(record->other.data(), other.data(), std::min(other.size(), record->other.size()));
        record->brought_by = rival.by;
        const FilledBy held_by = record->kept_by == FilledBy::Nobody ? rival.held_by : record->kept_by;
        record->kept_by = replaced ? rival.by : held_by;
        record->other_by = replaced ? held_by : rival.by;
        record->replaced = record->replaced != 0 || replaced ? 1 : 0;
        ++record->copies;
        const auto sealed = seal(key.bytes(), *record);
        result_.bytes += key.bytes().size() + sealed.size();
        return records_.put(key.bytes(), sealed, 0);
    }

    /// Records of names that the journal's retention took.
    int drop_old() {
        int rc = records_.move(MDB_FIRST);
        u32 gone = 0;
        for (u32 seen = 0; rc == 0 && gone < kGoAtATime && seen < kSeenAtATime; ++seen) {
            const auto at = parse_seq_key(records_.key);
            Bytes value;
            const Key of_stream = at ? stream_key(at->stream) : Key{};
            const bool known = at && txn_.get(Db::Pruned, of_stream.bytes(), value) == 0;
            const auto pruned = known ? unseal<PrunedRecord>(of_stream.bytes(), value) : std::nullopt;
            if (at && (!pruned || at->seq.value > pruned->upto)) {
                rc = records_.move(MDB_NEXT);
                continue;
            }
            const std::vector<std::byte> key(records_.key.begin(), records_.key.end());
            rc = records_.del();
            if (rc == 0) rc = records_.move(MDB_SET_RANGE, key);
            ++gone;
        }
        return rc == MDB_NOTFOUND ? 0 : rc;
    }

    Txn& txn_;
    const CommitBatch& batch_;
    Counters<StoreCounter>& counters_;
    CommitResult& result_;
    Cursor journal_;
    Cursor records_;
    std::optional<BlockView> block_;  ///< being changed; its messages are in messages_
    std::vector<std::byte> messages_;
    bool changed_ = false;
};

}  // namespace

int write_rivals(Txn& txn, const CommitBatch& batch, Counters<StoreCounter>& counters, CommitResult& result) {
    if (batch.rivals.empty()) return 0;
    return RivalWriter(txn, batch, counters, result).run();
}

}  // namespace twinlink::store
