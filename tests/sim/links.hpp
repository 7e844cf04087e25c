// The switches and the four links: each frame reaches each server on each link, or what the seed has become
// of it.
#pragma once

#include "tests/sim/base.hpp"

namespace twinlink::sim_test {

class Links : public Base {
protected:
    using Base::Base;

    LinkTrouble& trouble(int n, Link link) { return links_[index(n) * 2 + twinlink::index(link)]; }
    std::string called_link(int n, Link link) const { return called(n) + letter(link); }

    /// What the switches say in this step, and what was late.
    void send_due() {
        for (Switch& s : switches_) {
            if (step_ < s.quiet_until) continue;
            const u64 frames = s.pace != 0 ? s.pace : step_ % s.slow_pace == 0 ? 1 : 0;
            for (u64 i = 0; i < frames && !s.over() && !restarting(s); ++i, ++s.next_frame) {
                const OfferRun run = s.players[0]->run(s.next_frame);
                s.epoch = run.stream.epoch.value;
                s.sent_seq = run.first.value + run.count - 1;
                for (int n = 0; n < 2; ++n)
                    for (const Link link : {Link::A, Link::B}) deliver(s, n, link, s.next_frame);
            }
        }
        while (!delayed_.empty() && delayed_.begin()->first <= step_) {
            const Delayed d = delayed_.begin()->second;
            delayed_.erase(delayed_.begin());
            put(*d.from, d.server, d.link, d.frame);
        }
        if (step_ % 100 != 0) return;
        for (Switch& s : switches_)
            for (int n = 0; n < 2; ++n)
                for (const Link link : {Link::A, Link::B}) heartbeat(s, n, link);
    }
    /// All that is on its way arrives.
    void send_delayed() {
        for (const auto& [due, d] : delayed_) put(*d.from, d.server, d.link, d.frame);
        delayed_.clear();
    }

private:
    struct Delayed {
        Switch* from;
        int server;
        Link link;
        std::size_t frame;
    };

