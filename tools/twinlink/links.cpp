// `twinlink links`: what each link brought, lost and how late it was, with the sums checked.
//
// For people the two links stand side by side, a line per number with its meaning; for machines a record per
// link.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/adds_up.hpp"
#include "tools/twinlink/appliance.hpp"
#include "tools/twinlink/link_numbers.hpp"

#include <fmt/format.h>

#include <array>

namespace twinlink::cli {
namespace {

using namespace tools;

constexpr std::array<LinkNumber, 22> kNumbers{{
    {"frames", "frames", Kind::Count, "valid ones, heartbeats included",
     [](const LinkRecord& l) { return l.frames; }},
    {"heartbeats", "heartbeats", Kind::Count, "frames without messages",
     [](const LinkRecord& l) { return l.heartbeats; }},
    {"messages", "messages", Kind::Count, "in those frames, copies included",
     [](const LinkRecord& l) { return l.messages; }},
    {"first_arrivals", "first arrivals", Kind::Count, "delivered here first",
     [](const LinkRecord& l) { return l.first_arrivals; }},
    {"duplicates", "duplicates", Kind::Count, "were here already",
     [](const LinkRecord& l) { return l.duplicates; }},
    {"span", "span", Kind::Count, "names from the first to the highest: distinct + lost + behind",
     [](const LinkRecord& l) { return span_of(l); }},
    {"distinct", "distinct", Kind::Count, "names that came at least once",
     [](const LinkRecord& l) { return l.distinct; }},
    {"lost", "lost", Kind::Count, "names that it passed over", [](const LinkRecord& l) { return l.lost; }},
    {"lost_alone", "lost alone", Kind::Count, "of those, the other link brought them",
     [](const LinkRecord& l) { return l.lost_alone; }},
    {"lost_on_both", "lost on both", Kind::Count, "of those, the other link did not",
     [](const LinkRecord& l) { return l.lost - std::min(l.lost, l.lost_alone); }},
    {"behind", "behind", Kind::Count, "names yet to come on this link",
     [](const LinkRecord& l) { return l.behind; }},
    {"late", "late", Kind::Count, "came after they had been counted as lost",
     [](const LinkRecord& l) { return l.late; }},
    {"wild_frames", "wild frames", Kind::Count, "outside the window or of an unproven epoch, set aside",
     [](const LinkRecord& l) { return l.wild_frames; }},
    {"stale_frames", "stale frames", Kind::Count, "of an older epoch",
     [](const LinkRecord& l) { return l.stale_frames; }},
    {"conflicts", "conflicts", Kind::Count, "messages that differ from the copy that counts",
     [](const LinkRecord& l) { return l.conflicts; }},
    {"lag_last_ns", "lag, last", Kind::Duration, "behind the first copy",
     [](const LinkRecord& l) { return l.lag_ns_last; }},
    {"lag_mean_ns", "lag, mean", Kind::Duration, "over the frames that came second",
     [](const LinkRecord& l) { return l.lag_count == 0 ? 0 : l.lag_ns_sum / l.lag_count; }},
    {"lag_max_ns", "lag, greatest", Kind::Duration, "", [](const LinkRecord& l) { return l.lag_ns_max; }},
    {"lag_frames", "frames second", Kind::Count, "whose lag was measured",
     [](const LinkRecord& l) { return l.lag_count; }},
    {"silences", "silences", Kind::Count, "times it was silent beyond the limit",
     [](const LinkRecord& l) { return l.silences; }},
    {"silent_ns", "silent for", Kind::Duration, "all those times together",
     [](const LinkRecord& l) { return l.silent_ns; }},
    {"last_frame", "last frame", Kind::Time, "", [](const LinkRecord& l) { return l.last_wall; }},
}};

Listing machine_listing() {
    Listing listing{"links",
                    {{"acd", "", Kind::Number}, {"epoch", "", Kind::Number}, {"link", ""}},
                    {},
                    {},
                    For::Machines};
    for (const LinkNumber& number : kNumbers)
        listing.columns.push_back({std::string(number.key), "", number.kind});
    listing.columns.push_back({"silent", "", Kind::Flag});
    return listing;
}

void add_machine_rows(Listing& listing, const StreamLinks& one) {
    for (const LinkRecord& link : one.links) {
        Row row{{u64{link.acd}, link.epoch, link_name(link)}};
        for (const LinkNumber& number : kNumbers) {
            const u64 value = number.of(link);
            row.values.push_back(number.kind == Kind::Time ? unless_zero(value) : Value{value});
        }
        row.values.emplace_back(link.silent != 0);
        listing.rows.push_back(std::move(row));
    }
}

Group people_group(Listing& listing, const StreamLinks& one, std::span<const std::string> wrong) {
    Group group;
    const int offset = one.acd.offset_minutes;
    group.heading.push_back({fmt::format("{}, epoch {}{} (times in {})", one.acd.title(), one.stream.epoch,
                                         one.stream.ended != 0 ? ", ended" : "", offset_name(offset)),
                             Style::Title});
    for (const LinkNumber& number : kNumbers) {
        Row row{{std::string(number.title), std::string(), std::string(), std::string(number.meaning)}};
        for (const LinkRecord& link : one.links)
            row.values[link.link == 0 ? 1 : 2] = link_cell(number, number.of(link), offset);
        listing.rows.push_back(std::move(row));
        ++group.rows;
    }
    for (const LinkRecord& link : one.links)
        if (link.silent != 0)
            group.footer.push_back({"  link " + link_name(link) + " is silent now", Style::Warning});
    if (one.links.empty()) group.footer.push_back({"  no link is known", Style::Warning});
    std::string sums = "  ";
    for (const LinkRecord& link : one.links)
        sums += fmt::format("link {}: {} = {} distinct + {} lost + {} behind; ", link_name(link),
                            with_separators(span_of(link)), with_separators(link.distinct),
                            with_separators(link.lost), with_separators(link.behind));
    group.footer.push_back(
        {sums + (wrong.empty() ? "adds up" : "DOES NOT ADD UP"), wrong.empty() ? Style::Plain : Style::Bad});
    for (const std::string& sentence : wrong) group.footer.push_back({"    " + sentence, Style::Bad});
    return group;
}

Result<Answer> answer_of(const LinkSource& source, const Arguments& arguments) {
    std::vector<StreamRecord> streams;
    for (const StreamLinks& one : source.streams) streams.push_back(one.stream);
    const auto filter = StreamFilter::of(arguments, streams);
    if (!filter) return std::unexpected(filter.error());

    Answer answer;
    Document& document = answer.document;
    document.command = "links";
    document.fact("source", source.name);
    document.fact(source.name == "store" ? "store" : "socket", source.where);
    document.opening.push_back({source.name == "store" ? "As the store in " + source.where + " has it."
                                                       : "As the appliance counts now.",
                                Style::Faint});
    Listing machines = machine_listing();
    Listing people{
        "people",
        {{"number", ""}, {"A", "link A", Kind::Number}, {"B", "link B", Kind::Number}, {"meaning", ""}},
        {},
        {},
        For::People};
    for (const StreamLinks& one : source.streams) {
        if (!filter->takes(one.stream)) continue;
        const auto wrong = check_links(one.stream, one.links, one.filled_elsewhere, one.rotten);
        people.groups.push_back(people_group(people, one, wrong));
        add_machine_rows(machines, one);
        for (const std::string& sentence : wrong)
            document.problems.push_back(
                fmt::format("ACD {} epoch {}: {}", one.stream.acd, one.stream.epoch, sentence));
        if (!wrong.empty()) answer.code = ExitCode::Problem;
    }
    if (source.streams.empty()) document.opening.push_back({"No message was accepted yet.", Style::Plain});
    document.tables.push_back(std::move(machines));
    document.tables.push_back(std::move(people));
    return answer;
}

}  // namespace

std::span<const LinkNumber> link_numbers() noexcept { return kNumbers; }

std::string link_cell(const LinkNumber& number, u64 value, int offset) {
    switch (number.kind) {
        case Kind::Duration: return value == 0 ? "-" : span_text(value);
        case Kind::Time: return value == 0 ? "never" : local_time(value, offset).substr(11);
        default: return with_separators(value);
    }
}

std::string link_name(const LinkRecord& link) {
    return std::string(1, letter(link.link == 0 ? Link::A : Link::B));
}

Result<LinkSource> links_from_appliance(const Arguments& arguments, const Rim& rim) {
    auto status = ask_status(arguments, rim);
    if (!status) return std::unexpected(status.error());
    LinkSource source{"appliance", socket_path(arguments, rim), {}};
    for (const ApplianceAcd& acd : status->acds) {
        if (acd.stream.epoch == 0) continue;  // nothing was heard of it yet
        StreamLinks one{{Acd{acd.stream.acd}, "", "", 0}, acd.stream, {}};
        for (const ApplianceLink& link : acd.links) one.links.push_back(link.record);
        source.streams.push_back(std::move(one));
    }
    return source;
}

LinkSource links_from_store(const StoreSource& store) {
    LinkSource source{"store", store.path(), {}};
    const auto links = store.snapshot().links();
    const auto acds = store.snapshot().acds();
    for (const StreamRecord& stream : store.snapshot().streams()) {
        StreamLinks one{context_of(Acd{stream.acd}, acds), stream, {}};
        for (const LinkRecord& link : links)
            if (link.acd == stream.acd && link.epoch == stream.epoch) one.links.push_back(link);
        const GapSums sums =
            sum_of(store.snapshot().gaps({.acd = one.acd.acd, .epoch = Epoch{stream.epoch}}));
        one.filled_elsewhere = sums.filled_elsewhere;
        one.rotten = sums.rotten;
        source.streams.push_back(std::move(one));
    }
    return source;
}

Result<Answer> run_links(const Arguments& arguments, const Rim& rim) {
    if (arguments.has(OptionId::Pair)) return run_links_pair(arguments, rim);
    if (!arguments.has(OptionId::Store)) {
        const auto source = links_from_appliance(arguments, rim);
        if (!source) return std::unexpected(source.error());
        return answer_of(*source, arguments);
    }
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    auto answer = answer_of(links_from_store(*store), arguments);
    if (!answer) return answer;
    return store->finish(std::move(*answer));
}

}  // namespace twinlink::cli
