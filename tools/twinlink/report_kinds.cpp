// See report_kinds.hpp.
#include "tools/twinlink/report_kinds.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace twinlink::cli {
namespace {

using std::string_view;
using tools::Kind;

// What fits a terminal and what a supervisor asks first.
constexpr std::array<string_view, 13> kSkillItems{
    "CALLSOFFERED", "ACDCALLS", "ABNCALLS", "OUTFLOWCALLS", "DEQUECALLS", "NOANSREDIR", "ANSTIME",
    "ACDTIME",      "ACWTIME",  "HOLDTIME", "MAXOCWTIME",   "MAXINQUEUE", "I_STAFFTIME"};
constexpr std::array<string_view, 12> kAgentItems{
    "ACDCALLS", "RINGCALLS",   "NOANSREDIR",   "HOLDCALLS",    "ACDTIME",    "ACWTIME",
    "HOLDTIME", "I_STAFFTIME", "TI_STAFFTIME", "TI_AVAILTIME", "TI_AUXTIME", "TI_OTHERTIME"};
constexpr std::array<string_view, 13> kVdnItems{
    "INCALLS",    "ACDCALLS", "ABNCALLS", "CONNECTCALLS", "BUSYCALLS",  "DISCCALLS", "OUTFLOWCALLS",
    "ACCEPTABLE", "ANSTIME",  "ABNTIME",  "ACDTIME",      "MAXOCWTIME", "MAXWAITING"};
constexpr std::array<string_view, 10> kVectorItems{"INCALLS",   "ACDCALLS",    "ABNCALLS",     "BUSYCALLS",
                                                   "DISCCALLS", "INFLOWCALLS", "OUTFLOWCALLS", "GOTOCALLS",
                                                   "ANSTIME",   "ABNTIME"};
constexpr std::array<string_view, 13> kGroupItems{
    "TRUNKS",  "INCALLS",   "INTIME",     "ACDCALLS", "ABNCALLS",     "OTHERCALLS", "OUTCALLS",
    "OUTTIME", "COMPLETED", "SHORTCALLS", "I_INOCC",  "ALLINUSETIME", "MBUSYTIME"};
constexpr std::array<string_view, 9> kTrunkItems{"INCALLS", "INTIME",     "ACDCALLS", "ABNCALLS", "OUTCALLS",
                                                 "OUTTIME", "SHORTCALLS", "I_INOCC",  "MBUSYTIME"};
constexpr std::array<string_view, 4> kCodeItems{"ACDCALLS", "ACDTIME", "ACWTIME", "TIME"};
constexpr std::array<string_view, 8> kLoginItems{"LOGOUT",      "LOGOUT_REASON", "EXTN",   "LOGONSKILL1",
                                                 "LOGONSKILL2", "LOGONSKILL3",   "INFLAG", "OUTFLAG"};
constexpr std::array<string_view, 15> kCallItems{
    "SEGSTART", "SEGMENT",  "DISPOSITION", "DISPTIME", "QUEUETIME", "RINGTIME", "TALKTIME",   "ANSHOLDTIME",
    "ACWTIME",  "FIRSTVDN", "DISPSPLIT",   "ANSLOGIN", "TKGRP",     "EQLOC",    "CALLING_PTY"};

constexpr KeyPart kNone{};
constexpr KeyPart kSkill{"SPLIT", "skill", NameKind::Skill};
constexpr KeyPart kAgent{"LOGID", "agent", NameKind::Agent};

constexpr std::array kKinds{
    ReportKind{TableId::Hsplit, "skills", kSkill, kNone, false, kSkillItems},
    ReportKind{TableId::Hagent, "agents", kAgent, kSkill, false, kAgentItems},
    ReportKind{TableId::Hvdn, "vdns", {"VDN", "name", NameKind::Vdn}, kNone, false, kVdnItems},
    ReportKind{TableId::Hvector, "vectors", {"VECTOR", "name", NameKind::Vector}, kNone, false, kVectorItems},
    ReportKind{
        TableId::Htkgrp, "trunk-groups", {"TKGRP", "name", NameKind::TrunkGroup}, kNone, false, kGroupItems},
    ReportKind{
        TableId::Htrunk, "trunks", {"TKGRP", "name", NameKind::TrunkGroup}, {"EQLOC"}, false, kTrunkItems},
    ReportKind{TableId::Hcwc, "codes", {"CWC"}, kNone, false, kCodeItems},
    ReportKind{
        TableId::Haglog, "logins", kAgent, {"LOGIN", {}, NameKind::Skill, Kind::Time}, true, kLoginItems},
    ReportKind{TableId::CallRec,
               "calls",
               {"SEGSTOP", {}, NameKind::Skill, Kind::Time},
               {"CALLID"},
               true,
               kCallItems},
};

static_assert(std::ranges::all_of(kKinds, [](const ReportKind& kind) {
    return std::ranges::all_of(
        kind.items, [&](string_view item) { return find_column(*find_table(kind.table), item).has_value(); });
}));

}  // namespace

const ReportKind& report_kind(TableId table) noexcept {
    const auto* const at = std::ranges::find(kKinds, table, &ReportKind::table);
    assert(at != kKinds.end());
    return *at;
}

}  // namespace twinlink::cli
