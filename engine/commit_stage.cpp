// The last stage: batches -> LMDB. The commit thread; see pipeline.hpp.
//
// What a refold has replaced goes down beside live messages, in the same transaction. Invariant: what the
// live fold says of an interval that a refold has replaced, and states that a refold saved and that lack what
// came late, never reach the store.
#include "engine/pipeline.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink {

namespace {

/// How often it is looked at how much room there is, and who reads.
constexpr Nanos kLookAfterEvery = 1_s;
/// ... and asked again while there is no room.
constexpr Nanos kAskAgainEvery = 100_ms;

/// What a batch may take: its bytes, and for rows that lie apart half a page each.
u64 bytes_of(const CommitBatch& batch) noexcept {
    return batch.arena.size() + batch.row_words.size() * sizeof(u64) + batch.rolled.bytes.size() +
           (batch.rows.size() + batch.rolled.rows.size()) * 2'048;
}

}  // namespace

/// True while what waits does not fit: then nothing is taken out of the rings, so frames wait in theirs, and
/// in the end in the device, which counts what it has no room for. Meanwhile what can be spared goes.
bool CommitStage::wait_for_room(Now now) {
    u64 bytes = 0;
    const auto add = [&](auto& ring) {
        if (ring.read_available() != 0) bytes += 1 + bytes_of(*ring.front());
    };
    add(batches_.full);
    add(refolded_.full);
    // What comes after them asks for itself when its turn has come: it must not keep them waiting.
    const bool live = bytes != 0;
    if (bytes == 0) add(rolled_.full);
    if (bytes == 0 && restored_.full.read_available() != 0)
        bytes = 1 + bytes_of(restored_.full.front()->batch);
    if (bytes == 0 || store_stopped()) return false;
    if (no_room() && live == refused_live_ && now.mono - asked_ < kAskAgainEvery) return true;
    asked_ = now.mono;
    refused_live_ = live;
    const bool room = store_.room_for(bytes, live);
    if (!room)
        if (const auto shed = store_.shed(); !shed && store_.stopped() != StopReason::None)
            stop(shed.error().text);
    no_room_.store(!room, std::memory_order_release);
    return !room;
}

std::size_t CommitStage::poll(Now now) {
    if (now.mono - looked_ >= kLookAfterEvery && !store_stopped()) {
        looked_ = now.mono;
        store_.look_after(now.mono);
    }
    if (wait_for_room(now)) return 0;
    CommitBatch* live = nullptr;
    CommitBatch* refolded = nullptr;
    CommitBatch* rolled = nullptr;
    RestorePiece* piece = nullptr;
    busy_.store(1, std::memory_order_release);  // before the pops, so that idle() never sees neither
    if (batches_.full.pop(live)) {
        screen(*live);
        note_late(*live);
    }
    if (refolded_.full.pop(refolded)) screen_states(*refolded);
    // Both wait for the disk once: a refold goes on beside whatever is taken in.
    CommitBatch* const first = live != nullptr ? live : refolded;
    if (first != nullptr) {
        const bool written = write(*first, first == refolded ? nullptr : refolded);
        if (written && refolded != nullptr)
            for (const ReplacedInterval& interval : refolded->replaced)
                replaced_[interval] = refolded->refold;
    } else if (rolled_.full.pop(rolled)) {  // all else comes before
        rolled->wall = now.wall.value;
        write(*rolled);
        rolled->clear();
        rolled_.empty.push(rolled);
    } else if (restored_.full.pop(piece)) {
        piece->batch.wall = now.wall.value;
        restore(*piece);
        restored_.empty.push(piece);
    }
    if (live != nullptr) {
        if (!store_stopped()) refolded_.committed.store(live->number, std::memory_order_release);
        live->clear();
        batches_.empty.push(live);
    }
    if (refolded != nullptr) {
        refolded->clear();
        refolded_.empty.push(refolded);
    }
    busy_.store(0, std::memory_order_release);
    return first != nullptr || rolled != nullptr || piece != nullptr ? 1 : 0;
}

