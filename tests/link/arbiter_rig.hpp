// A rig for the arbiter: frames by link and numbers, time by hand, and what came out as short texts.
#pragma once

#include "engine/link/arbiter.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace twinlink::test {

/// Message `seq` has time seq * 1 ms, so that what was accepted can be told from its bytes.
inline constexpr u64 kTimeOfSeq = 1'000'000;

class ArbiterRig : public ArbiterSink {
public:
    explicit ArbiterRig(ArbiterConfig config = small(), u64 epoch = 7)
        : epoch_(epoch), arbiter(Acd{1}, config, *this) {}

    static ArbiterConfig small() {
        ArbiterConfig c;
        c.parked_max = 16;
        c.history_frames = 16;
        c.wild_max = 8;
        c.gaps_max = 8;
        c.window_seqs = 1000;
        return c;
    }

    // ---- what arrives
    /// A frame with messages first..last on a link.
    Verdict frame(Link link, u64 first, u64 last, u64 flavour = 0, u8 flags = 0) {
        std::vector<std::byte>& bytes = frames_.emplace_back(kFrameBytesMax);
        FrameBuilder builder(bytes);
        FrameHeader h{};
        h.acd = 1;
        h.link = static_cast<u8>(link);
        h.flags = flags;
        h.epoch = epoch_;
        h.first_seq = first;
        builder.reset(h);
        for (u64 seq = first; seq <= last; ++seq) builder.add(CallForcedBusy{seq * kTimeOfSeq, flavour});
        bytes.resize(builder.finish(Nanos{0}).size());
        ++held;
        return arbiter.on_frame(FrameView(bytes), &bytes, link, now);
    }
    Verdict a(u64 first, u64 last) { return frame(Link::A, first, last); }
    Verdict b(u64 first, u64 last) { return frame(Link::B, first, last); }
    Verdict heartbeat(Link link, u64 next, u8 flags = kFlagHeartbeat) {
        return frame(link, next, next - 1, 0, flags);
    }
    /// Messages first..last from elsewhere: "filled 2 held 1", what is not 0.
    std::string offer(u64 first, u64 last, u64 epoch = 7, FilledBy by = FilledBy::Backup) {
        std::vector<std::byte> bytes((last - first + 1) * (sizeof(SbeHeader) + sizeof(CallForcedBusy)));
        u32 at = 0;
        for (u64 seq = first; seq <= last; ++seq)
            at += write_message(bytes.data() + at, CallForcedBusy{seq * kTimeOfSeq, 0});
        const OfferResult r =
            arbiter.offer(Epoch{epoch}, Seq{first}, bytes, static_cast<u32>(last - first + 1), by, now);
        std::string text;
        const auto part = [&](const char* what, u64 n) {
            if (n != 0) text += (text.empty() ? "" : " ") + std::string(what) + " " + std::to_string(n);
        };
        part("filled", r.filled);
        part("held", r.held);
        part("beyond", r.beyond);
        part("merged", r.merged);
        part("unknown_epoch", r.unknown_epoch);
        return text;
    }
    /// Lets time pass in steps of 1 ms.
    ArbiterRig& wait(Nanos span) {
        for (u64 t = 0; t < span.value; t += 1'000'000) {
            now.mono = now.mono + 1_ms;
            now.wall = now.wall + 1_ms;
            arbiter.on_time(now);
        }
        return *this;
    }
    /// Both links say hello at number `next`, so that the stream is proven.
    ArbiterRig& begin(u64 next = 1) {
        heartbeat(Link::A, next);
        heartbeat(Link::A, next);
        heartbeat(Link::B, next);
        return *this;
    }
    void set_epoch(u64 epoch) { epoch_ = epoch; }

    // ---- what came out
    /// Everything handed on, in order: "1-3 gap4-5 6-9 fill4".
    std::string out;
    std::map<u64, GapRecord> records;  // of all epochs' gaps, by first
    std::vector<std::string> conflicts;
    std::vector<StreamRecord> older;
    int held = 0;  // buffers not yet released
    Now now{1_s, 1'000'000_s};

    [[nodiscard]] std::string gaps() const {
        std::string text;
        for (const auto& [first, g] : records) {
            text += text.empty() ? "" : " ";
            text += range(g.first, g.last) + ":" + std::string(name(g.state));
        }
        return text;
    }
    static std::string range(u64 first, u64 last) {
        return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
    }

    void begin_epoch(Epoch epoch) override { say("epoch" + std::to_string(epoch.value)); }
    void accept(Seq first, Bytes messages, u32 count, u64 last_time) override {
        check_bytes(first, messages, count);
        if (last_time != (first.value + count - 1) * kTimeOfSeq) say("WRONG-TIME");
        say(range(first.value, first.value + count - 1));
    }
    void missing(Range r) override { say("gap" + range(r.first.value, r.last.value)); }
    void fill(Stream, Seq first, Bytes messages, u32 count) override {
        check_bytes(first, messages, count);
        say("fill" + range(first.value, first.value + count - 1));
    }
    void conflict(Stream, Seq seq, Link link, Bytes, Link, Bytes) override {
        conflicts.push_back(std::to_string(seq.value) + letter(link));
    }
    void older_stream(const StreamRecord& s) override { older.push_back(s); }
    void missing_in_older(Stream, Seq) override {}
    void older_link(const LinkRecord&) override {}
    void release(Link, void* token) override {
        auto& bytes = *static_cast<std::vector<std::byte>*>(token);
        if (bytes.empty()) say("RELEASED-TWICE");
        bytes.clear();
        --held;
    }
    void gap_changed(const GapRecord& g) override { records[g.first] = g; }
    void gap_gone(Stream, Seq first) override { records.erase(first.value); }
    void gap_apart(Stream, Range whole) override {
        say("apart" + range(whole.first.value, whole.last.value));
    }

private:
    void say(const std::string& what) { out += (out.empty() ? "" : " ") + what; }
    void check_bytes(Seq first, Bytes messages, u32 count) {
        u64 seq = first.value;
        for_each_message_in(messages, [&](MessageView m) {
            if (m.time().value != seq++ * kTimeOfSeq) say("WRONG-BYTES");
        });
        if (seq != first.value + count) say("WRONG-COUNT");
    }

    u64 epoch_;
    std::deque<std::vector<std::byte>> frames_;  // a released one is empty

public:
    Arbiter arbiter;
};

}  // namespace twinlink::test
