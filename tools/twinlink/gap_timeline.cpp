// What the timeline of a gap report shows: lanes of marks, binned where there are many. See gap_page.hpp.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/gap_page.hpp"
#include "tools/twinlink/switch_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace twinlink::cli {
namespace {

using namespace tools;

constexpr std::size_t kKinds = static_cast<std::size_t>(MarkKind::Count_);

/// Something of a lane before it is known whether it gets a mark of its own: `names` weigh in a bin.
struct Item {
    Mark mark;
    u64 names = 0;
};

/// Items into marks: one each while they are few, else columns whose height tells of the number of names.
class Binner {
public:
    Binner(u64 begin, u64 end, int offset) : begin_(begin), end_(end), offset_(offset) {}

    [[nodiscard]] std::vector<Mark> marks(std::vector<Item> items, bool always_bins,
                                          std::string_view what) const {
        std::erase_if(items, [&](const Item& i) { return i.mark.end < begin_ || i.mark.begin >= end_; });
        std::vector<Mark> all;
        if (items.size() > kMarksMax || always_bins) return bins(items, what);
        for (Item& item : items) {
            item.mark.begin = std::max(item.mark.begin, begin_);
            item.mark.end = std::min(item.mark.end, end_);
            all.push_back(std::move(item.mark));
        }
        return all;
    }

private:
    struct Bin {
        std::array<u64, kKinds> names{};
        u64 items = 0;
        u64 all = 0;
    };

    [[nodiscard]] std::vector<Mark> bins(std::span<const Item> items, std::string_view what) const {
        std::vector<Bin> bins(kBins);
        const u64 width = (end_ - begin_) / kBins + 1;
        for (const Item& item : items) {
            // An item counts where it begins, and is seen where it lasts.
            const u64 at = (std::max(item.mark.begin, begin_) - begin_) / width;
            const u64 last = (std::min(item.mark.end, end_ - 1) - begin_) / width;
            const u64 names = std::max<u64>(item.names / (last - at + 1), 1);
            for (u64 b = at; b <= last && b < kBins; ++b) {
                bins[b].names[static_cast<std::size_t>(item.mark.kind)] += names;
                bins[b].all += names;
                ++bins[b].items;
            }
        }
        u64 most = 1;
        for (const Bin& bin : bins) most = std::max(most, bin.all);
        std::vector<Mark> marks;
        for (std::size_t b = 0; b < bins.size(); ++b)
            if (bins[b].all != 0) add(marks, bins[b], begin_ + b * width, width, most, what);
        return marks;
    }

    /// A column: as high as the logarithm of its names, cut in proportion.
    void add(std::vector<Mark>& marks, const Bin& bin, u64 begin, u64 width, u64 most,
             std::string_view what) const {
        const double high = 0.25 + 0.75 * std::log(1.0 + static_cast<double>(bin.all)) /
                                       std::log(1.0 + static_cast<double>(most));
        const std::string text = fmt::format("{} to {}: {} {}, {} names", local_time(begin, offset_, true),
                                             local_time(begin + width, offset_, true).substr(11),
                                             with_separators(bin.items), what, with_separators(bin.all));
        double low = 0;
        for (std::size_t k = 0; k < kKinds; ++k) {
            if (bin.names[k] == 0) continue;
            Mark mark;
            mark.begin = begin;
            mark.end = std::min(begin + width, end_);
            mark.kind = static_cast<MarkKind>(k);
            mark.low = low;
            low += high * static_cast<double>(bin.names[k]) / static_cast<double>(bin.all);
            mark.high = low;
            mark.text = text;
            marks.push_back(std::move(mark));
        }
    }

