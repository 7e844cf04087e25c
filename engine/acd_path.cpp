// See acd_path.hpp.
#include "engine/acd_path.hpp"

#include <algorithm>

namespace twinlink {
namespace {

/// Where few calls are expected there may still be many trunks that take turns.
constexpr u32 kTrunksOfSmallAcds = 16'384;

}  // namespace

AcdPath::AcdPath(const AcdConfig& acd, const EngineConfig& config, const ArbiterConfig& arbiter,
                 Returns& returns)
    : acd_(acd.acd),
      checkpoint_every_(config.checkpoint_every),
      returns_(returns),
      arbiter_(acd.acd, arbiter, *this),
      fold_(acd.acd, {.calls = acd.calls_max,
                      .agents = acd.agents_max,
                      .skills = acd.skills_max,
                      .trunks = std::max(acd.calls_max, kTrunksOfSmallAcds)}) {
    gathered_.reserve(kBlockBytes);
}

// ---- what the arbiter decides
// ------------------------------------------------------------------------------

void AcdPath::begin_epoch(Epoch epoch) {
    end_block();
    fold_.begin_epoch(epoch, *this);
    dirty_ = true;
}

void AcdPath::accept(Seq first, Bytes messages, u32 count, u64 last_time) {
    const Stream stream{acd_, Epoch{arbiter_.stream_epoch()}};
    const bool follows = block_.count != 0 && block_.stream == stream && block_.first + block_.count == first;
    if (!follows || gathered_.size() + messages.size() > kBlockBytes) end_block();
    if (block_.count == 0) {
        block_ = {.stream = stream, .first = first, .first_time = message_at(messages.data()).time().value};
    }
    gathered_.insert(gathered_.end(), messages.begin(), messages.end());
    block_.count += count;
    block_.last_time = last_time;
    messages_ += count;
    dirty_ = true;
    fold_.apply(first, messages, count, *this);
}

void AcdPath::missing(Range range) {
    end_block();
    fold_.missing(range.count());
    dirty_ = true;
}

void AcdPath::fill(Stream stream, Seq first, Bytes messages, u32 count) {
    JournalBlock block{.stream = stream,
                       .first = first,
                       .count = count,
                       .bytes = static_cast<u32>(messages.size()),
                       .offset = batch_->arena.size(),
                       .fill = true};
    block.first_time = message_at(messages.data()).time().value;
    for_each_message_in(messages, [&](MessageView m) { block.last_time = m.time().value; });
    batch_->arena.insert(batch_->arena.end(), messages.begin(), messages.end());
    batch_->blocks.push_back(block);
    messages_ += count;
    dirty_ = true;
}

void AcdPath::conflict(Stream, Seq, Link) { ++conflicts_; }

void AcdPath::older_stream(const StreamRecord& stream) {
    batch_->streams.push_back(stream);
    dirty_ = true;
}

void AcdPath::older_link(const LinkRecord& link) { batch_->links.push_back(link); }

void AcdPath::gap_changed(const GapRecord& gap) {
    GapRecord g = gap;
    if (g.interval_first == 0 && g.time_before != 0)
        g.interval_first = fold_.interval_of(Nanos{g.time_before});
    if (g.time_after != 0) {
        g.interval_last = fold_.interval_of(Nanos{g.time_after});
        if (g.interval_first == 0) g.interval_first = g.interval_last;
    }
    batch_->gaps.push_back(g);
    dirty_ = true;
}

void AcdPath::gap_gone(Stream stream, Seq first) {
    batch_->gaps_gone.push_back({stream, first});
    dirty_ = true;
}

// ---- what the fold hands on
// --------------------------------------------------------------------------------

void AcdPath::row(const RowKey& key, std::span<const u64> items, bool closed) {
    batch_->add_row({.key = key, .fold_version = kFoldVersion, .closed = closed}, items);
}

void AcdPath::interval(const IntervalRecord& interval) { batch_->intervals.push_back(interval); }
void AcdPath::translation(const NameRecord& name) { batch_->names.push_back(name); }
void AcdPath::acd(const AcdRecord& acd) { batch_->acds.push_back(acd); }

void AcdPath::checkpoint(Epoch epoch, Seq seq, u64 interval_start) {
    if (checkpointed_.value != 0 && now_.mono - checkpointed_ < checkpoint_every_) return;
    checkpointed_ = now_.mono;
    CheckpointImage image{.stream = {acd_, epoch},
                          .seq = seq,
                          .interval_start = interval_start,
                          .offset = batch_->arena.size()};
    fold_.save(batch_->arena);
    image.bytes = batch_->arena.size() - image.offset;
    batch_->checkpoints.push_back(image);
}

// ---- the batch
// ---------------------------------------------------------------------------------------------

void AcdPath::end_block() {
    if (block_.count == 0) return;
    block_.bytes = static_cast<u32>(gathered_.size());
    block_.offset = batch_->arena.size();
    batch_->arena.insert(batch_->arena.end(), gathered_.begin(), gathered_.end());
    batch_->blocks.push_back(block_);
    gathered_.clear();
    block_.count = 0;
}

void AcdPath::close(bool rows, bool links) {
    if (!arbiter_.active() || (!dirty_ && !rows && !links)) return;
    end_block();
    if (rows) fold_.flush(*this);
    batch_->streams.push_back(arbiter_.stream());
    for (const Link l : {Link::A, Link::B}) batch_->links.push_back(arbiter_.link(l));
    frames_closed_ = arbiter_.frames();
    dirty_ = false;
}

}  // namespace twinlink
