// `twinlink report conflicts`: messages of which copies came that differ, with the copy that counts and the
// latest other one.
//
// Cold; reads one snapshot.
#include "tools/common/message_names.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/store_source.hpp"

#include <twinlink/frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace twinlink::cli {
namespace {

using namespace tools;

std::string message_name(u16 template_id) {
    const std::string_view name = template_name(template_id);
    return name.empty() ? fmt::format("template {}", template_id) : std::string(name);
}
/// Who brought a copy; nothing where that is not known.
Value bringer(FilledBy by) {
    if (by == FilledBy::Nobody || by >= FilledBy::Count_) return {};
    return std::string(name(by));
}
std::string bringer_text(FilledBy by) {
    const Value known = bringer(by);
    return std::holds_alternative<std::string>(known) ? std::get<std::string>(known) : "not known";
}
/// When the other copy says that it was sent: the first field of each message.
Value other_time(const ConflictRecord& r) {
    constexpr std::size_t kNeeded = sizeof(SbeHeader) + sizeof(u64);
    if (std::min<std::size_t>(r.other_bytes, r.other.size()) < kNeeded) return {};
    return read<u64>(r.other.data() + sizeof(SbeHeader));
}
std::string hash_text(u64 hash) { return fmt::format("{:016x}", hash); }

Row machine_row(const ConflictRecord& r) {
    return {{u64{r.acd}, r.epoch, r.seq, r.found_wall, u64{r.copies}, r.replaced != 0,
             message_name(r.kept_template), r.time, hash_text(r.kept_hash), bringer(r.kept_by),
             message_name(r.other_template), other_time(r), hash_text(r.other_hash), bringer(r.other_by),
             u64{r.other_bytes}},
            Style::Plain};
}
Listing machine_listing() {
    return {"conflicts",
            {{"acd", "", Kind::Number},
             {"epoch", "", Kind::Number},
             {"seq", "", Kind::Number},
             {"found", "", Kind::Time},
             {"copies", "", Kind::Count},
             {"replaced", "", Kind::Flag},
             {"kept_message", ""},
             {"kept_time", "", Kind::Time},
             {"kept_hash", ""},
             {"kept_by", ""},
             {"other_message", ""},
             {"other_time", "", Kind::Time},
             {"other_hash", ""},
             {"other_by", ""},
             {"other_bytes", "", Kind::Count}},
            {},
            {},
            For::Machines};
}

/// For people: two lines a message, one of each copy.
Listing people_listing() {
    return {"copies",
            {{"epoch", "epoch", Kind::Number},
             {"seq", "message", Kind::Number},
             {"copy", "copy"},
             {"kind", "kind"},
             {"time", "sent", Kind::Time},
             {"hash", "hash"},
             {"by", "brought by"},
             {"found", "found", Kind::Time},
             {"copies", "others came", Kind::Count}},
            {},
            {},
            For::People};
}
void add_lines(Listing& listing, const ConflictRecord& r) {
    listing.rows.push_back({{r.epoch, r.seq, std::string(r.replaced != 0 ? "counts, came later" : "counts"),
                             message_name(r.kept_template), r.time, hash_text(r.kept_hash),
                             bringer_text(r.kept_by), r.found_wall, u64{r.copies}},
                            Style::Plain});
    listing.rows.push_back({{Value{}, Value{}, std::string("other"), message_name(r.other_template),
                             other_time(r), hash_text(r.other_hash), bringer_text(r.other_by)},
                            Style::Warning});
}

void add_acd(Listing& machines, Listing& people, const TimeChoice& choice, const AcdContext& acd,
             const std::vector<ConflictRecord>& conflicts) {
    Group group;
    group.offset_minutes = acd.offset_minutes;
    group.heading.push_back({fmt::format("{}, messages with copies that differ (times in {})", acd.title(),
                                         offset_name(acd.offset_minutes)),
                             Style::Title});
    for (const ConflictRecord& r : conflicts) {
        if (r.acd != acd.acd.value || !choice.begins_in(r.time, acd.offset_minutes)) continue;
        machines.rows.push_back(machine_row(r));
        add_lines(people, r);
        group.rows += 2;
    }
    if (group.rows == 0) group.footer.push_back({"  none", Style::Good});
    people.groups.push_back(std::move(group));
}

}  // namespace

Result<Answer> run_report_conflicts(const Arguments& arguments, const Rim& rim) {
    const auto choice = TimeChoice::of(arguments, rim);
    if (!choice) return std::unexpected(choice.error());
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const StoreSnapshot& snapshot = store->snapshot();
    std::set<u16> acds;
    for (const StreamRecord& s : snapshot.streams()) acds.insert(s.acd);
    if (choice->acd && !acds.contains(choice->acd->value))
        return refuse(ExitCode::Usage,
                      fmt::format("--acd: the store has nothing of ACD {}.", choice->acd->value));

    Answer answer;
    Document& document = answer.document;
    document.command = "report conflicts";
    document.fact("store", store->path());
    Listing machines = machine_listing();
    Listing people = people_listing();
    const auto records = snapshot.acds();
    const auto conflicts = snapshot.conflicts(choice->acd);
    for (const u16 acd : acds)
        if (choice->takes(Acd{acd}))
            add_acd(machines, people, *choice, context_of(Acd{acd}, records), conflicts);
    if (acds.empty())
        document.opening.push_back({"The store holds no message: nothing came yet.", Style::Plain});
    if (!machines.rows.empty())
        document.closing.push_back(
            {"Of copies that differ both servers keep that of the lower hash; their rows are equal. Found is "
             "this server's clock.",
             Style::Faint});
    document.tables.push_back(std::move(people));
    document.tables.push_back(std::move(machines));
    return store->finish(std::move(answer));
}

}  // namespace twinlink::cli
