// `twinlink links --pair`: both links of both servers, side by side: what they brought, lost, and how late it
// was.
//
// This server's links as the appliance counts now (or as --store has them), the partner's as of its last
// commit: their sums are checked each by itself.
#include "tools/twinlink/adds_up.hpp"
#include "tools/twinlink/link_numbers.hpp"
#include "tools/twinlink/pair_source.hpp"

#include "tools/common/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace twinlink::cli {
namespace {

using namespace tools;

/// The links of one stream on one server.
struct OfServer {
    u16 number = 0;
    std::string name;
    std::vector<LinkRecord> links;
};
struct OfStream {
    AcdContext acd;
    StreamRecord stream{};
    std::array<OfServer, 2> servers{};  ///< server 1, server 2
};

Listing machine_listing() {
    Listing listing{"links",
                    {{"server", "", Kind::Number},
                     {"server_name", ""},
                     {"acd", "", Kind::Number},
                     {"epoch", "", Kind::Number},
                     {"link", ""}},
                    {},
                    {},
                    For::Machines};
    for (const LinkNumber& number : link_numbers())
        listing.columns.push_back({std::string(number.key), "", number.kind});
    listing.columns.push_back({"silent", "", Kind::Flag});
    return listing;
}

void add_machine_rows(Listing& listing, const OfServer& server) {
    for (const LinkRecord& link : server.links) {
        Row row{{u64{server.number}, server.name, u64{link.acd}, link.epoch, link_name(link)}};
        for (const LinkNumber& number : link_numbers()) {
            const u64 value = number.of(link);
            row.values.push_back(number.kind == Kind::Time ? unless_zero(value) : Value{value});
        }
        row.values.emplace_back(link.silent != 0);
        listing.rows.push_back(std::move(row));
    }
}

/// A row for people: one text a link of each server; "-" where it is not known.
template <class F>
Row people_row(const OfStream& one, std::string_view title, std::string_view meaning, F&& text) {
    Row row{{std::string(title), std::string("-"), std::string("-"), std::string("-"), std::string("-"),
             std::string(meaning)}};
    for (std::size_t s = 0; s < one.servers.size(); ++s)
        for (const LinkRecord& link : one.servers[s].links) row.values[1 + 2 * s + link.link] = text(link);
    return row;
}

std::string share(u64 part, const LinkRecord& link) {
    const u64 span = span_of(link);
    if (span == 0) return "-";
    return fmt::format("{:.3f} %", 100.0 * static_cast<double>(part) / static_cast<double>(span));
}

Group people_group(Listing& listing, const OfStream& one) {
    Group group;
    const int offset = one.acd.offset_minutes;
    group.heading.push_back({fmt::format("{}, epoch {}{} (times in {})", one.acd.title(), one.stream.epoch,
                                         one.stream.ended != 0 ? ", ended" : "", offset_name(offset)),
                             Style::Title});
    const std::size_t begin = listing.rows.size();
    listing.rows.push_back(
        people_row(one, "heard now", "not silent beyond the limit",
                   [](const LinkRecord& l) -> std::string { return l.silent != 0 ? "SILENT" : "yes"; }));
    listing.rows.push_back(
        people_row(one, "loss", "lost, of its span", [](const LinkRecord& l) { return share(l.lost, l); }));
    listing.rows.push_back(people_row(one, "loss alone", "and the server's other link brought it",
                                      [](const LinkRecord& l) { return share(l.lost_alone, l); }));
    for (const LinkNumber& number : link_numbers())
        listing.rows.push_back(people_row(one, number.title, number.meaning, [&](const LinkRecord& l) {
            return link_cell(number, number.of(l), offset);
        }));
    group.rows = listing.rows.size() - begin;
    for (const OfServer& server : one.servers)
        if (server.links.empty())
            group.footer.push_back(
                {fmt::format("  of server {} no link is known", server.number), Style::Warning});
    return group;
}

Listing people_listing(const OfServer& first, const OfServer& second) {
    Listing listing{"people", {{"number", ""}}, {}, {}, For::People};
    for (const OfServer* server : {&first, &second})
        for (const char letter : {'A', 'B'})
            listing.columns.push_back(
                {"", fmt::format("server {} {}", server->number, letter), Kind::Number});
    listing.columns.push_back({"meaning", ""});
    return listing;
}

/// Streams of either server, by (acd, epoch), with the links of both.
std::vector<OfStream> streams_of(const LinkSource& own, const PairHistory& pair) {
    std::vector<OfStream> all;
    const auto at = [&](const StreamRecord& stream, const AcdContext& acd) -> OfStream& {
        const auto found = std::ranges::find_if(all, [&](const OfStream& one) {
            return one.stream.acd == stream.acd && one.stream.epoch == stream.epoch;
        });
        if (found != all.end()) return *found;
        OfStream& one = all.emplace_back();
        one.acd = acd;
        one.stream = stream;
        for (OfServer& server : one.servers) {
            server.number = static_cast<u16>(1 + (&server - one.servers.data()));
            server.name = server.number == pair.own_number ? pair.own_name : pair.partner.name;
        }
        return one;
    };
    const std::size_t here = pair.own_number == 2 ? 1 : 0;
    for (const StreamLinks& of : own.streams) at(of.stream, of.acd).servers[here].links = of.links;
    for (const StreamRecord& stream : pair.partner.records.streams) {
        // Of lives that the appliance does not tell any more the partner's are not of interest either.
        const bool known = std::ranges::any_of(own.streams, [&](const StreamLinks& of) {
            return of.stream.acd == stream.acd && of.stream.epoch == stream.epoch;
        });
        if (own.name == "appliance" && !known && stream.ended != 0) continue;
        OfStream& one = at(stream, {Acd{stream.acd}, "", "", 0});
        for (const LinkRecord& link : pair.partner.records.links)
            if (link.acd == stream.acd && link.epoch == stream.epoch)
                one.servers[1 - here].links.push_back(link);
    }
    std::ranges::sort(all, {},
                      [](const OfStream& one) { return std::pair(one.stream.acd, one.stream.epoch); });
    return all;
}

/// Each server's two links account for the same names.
void check(const OfStream& one, Answer& answer) {
    for (const OfServer& server : one.servers) {
        if (server.links.size() != kLinks || span_of(server.links[0]) == span_of(server.links[1])) continue;
        answer.document.problems.push_back(fmt::format(
            "server {}, ACD {} epoch {}: link A accounts for {} names, link B for {}", server.number,
            one.stream.acd, one.stream.epoch, span_of(server.links[0]), span_of(server.links[1])));
        answer.code = ExitCode::Problem;
    }
}

}  // namespace

