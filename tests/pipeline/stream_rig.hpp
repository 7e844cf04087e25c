// A simulated centre's stream through a PipelineRig: sent frame by frame, lost where a test says so, and what
// the store holds in the end as text, to be compared with that of a run that missed nothing.
#pragma once

#include "engine/importer.hpp"
#include "tests/fold/sim_stream.hpp"
#include "tests/pipeline/pipeline_rig.hpp"

#include <twinlink/items.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

namespace twinlink::test {

/// A whole store as text, but for what tells of the way: revisions and arrival times.
inline std::string all_of(PipelineRig& rig) {
    std::string text;
    const StoreSnapshot snapshot = rig.snapshot();
    for (const IntervalRecord& i : snapshot.intervals()) {
        text += "interval " + std::to_string(i.start) + "/" + std::to_string(i.instance) + " " +
                std::to_string(i.first_seq) + "-" + std::to_string(i.last_seq) + " messages " +
                std::to_string(i.messages) + " missing " + std::to_string(i.missing) +
                (i.closed != 0 ? " closed" : " open") + (i.incomplete != 0 ? " incomplete" : "") + "\n";
    }
    snapshot.all_rows([&](const RowView& row) {
        text += std::string(find_table(row.key.table)->name) + " " + std::to_string(row.key.interval_start) +
                "/" + std::to_string(row.key.instance) + " " + std::to_string(row.key.entity) + " " +
                std::to_string(row.key.entity2) + (row.closed ? " closed" : " open");
        for (u16 i = 0; i < row.items.size(); ++i) {
            if (row.items[i] == 0) continue;
            text +=
                " " + name_of(column_at(*find_table(row.key.table), i)) + "=" + std::to_string(row.items[i]);
        }
        text += "\n";
        return true;
    });
    return text;
}

/// The first lines that differ, for a failure's message.
inline std::string first_difference(const std::string& want, const std::string& got) {
    const auto [a, b] = std::ranges::mismatch(want, got);
    const auto line = [](const std::string& text, std::string::const_iterator at) {
        const auto offset = static_cast<std::size_t>(at - text.begin());
        const std::size_t begin = offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;
        return text.substr(begin, text.find('\n', offset) - begin);
    };
    return "want: " + line(want, a) + "\ngot:  " + line(got, b);
}

/// Sends a simulated centre's messages in frames of `kFrame`.
class Player {
public:
    static constexpr std::size_t kFrame = 12;

    Player(PipelineRig& rig, const SimStream& stream, Acd acd = Acd{1})
        : rig_(rig), stream_(stream), acd_(acd) {
        for (std::size_t life = 0; life < stream.lives.size(); ++life) {
            const std::size_t end =
                life + 1 < stream.lives.size() ? stream.lives[life + 1].first : stream.size();
            for (std::size_t at = stream.lives[life].first; at < end; at += kFrame)
                frames_.push_back({life, at, std::min(at + kFrame, end)});
        }
    }
    [[nodiscard]] std::size_t frames() const { return frames_.size(); }
    void send(std::size_t frame, const std::string& links) {
        const auto& [life, from, to] = frames_[frame];
        rig_.acd = acd_.value;
        rig_.epoch = stream_.lives[life].epoch.value;
        for (const char c : links) {
            rig_.transmit(c == 'A' ? Link::A : Link::B, from - stream_.lives[life].first + 1,
                          stream_.range(from, to), static_cast<u32>(to - from));
        }
    }

