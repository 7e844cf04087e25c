// The timeline as a picture: SVG with classes whose colours stand in the page's style sheet. See
// gap_page.hpp.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/gap_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace twinlink::cli {
namespace {

using namespace tools;

// Measures of the picture, in its own units: the page scales it to its width.
constexpr double kWidth = 1180;
constexpr double kLeft = 96;
constexpr double kRight = 190;
constexpr double kPlot = kWidth - kLeft - kRight;
constexpr double kTitle = 24;
constexpr double kLane = 17;
constexpr double kGapLane = 26;
constexpr double kBetween = 4;
constexpr double kAxis = 34;
constexpr double kCause = 5;    // strip below a gap that tells its cause
constexpr double kLeast = 1.6;  // what is shorter is still seen
constexpr u64 kLabelsMax = 13;
constexpr u64 kGridMax = 100;

class Drawing {
public:
    explicit Drawing(const Timeline& timeline) : t_(timeline) {}

    std::string draw() {
        const double bottom = body_height();
        grid(bottom);
        double y = kAxis;
        for (const LaneGroup& group : t_.groups) {
            if (!group.title.empty())
                put("<text class=\"t-server\" x=\"0\" y=\"{:.1f}\">{}</text>\n", y + 15,
                    escaped(group.title));
            y += group.title.empty() ? kBetween * 2 : kTitle;
            for (const Lane& lane : group.lanes) {
                const double height = height_of(lane);
                draw(lane, y, height);
                y += height + kBetween;
            }
        }
        const std::string body = std::move(out_);
        return fmt::format(
            "<svg class=\"timeline\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" "
            "aria-label=\"timeline of {}\">\n{}</svg>\n",
            kWidth, bottom + 4, escaped(t_.acd.title()), body);
    }

private:
    template <class... Args>
    void put(fmt::format_string<Args...> text, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
    }
    static double height_of(const Lane& lane) { return lane.label == "gaps" ? kGapLane : kLane; }
    [[nodiscard]] double body_height() const {
        double y = kAxis;
        for (const LaneGroup& group : t_.groups) {
            y += group.title.empty() ? kBetween * 2 : kTitle;
            for (const Lane& lane : group.lanes) y += height_of(lane) + kBetween;
        }
        return y;
    }
    [[nodiscard]] double x(u64 time) const {
        const u64 at = std::clamp(time, t_.begin, t_.end) - t_.begin;
        return kLeft + kPlot * static_cast<double>(at) / static_cast<double>(t_.end - t_.begin);
    }
    /// The next time at or behind `time` that is a multiple of `step` on the switch's local clock.
    [[nodiscard]] u64 on_grid(u64 time, u64 step) const {
        const i64 offset = i64{t_.acd.offset_minutes} * static_cast<i64>(tools::kMinuteNs);
        const u64 local = time + static_cast<u64>(offset);
        return time + (step - local % step) % step;
    }
    /// Intervals, hours or days, so that labels do not run into each other.
    [[nodiscard]] u64 label_step() const {
        constexpr std::array<u64, 13> kMinutes{15,    30,    60,     120,    180,     360,    720,
                                               1'440, 2'880, 10'080, 40'320, 161'280, 645'120};
        for (const u64 minutes : kMinutes) {
            const u64 step = minutes * tools::kMinuteNs;
            if (step >= t_.interval_ns && (t_.end - t_.begin) / step <= kLabelsMax) return step;
        }
        return (t_.end - t_.begin) / kLabelsMax / tools::kDayNs * tools::kDayNs + tools::kDayNs;
    }

    void grid(double bottom) {
        const u64 step = label_step();
        if ((t_.end - t_.begin) / t_.interval_ns <= kGridMax)
            for (u64 at = on_grid(t_.begin, t_.interval_ns); at <= t_.end; at += t_.interval_ns)
                put("<line class=\"g\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n",
                    x(at), kAxis, bottom);
        std::string date;
        for (u64 at = on_grid(t_.begin, step); at <= t_.end; at += step) {
            put("<line class=\"g1\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n", x(at),
                kAxis - 5, bottom);
            const std::string day = local_date(at, t_.acd.offset_minutes);
            const bool clock = step % tools::kDayNs != 0;
            if (clock)
                put("<text class=\"t-axis\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x(at), kAxis - 9,
                    local_clock(at, t_.acd.offset_minutes));
            if (!clock || day != date)
                put("<text class=\"t-axis\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x(at),
                    clock ? kAxis - 22 : kAxis - 9, day);
            date = day;
        }
    }

    void draw(const Lane& lane, double y, double height) {
        put("<text class=\"t-lane\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kLeft - 10, y + height / 2 + 4,
            escaped(lane.label));
        put("<rect class=\"lane\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n", kLeft, y,
            kPlot, height);
        put("<text class=\"t-remark\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kLeft + kPlot + 10,
            y + height / 2 + 4, escaped(lane.remark));
        for (const Mark& mark : lane.marks) draw(mark, y, height);
    }

    void draw(const Mark& mark, double y, double height) {
        const double left = x(mark.begin);
        const double width = std::max(kLeast, x(mark.end) - left);
        const bool caused = mark.cause != GapCause::Count_;
        const double room = height - (caused ? kCause : 0);
        const double top = y + room * (1 - mark.high);
        put("<g><title>{}</title><rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
            "height=\"{:.1f}\"/>",
            escaped(mark.text), info(mark.kind).style, std::min(left, kLeft + kPlot - width), top, width,
            room * (mark.high - mark.low));
        if (caused)
            put("<rect class=\"c{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
                static_cast<unsigned>(mark.cause), std::min(left, kLeft + kPlot - width), y + room, width,
                kCause);
        put("</g>\n");
    }

    const Timeline& t_;
    std::string out_;
};

}  // namespace

MarkInfo info(MarkKind kind) noexcept {
    switch (kind) {
        case MarkKind::Silent: return {"silent", "link silent"};
        case MarkKind::Down: return {"down", "server down"};
        case MarkKind::Trouble: return {"trouble", "frames refused, dropped or set aside"};
        case MarkKind::LostOnBoth: return {"both", "lost on both links of the server"};
        case MarkKind::Open: return {"open", "open"};
        case MarkKind::Filled: return {"filled", "filled, rows not folded again yet"};
        case MarkKind::Healed: return {"healed", "healed"};
        case MarkKind::Lost: return {"lost", "lost: neither server has it"};
        case MarkKind::ByLink: return {"by-link", "by a link, late"};
        case MarkKind::ByPartner: return {"by-partner", "by the partner"};
        case MarkKind::ByBackup: return {"by-backup", "from a backup"};
        case MarkKind::Complete: return {"complete", "interval complete"};
        case MarkKind::Incomplete: return {"incomplete", "interval INCOMPLETE"};
        case MarkKind::Count_: break;
    }
    return {"", ""};
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : clean(text)) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string svg_of(const Timeline& timeline) {
    if (timeline.begin == timeline.end) return "<p class=\"note\">Nothing to draw: no time is known.</p>\n";
    return Drawing(timeline).draw();
}

}  // namespace twinlink::cli
