// See refold.hpp. The refold thread.
#include "engine/refold.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink {

using State = RefoldDesk::State;

namespace {

/// Looks at a hole that is being filled before it is passed all the same. Chosen: a second at the appliance's
/// pace of looking; each time the hole has become smaller it has as many again.
constexpr u32 kPatience = 100;
/// Of closed intervals in one commit. Chosen: some 10 ms, by which live messages wait longer at most.
constexpr std::size_t kGatheredBytes = std::size_t{8} << 20;

}  // namespace

std::size_t Refolder::poll() {
    if (desk_ == nullptr) {
        const auto at = std::ranges::find_if(desks_, [](const RefoldDesk& desk) {
            return desk.state.load(std::memory_order_acquire) == State::Wanted;
        });
        if (at == desks_.end()) return 0;
        if (!begin(*at)) {
            at->state.store(State::Failed, std::memory_order_release);
            return 1;
        }
        desk_ = &*at;
    }
    return go_on(*desk_);
}

// ---- where to begin
// ---------------------------------------------------------------------------------------------

/// The newest state before the name that came, or an empty one where the journal is whole. False when neither
/// is there.
bool Refolder::begin(RefoldDesk& desk) {
    const auto snapshot = store_.snapshot();
    if (!snapshot) return false;
    fold_ = std::make_unique<Fold>(desk.acd, desk.limits);
    fold_->set_trail(trail_);
    open_.clear();
    names_.clear();
    acd_.reset();
    passed_.clear();
    patience_ = kPatience;
    waiting_ = false;
    if (load_state(desk, *snapshot)) {
        passed_.add({{}, at_});
        return true;
    }
    const auto streams = snapshot->streams();
    const auto first = std::ranges::find(streams, desk.acd.value, &StreamRecord::acd);
    if (first == streams.end() || pruned_behind(snapshot->pruned(), desk.acd, {})) return false;
    at_ = {Epoch{first->epoch}, Seq{1}};
    fold_->begin_epoch(at_.epoch, *this);
    return true;
}

bool Refolder::load_state(RefoldDesk& desk, const StoreSnapshot& snapshot) {
    auto entries = snapshot.checkpoints();
    const auto pruned = snapshot.pruned();
    std::erase_if(entries, [&](const CheckpointEntry& e) {
        return e.stream.acd != desk.acd || FoldPlace{e.stream.epoch, e.seq} >= desk.from ||
               pruned_behind(pruned, desk.acd, {e.stream.epoch, e.seq + 1});
    });
    while (!entries.empty()) {  // by (epoch, seq): the last one that can be read
        const CheckpointEntry entry = entries.back();
        entries.pop_back();
        bool loaded = false;
        snapshot.checkpoint(entry.stream, entry.seq, [&](const CheckpointEntry&, Bytes state) {
            loaded = fold_->load(state).has_value();
        });
        if (!loaded) continue;
        at_ = {entry.stream.epoch, entry.seq + 1};
        return true;
    }
    return false;
}

// ---- the way
// ---------------------------------------------------------------------------------------------------

std::size_t Refolder::go_on(RefoldDesk& desk) {
    if (batch_ == nullptr && !rings_.empty.pop(batch_)) return 0;  // the commit before is not down yet
    const State state = desk.state.load(std::memory_order_acquire);
    const bool tailing = state == State::Tailing;
    if (!tailing && state != State::Wanted) return 0;
    const bool heard = tailing && rings_.committed.load(std::memory_order_acquire) >= desk.meet_batch;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return 0;
    const bool last_epoch = tailing && at_.epoch == desk.meet.epoch;
    const std::size_t folded = fold_block(*snapshot, last_epoch ? desk.meet.next : Seq{~u64{0}});
    if (folded != 0) return folded;
    if (waiting_) {
        hand_over_batch();
        return 0;
    }
    if (next_epoch(*snapshot, desk.meet)) return 1;
    if (waiting_) return 0;
    if (!tailing) {
        desk.state.store(State::Meet, std::memory_order_release);
        return 1;
    }
    // All in front of the meeting point was in the snapshot; the intervals handed over must be durable before
    // a state that contains them is saved.
    if (!last_epoch || !heard) return 0;
    if (at_.next < desk.meet.next && wait_at_hole()) return 0;
    pass_missing(desk.meet.next);
    desk.traces.set(*fold_, at_);
    hand_over_batch();
    if (batch_ == nullptr || rings_.empty.read_available() != kRefoldBatches - 1) return 0;
    for (const auto& [key, name] : names_) open_.names.push_back(name);
    if (acd_) open_.acds.push_back(*acd_);
    std::swap(desk.open, open_);
    open_.clear();
    std::swap(desk.passed, passed_);
    desk.fold = std::move(fold_);
    desk_ = nullptr;
    refolds_.fetch_add(1, std::memory_order_relaxed);
    desk.state.store(State::Ready, std::memory_order_release);
    return 1;
}

