// The page's markup: what stands around the pictures. See gap_page.hpp.
//
// Numbers are those of the document: figures and tables are made from its rows, nothing is counted again.
#include "tools/twinlink/gap_page.hpp"

#include "tools/common/time_text.hpp"
#include "tools/twinlink/gap_style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>

namespace twinlink::cli {
namespace {

using namespace tools;

const Listing& table_of(const Document& document, std::string_view name) {
    return *std::ranges::find(document.tables, name, &Listing::name);
}

/// A row's values by key.
class Record {
public:
    Record(const Listing& listing, const Row& row) : listing_(listing), row_(row) {}
    [[nodiscard]] const Value& value(std::string_view key) const {
        static const Value kUnknown;
        const auto at = std::ranges::find(listing_.columns, key, &Field::key) - listing_.columns.begin();
        const auto column = static_cast<std::size_t>(at);
        return column < row_.values.size() ? row_.values[column] : kUnknown;
    }
    [[nodiscard]] u64 number(std::string_view key) const {
        const auto* const number = std::get_if<u64>(&value(key));
        return number == nullptr ? 0 : *number;
    }
    [[nodiscard]] std::string text(std::string_view key) const {
        const auto* const text = std::get_if<std::string>(&value(key));
        return text == nullptr ? std::string() : *text;
    }

private:
    const Listing& listing_;
    const Row& row_;
};

class Page {
public:
    Page(const GapReport& report, const Document& document, const std::string& store, u64 written)
        : report_(report), document_(document), store_(store), written_(written) {}

    std::string make() {
        put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
            "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
            escaped("Sequence gaps, " + range_text()), kGapStyle);
        head();
        verdict();
        figures();
        causes();
        timelines();
        gaps();
        intervals();
        foot();
        put("</body>\n</html>\n");
        return std::move(out_);
    }

private:
    template <class... Args>
    void put(fmt::format_string<Args...> text, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
    }
    void put_text(std::string_view text) { out_ += text; }

    [[nodiscard]] std::vector<AcdContext> acds() const {
        std::vector<AcdContext> all;
        for (const Stream stream : report_.streams())
            if (all.empty() || all.back().acd != stream.acd)
                all.push_back(context_of(stream.acd, report_.acds));
        return all;
    }

    /// What time the page is of, as the first ACD's clock showed it.
    [[nodiscard]] std::string range_text() const {
        const auto all = acds();
        if (all.empty()) return "no stream";
        const Timeline t = timeline_of_first(all.front());
        std::string text = all.size() == 1 ? all.front().title() : fmt::format("{} ACDs", all.size());
        if (t.begin == t.end) return text;
        const int offset = t.acd.offset_minutes;
        const std::string end = local_time(t.end, offset, true).substr(0, 16);
        const std::string begin = local_time(t.begin, offset, true).substr(0, 16);
        const bool one_day = begin.substr(0, 10) == end.substr(0, 10);
        return fmt::format("{}, {} to {} ({})", text, begin, one_day ? end.substr(11) : end,
                           offset_name(offset));
    }
    [[nodiscard]] const Timeline& timeline_of_first(const AcdContext& acd) const {
        auto at = timelines_.find(acd.acd.value);
        if (at == timelines_.end()) at = timelines_.emplace(acd.acd.value, timeline_of(report_, acd)).first;
        return at->second;
    }

    void head() {
        put("<header>\n<h1>Sequence gaps</h1>\n<p class=\"range\">{}</p>\n", escaped(range_text()));
        std::string servers;
        for (const ServerHistory& server : report_.servers)
            servers += (servers.empty() ? "" : " and ") + server.title();
        put("<p class=\"meta\">Of {}; written {} UTC by twinlink {} from {}.</p>\n", escaped(servers),
            local_time(written_, 0, true), TWINLINK_VERSION, escaped(store_));
        const GapChoice& choice = report_.choice;
        if (choice.time.from || choice.time.to || choice.states != ~u32{0})
            put("<p class=\"meta\">Timeline and list show the gaps that were chosen (time, state); the "
                "figures are "
                "of all gaps of these streams.</p>\n");
        put("</header>\n");
    }