    /// Between two lives a switch only says that it lives, and how far it had come.
    bool restarting(Switch& s) {
        const u64 next = s.players[0]->run(s.next_frame).stream.epoch.value;
        if (s.epoch == 0 || next == s.epoch) return false;
        if (s.restarted_at == 0) {
            s.restarted_at = step_ + dice_.upto(400);
            say("ACD " + std::to_string(s.acd.value) + " restarts");
            // Of an end that nobody got, one server hears and the other does not.
            const int n = dice_.one_in(2) ? 0 : 1;
            if (settings_.ends_lost)
                for (const Link link : {Link::A, Link::B}) trouble(n, link).down_until = s.restarted_at;
        }
        if (step_ < s.restarted_at) return true;
        s.restarted_at = 0;
        return false;
    }
    static bool is_last_of_life(const Switch& s, std::size_t frame) {
        return frame + 1 < s.players[0]->frames() &&
               s.players[0]->run(frame).stream != s.players[0]->run(frame + 1).stream;
    }
    /// Onto the wire; of a machine that is down nobody is there.
    void put(Switch& s, int n, Link link, std::size_t frame) {
        if (up(n)) s.players[index(n)]->send(frame, std::string(1, letter(link)));
    }
    void deliver(Switch& s, int n, Link link, std::size_t frame) {
        LinkTrouble& t = trouble(n, link);
        const std::string what = " frame " + std::to_string(frame) + of(s);
        if (step_ < t.down_until) return say(called_link(n, link) + " down," + what);
        if (settings_.ends_lost && is_last_of_life(s, frame))
            return say(called_link(n, link) + " loses the last" + what);
        if (!settings_.heads_arrive || !is_first_of_life(s, frame)) {
            if (t.burst_left == 0 && dice_.chance(t.burst_ppm)) t.burst_left = 1 + dice_.upto(20);
            if (t.burst_left != 0 || dice_.chance(t.loss_ppm)) {
                t.burst_left -= t.burst_left != 0 ? 1 : 0;
                return say(called_link(n, link) + " loses" + what);
            }
            if (dice_.chance(t.corrupt_ppm)) {
                say(called_link(n, link) + " gets damaged" + what);
                if (up(n)) corrupt(s, n, link, frame);
                return;
            }
            if (dice_.chance(t.rival_ppm) && send_rival(s, n, link, frame)) return;
            if (step_ >= t.lag_until && dice_.chance(t.lag_ppm)) {
                t.lag = 1 + dice_.upto(2'000);
                t.lag_until = step_ + dice_.upto(2'000);
                say(called_link(n, link) + " lags by " + std::to_string(t.lag));
            }
            u64 late = step_ < t.lag_until ? t.lag : 0;
            if (dice_.chance(t.delay_ppm)) late += 1 + dice_.upto(60);
            if (late != 0) {
                delayed_.emplace(step_ + late, Delayed{&s, n, link, frame});
                return;
            }
        }
        put(s, n, link, frame);
        if (dice_.chance(t.dup_ppm)) put(s, n, link, frame);
        if (dice_.chance(t.wild_ppm)) wild(s, n, link);
    }
    static std::string of(const Switch& s) {
        return s.acd == Acd{1} ? "" : " of ACD " + std::to_string(s.acd.value);
    }
    static bool is_first_of_life(const Switch& s, std::size_t frame) {
        return s.players[0]->run(frame).first.value <= kFirstFrames * Player::kFrame;
    }

    void corrupt(const Switch& s, int n, Link link, std::size_t frame) {
        const OfferRun run = s.players[0]->run(frame);
        std::array<std::byte, kFrameBytesDefault> buffer;
        FrameBuilder builder(buffer);
        FrameHeader h{};
        h.acd = s.acd.value;
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
        const Bytes good = builder.finish(Nanos{0});
        std::vector<std::byte> bad(good.begin(), good.end());
        bad[dice_.upto(bad.size() - 1)] ^= std::byte{1};
        server(n).rig.datagram(link, bad);
    }
    /// A whole frame of which one message differs from what was sent: a nanosecond earlier or later.
    bool send_rival(Switch& s, int n, Link link, std::size_t frame) {
        if (!up(n)) return false;
        const OfferRun run = s.players[0]->run(frame);
        const auto k = static_cast<u32>(dice_.upto(run.count - 1));
        const auto life = std::ranges::find(s.truth.lives, run.stream.epoch, &SimStream::Life::epoch);
        const std::size_t at = life->first + (run.first.value - 1) + k;
        const u16 kind = s.truth[at].template_id;
        if (at >= s.last_boundary || kind == IntervalBoundary::kTemplate || kind == ClockSet::kTemplate)
            return false;
        std::vector<std::byte> body(run.messages.begin(), run.messages.end());
        const std::size_t offset = bytes_of_messages(body, k);
        body[offset + sizeof(SbeHeader)] ^= std::byte{1};
        const u32 bytes = message_at(body.data() + offset).wire_bytes();
        s.rivals[at].insert(hash_of_message(s.truth.range(at, at + 1)));
        s.rivals[at].insert(hash_of_message(Bytes(body).subspan(offset, bytes)));
        transmit(s, run.stream.epoch.value, n, link, run.first.value, body, run.count);
        say(called_link(n, link) + " gets another copy of " + std::to_string(run.first.value + k) + of(s));
        return true;
    }
    /// A number that nobody sent, far off, in a valid frame.
    void wild(const Switch& s, int n, Link link) {
        if (!up(n)) return;
        std::array<std::byte, 64> bytes;
        const u32 size = write_message(bytes.data(), ClockSet{1, 1, 1});
        transmit(s, s.epoch, n, link, s.sent_seq + kWindowSeqs * 4 + dice_.upto(u64{1} << 40),
                 Bytes(bytes).first(size), 1);
        say(called_link(n, link) + " gets a wild number" + of(s));
    }
    void heartbeat(const Switch& s, int n, Link link) {
        const bool silent = step_ < trouble(n, link).down_until || step_ < s.quiet_until;
        if (up(n) && !silent && s.epoch != 0) transmit(s, s.epoch, n, link, s.sent_seq + 1, {}, 0);
    }
    void transmit(const Switch& s, u64 epoch, int n, Link link, u64 first, Bytes messages, u32 count) {
        PipelineRig& rig = server(n).rig;
        rig.acd = s.acd.value;
        rig.epoch = epoch;
        rig.transmit(link, first, messages, count);
    }

    std::multimap<u64, Delayed> delayed_;  // by the step at which they arrive
};

}  // namespace twinlink::sim_test