/// A boundary that was missing closes an interval in the refold that the live fold still takes for open,
/// until it takes over: what it says of it meanwhile must not undo what the refold has put there.
void CommitStage::screen(CommitBatch& batch) {
    for (const CommitBatch::TookOver& took : batch.took_over)
        std::erase_if(replaced_,
                      [&](const auto& r) { return r.first.acd == took.acd && r.second <= took.refold; });
    if (replaced_.empty() || planted(Planted::UndoRefold)) return;
    probe(Probe::LiveScreened);
    const auto stale = [&](Acd acd, u64 start, u16 instance) {
        return replaced_.contains({acd, start, instance});
    };
    std::erase_if(batch.rows, [&](const RowImage& row) {
        return stale(row.key.acd, row.key.interval_start, row.key.instance);
    });
    std::erase_if(batch.intervals,
                  [&](const IntervalRecord& i) { return stale(Acd{i.acd}, i.start, i.instance); });
    std::erase_if(batch.replaced,
                  [&](const ReplacedInterval& i) { return stale(i.acd, i.start, i.instance); });
}

/// Remembers where something came late while a refold was under way.
void CommitStage::note_late(const CommitBatch& batch) {
    for (const StaleCheckpoints& stale : batch.stale) {
        const FoldPlace place{stale.stream.epoch, stale.from};
        Late& late = late_[stale.stream.acd];
        if (stale.refold > late.refold) {
            late.came_before = std::exchange(late.came, {});
            late.replaced.reset();
            late.refold = stale.refold;
        }
        if (stale.count != 0)
            late.came.add({place, {place.epoch, place.next + stale.count}});
        else
            late.replaced = std::min(late.replaced.value_or(place), place);
    }
}

/// A state that a refold saves may lack what came late behind its back: saved after the commit that dropped
/// such states, it would be taken for whole.
void CommitStage::screen_states(CommitBatch& batch) {
    if (batch.checkpoints.empty()) return;
    const auto known = late_.find(batch.checkpoints.front().stream.acd);
    if (known == late_.end()) return;
    const Late& late = known->second;
    std::erase_if(batch.checkpoints, [&](const CheckpointImage& image) {
        const FoldPlace place{image.stream.epoch, image.seq};
        const auto behind = [&](const std::optional<FoldPlace>& change) {
            return change && *change <= place;
        };
        const bool lacking = behind(late.came.first_common(batch.passed)) ||
                             behind(late.came_before.first_common(batch.passed)) ||
                             (late.refold >= batch.refold && behind(late.replaced));
        if (lacking) probe(Probe::StateNotKept);
        return lacking;
    });
}

/// Rows of a backup; what became of each goes back with the piece. The partner is told of the interval as it
/// is now.
void CommitStage::restore(RestorePiece& piece) {
    CommitResult result;
    const bool written = write(piece.batch, nullptr, &result);
    piece.verdicts = written ? std::move(result.restored) : std::vector<RestoreVerdict>{};
    piece.interval_whole = written && result.interval_whole;
    piece.batch.clear();
    if (!written || !result.interval) return;
    CommitBatch changed;
    changed.intervals.push_back(*result.interval);
    mirror_.tell(changed, result.transaction, false);
}

bool CommitStage::write(const CommitBatch& batch, const CommitBatch* beside, CommitResult* result) {
    if (store_stopped()) return false;
    if (auto done = store_.commit(batch, beside); done) {
        u64 messages = 0;
        for (const JournalBlock& block : batch.blocks) messages += block.count;
        messages_.fetch_add(messages, std::memory_order_relaxed);
        commits_.fetch_add(1, std::memory_order_relaxed);
        mirror_.tell(batch, done->transaction, done->pruned_blocks != 0);
        if (beside != nullptr) mirror_.tell(*beside, done->transaction, false);
        if (result != nullptr) *result = std::move(*done);
        return true;
    } else {
        stop(done.error().text);
    }
    return false;
}

void CommitStage::stop(const std::string& why) {
    {
        const std::lock_guard lock(error_mutex_);
        error_ = why;
    }
    stopped_.store(true, std::memory_order_release);
}

std::string CommitStage::error() const {
    const std::lock_guard lock(error_mutex_);
    return error_;
}

}  // namespace twinlink
