// `twinlink gaps`: every range of names that this server, or each of a pair, lacks or lacked, per ACD and
// epoch, with totals that add up, and how long finding and healing took.
//
// Cold; reads one snapshot of the store, and of a pair asks the appliance for the partner's account.
#include "tools/twinlink/gap_page.hpp"
#include "tools/twinlink/gap_report.hpp"

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using namespace tools;

ServerHistory own_history(const StoreSource& store, bool with_events) {
    ServerHistory own;
    own.records.streams = store.snapshot().streams();
    own.records.gaps = store.snapshot().gaps();
    if (!with_events) return own;
    own.records.links = store.snapshot().links();
    own.records.events = store.snapshot().link_events();
    return own;
}

/// Asks for the partner's account. A pair that was asked for and is not there is a refusal; one that was only
/// hoped for is a remark.
Result<bool> add_partner(GapReport& report, const StoreSource& store, const Arguments& arguments,
                         const Rim& rim) {
    const auto acd = arguments.number(OptionId::Acd, std::numeric_limits<u16>::max());
    if (!acd) return std::unexpected(acd.error());
    const bool page = arguments.has(OptionId::HtmlFile);
    auto pair = ask_pair(
        arguments, rim, store.path(),
        {.acd = Acd{static_cast<u16>(acd->value_or(0))}, .gaps = true, .links = page, .events = page});
    if (!pair && arguments.has(OptionId::Pair)) return std::unexpected(pair.error());
    if (!pair) {
        report.alone = pair.error().text;
        return false;
    }
    ServerHistory& own = report.servers.front();
    own.number = pair->own_number;
    own.name = pair->own_name;
    if (pair->partner.why.empty()) report.digests = pair->digests;
    const bool first = own.number < pair->partner.number;
    report.servers.insert(first ? report.servers.end() : report.servers.begin(), std::move(pair->partner));
    return true;
}

}  // namespace

Result<Answer> run_gaps(const Arguments& arguments, const Rim& rim) {
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const bool page = arguments.has(OptionId::HtmlFile);
    GapReport report;
    report.servers.push_back(own_history(*store, page));
    report.acds = store->snapshot().acds();
    if (page) report.intervals = store->snapshot().intervals();
    if (page || arguments.has(OptionId::Pair))
        if (const auto added = add_partner(report, *store, arguments, rim); !added)
            return std::unexpected(added.error());
    std::vector<StreamRecord> streams;
    for (const ServerHistory& server : report.servers)
        streams.insert(streams.end(), server.records.streams.begin(), server.records.streams.end());
    auto choice = GapChoice::of(arguments, rim, streams);
    if (!choice) return std::unexpected(choice.error());
    report.choice = *choice;
    // The page lists so many; a table of a million more would only cost memory.
    if (page && !arguments.has(OptionId::Json) && !arguments.has(OptionId::Csv)) report.listed_max = kRowsMax;

    Answer answer = answer_of(report);
    Document& document = answer.document;
    document.facts.insert(document.facts.begin(), {"store", store->path()});
    if (report.pair())
        for (const ServerHistory& server : report.servers)
            document.fact(server.own ? "own_server" : "partner_server", u64{server.number});
    if (streams.empty())
        document.opening.push_back(
            {"The store holds no stream yet: no message was ever accepted.", Style::Plain});
    if (page) {
        auto written = write_page(report, std::move(answer), arguments, rim);
        if (!written) return written;
        answer = std::move(*written);
    }
    return store->finish(std::move(answer));
}

}  // namespace twinlink::cli
