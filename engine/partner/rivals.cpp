// See rivals.hpp.
#include "engine/partner/rivals.hpp"

#include "engine/planted.hpp"
#include "engine/rival.hpp"

#include <algorithm>

namespace twinlink::partner {
namespace {

/// Calls f(seq, message) for each message of [first, first + count) that is in the journal.
template <class F>
void each_held(const StoreSnapshot& snapshot, Stream stream, Seq first, u32 count, F&& f) {
    const Range range{first, first + (count - 1)};
    snapshot.blocks(stream, range, [&](const BlockView& block) {
        Seq at = std::max(block.range.first, range.first);
        const Seq last = std::min(block.range.last, range.last);
        Bytes rest = block.messages;
        rest = rest.subspan(bytes_of_messages(rest, static_cast<u32>(at - block.range.first)));
        for (; at <= last; at = at + 1) {
            const u32 bytes = message_at(rest.data()).wire_bytes();
            f(at, rest.first(bytes));
            rest = rest.subspan(bytes);
        }
        return last < range.last;
    });
}

}  // namespace

void Rivals::begin() {
    to_tell_.clear();
    jobs_.clear();
    begun_ = true;
}

void Rivals::forget() noexcept {
    to_tell_.clear();
    jobs_.clear();
    begun_ = false;
}

void Rivals::changed(Stream stream, Seq seq) {
    if (to_tell_.size() < kConflictsMax) to_tell_.insert({stream, seq});
}

void Rivals::compare(Stream stream, Range range) {
    probe(Probe::LookedInto);
    if (range.first <= range.last)
        jobs_.push_back({.stream = stream, .left = range, .asked = {}, .heard = {}});
}

std::size_t Rivals::work(Now now, std::span<const Acd> acds) {
    std::size_t frames = tell(acds);
    if (jobs_.empty()) return frames;
    Job& job = jobs_.front();
    if (job.request != 0) {
        if (now.mono - job.heard < kTimeout) return frames;
        counters_.add(Counter::RequestsTimedOut);
        jobs_.clear();
        return frames;
    }
    Range& left = job.left;
    if (left.last < left.first) {
        jobs_.pop_front();
        return frames;
    }
    const Seq last = std::min(left.last, left.first + (kNamesPerRequest - 1));
    job.asked = {left.first, last};
    left.first = last + 1;
    if (++last_id_ == 0) last_id_ = kComparingRequests + 1;
    job.request = last_id_;
    job.heard = now.mono;
    Want want{};
    want.epoch = job.stream.epoch.value;
    want.acd = job.stream.acd.value;
    want.request = job.request;
    const RangeEntry entry{job.asked.first.value, job.asked.last.value};
    write_frame(out_, want, std::span(&entry, 1));
    counters_.add(Counter::FramesOut);
    counters_.add(Counter::WantsOut);
    return frames + 1;
}

/// Some of the names of which this server has seen differing copies, with the one that counts here.
std::size_t Rivals::tell(std::span<const Acd> acds) {
    if (!begun_ && to_tell_.empty()) return 0;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return 0;
    if (std::exchange(begun_, false))
        for (const ConflictRecord& r : snapshot->conflicts())
            changed({Acd{r.acd}, Epoch{r.epoch}}, Seq{r.seq});
    std::size_t told = 0;
    for (std::size_t n = 0; n < kToldPerSlice && !to_tell_.empty(); ++n) {
        const auto [stream, seq] = *to_tell_.begin();
        to_tell_.erase(to_tell_.begin());
        if (std::ranges::find(acds, stream.acd) == acds.end()) continue;
        each_held(*snapshot, stream, seq, 1, [&](Seq, Bytes message) {
            Copy copy{};
            copy.epoch = stream.epoch.value;
            copy.seq = seq.value;
            copy.acd = stream.acd.value;
            write_frame(out_, copy, {}, message);
            counters_.add(Counter::FramesOut);
            counters_.add(Counter::CopiesOut);
            ++told;
        });
    }
    return told;
}

void Rivals::on_copy(const Copy& copy, Bytes message) {
    counters_.add(Counter::CopiesIn);
    meet({Acd{copy.acd}, Epoch{copy.epoch}}, Seq{copy.seq}, message, 1);
}

std::string_view Rivals::on_block(const Block& block, Bytes messages, Now now) {
    counters_.add(Counter::BlocksIn);
    if (jobs_.empty() || block.request != jobs_.front().request) {
        counters_.add(Counter::BlocksUnasked);
        return {};
    }
    Job& job = jobs_.front();
    if (job.stream != Stream{Acd{block.acd}, Epoch{block.epoch}})
        return "a block of another stream than was asked for";
    job.heard = now.mono;
    if (block.count != 0) {
        const Range range{Seq{block.first}, Seq{block.first} + (block.count - 1)};
        if (!job.asked.holds(range.first) || !job.asked.holds(range.last))
            return "a block of names that were not asked for";
        counters_.add(Counter::NamesCompared, block.count);
        meet(job.stream, range.first, messages, block.count);
    }
    if ((block.flags & kBlockLast) != 0) job.request = 0;
    return {};
}

void Rivals::on_lack(const Lack&) noexcept { counters_.add(Counter::LacksIn); }

/// Holds their messages against ours; each that differs goes to the fold stage as a rival. Where no piece is
/// free the rest waits until the digests are compared again.
void Rivals::meet(Stream stream, Seq first, Bytes theirs, u32 count) {
    const auto snapshot = store_.snapshot();
    if (!snapshot) return;
    Seq at = first;
    each_held(*snapshot, stream, first, count, [&](Seq seq, Bytes ours) {
        theirs = theirs.subspan(bytes_of_messages(theirs, static_cast<u32>(seq - at)));
        const Bytes copy = theirs.first(message_at(theirs.data()).wire_bytes());
        theirs = theirs.subspan(copy.size());
        at = seq + 1;
        if (std::ranges::equal(copy, ours)) return;
        counters_.add(Counter::CopiesDiffer);
        ++found_;
        static_cast<void>(desk_.rival(stream, seq, copy, FilledBy::Partner, outranks(copy, ours)));
    });
}

}  // namespace twinlink::partner