    /// The sentence that is read first.
    void verdict() {
        u64 missing = 0;
        u64 open = 0;
        bool known = true;
        for_each_server([&](const Record& server) {
            missing = std::max(missing, server.number("missing"));
            open += server.number("open_gaps");
            known = known && std::get<bool>(server.value("known"));
        });
        std::string text = missing == 0 ? "Nothing is missing"
                           : open == 0  ? "What is missing is lost for good: no server has it"
                                        : "Messages are missing";
        std::string_view style = missing == 0 ? "good" : "warn";
        if (report_.digests) {
            text += "; " + report_.digests->text();
            if (report_.digests->all_equal() && open == 0) style = "good";
            if (report_.digests->different != 0) style = "bad";
        }
        for (const ServerHistory& server : report_.servers)
            if (!server.why.empty())
                text += "; " + server.title() + " is not known, or not all of it: " + server.why;
        if (!known || !document_.problems.empty()) style = style == "good" ? "warn" : style;
        put("<p id=\"verdict\" class=\"verdict {}\">{}.</p>\n", style, escaped(text));
        if (!report_.alone.empty())
            put("<p class=\"note\">This page covers one server only, since the pair cannot be asked: "
                "{}.</p>\n",
                escaped(report_.alone));
        for (const std::string& problem : document_.problems)
            put("<p class=\"note bad\">{}</p>\n", escaped(problem));
    }

    template <class F>
    void for_each_server(F&& f) const {
        const Listing& servers = table_of(document_, "servers");
        for (const Row& row : servers.rows) f(Record(servers, row));
    }

    void figure(std::string_view title, const std::function<std::string(const Record&, std::size_t)>& text) {
        put("<tr><th scope=\"row\">{}</th>", title);
        std::size_t n = 0;
        for_each_server([&](const Record& server) {
            const bool known = std::get<bool>(server.value("known"));
            put("<td>{}</td>", escaped(known ? text(server, n) : "not known"));
            ++n;
        });
        put("</tr>\n");
    }

    void figures() {
        put("<section>\n<h2>Figures</h2>\n<table id=\"figures\" class=\"figures\">\n<thead><tr><th></th>");
        for (const ServerHistory& server : report_.servers)
            put("<th scope=\"col\">{}{}</th>", escaped(server.title()),
                server.own && server.number != 0 ? ", this one" : "");
        put("</tr></thead>\n<tbody>\n");
        const auto count = [](const char* key) {
            return [key](const Record& r, std::size_t) { return with_separators(r.number(key)); };
        };
        const auto of_names = [](const char* gaps, const char* names) {
            return [gaps, names](const Record& r, std::size_t) {
                return r.number(gaps) == 0 ? std::string("none")
                                           : fmt::format("{} ({})", plural(r.number(gaps), "gap"),
                                                         plural(r.number(names), "message"));
            };
        };
        const auto spread = [](std::string what) {
            return [what](const Record& r, std::size_t) {
                return spread_text({r.number(what + "_gaps"), r.number(what + "_p50_ns"),
                                    r.number(what + "_p99_ns"), r.number(what + "_max_ns")});
            };
        };
        figure("messages here", count("messages"));
        figure("missing now", count("missing"));
        figure("gaps in all", count("gaps"));
        figure("open", of_names("open_gaps", "open_names"));
        figure("lost", of_names("lost_gaps", "lost_names"));
        figure("filled", of_names("filled_gaps", "filled_names"));
        for (const Link link : {Link::A, Link::B})
            figure(fmt::format("link {} lost", letter(link)),
                   [&](const Record&, std::size_t n) { return link_text(report_.servers[n], link); });
        figure("time to detect", spread("detect"));
        figure("time to heal", spread("heal"));
        put("</tbody>\n</table>\n</section>\n");
    }

    [[nodiscard]] std::string link_text(const ServerHistory& server, Link link) const {
        u64 lost = 0;
        u64 alone = 0;
        u64 span = 0;
        for (const LinkRecord& l : server.records.links) {
            if (l.link != static_cast<u8>(link) || !chosen(l.acd, l.epoch)) continue;
            lost += l.lost;
            alone += l.lost_alone;
            span += span_of(l);
        }
        if (span == 0) return "not known";
        return fmt::format(
            "{} of {} ({:.3f} %), {} of them alone", with_separators(lost), with_separators(span),
            100.0 * static_cast<double>(lost) / static_cast<double>(span), with_separators(alone));
    }
    [[nodiscard]] bool chosen(u16 acd, u64 epoch) const {
        const StreamFilter& filter = report_.choice.streams;
        return (!filter.acd || filter.acd->value == acd) && (!filter.epoch || filter.epoch->value == epoch);
    }

