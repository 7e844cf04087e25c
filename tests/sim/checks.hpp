// What must hold, after every step and in the end.
#pragma once

#include "tests/sim/ledger.hpp"

namespace twinlink::sim_test {

class Checks : public Ledger {
protected:
    using Ledger::Ledger;

    // ---- on the partner's connection
    /// Reads along: no name may be asked for while it is on its way.
    void watch_bytes(int from, Bytes bytes) {
        auto& heard = heard_[index(from)];
        heard.insert(heard.end(), bytes.begin(), bytes.end());
        std::size_t at = 0;
        for (;;) {
            const partner::FrameRead got = partner::read_frame(Bytes(heard).subspan(at));
            if (got.bytes == 0) break;
            if (got.fault != partner::FrameFault::Ok) violated(called(from) + " says what is no frame");
            watch_frame(from, got.frame);
            at += got.bytes;
        }
        heard.erase(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void watch_frame(int from, const partner::FrameIn& frame) {
        using namespace partner;
        auto& wants = wants_[index(from)];
        if (frame.template_id == Hello::kTemplate) {
            wants.clear();
        } else if (frame.template_id == Want::kTemplate) {
            const auto want = frame.as<Want>();
            if (want.request >= kComparingRequests) return;  // of what both have
            const Stream stream{Acd{want.acd}, Epoch{want.epoch}};
            RangeSet asked;
            for (u32 n = 0; n < frame.entries; ++n) {
                const auto e = frame.entry<RangeEntry>(n);
                const Range range{Seq{e.first}, Seq{e.last}};
                // What was not answered in time may be asked for again.
                for (const auto& [id, other] : wants)
                    if (other.stream == stream && other.names.touches(range) && step_ < other.at + 5'000)
                        violated(called(from) + " asks for " + std::to_string(e.first) + " to " +
                                 std::to_string(e.last) + " while they are on their way");
                asked.add(range);
            }
            say(called(from) + " asks for " + text_of(asked) + " of " + called(stream));
            wants[want.request] = {stream, asked, step_};
        } else if (frame.template_id == Block::kTemplate) {
            const auto block = frame.as<Block>();
            if ((block.flags & kBlockLast) != 0) wants_[index(1 - from)].erase(block.request);
        }
    }
    void connection_ends() {
        heard_ = {};
        wants_ = {};
    }

    // ---- after every step
    void check_step() {
        for (int n = 0; n < 2; ++n) {
            if (!up(n)) continue;
            const PairRig::Server& s = server(n);
            if (s.shim->out().size() > (std::size_t{16} << 20))
                violated(called(n) + ": what is to be sent grows");
            if (step_ % 50 == 0) {
                if (pair_.count(s, Counter::SessionsBroken) != 0)
                    violated(called(n) + ": " + s.shim->status().text);
                const StoreSnapshot snapshot = server(n).rig.snapshot();
                check_durable(n, snapshot);
                look(n, snapshot);
            }
            if (step_ % 97 == 0) check_account(n, 1 - n);
            watch_rows(n);
        }
    }
    /// Every 2 s the rows are due to be looked at, as soon as all that was folded again is down.
    void watch_rows(int n) {
        u64& since = at_rest_since_[index(n)];
        if (step_ % 1'999 == 0) since = step_;
        if (since == 0) return;
        if (step_ < commit_paused_until_[index(n)] || server(n).rig.engine().status().refolding)
            since = step_;
        if (step_ - since < 100) return;
        since = 0;
        check_rows(n, Of::Closed);
    }
    /// What is durable never goes back, and all that the gap table has is within its bounds.
    void check_durable(int n, const StoreSnapshot& snapshot) {
        PairRig::Server& s = server(n);
        struct Gaps {
            u64 count = 0;
            u64 names = 0;  ///< that they lack
            u64 first = ~u64{0};
        };
        std::map<Stream, Gaps> gaps;
        for (const GapRecord& gap : snapshot.gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing})) {
            auto& [count, names, first] = gaps[stream_of(gap)];
            ++count;
            names += gap.missing;
            first = std::min(first, gap.first);
        }
        for (const StreamRecord& record : snapshot.streams()) {
            const Stream stream = stream_of(record);
            auto& known = durable_[index(n)][stream];
            if (record.next < known.first) violated(called(n) + ": names that were durable are gone");
            if (record.watermark < known.second) violated(called(n) + ": the watermark went back");
            known = {record.next, record.watermark};
            const auto [count, names, first] = gaps[stream];
            if (record.watermark + 1 != std::min(first, record.next))
                violated(called(n) + ": the watermark is not where the first gap is");
            if (names != record.missing) violated(called(n) + ": gaps and stream do not add up");
            if (record.messages + record.missing + 1 != record.next)
                violated(called(n) + ": messages and missing names do not add up to the names");
            if (count > settings_.engine.gaps_max + 1)
                violated(called(n) + ": more gaps than are kept apart");
        }
        if (snapshot.damaged() != 0) violated(called(n) + ": the store is damaged");
        if (s.shim->status().asked > partner::kNamesInFlight) violated(called(n) + ": too much in flight");
    }
    /// Nobody is told to hold what is not durable, and what lacks here was told.
    void check_account(int teller, int of) {
        if (!up(teller) || !up(of) || !pair_.connected()) return;
        const StoreSnapshot snapshot = server(of).rig.snapshot();
        const bool held_up = step_ < stalled_until_[index(of)] + 500 || step_ < slow_until_[index(of)] + 500;
        for (const auto& [stream, holding] : server(teller).shim->theirs()) {
            const auto record = snapshot.stream(stream);
            if (!record || Seq{record->next} < holding.next)
                violated(called(of) + " told of names that are not durable there");
            for (const GapRecord& gap :
                 snapshot.gaps({.acd = stream.acd, .epoch = stream.epoch, .states = GapFilter::kMissing})) {
                const Range lacked{Seq{gap.first}, std::min(Seq{gap.last}, holding.next - 1)};
                if (lacked.last < lacked.first || gap.merged != 0 || holding.missing.holds(lacked) || held_up)
                    continue;
                if (has_lacked(of, stream, lacked, 2'500))
                    violated(called(of) + " lacks " + std::to_string(gap.first) + " to " +
                             std::to_string(gap.last) + " and has not told");
            }
        }
    }
    /// Never a row that the journal does not explain: what a server has is what its own journal gives, folded
    /// from nothing, as soon as nothing waits to be folded again.
    void check_rows(int n, Of what) {
        if (settings_.forgets() || server(n).rig.engine().status().refolding) return;
        const StoreSnapshot snapshot = server(n).rig.snapshot();
        ++outcome_.explained;
        for (const Switch& s : switches_)
            if (const std::string wrong = unexplained(snapshot, s.acd, what); !wrong.empty())
                violated(called(n) + " has rows that its journal does not explain" + wrong);
    }

    // ---- in the end
    /// All that is missing was agreed to be lost, on both alike, and nothing waits to be folded.
    bool healed() {
        if (step_ % 20 != 0) return was_healed_;
        was_healed_ = false;
        const bool full = full_for_good();
        for (int n = 0; n < 2; ++n) {
            const EngineStatus e = server(n).rig.engine().status();
            if (e.refolding || e.committed_messages != e.messages) return false;
            if (server(n).shim->status().asked != 0) return false;
            for (const Switch& s : switches_) {
                const auto acd =
                    std::ranges::find(e.acds, s.acd.value, [](const AcdStatus& a) { return a.stream.acd; });
                if (acd == e.acds.end() || acd->stream.epoch != s.epoch || acd->stream.next != s.sent_seq + 1)
                    return false;
            }
            for (const GapRecord& gap : server(n).rig.snapshot().gaps())
                if (!at_rest(gap, full) && !((full || settings_.forgets()) && merged_at(1 - n, gap)))
                    return false;
        }
        if (full) return was_healed_ = true;
        if (lives_of(pair_.one) != lives_of(pair_.two)) return false;
        if (settings_.forgets()) return was_healed_ = true;
        if (missing_of(pair_.one) != missing_of(pair_.two)) return false;
        for (int n = 0; n < 2; ++n)
            for (const Compared& c : server(n).shim->compared())
                if (c.likeness != Likeness::Equal) return false;
        return was_healed_ = true;
    }
    /// A gap of which nothing more is to come. What a journal has let go is not folded again, and does not
    /// tell which names of a merged gap are missing.
    /// The other server holds these names in a merged gap, and has no room to tell which it has.
    bool merged_at(int n, const GapRecord& gap) {
        const GapFilter of_stream{
            .acd = Acd{gap.acd}, .epoch = Epoch{gap.epoch}, .states = GapFilter::kMissing};
        return gap.state != GapState::Filled &&
               std::ranges::any_of(server(n).rig.snapshot().gaps(of_stream), [&](const GapRecord& other) {
                   return other.merged != 0 && other.first <= gap.last && gap.first <= other.last;
               });
    }
    bool at_rest(const GapRecord& gap, bool full) const {
        if (gap.merged != 0) return full || settings_.forgets();
        if (gap.state == GapState::Healed || gap.state == GapState::Lost) return true;
        return settings_.forgets() && gap.state == GapState::Filled;
    }
    std::string state() {
        std::string text;
        for (int n = 0; n < 2; ++n) {
            PairRig::Server& s = server(n);
            const EngineStatus e = s.rig.engine().status();
            text += "\n  " + called(n) + ": " + s.shim->status().text + " asked " +
                    std::to_string(s.shim->status().asked) + (e.refolding ? " refolding" : "") + " next";
            for (const auto& [stream, next] : lives_of(s))
                text += " " + called(stream) + ":" + std::to_string(next.value);
            for (const Switch& w : switches_)
                text += " of " + std::to_string(w.epoch) + ":" + std::to_string(w.sent_seq + 1);
            text += " gaps";
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
                            std::string(name(gap.state)) + (gap.merged != 0 ? ":merged" : "");
        }
        return text;
    }
    void compare() {
        const bool full = full_for_good();
        if (full) say("a gap table is full of what is lost");
        const LostNames lost = missing_of(pair_.one);
        const Ends ends = lives_of(pair_.one);
        for (const auto& [stream, ranges] : lost)
            for (const Range& range : ranges) {
                outcome_.lost += range.count();
                if (!full && !settings_.forgets()) check_never_had(stream, range);
            }
        std::array<std::string, 2> closed;
        for (int n = 0; n < 2; ++n) {
            outcome_.filled_by_partner += pair_.count(server(n), Counter::NamesIn);
            server(n).rig.stop();
            const StoreSnapshot snapshot = server(n).rig.snapshot();
            check_rows(n, Of::All);
            for (Switch& s : switches_) {
                settle_rivals(n, s, snapshot);
                closed[index(n)] += store_of(snapshot, s.acd, Of::Closed);
                if (full || settings_.forgets()) {
                    check_promises(n, s, snapshot);
                    continue;
                }
                const std::string want = fold_of(s.truth, s.acd, lost, ends);
                const std::string got = store_of(snapshot, s.acd);
                if (got != want)
                    violated(called(n) + " holds other rows than a plain fold of the truth\n" +
                             first_difference(want, got));
                check_journal(n, s, lost, ends);
            }
        }
        if (!full && !settings_.forgets() && closed[0] != closed[1])
            violated("the digests are equal and the rows are not\n" + first_difference(closed[0], closed[1]));
    }
    void check_never_had(Stream stream, Range range) {
        for (int n = 0; n < 2; ++n) {
            const auto ever = this->ever(n).find(stream);
            if (ever != this->ever(n).end() && ever->second.touches(range))
                violated("lost in the end, though " + called(n) + " had them: " +
                         std::to_string(range.first.value) + " to " + std::to_string(range.last.value));
        }
    }
    /// Where names went unseen, rows that call themselves complete still are.
    void check_promises(int n, const Switch& s, const StoreSnapshot& snapshot) {
        if (!s.rivals.empty()) return;
        if (const std::string wrong = false_promise(snapshot, s.truth, s.acd); !wrong.empty())
            violated(called(n) + " calls a row complete that is not\n" + wrong);
    }
    /// Where copies differed, the truth is what the server has now, if it is one of them, and where it knows
    /// of both that of the lower hash. Copies that make no difference to the rows of a closed interval are
    /// not looked for, so both servers may have their own, and the rows of the open one those of each.
    void settle_rivals(int n, Switch& s, const StoreSnapshot& snapshot) {
        SimStream& truth = s.truth;
        for (const auto& [at, copies] : s.rivals) {
            std::size_t life = truth.lives.size();
            while (truth.lives[--life].first > at) {
            }
            const Stream stream{s.acd, truth.lives[life].epoch};
            const Seq seq{at - truth.lives[life].first + 1};
            snapshot.blocks(stream, {seq, seq}, [&](const BlockView& block) {
                Bytes held = block.messages;
                held = held.subspan(bytes_of_messages(held, static_cast<u32>(seq - block.range.first)));
                held = held.first(message_at(held.data()).wire_bytes());
                if (!copies.contains(hash_of_message(held)))
                    violated("nobody sent what the journal has of " + std::to_string(seq.value));
                std::ranges::copy(held, truth.bytes.begin() + static_cast<std::ptrdiff_t>(truth.at[at]));
                return false;
            });
        }
        for (const ConflictRecord& r : snapshot.conflicts(s.acd)) {
            if (r.kept_hash > r.other_hash) violated(called(n) + " keeps the copy that does not count");
            ++outcome_.conflicts;
        }
    }
    /// What was lost is in neither journal, and all else is, byte for byte.
    void check_journal(int n, const Switch& s, const LostNames& lost, const Ends& ends) {
        const StoreSnapshot snapshot = server(n).rig.snapshot();
        for (const auto& [epoch, first] : s.truth.lives) {
            const Stream stream{s.acd, epoch};
            const auto known = ends.find(stream);
            if (known == ends.end() || known->second.value == 1) continue;
            const Range names{Seq{1}, known->second - 1};
            RangeSet rest;
            rest.add(names);
            if (const auto at = lost.find(stream); at != lost.end())
                for (const Range& range : at->second) rest.remove(range);
            snapshot.blocks(stream, names, [&](const BlockView& block) {
                const std::size_t from = first + block.range.first.value - 1;
                const Bytes want = s.truth.range(from, from + block.range.count());
                if (!std::ranges::equal(want, block.messages))
                    violated(called(n) + ": the journal differs from what was sent, from " +
                             std::to_string(block.range.first.value));
                if (!rest.holds(block.range))
                    violated(called(n) + ": the journal holds what is lost, or twice");
                rest.remove(block.range);
                return true;
            });
            if (!rest.empty()) violated(called(n) + ": the journal lacks " + text_of(rest));
        }
    }

    struct Asked {
        Stream stream;
        RangeSet names;
        u64 at;  // step
    };
    std::array<std::vector<std::byte>, 2> heard_;
    std::array<std::map<u32, Asked>, 2> wants_;
    std::array<std::map<Stream, std::pair<u64, u64>>, 2> durable_;
    std::array<u64, 2> at_rest_since_{};  ///< of a server whose rows are due, 0 = they are not
    bool was_healed_ = false;
};

}  // namespace twinlink::sim_test