/// Folds the next block of the present epoch, up to `end`. Returns messages.
std::size_t Refolder::fold_block(const StoreSnapshot& snapshot, Seq end) {
    std::size_t folded = 0;
    const bool waited = std::exchange(waiting_, false);
    const Range rest{at_.next, Seq{~u64{0} - 1}};
    snapshot.blocks({desk_->acd, at_.epoch}, rest, [&](const BlockView& block) {
        Bytes messages = block.messages;
        Seq first = block.range.first;
        if (first < at_.next) {
            messages = messages.subspan(bytes_of_messages(messages, static_cast<u32>(at_.next - first)));
            first = at_.next;
        }
        if (first >= end) return false;
        if (first > at_.next && wait_at_hole()) return false;
        if (waited && first == at_.next) patience_ = kPatience;  // the hole became smaller
        pass_missing(first);
        desk_->traces.set(*fold_, at_);
        const Seq stop = std::min({block.range.last + 1, end, desk_->traces.next_change(at_)});
        const auto count = static_cast<u32>(stop - first);
        apply_but(desk_->skips, *fold_, {at_.epoch, first},
                  messages.first(bytes_of_messages(messages, count)), count, *this);
        at_.next = stop;
        folded = count;
        return false;
    });
    messages_.fetch_add(folded, std::memory_order_relaxed);
    // While the disk is busy with the one before, more is gathered: commits grow as it slows down.
    const bool large = batch_->arena.size() + batch_->row_words.size() * sizeof(u64) >= kGatheredBytes;
    if (folded != 0 && (large || rings_.empty.read_available() != 0)) hand_over_batch();
    return folded;
}

/// The present epoch is over and another one follows.
bool Refolder::next_epoch(const StoreSnapshot& snapshot, const FoldPlace& limit) {
    const bool tailing = desk_->state.load(std::memory_order_acquire) == State::Tailing;
    for (const StreamRecord& s : snapshot.streams()) {
        if (s.acd != desk_->acd.value || s.epoch <= at_.epoch.value) continue;
        if (tailing && s.epoch > limit.epoch.value) return false;
        if (const auto mine = snapshot.stream({desk_->acd, at_.epoch})) {
            if (at_.next.value < mine->next && wait_at_hole()) return false;
            pass_missing(Seq{mine->next});
        }
        desk_->traces.set(*fold_, {at_.epoch, TraceHistory::kEnd});
        // Whatever is learnt of the life's end, or of lives in between, from here on.
        passed_.add({at_, {Epoch{s.epoch}, Seq{1}}});
        at_ = {Epoch{s.epoch}, Seq{1}};
        fold_->begin_epoch(at_.epoch, *this);
        return true;
    }
    return false;
}

/// Names at this place are missing in the journal. True: they may be about to come, so not yet.
bool Refolder::wait_at_hole() {
    if (patience_ == 0 || !desk_->coming.load(std::memory_order_acquire)) return false;
    --patience_;
    return waiting_ = true;
}

void Refolder::pass_missing(Seq end) {
    if (!planted(Planted::HidePassed)) passed_.add({at_, {at_.epoch, end}});
    while (at_.next < end) {
        desk_->traces.set(*fold_, at_);
        const Seq stop = std::min(end, desk_->traces.next_change(at_));
        fold_->missing(stop - at_.next);
        at_.next = stop;
    }
}

/// Hands over what is gathered of closed intervals.
void Refolder::hand_over_batch() {
    if (batch_->empty()) return;
    CommitBatch* const full = batch_;
    full->refold = desk_->number;
    if (!full->checkpoints.empty()) full->passed = passed_;
    batch_ = nullptr;
    rings_.full.push(full);
}

// ---- what the fold hands on
// ------------------------------------------------------------------------------------------------

void Refolder::row(const RowKey& key, std::span<const u64> items, bool closed) {
    open_.add_row(
        {.key = key, .fold_version = kFoldVersion, .items = find_table(key.table)->columns, .closed = closed},
        items);
}

/// All rows of a closed interval were handed on before its record.
void Refolder::interval(const IntervalRecord& interval) {
    open_.intervals.push_back(interval);
    if (interval.closed == 0) return;
    if (planted(Planted::ForgetRow) && !open_.rows.empty()) open_.rows.pop_back();
    batch_->add_rows_of(open_);
    batch_->replaced.push_back({desk_->acd, interval.start, interval.instance});
    open_.clear();
}

void Refolder::checkpoint(Epoch epoch, Seq seq, u64 interval_start) {
    CheckpointImage image{.stream = {desk_->acd, epoch},
                          .seq = seq,
                          .interval_start = interval_start,
                          .offset = batch_->arena.size()};
    fold_->save(batch_->arena);
    image.bytes = batch_->arena.size() - image.offset;
    batch_->checkpoints.push_back(image);
}

}  // namespace twinlink