    /// Gaps by cause, with a bar each.
    void causes() {
        const Listing& listing = table_of(document_, "causes");
        std::map<std::string, std::map<u64, std::pair<u64, u64>>> all;  // cause, server: gaps, names
        u64 most = 1;
        for (const Row& row : listing.rows) {
            const Record record(listing, row);
            auto& of = all[record.text("cause")][record.number("server")];
            of.first += record.number("gaps");
            of.second += record.number("names");
            most = std::max(most, of.first);
        }
        if (all.empty()) return;
        put("<section>\n<h2>Causes</h2>\n<table id=\"causes\" class=\"figures\">\n<thead><tr><th></th>");
        for (const ServerHistory& server : report_.servers)
            put("<th scope=\"col\">{}</th>", escaped(server.title()));
        put("</tr></thead>\n<tbody>\n");
        for (std::size_t c = 0; c < static_cast<std::size_t>(GapCause::Count_); ++c) {
            const std::string cause(name(static_cast<GapCause>(c)));
            if (!all.contains(cause)) continue;
            put("<tr><th scope=\"row\"><i class=\"key c{}\"></i>{}</th>", c, cause);
            for (const ServerHistory& server : report_.servers) {
                const auto [gaps, names] = all[cause][report_.pair() ? server.number : 0];
                if (gaps == 0) {
                    put("<td>none</td>");
                    continue;
                }
                put("<td><span class=\"bar\" style=\"width:{:.0f}px\"></span>{} ({})</td>",
                    4 + 90 * static_cast<double>(gaps) / static_cast<double>(most), plural(gaps, "gap"),
                    plural(names, "message"));
            }
            put("</tr>\n");
        }
        put("</tbody>\n</table>\n</section>\n");
    }

    void timelines() {
        put("<section class=\"wide\">\n<h2>Timeline</h2>\n");
        put("<svg width=\"0\" height=\"0\" class=\"defs\"><defs><pattern id=\"hatch\" width=\"5\" "
            "height=\"5\" "
            "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" "
            "class=\"h0\"/><rect width=\"2\" height=\"5\" class=\"h1\"/></pattern></defs></svg>\n");
        bool other_clock = false;
        for (const AcdContext& acd : acds()) {
            const Timeline& t = timeline_of_first(acd);
            other_clock = other_clock || t.other_clock;
            put("<h3>{}, the switch's local time ({})</h3>\n", escaped(acd.title()),
                offset_name(acd.offset_minutes));
            put_text(svg_of(t));
        }
        legend();
        if (other_clock)
            put("<p class=\"note\">The switch's clock and the servers' are of different times (a replay?): "
                "what "
                "the links did and when gaps were filled is placed between the gaps around it.</p>\n");
        put("</section>\n");
    }

    void legend() {
        const auto keys = [&](std::string_view title, std::initializer_list<MarkKind> kinds) {
            put("<span class=\"keys\"><b>{}</b> ", title);
            for (const MarkKind kind : kinds)
                put("<span><i class=\"key {}\"></i>{}</span> ", info(kind).style, info(kind).meaning);
            put("</span>\n");
        };
        put("<p class=\"legend\">\n");
        keys("links", {MarkKind::Silent, MarkKind::Down, MarkKind::Trouble, MarkKind::LostOnBoth});
        keys("gaps", {MarkKind::Open, MarkKind::Filled, MarkKind::Healed, MarkKind::Lost});
        keys("filled", {MarkKind::ByLink, MarkKind::ByPartner, MarkKind::ByBackup});
        keys("rows", {MarkKind::Complete, MarkKind::Incomplete});
        put("<span class=\"keys\"><b>cause</b> ");
        for (std::size_t c = 0; c < static_cast<std::size_t>(GapCause::Count_); ++c)
            put("<span><i class=\"key c{}\"></i>{}</span> ", c, name(static_cast<GapCause>(c)));
        put("</span>\n</p>\n<p class=\"meta\">The strip below a gap is its cause. Where there are more than "
            "{} in "
            "a lane, columns stand for them, as high as the logarithm of their messages. What a link lost "
            "alone "
            "is counted, not timed: it stands at the lane's end.</p>\n",
            kMarksMax);
    }

    // ---- tables

