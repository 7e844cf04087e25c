// Streams of several days through a whole server, and its roll-ups as text: for comparing with those of a
// run that missed nothing, and with a plain sum over its rows.
#pragma once

#include "tests/fold/sim_stream.hpp"
#include "tests/pipeline/pipeline_rig.hpp"

#include <twinlink/items.hpp>
#include <twinlink/roll_up.hpp>

#include <map>
#include <string>
#include <vector>

namespace twinlink::test {

inline constexpr LocalDay kAnyDay{-1'000'000};
inline constexpr LocalDay kEndOfDays{1'000'000};

/// Sends a simulated centre's messages in frames of `kFrame`.
class DaysPlayer {
public:
    static constexpr std::size_t kFrame = 12;

    DaysPlayer(PipelineRig& rig, const SimStream& stream) : rig_(rig), stream_(stream) {
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
        rig_.epoch = stream_.lives[life].epoch.value;
        for (const char c : links) {
            rig_.transmit(c == 'A' ? Link::A : Link::B, from - stream_.lives[life].first + 1,
                          stream_.range(from, to), static_cast<u32>(to - from));
        }
    }
    /// The first frame that has a message of `time` or later.
    [[nodiscard]] std::size_t frame_at(u64 time) const {
        std::size_t f = 0;
        while (f + 1 < frames_.size() && stream_[std::get<2>(frames_[f]) - 1].time().value < time) ++f;
        return f;
    }

private:
    using Frame = std::tuple<std::size_t, std::size_t, std::size_t>;  // life, from, to
    PipelineRig& rig_;
    const SimStream& stream_;
    std::vector<Frame> frames_;
};

/// Until nothing waits to be folded again or rolled up.
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

inline std::string items_text(TableId table, std::span<const u64> items) {
    std::string text;
    for (u16 i = 0; i < items.size(); ++i) {
        if (items[i] == 0) continue;
        text += " " + name_of(column_at(*find_table(table), i)) + "=" + std::to_string(items[i]);
    }
    return text;
}

inline std::string heading(Span span, LocalDay first, std::string_view table, u64 entity, u64 entity2) {
    const auto date = date_of(first);
    return std::string(name(span)) + " " + std::to_string(static_cast<int>(date.year())) + "-" +
           std::to_string(static_cast<unsigned>(date.month())) + "-" +
           std::to_string(static_cast<unsigned>(date.day())) + " " + std::string(table) + " " +
           std::to_string(entity) + " " + std::to_string(entity2);
}

inline std::string period_text(const RollUpRecord& r) {
    return heading(r.span, r.first(), "record", 0, 0) + " begin " + std::to_string(r.begin) + " end " +
           std::to_string(r.end) + " intervals " + std::to_string(r.intervals) + " incomplete " +
           std::to_string(r.incomplete) + " in doubt " + std::to_string(r.in_doubt) + " minutes " +
           std::to_string(r.minutes) + "/" + std::to_string(r.minutes_expected) + " missing " +
           std::to_string(r.missing) + " days " + std::to_string(r.days) + "/" +
           std::to_string(r.days_expected) + "\n";
}

/// All roll-ups that are stored, but for their revisions.
inline std::string rolled_text(const StoreSnapshot& snapshot, Acd acd = Acd{1}) {
    std::string text;
    for (const Span span : kRolledSpans) {
        for (const RollUpRecord& r : snapshot.roll_ups(span, kAnyDay, kEndOfDays, acd))
            text += period_text(r);
        for (const Table& table : kTables) {
            snapshot.rolled(table.id, acd, span, kAnyDay, kEndOfDays, [&](const RolledRow& row) {
                text += heading(span, row.key.first, table.name, row.key.entity, row.key.entity2) + " in " +
                        std::to_string(row.intervals) + items_text(table.id, row.items) + "\n";
                return true;
            });
        }
    }
    return text;
}

/// The same by a plain sum over the store's rows and intervals, for days that end before `now` is 35 minutes
/// further, by the offset of then.
std::string summed_text(const StoreSnapshot& snapshot, u64 now, Weekday week_start = Weekday::Monday);

/// The first lines that differ, for a failure's message.
inline std::string first_difference(const std::string& want, const std::string& got) {
    const auto [a, b] = std::ranges::mismatch(want, got);
    const auto line = [](const std::string& text, std::string::const_iterator at) {
        const auto offset = static_cast<std::size_t>(at - text.begin());
        const std::size_t begin = offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;
        return text.substr(begin, text.find('\n', offset) - begin);
    };
    return want == got ? "" : "want: " + line(want, a) + "\ngot:  " + line(got, b);
}

}  // namespace twinlink::test
