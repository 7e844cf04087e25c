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
constexpr std::array<string_view, 16> kSkillItems{
    "CALLSOFFERED",    "ACDCALLS",         "ABNCALLS",        "OUTFLOWCALLS",
    "DEQUECALLS",      "NOANSREDIR",       "ACDTIME",         "ACWTIME",
    "HOLDTIME",        "MAXOCWTIME",       "MAXINQUEUE",      "AVG_ANSWER_SPEED",
    "AVG_HANDLE_TIME", "PERCENT_SERV_LVL", "PERCENT_ABANDON", "STAFF_HOURS"};
constexpr std::array<string_view, 14> kAgentItems{
    "ACDCALLS",     "RINGCALLS",       "NOANSREDIR",        "HOLDCALLS",    "ACDTIME",
    "ACWTIME",      "HOLDTIME",        "TI_STAFFTIME",      "TI_AVAILTIME", "TI_AUXTIME",
    "TI_OTHERTIME", "AVG_HANDLE_TIME", "PERCENT_OCCUPANCY", "STAFF_HOURS"};
constexpr std::array<string_view, 14> kVdnItems{
    "INCALLS",          "ACDCALLS",         "ABNCALLS",         "CONNECTCALLS",   "BUSYCALLS",
    "DISCCALLS",        "OUTFLOWCALLS",     "ACDTIME",          "MAXOCWTIME",     "MAXWAITING",
    "AVG_ANSWER_SPEED", "AVG_ABANDON_TIME", "PERCENT_SERV_LVL", "PERCENT_ABANDON"};
constexpr std::array<string_view, 11> kVectorItems{
    "INCALLS",      "ACDCALLS",  "ABNCALLS",         "BUSYCALLS",        "DISCCALLS",      "INFLOWCALLS",
    "OUTFLOWCALLS", "GOTOCALLS", "AVG_ANSWER_SPEED", "AVG_ABANDON_TIME", "PERCENT_ABANDON"};
constexpr std::array<string_view, 13> kGroupItems{
    "TRUNKS",       "INCALLS",    "ACDCALLS",    "ABNCALLS",   "OTHERCALLS",        "OUTCALLS",
    "COMPLETED",    "SHORTCALLS", "AVG_IN_TIME", "AVG_IN_USE", "PERCENT_OCCUPANCY", "PERCENT_ALL_BUSY",
    "PERCENT_MBUSY"};
constexpr std::array<string_view, 9> kTrunkItems{"INCALLS",    "INTIME",    "ACDCALLS",
                                                 "ABNCALLS",   "OUTCALLS",  "OUTTIME",
                                                 "SHORTCALLS", "MBUSYTIME", "AVG_IN_USE"};
constexpr std::array<string_view, 5> kCodeItems{"ACDCALLS", "ACDTIME", "ACWTIME", "TIME", "AVG_HANDLE_TIME"};
constexpr std::array<string_view, 8> kLoginItems{"LOGOUT",      "LOGOUT_REASON", "EXTN",   "LOGONSKILL1",
                                                 "LOGONSKILL2", "LOGONSKILL3",   "INFLAG", "OUTFLAG"};
constexpr std::array<string_view, 15> kCallItems{
    "SEGSTART", "SEGMENT",  "DISPOSITION", "DISPTIME", "QUEUETIME", "RINGTIME", "TALKTIME",   "ANSHOLDTIME",
    "ACWTIME",  "FIRSTVDN", "DISPSPLIT",   "ANSLOGIN", "TKGRP",     "EQLOC",    "CALLING_PTY"};

constexpr std::array<string_view, 14> kTraceItems{
    "DURATION",    "WORKMODE",  "AUXREASON",   "LOGOUT_REASON", "DIRECTION",  "SPLIT",        "CALLID",
    "CALLER_HOLD", "RECONNECT", "TRANSFERRED", "CONFERENCE",    "NOANSREDIR", "AGT_RELEASED", "CALLING_PTY"};

constexpr KeyPart kNone{};
constexpr KeyPart kSkill{"SPLIT", "skill", NameKind::Skill};
constexpr KeyPart kAgent{"LOGID", "agent", NameKind::Agent};

// Each name is an item or a measure: a test looks.
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
    ReportKind{
        TableId::AgActv, "trace", kAgent, {"EVENT_TIME", {}, NameKind::Skill, Kind::Time}, true, kTraceItems},
};

}  // namespace

const ReportKind& report_kind(TableId table) noexcept {
    const auto* const at = std::ranges::find(kKinds, table, &ReportKind::table);
    assert(at != kKinds.end());
    return *at;
}

}  // namespace twinlink::cli
