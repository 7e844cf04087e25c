// What must hold, after every step and in the end.
#pragma once

#include "tests/sim/links.hpp"

namespace twinlink::sim_test {

class Checks : public Links {
protected:
    using Links::Links;

    /// Reads along: no name may be asked for while it is on its way.
    void watch_bytes(int from, Bytes bytes) {
        auto& heard = heard_[from];
        heard.insert(heard.end(), bytes.begin(), bytes.end());
        std::size_t at = 0;
        for (;;) {
            const partner::FrameRead got = partner::read_frame(Bytes(heard).subspan(at));
            if (got.bytes == 0) break;
            if (got.fault == partner::FrameFault::Ok) watch_frame(from, got.frame);
            at += got.bytes;
        }
        heard.erase(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void watch_frame(int from, const partner::FrameIn& frame) {
        using namespace partner;
        if (frame.template_id == Hello::kTemplate) {
            wants_[from].clear();
        } else if (frame.template_id == Want::kTemplate) {
            const auto want = frame.as<Want>();
            if (want.request >= kComparingRequests) return;  // of what both have
            RangeSet asked;
            for (u32 n = 0; n < frame.entries; ++n) {
                const auto e = frame.entry<RangeEntry>(n);
                const Range range{Seq{e.first}, Seq{e.last}};
                for (const auto& [id, other] : wants_[from])
                    if (other.first.value == want.epoch && other.second.touches(range) &&
                        id + 64 > want.request)
                        violated(called(from) + " asks for " + std::to_string(e.first) + " to " +
                                 std::to_string(e.last) + " while they are on their way");
                asked.add(range);
            }
            say(called(from) + " asks for " + std::to_string(asked.names()) + " names");
            wants_[from][want.request] = {Epoch{want.epoch}, asked};
        } else if (frame.template_id == Block::kTemplate) {
            const auto block = frame.as<Block>();
            if ((block.flags & kBlockLast) != 0) wants_[1 - from].erase(block.request);
        }
    }
    void check_step() {
        for (int n = 0; n < 2; ++n) {
            if (down_until_[n] != 0) continue;
            const PairRig::Server& s = server(n);
            if (step_ % 50 == 0 && pair_.count(s, Counter::SessionsBroken) != 0)
                violated(called(n) + ": " + s.shim->status().text);
            if (s.shim->out().size() > (std::size_t{16} << 20))
                violated(called(n) + ": what is to be sent grows");
            if (step_ % 50 == 0) check_durable(n);
            if (step_ % 97 == 0) check_account(n, 1 - n);
        }
    }
    /// What is durable never goes back, and all that the gap table has is within its bounds.
    void check_durable(int n) {
        PairRig::Server& s = server(n);
        const StoreSnapshot snapshot = s.rig.snapshot();
        for (const StreamRecord& stream : snapshot.streams()) {
            auto& known = durable_[&s][stream.epoch];
            if (stream.next < known.first) violated(called(n) + ": names that were durable are gone");
            if (stream.watermark < known.second) violated(called(n) + ": the watermark went back");
            known = {stream.next, stream.watermark};
            u64 missing = 0;
            for (const GapRecord& gap :
                 snapshot.gaps({.acd = Acd{1}, .epoch = Epoch{stream.epoch}, .states = GapFilter::kMissing}))
                missing += gap.missing;
            if (missing != stream.missing) violated(called(n) + ": gaps and stream do not add up");
            if (stream.messages + stream.missing + 1 != stream.next)
                violated(called(n) + ": messages and missing names do not add up to the names");
        }
        if (s.shim->status().asked > partner::kNamesInFlight) violated(called(n) + ": too much in flight");
    }
    /// Nobody is told to hold what is not durable.
    void check_account(int teller, int of) {
        if (down_until_[teller] != 0 || down_until_[of] != 0 || !pair_.connected()) return;
        const StoreSnapshot snapshot = server(of).rig.snapshot();
        for (const auto& [stream, holding] : server(teller).shim->theirs()) {
            const auto record = snapshot.stream(stream);
            if (!record || Seq{record->next} < holding.next)
                violated(called(of) + " told of names that are not durable there");
            for (const GapRecord& gap :
                 snapshot.gaps({.acd = stream.acd, .epoch = stream.epoch, .states = GapFilter::kMissing})) {
                const Seq last = std::min(Seq{gap.last}, holding.next - 1);
                if (Seq{gap.first} <= last && gap.merged == 0 &&
                    !holding.missing.holds({Seq{gap.first}, last}) &&
                    reported_.insert({of, stream.epoch.value, gap.first, step_ / 4'000}).second &&
                    gap.opened_wall + 2'000'000'000 < server(of).rig.now.wall.value &&
                    step_ >= stalled_until_[of] + 500 && step_ >= slow_until_[of] + 500)
                    violated(called(of) + " lacks " + std::to_string(gap.first) + " to " +
                             std::to_string(gap.last) + " and has not told");
            }
        }
    }
    /// All that is missing was agreed to be lost, on both alike, and nothing waits to be folded.
    bool healed() {
        if (step_ % 20 != 0) return was_healed_;
        was_healed_ = false;
        for (int n = 0; n < 2; ++n) {
            const EngineStatus s = server(n).rig.engine().status();
            if (s.refolding || s.committed_messages != s.messages || s.acds.empty()) return false;
            if (s.acds[0].stream.epoch != epoch_ || s.acds[0].stream.next != sent_seq_ + 1) return false;
            if (server(n).shim->status().asked != 0) return false;
            for (const GapRecord& gap : server(n).rig.snapshot().gaps())
                if (gap.state == GapState::Open || gap.state == GapState::Requested ||
                    gap.state == GapState::Filled)
                    return false;
        }
        if (full_for_good()) return was_healed_ = true;
        if (missing_of(pair_.one) != missing_of(pair_.two)) return false;
        for (int n = 0; n < 2; ++n)
            for (const Compared& c : server(n).shim->compared())
                if (c.likeness != Likeness::Equal) return false;
        return was_healed_ = lives_of(pair_.one) == lives_of(pair_.two);
    }
    std::string state() {
        std::string text;
        for (int n = 0; n < 2; ++n) {
            PairRig::Server& s = server(n);
            const EngineStatus e = s.rig.engine().status();
            text += "\n  " + called(n) + ": " + s.shim->status().text + " asked " +
                    std::to_string(s.shim->status().asked) + (e.refolding ? " refolding" : "") + " next";
            for (const auto& [epoch, next] : lives_of(s))
                text += " " + std::to_string(epoch) + ":" + std::to_string(next);
            text += " of " + std::to_string(epoch_) + ":" + std::to_string(sent_seq_ + 1) + " gaps";
            std::set<std::string> unlike;  // an interval's tables say the same, mostly
            for (const Compared& c : s.shim->compared())
                if (c.likeness != Likeness::Equal)
                    unlike.insert(std::to_string(c.start) + " " + std::string(name(c.likeness)) + " " +
                                  std::string(c.why));
            for (const std::string& of : unlike) text += " [" + of + "]";
            for (const IntervalRecord& i : s.rig.snapshot().intervals())
                if (i.missing != 0)
                    text += " interval " + std::to_string(i.start) + " misses " + std::to_string(i.missing);
            for (const GapRecord& gap : s.rig.snapshot().gaps())
                if (gap.state != GapState::Healed)
                    text += " " + std::to_string(gap.first) + "-" + std::to_string(gap.last) + ":" +
                            std::string(name(gap.state));
        }
        return text;
    }
    void compare() {
        if (full_for_good()) return say("the gap table is full of what is lost");
        const LostNames lost = missing_of(pair_.one);
        for (const auto& [epoch, ranges] : lost)
            for (const Range& range : ranges) outcome_.lost += range.count();
        Ends ends;
        for (const auto& [epoch, next] : lives_of(pair_.one)) ends[Epoch{epoch}] = Seq{next};
        std::string want;
        for (int n = 0; n < 2; ++n) {
            settle_rivals(n);
            if (n == 0 || !rivals_.empty()) want = fold_of(truth_, lost, ends);
            outcome_.filled_by_partner += pair_.count(server(n), Counter::NamesIn);
            server(n).rig.stop();
            const std::string got = store_of(server(n).rig.snapshot());
            if (got != want)
                violated(called(n) + " holds other rows than a plain fold of the truth\n" +
                         first_difference(want, got));
            check_journal(n, lost, ends);
        }
    }
    /// Where copies differed, the truth is what the server has now, if it is one of them, and where it knows
    /// of both that of the lower hash. Copies that make no difference to the rows of a closed interval are
    /// not looked for, so both servers may have their own, and the rows of the open one those of each.
    void settle_rivals(int n) {
        const StoreSnapshot snapshot = server(n).rig.snapshot();
        for (const auto& [index, copies] : rivals_) {
            std::size_t life = truth_.lives.size();
            while (truth_.lives[--life].first > index) {
            }
            const Stream stream{Acd{1}, truth_.lives[life].epoch};
            const Seq seq{index - truth_.lives[life].first + 1};
            snapshot.blocks(stream, {seq, seq}, [&](const BlockView& block) {
                Bytes held = block.messages;
                held = held.subspan(bytes_of_messages(held, static_cast<u32>(seq - block.range.first)));
                held = held.first(message_at(held.data()).wire_bytes());
                if (!copies.contains(hash_of_message(held)))
                    violated("nobody sent what the journal has of " + std::to_string(seq.value));
                std::ranges::copy(held, truth_.bytes.begin() + static_cast<std::ptrdiff_t>(truth_.at[index]));
                return false;
            });
        }
        for (const ConflictRecord& r : snapshot.conflicts()) {
            if (r.kept_hash > r.other_hash) violated(called(n) + " keeps the copy that does not count");
            ++outcome_.conflicts;
        }
    }
    /// What was lost is in neither journal, and all else is, byte for byte.
    void check_journal(int n, const LostNames& lost, const Ends& ends) {
        const StoreSnapshot snapshot = server(n).rig.snapshot();
        for (const auto& [epoch, first] : truth_.lives) {
            const auto known = ends.find(epoch);
            if (known == ends.end() || known->second.value == 1) continue;
            const Range names{Seq{1}, known->second - 1};
            partner::RangeSet rest;
            rest.add(names);
            if (const auto at = lost.find(epoch); at != lost.end())
                for (const Range& range : at->second) rest.remove(range);
            snapshot.blocks({Acd{1}, epoch}, names, [&](const BlockView& block) {
                const std::size_t from = first + block.range.first.value - 1;
                const Bytes want = truth_.range(from, from + block.range.count());
                if (!std::ranges::equal(want, block.messages))
                    violated(called(n) + ": the journal differs from what was sent, from " +
                             std::to_string(block.range.first.value));
                if (!rest.holds(block.range))
                    violated(called(n) + ": the journal holds what is lost, or twice");
                rest.remove(block.range);
                return true;
            });
            if (!rest.empty())
                violated(called(n) + ": the journal lacks " +
                         std::to_string(rest.ranges().front().first.value));
        }
    }
};

}  // namespace twinlink::sim_test