    /// Rows of a listing, as people see them; `rows` are places in it, ascending.
    void table(std::string_view id, const Listing& listing, std::span<const std::size_t> rows) {
        put("<table id=\"{}\">\n<thead><tr>", id);
        const std::vector<std::size_t> columns = columns_of(listing, rows);
        for (const std::size_t c : columns) {
            const Field& field = listing.columns[c];
            put("<th scope=\"col\"{}>{}</th>", is_number(field.kind) ? " class=\"n\"" : "",
                field.kind == Kind::Flag ? "" : escaped(field.title));
        }
        put("</tr></thead>\n<tbody>\n");
        std::size_t at = 0;
        std::size_t begin = 0;
        for (const Group& group : listing.groups) {
            const std::size_t end = begin + group.rows;
            if (at < rows.size() && rows[at] < end)
                for (const Line& line : group.heading)
                    put("<tr class=\"group\"><th colspan=\"{}\">{}</th></tr>\n", columns.size(),
                        escaped(line.text));
            for (; at < rows.size() && rows[at] < end; ++at)
                row(listing, columns, listing.rows[rows[at]], group.offset_minutes);
            begin = end;
        }
        put("</tbody>\n</table>\n");
    }
    static bool is_number(Kind kind) noexcept {
        return kind != Kind::Text && kind != Kind::Time && kind != Kind::Flag;
    }
    /// What people see: not for machines alone, and of flags those that are set somewhere.
    static std::vector<std::size_t> columns_of(const Listing& listing, std::span<const std::size_t> rows) {
        std::vector<std::size_t> columns;
        for (std::size_t c = 0; c < listing.columns.size(); ++c) {
            const Field& field = listing.columns[c];
            const bool flagged = std::ranges::any_of(rows, [&](std::size_t n) {
                const auto& values = listing.rows[n].values;
                return c < values.size() && values[c] == Value{true};
            });
            if (field.seen_by != For::Machines && (field.kind != Kind::Flag || flagged)) columns.push_back(c);
        }
        return columns;
    }
    void row(const Listing& listing, std::span<const std::size_t> columns, const Row& row, int offset) {
        put("<tr{}>", row.style == Style::Bad       ? " class=\"lost-row\""
                      : row.style == Style::Warning ? " class=\"open-row\""
                                                    : "");
        for (const std::size_t c : columns) {
            const Field& field = listing.columns[c];
            const Value none;
            const std::string text = cell_text(field, c < row.values.size() ? row.values[c] : none, offset);
            put("<td{}>{}</td>", is_number(field.kind) ? " class=\"n\"" : "", escaped(text));
        }
        put("</tr>\n");
    }

    void gaps() {
        const Listing& listing = table_of(document_, "gaps");
        put("<section class=\"wide\">\n<h2>Gaps</h2>\n");
        if (listing.rows.empty()) {
            put("<p class=\"note\">No gap in this time.</p>\n</section>\n");
            return;
        }
        std::vector<std::size_t> rows(listing.rows.size());
        std::iota(rows.begin(), rows.end(), std::size_t{0});
        if (rows.size() > kRowsMax) {
            const auto weight = [&](std::size_t n) {
                const Row& of = listing.rows[n];
                return std::pair(of.style == Style::Plain, ~Record(listing, of).number("missing"));
            };
            std::ranges::stable_sort(rows, {}, weight);
            rows.resize(kRowsMax);
            std::ranges::sort(rows);
        }
        const auto chosen =
            std::ranges::find(document_.facts, "gaps_chosen", &std::pair<std::string, Value>::first);
        const u64 all = chosen == document_.facts.end() ? rows.size() : std::get<u64>(chosen->second);
        if (all > rows.size())
            put("<p class=\"note\" id=\"hidden\">{} of {} gaps are listed: those that are open or lost "
                "first, then "
                "the largest. {} are not shown here; all of them: twinlink gaps{} --csv</p>\n",
                with_separators(rows.size()), with_separators(all), with_separators(all - rows.size()),
                report_.pair() ? " --pair" : "");
        table("gaps", listing, rows);
        put("</section>\n");
    }

    void intervals() {
        Listing listing = touched_intervals(report_);
        if (listing.rows.empty()) return;
        put("<section class=\"wide\">\n<h2>Intervals touched</h2>\n");
        std::vector<std::size_t> rows(listing.rows.size());
        std::iota(rows.begin(), rows.end(), std::size_t{0});
        if (rows.size() > kIntervalsMax) {
            std::ranges::stable_sort(rows, {}, [&](std::size_t n) {
                return std::pair(listing.rows[n].style == Style::Plain, ~n);
            });
            rows.resize(kIntervalsMax);
            std::ranges::sort(rows);
            put("<p class=\"note\">{} of {} intervals are listed: those that still lack messages first, then "
                "the "
                "latest. Each gap of twinlink gaps{} --csv names its intervals.</p>\n",
                with_separators(rows.size()), with_separators(listing.rows.size()),
                report_.pair() ? " --pair" : "");
        }
        table("intervals", listing, rows);
        put("</section>\n");
    }

    void foot() {
        put("<footer>\n<p>Time to detect: from the moment when the switch sent the message behind the hole, "
            "by its "
            "clock, until the server called the names missing, by its own; not known where no message came "
            "behind "
            "it, where the clocks contradict each other, or where more than an hour lies between. Time to "
            "heal: "
            "from then until the messages were here and their rows folded again. p50 and p99 are times that "
            "occurred: half of the gaps, and 99 of 100, took no longer.</p>\n</footer>\n");
    }

    const GapReport& report_;
    const Document& document_;
    const std::string& store_;
    u64 written_;
    mutable std::map<u16, Timeline> timelines_;
    std::string out_;
};

}  // namespace

std::string page_of(const GapReport& report, const Document& document, const std::string& store,
                    u64 written) {
    return Page(report, document, store, written).make();
}

}  // namespace twinlink::cli