    u64 begin_;
    u64 end_;
    int offset_;
};

MarkKind kind_of(GapState state) noexcept {
    switch (state) {
        case GapState::Filled: return MarkKind::Filled;
        case GapState::Healed: return MarkKind::Healed;
        case GapState::Lost: return MarkKind::Lost;
        case GapState::Open:
        case GapState::Requested:
        case GapState::Count_: break;
    }
    return MarkKind::Open;
}

/// Where a gap lies by the switch's clock; a side that is not known is the other one.
std::pair<u64, u64> span_of(const GapRecord& gap) noexcept {
    const u64 begin = gap.time_before != 0 ? gap.time_before : gap.time_after;
    return {begin, std::max(begin, gap.time_after)};
}

std::string percent(u64 part, u64 whole) {
    if (whole == 0) return "-";
    return fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// One server's lanes.
class ServerLanes {
public:
    ServerLanes(const GapReport& report, const ServerHistory& server, const AcdContext& acd, u64 begin,
                u64 end)
        : report_(report),
          server_(server),
          acd_(acd),
          clock_(server.records.streams, server.records.gaps, acd.acd),
          binner_(begin, end, acd.offset_minutes) {}

    [[nodiscard]] bool other_clock() const noexcept { return !clock_.same(); }

    [[nodiscard]] LaneGroup lanes() const {
        LaneGroup group{server_.title() + (server_.own && server_.number != 0 ? ", this one" : ""), {}};
        for (const Link link : {Link::A, Link::B}) group.lanes.push_back(link_lane(link));
        group.lanes.push_back(gap_lane());
        group.lanes.push_back(fill_lane());
        return group;
    }

private:
    template <class F>
    void for_each_gap(F&& f) const {
        for (const GapRecord& gap : server_.records.gaps) {
            const bool of_stream =
                gap.acd == acd_.acd.value &&
                (!report_.choice.streams.epoch || report_.choice.streams.epoch->value == gap.epoch);
            if (of_stream && span_of(gap).first != 0 && report_.choice.takes(gap, acd_.offset_minutes))
                f(gap);
        }
    }

    [[nodiscard]] std::string when(u64 begin, u64 end) const {
        return fmt::format("{} to {}", local_time(begin, acd_.offset_minutes),
                           local_time(end, acd_.offset_minutes).substr(11));
    }

    [[nodiscard]] Lane link_lane(Link link) const {
        std::vector<Item> lost;
        std::vector<Item> spans;
        for_each_gap([&](const GapRecord& gap) {
            const auto [begin, end] = span_of(gap);
            Item item{{.begin = begin, .end = end, .kind = MarkKind::LostOnBoth, .text = {}}, gap.missing};
            if (gap.cause == GapCause::ServerDown) {
                item.mark.kind = MarkKind::Down;
                item.mark.text = "the server was down: " + when(begin, end);
                spans.push_back(std::move(item));
            } else if (gap.cause != GapCause::BeforePumpUp) {
                lost.push_back(std::move(item));
            }
        });
        add_events(spans, link);
        Lane lane{fmt::format("link {}", letter(link)), totals(link), {}};
        lane.marks = binner_.marks(std::move(spans), false, "silences");
        auto columns = binner_.marks(std::move(lost), true, "gaps that no link closed in time");
        lane.marks.insert(lane.marks.end(), columns.begin(), columns.end());
        return lane;
    }

    /// Silences and what else an operator should see of the link.
    void add_events(std::vector<Item>& spans, Link link) const {
        for (const LinkEventRecord& event : server_.records.events) {
            if (event.link != static_cast<u8>(link) || (event.acd != 0 && event.acd != acd_.acd.value))
                continue;
            if (event.kind == LinkEventKind::Silent) {
                add_silences(spans, event, link);
            } else if (event.kind == LinkEventKind::Refused || event.kind == LinkEventKind::Dropped ||
                       event.kind == LinkEventKind::SetAside) {
                Item item = item_of(event.begun_wall, event.last_wall, MarkKind::Trouble, event.count);
                item.mark.text = fmt::format("{} frames {}: {}", with_separators(event.count),
                                             name(event.kind), when(item.mark.begin, item.mark.end));
                spans.push_back(std::move(item));
            }
        }
    }

    /// An episode may hold several silences: as high as they fill it. One that goes on began with the link's
    /// last frame.
    void add_silences(std::vector<Item>& spans, const LinkEventRecord& event, Link link) const {
        const u64 span = event.last_wall - std::min(event.begun_wall, event.last_wall);
        if (event.duration_ns != 0) {
            Item item = item_of(event.begun_wall, event.last_wall, MarkKind::Silent, event.count);
            item.mark.high =
                span == 0 ? 1
                          : std::clamp(static_cast<double>(event.duration_ns) / static_cast<double>(span),
                                       0.15, 1.0);
            item.mark.text = fmt::format("silent for {} in all: {}", span_text(event.duration_ns),
                                         when(item.mark.begin, item.mark.end));
            spans.push_back(std::move(item));
        }
        if (event.now == 0) return;
        u64 heard = event.begun_wall;
        for (const LinkRecord& l : server_.records.links)
            if (l.acd == acd_.acd.value && l.link == static_cast<u8>(link))
                heard = std::max(heard, l.last_wall);
        Item item = item_of(std::min(heard, event.last_wall), event.last_wall, MarkKind::Silent, event.count);
        item.mark.text = "silent since " + local_time(item.mark.begin, acd_.offset_minutes);
        spans.push_back(std::move(item));
    }

    /// Something that this server noticed, on the switch's time.
    [[nodiscard]] Item item_of(u64 begin_wall, u64 end_wall, MarkKind kind, u64 names) const {
        Item item;
        item.mark.begin = clock_.at(begin_wall);
        item.mark.end = std::max(item.mark.begin, clock_.at(end_wall));
        item.mark.kind = kind;
        item.names = names;
        return item;
    }

    [[nodiscard]] std::string totals(Link link) const {
        u64 lost = 0;
        u64 alone = 0;
        u64 span = 0;
        for (const LinkRecord& l : server_.records.links) {
            if (l.acd != acd_.acd.value || l.link != static_cast<u8>(link)) continue;
            if (report_.choice.streams.epoch && report_.choice.streams.epoch->value != l.epoch) continue;
            lost += l.lost;
            alone += l.lost_alone;
            span += cli::span_of(l);
        }
        if (span == 0) return "not known";
        return fmt::format("lost {}, {} alone", percent(lost, span), percent(alone, span));
    }

    [[nodiscard]] Lane gap_lane() const {
        std::vector<Item> items;
        u64 gaps = 0;
        u64 missing = 0;
        for_each_gap([&](const GapRecord& gap) {
            const auto [begin, end] = span_of(gap);
            Item item{
                {.begin = begin, .end = end, .kind = kind_of(gap.state), .text = {}, .cause = gap.cause},
                gap.missing};
            // The text of a mark that goes into a bin is not seen.
            if (items.size() <= kMarksMax)
                item.mark.text = fmt::format("{} to {}: {} names, {}, {}; {}", gap.first, gap.last,
                                             with_separators(gap.missing), name(gap.cause), name(gap.state),
                                             when(begin, end));
            items.push_back(std::move(item));
            ++gaps;
            if (is_missing(gap.state)) missing += gap.missing;
        });
        Lane lane{"gaps", fmt::format("{}, {} missing", plural(gaps, "gap"), with_separators(missing)), {}};
        lane.marks = binner_.marks(std::move(items), false, "gaps");
        return lane;
    }

    [[nodiscard]] Lane fill_lane() const {
        std::vector<Item> items;
        u64 names = 0;
        for_each_gap([&](const GapRecord& gap) {
            if (gap.filled_by == FilledBy::Nobody || gap.closed_wall == 0) return;
            const u64 at = clock_.at(gap.closed_wall);
            const MarkKind kind = gap.filled_by == FilledBy::Partner  ? MarkKind::ByPartner
                                  : gap.filled_by == FilledBy::Backup ? MarkKind::ByBackup
                                                                      : MarkKind::ByLink;
            Item item{{.begin = at, .end = at, .kind = kind, .text = {}}, gap.missing};
            if (items.size() <= kMarksMax)
                item.mark.text = fmt::format("{} to {}: {} names, filled by {}, at {}", gap.first, gap.last,
                                             with_separators(gap.missing), name(gap.filled_by),
                                             local_time(at, acd_.offset_minutes));
            items.push_back(std::move(item));
            names += gap.missing;
        });
        Lane lane{"fills", plural(names, "name") + " filled", {}};
        lane.marks = binner_.marks(std::move(items), false, "fills");
        return lane;
    }

    const GapReport& report_;
    const ServerHistory& server_;
    const AcdContext& acd_;
    SwitchClock clock_;
    Binner binner_;
};

/// The time that is drawn: as asked for, else all that is known of, out to whole intervals.
void set_range(Timeline& t, const GapReport& report) {
    u64 begin = ~u64{0};
    u64 end = 0;
    const auto reach = [&](u64 from, u64 to) {
        if (from != 0) begin = std::min(begin, from);
        end = std::max(end, to);
    };
    for (const IntervalRecord& i : report.intervals)
        if (i.acd == t.acd.acd.value) reach(i.first_time, i.last_time);
    for (const ServerHistory& server : report.servers) {
        for (const GapRecord& gap : server.records.gaps)
            if (gap.acd == t.acd.acd.value) reach(span_of(gap).first, span_of(gap).second);
        for (const StreamRecord& s : server.records.streams)
            if (s.acd == t.acd.acd.value) reach(0, s.last_time);
    }
    const TimeChoice& time = report.choice.time;
    if (time.from) begin = std::max(begin, time.from->at(t.acd.offset_minutes));
    if (time.to) end = std::min(end, time.to->at(t.acd.offset_minutes));
    if (begin >= end) return;
    t.begin = begin / t.interval_ns * t.interval_ns;
    t.end = (end + t.interval_ns - 1) / t.interval_ns * t.interval_ns;
}

/// Rows of this server's intervals: all while they are few, else those that are not complete.
Lane interval_lane(const Timeline& t, const GapReport& report) {
    std::vector<Item> items;
    u64 incomplete = 0;
    u64 all = 0;
    for (const IntervalRecord& i : report.intervals) {
        if (i.acd != t.acd.acd.value) continue;
        const u64 end = i.start + i.minutes * tools::kMinuteNs;
        if (end <= t.begin || i.start >= t.end) continue;
        ++all;
        incomplete += i.incomplete != 0;
        Item item{{.begin = i.start, .end = end, .text = {}}, 1};
        item.mark.kind = i.incomplete != 0 ? MarkKind::Incomplete : MarkKind::Complete;
        item.mark.text =
            fmt::format("{}: {} messages, {} missing{}", local_time(i.start, t.acd.offset_minutes, true),
                        with_separators(i.messages), with_separators(i.missing),
                        i.incomplete != 0 ? ", rows are INCOMPLETE" : "");
        items.push_back(std::move(item));
    }
    if (items.size() > kMarksMax)
        std::erase_if(items, [](const Item& i) { return i.mark.kind == MarkKind::Complete; });
    Lane lane{"rows here",
              fmt::format("{} of {} incomplete", with_separators(incomplete), with_separators(all)),
              {}};
    lane.marks = Binner(t.begin, t.end, t.acd.offset_minutes).marks(std::move(items), false, "intervals");
    return lane;
}

}  // namespace

Timeline timeline_of(const GapReport& report, const AcdContext& acd) {
    Timeline t;
    t.acd = acd;
    const auto known = std::ranges::find(report.acds, acd.acd.value, &AcdRecord::acd);
    u64 minutes = known == report.acds.end() ? 30 : known->interval_minutes;
    if (minutes == 0 || 60 % minutes != 0) minutes = 30;
    t.interval_ns = minutes * tools::kMinuteNs;
    set_range(t, report);
    if (t.begin == t.end) return t;
    for (const ServerHistory& server : report.servers) {
        const ServerLanes lanes(report, server, t.acd, t.begin, t.end);
        t.groups.push_back(lanes.lanes());
        t.other_clock = t.other_clock || lanes.other_clock();
    }
    t.groups.push_back({"", {interval_lane(t, report)}});
    return t;
}

}  // namespace twinlink::cli
