// `twinlink report exceptions`: what the links of this server did (linkex), episode by episode.
//
// Cold; reads one snapshot. Columns are explained by the catalogue (kLinkexTable).
#include "tools/common/time_text.hpp"
#include "tools/twinlink/report_period.hpp"

#include <twinlink/items.hpp>

#include <fmt/format.h>

#include <set>

namespace twinlink::cli {
namespace {

using tools::Document;
using tools::ExitCode;
using tools::Field;
using tools::For;
using tools::Group;
using tools::Kind;
using tools::Listing;
using tools::Style;

/// The items of the catalogue in its order, so that each is explained by `twinlink items linkex`.
std::vector<Field> columns() {
    return {{"ACD", "", Kind::Number, For::Machines},
            {"SEQNO", "number", Kind::Number},
            {"BEGUN", "from", Kind::Time},
            {"LATEST", "to", Kind::Time},
            {"EXCEPTION", "what"},
            {"LINK", "link"},
            {"REASON", "reason"},
            {"COUNT", "times", Kind::Count},
            {"MISSING", "messages missing", Kind::Count},
            {"DURATION", "in all", Kind::Duration},
            {"EPOCH", "", Kind::Number, For::Machines},
            {"FIRST", "", Kind::Number, For::Machines},
            {"LAST", "", Kind::Number, For::Machines},
            {"GOES_ON", "goes on", Kind::Flag}};
}

std::string reason_of(const LinkEventRecord& e) {
    switch (e.kind) {
        case LinkEventKind::GapOpened:
            return e.cause < static_cast<u8>(GapCause::Count_)
                       ? std::string(name(static_cast<GapCause>(e.cause)))
                       : "?";
        case LinkEventKind::PumpUp:
            switch (static_cast<PumpUpWhy>(e.cause)) {
                case PumpUpWhy::Start: return "start";
                case PumpUpWhy::LinkUp: return "link_up";
                case PumpUpWhy::Audit: return "audit";
            }
            return "unknown";
        case LinkEventKind::Refused:
            return e.cause < kFrameRefusals ? name(static_cast<FrameRefusal>(e.cause)) : "?";
        default: return {};
    }
}

tools::Row row_of(const LinkEventRecord& e) {
    const bool of_link = e.link < kLinks;
    return {{u64{e.acd}, e.number, e.begun_wall, e.now != 0 ? tools::Value{} : tools::Value{e.last_wall},
             std::string(name(e.kind)),
             of_link ? std::string(1, letter(static_cast<Link>(e.link))) : std::string(), reason_of(e),
             e.count, e.kind == LinkEventKind::GapOpened ? tools::Value{e.names} : tools::Value{},
             tools::unless_zero(e.duration_ns), tools::unless_zero(e.epoch), tools::unless_zero(e.first),
             tools::unless_zero(e.last), e.now != 0},
            e.now != 0 ? Style::Warning : Style::Plain};
}

/// Those of one ACD; 0: of none.
void add_acd(Listing& listing, const TimeChoice& choice, const AcdContext& acd,
             const std::vector<LinkEventRecord>& events) {
    Group group;
    group.offset_minutes = acd.offset_minutes;
    const std::string whom = acd.acd.value == 0 ? "Links, of no one ACD" : acd.title() + ", links";
    group.heading.push_back(
        {fmt::format("{} (times in {})", whom, tools::offset_name(acd.offset_minutes)), Style::Title});
    for (const LinkEventRecord& e : events) {
        if (e.acd != acd.acd.value) continue;
        if (!choice.touches(e.begun_wall, e.now != 0 ? 0 : e.last_wall, acd.offset_minutes)) continue;
        listing.rows.push_back(row_of(e));
        ++group.rows;
    }
    if (group.rows == 0) group.footer.push_back({"  nothing happened", Style::Good});
    listing.groups.push_back(std::move(group));
}

}  // namespace

Result<Answer> run_report_exceptions(const Arguments& arguments, const Rim& rim) {
    const auto choice = TimeChoice::of(arguments, rim);
    if (!choice) return std::unexpected(choice.error());
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const StoreSnapshot& snapshot = store->snapshot();
    const auto events = snapshot.link_events();
    std::set<u16> acds;
    for (const LinkEventRecord& e : events) acds.insert(e.acd);
    for (const StreamRecord& s : snapshot.streams()) acds.insert(s.acd);
    if (choice->acd && !acds.contains(choice->acd->value))
        return refuse(ExitCode::Usage,
                      fmt::format("--acd: the store has nothing of ACD {}.", choice->acd->value));

    Answer answer;
    Document& document = answer.document;
    document.command = "report exceptions";
    document.fact("store", store->path());
    Listing listing{"exceptions", columns(), {}, {}};
    const auto records = snapshot.acds();
    for (const u16 acd : acds) {
        if (choice->takes(Acd{acd})) add_acd(listing, *choice, context_of(Acd{acd}, records), events);
    }
    if (acds.empty())
        document.opening.push_back({"The store holds no exception: nothing came yet.", Style::Plain});
    document.tables.push_back(std::move(listing));
    document.closing.push_back(
        {"Times are this server's clock. A line is one episode: until a minute passed without more of it.",
         Style::Faint});
    return store->finish(std::move(answer));
}

}  // namespace twinlink::cli