    /// The first frame that has a message of `time` or later.
    [[nodiscard]] std::size_t frame_at(u64 time) const {
        std::size_t f = 0;
        while (f + 1 < frames_.size() && stream_[frames_[f].to - 1].time().value < time) ++f;
        return f;
    }
    /// The same messages as somebody else would have recorded them.
    [[nodiscard]] OfferRun run(std::size_t frame) const {
        const auto& [life, from, to] = frames_[frame];
        return {{acd_, stream_.lives[life].epoch},
                Seq{from - stream_.lives[life].first + 1},
                static_cast<u32>(to - from),
                stream_.range(from, to)};
    }

private:
    struct Frame {
        std::size_t life, from, to;
    };
    PipelineRig& rig_;
    const SimStream& stream_;
    Acd acd_;
    std::vector<Frame> frames_;
};

/// Until every gap is filled and nothing waits to be folded again or rolled up.
inline void settle(PipelineRig& rig) {
    std::array<u64, 4> before{};
    for (int quiet = 0, i = 0; quiet < 3 && i < 400; ++i) {
        rig.run(100_ms);
        const EngineStatus s = rig.engine().status();
        const std::array<u64, 4> now{s.refolded_messages, s.days_rolled, s.days_redone, s.periods_due};
        quiet = now == before ? quiet + 1 : 0;
        before = now;
    }
}

/// Frames that both links lose at first, and after which other frame each comes late.
class LateFrames {
public:
    LateFrames(std::size_t frames, std::mt19937_64& random) : random_(random), lost_(frames) {}

    void lose(std::size_t first, std::size_t length) {
        for (std::size_t f = first; f < std::min(first + length, lost_.size() - 1); ++f) {
            if (lost_[f]) continue;
            lost_[f] = true;
            when_.emplace(f + 20 + random_() % lost_.size(), f);
        }
    }
    /// One to three holes; both links need two frames to begin.
    void lose_some() {
        for (u64 holes = 1 + random_() % 3; holes != 0; --holes)
            lose(random_() % (lost_.size() - 4) + 2, 1 + random_() % 5);
    }
    [[nodiscard]] bool lost(std::size_t frame) const { return lost_[frame]; }
    /// The next one that comes after frame `now` or before it.
    [[nodiscard]] std::optional<std::size_t> take(std::size_t now) {
        if (when_.empty() || when_.begin()->first > now) return {};
        const std::size_t frame = when_.begin()->second;
        when_.erase(when_.begin());
        return frame;
    }

private:
    std::mt19937_64& random_;
    std::vector<bool> lost_;
    std::set<std::pair<std::size_t, std::size_t>> when_;  // after which frame, which
};

enum class Restart : u8 { None, Orderly, Killed };

/// Plays the whole stream, with what comes late, and where asked for a restart after frame `restart_at`;
/// `before_restart` hears of it while the engine that ends can still be asked.
template <class F>
void play_late(PipelineRig& rig, Player& player, LateFrames& late, Restart restart, std::size_t restart_at,
               std::mt19937_64& random, F&& before_restart) {
    for (std::size_t f = 0; f < player.frames(); ++f) {
        if (!late.lost(f)) player.send(f, "AB");
        if (f % 16 == 15) rig.run(25_ms);
        while (const auto frame = late.take(f)) {
            rig.run(25_ms);  // it is a gap by now
            player.send(*frame, random() % 2 == 0 ? "A" : "B");
            if (random() % 4 == 0) rig.run(Nanos{(random() % 300) * 1'000'000});
        }
        if (restart == Restart::None || f != restart_at) continue;
        rig.run(random() % 2 == 0 ? 2_ms : 400_ms);
        if (restart == Restart::Orderly) rig.stop();
        before_restart();
        rig.drop();
        rig.open();
        // What was not durable is a gap behind the watermark: another link still has it.
        for (std::size_t again = f > 96 ? f - 96 : 0; restart == Restart::Killed && again <= f; ++again) {
            if (!late.lost(again)) player.send(again, "B");
            if (again % 16 == 15) rig.run(2_ms);
        }
    }
    rig.run(50_ms);
    while (const auto frame = late.take(~std::size_t{0})) {
        player.send(*frame, "B");
        rig.run(Nanos{(random() % 200) * 1'000'000});
    }
}

inline std::string truth_of(const SimStream& stream) {
    PipelineRig rig;
    Player player(rig, stream);
    for (std::size_t f = 0; f < player.frames(); ++f) {
        player.send(f, "AB");
        if (f % 16 == 15) rig.run(2_ms);
    }
    settle(rig);
    rig.stop();
    CHECK(rig.engine().status().refolds == 0);
    return all_of(rig);
}

inline u64 seeds(u64 usual) {
    const char* const more = std::getenv("TWINLINK_SEEDS");
    return more == nullptr ? usual : std::strtoull(more, nullptr, 10);
}

}  // namespace twinlink::test