Result<Answer> run_links_pair(const Arguments& arguments, const Rim& rim) {
    std::optional<StoreSource> store;
    if (arguments.has(OptionId::Store)) {
        auto opened = StoreSource::open(store_path(arguments, rim));
        if (!opened) return std::unexpected(opened.error());
        store = std::move(*opened);
    }
    auto own = store ? Result<LinkSource>(links_from_store(*store)) : links_from_appliance(arguments, rim);
    if (!own) return std::unexpected(own.error());
    const auto pair = ask_pair(arguments, rim, store ? store->path() : std::string(), {.links = true});
    if (!pair) return std::unexpected(pair.error());
    const auto streams = streams_of(*own, *pair);
    std::vector<StreamRecord> records;
    for (const OfStream& one : streams) records.push_back(one.stream);
    const auto filter = StreamFilter::of(arguments, records);
    if (!filter) return std::unexpected(filter.error());

    Answer answer;
    Document& document = answer.document;
    document.command = "links";
    document.fact("source", own->name);
    document.fact("own_server", u64{pair->own_number});
    document.fact("partner_server", u64{pair->partner.number});
    document.opening.push_back({fmt::format("This server as the {} has it, {} as of its last commit.",
                                            own->name, pair->partner.title()),
                                Style::Faint});
    Listing machines = machine_listing();
    OfStream none;
    none.servers[0].number = 1;
    none.servers[1].number = 2;
    const OfStream& first = streams.empty() ? none : streams.front();
    Listing people = people_listing(first.servers[0], first.servers[1]);
    for (const OfStream& one : streams) {
        if (!filter->takes(one.stream)) continue;
        for (const OfServer& server : one.servers) add_machine_rows(machines, server);
        people.groups.push_back(people_group(people, one));
        check(one, answer);
    }
    if (streams.empty()) document.opening.push_back({"No message was accepted yet.", Style::Plain});
    if (!pair->partner.why.empty()) {
        document.problems.push_back(
            fmt::format("{}: not known, or not all of it: {}", pair->partner.title(), pair->partner.why));
        answer.code = ExitCode::Problem;
    }
    document.tables.push_back(std::move(machines));
    document.tables.push_back(std::move(people));
    return store ? store->finish(std::move(answer)) : Result<Answer>(std::move(answer));
}

}  // namespace twinlink::cli
