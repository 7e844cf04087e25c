// The switch and its four links: each frame reaches each server on each link, or what the seed has become of
// it.
#pragma once

#include "tests/sim/base.hpp"

namespace twinlink::sim_test {

class Links : public Base {
protected:
    using Base::Base;

    void send_frame(int n, Link link, std::size_t frame) {
        if (down_until_[n] != 0) return;  // nobody there
        players_[n]->send(frame, std::string(1, letter(link)));
    }
    void deliver(int n, Link link, std::size_t frame) {
        LinkTrouble& t = trouble(n, link);
        const bool first = frame < kFirstFrames || is_first_of_life(frame);
        if (step_ < t.down_until)
            return say(called(n) + letter(link) + " down, frame " + std::to_string(frame));
        if (!first) {
            if (t.burst_left == 0 && chance(t.burst_ppm)) t.burst_left = 1 + upto(20);
            if (t.burst_left != 0 || chance(t.loss_ppm)) {
                t.burst_left -= t.burst_left != 0 ? 1 : 0;
                return say(called(n) + letter(link) + " loses frame " + std::to_string(frame));
            }
            if (chance(t.corrupt_ppm)) {
                say(called(n) + letter(link) + " gets frame " + std::to_string(frame) + " damaged");
                if (down_until_[n] == 0) corrupt(n, link, frame);
                return;
            }
            if (chance(t.rival_ppm) && send_rival(n, link, frame)) return;
            if (chance(t.delay_ppm)) {
                delayed_.push_back({step_ + 1 + upto(60), n, link, frame});
                return;
            }
        }
        send_frame(n, link, frame);
        if (chance(t.dup_ppm)) send_frame(n, link, frame);
        if (chance(t.wild_ppm)) wild(n, link);
    }
    /// One server learns of a new life from its partner, as both links are down when it begins.
    void miss_begin_of_life() {
        const int n = static_cast<int>(upto(1));
        for (const Link link : {Link::A, Link::B}) trouble(n, link).down_until = step_ + 500 + upto(2'500);
        say(called(n) + " is deaf when a life begins");
    }
    LinkTrouble& trouble(int n, Link link) { return links_[static_cast<std::size_t>(n) * 2 + index(link)]; }

    bool is_first_of_life(std::size_t frame) const {
        const OfferRun run = players_[0]->run(frame);
        return run.first.value <= kFirstFrames * Player::kFrame;
    }
    void corrupt(int n, Link link, std::size_t frame) {
        const OfferRun run = players_[0]->run(frame);
        std::array<std::byte, kFrameBytesDefault> buffer;
        FrameBuilder builder(buffer);
        FrameHeader h{};
        h.acd = 1;
        h.link = static_cast<u8>(link);
        h.epoch = run.stream.epoch.value;
        h.first_seq = run.first.value;
        builder.reset(h);
        Bytes rest = run.messages;
        for (u32 i = 0; i < run.count; ++i) {
            const u32 bytes = message_at(rest.data()).wire_bytes();
            builder.add_encoded(rest.first(bytes));
            rest = rest.subspan(bytes);
        }
        Bytes good = builder.finish(Nanos{0});
        std::vector<std::byte> bad(good.begin(), good.end());
        bad[random_() % bad.size()] ^= std::byte{1};
        server(n).rig.datagram(link, bad);
    }
    /// A whole frame of which one message differs from what was sent: a nanosecond earlier or later.
    bool send_rival(int n, Link link, std::size_t frame) {
        if (down_until_[n] != 0) return false;
        const OfferRun run = players_[0]->run(frame);
        const auto k = static_cast<u32>(upto(run.count - 1));
        const auto life = std::ranges::find(truth_.lives, run.stream.epoch, &SimStream::Life::epoch);
        const std::size_t index = life->first + (run.first.value - 1) + k;
        const u16 kind = truth_[index].template_id;
        if (index >= last_boundary_ || kind == IntervalBoundary::kTemplate || kind == ClockSet::kTemplate)
            return false;
        std::vector<std::byte> body(run.messages.begin(), run.messages.end());
        const std::size_t at = bytes_of_messages(body, k);
        body[at + sizeof(SbeHeader)] ^= std::byte{1};
        const u32 bytes = message_at(body.data() + at).wire_bytes();
        rivals_[index].insert(hash_of_message(truth_.range(index, index + 1)));
        rivals_[index].insert(hash_of_message(Bytes(body).subspan(at, bytes)));
        PipelineRig& rig = server(n).rig;
        const u64 kept = std::exchange(rig.epoch, run.stream.epoch.value);
        rig.transmit(link, run.first.value, body, run.count);
        rig.epoch = kept;
        say(called(n) + letter(link) + " gets another copy of " + std::to_string(run.first.value + k));
        return true;
    }
    /// A number that nobody sent, far off, in a valid frame.
    void wild(int n, Link link) {
        if (down_until_[n] != 0) return;
        PipelineRig& rig = server(n).rig;
        std::array<std::byte, 64> bytes;
        const u32 size = write_message(bytes.data(), ClockSet{1, 1, 1});
        const u64 kept = std::exchange(rig.epoch, epoch_);
        rig.transmit(link, sent_seq_ + kWindowSeqs * 4 + upto(u64{1} << 40), Bytes(bytes).first(size), 1);
        rig.epoch = kept;
        say(called(n) + letter(link) + " gets a wild number");
    }
    void heartbeat(int n, Link link) {
        if (down_until_[n] != 0 || step_ < trouble(n, link).down_until || epoch_ == 0) return;
        PipelineRig& rig = server(n).rig;
        const u64 kept = std::exchange(rig.epoch, epoch_);
        rig.transmit(link, sent_seq_ + 1, {}, 0);
        rig.epoch = kept;
    }
    void send_due() {
        const u64 frames = pace_ != 0 ? pace_ : step_ % slow_pace_ == 0 ? 1 : 0;
        for (u64 i = 0; i < frames && next_frame_ < players_[0]->frames(); ++i, ++next_frame_) {
            const OfferRun run = players_[0]->run(next_frame_);
            if (epoch_ != 0 && epoch_ != run.stream.epoch.value && upto(2) != 0) miss_begin_of_life();
            epoch_ = run.stream.epoch.value;
            sent_seq_ = run.first.value + run.count - 1;
            for (int n = 0; n < 2; ++n)
                for (const Link link : {Link::A, Link::B}) deliver(n, link, next_frame_);
        }
        for (std::size_t i = 0; i < delayed_.size();) {
            if (delayed_[i].due > step_) {
                ++i;
                continue;
            }
            send_frame(delayed_[i].server, delayed_[i].link, delayed_[i].frame);
            delayed_.erase(delayed_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (step_ % 100 == 0)
            for (int n = 0; n < 2; ++n)
                for (const Link link : {Link::A, Link::B}) heartbeat(n, link);
    }
};

}  // namespace twinlink::sim_test
