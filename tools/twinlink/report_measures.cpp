// The table of measures: see report_measures.hpp. A sentence here is what people read in `twinlink items`.
#include "tools/twinlink/report_measures.hpp"

namespace twinlink::cli {
namespace {

using enum MeasureUnit;
using std::string_view;

/// Items added up. (GCC 12 takes arrays with elements left out for no constants.)
struct Above : std::array<string_view, 5> {
    constexpr Above(string_view a, string_view b = "", string_view c = "", string_view d = "",
                    string_view e = "")
        : array{a, b, c, d, e} {}
};

constexpr Measure mean(TableId table, string_view name, string_view title, Above above, string_view each,
                       string_view help) {
    return {table, name, title, MeanTime, above, Below::Items, {each, string_view()}, help};
}
constexpr Measure percent(TableId table, string_view name, string_view title, Above above, string_view of,
                          string_view help, string_view less = {}) {
    return {table, name, title, Percent, above, Below::Items, {of, less}, help};
}
constexpr Measure over_time(TableId table, string_view name, string_view title, MeasureUnit unit, Above above,
                            string_view help, Below divided_by = Below::Covered) {
    return {table, name, title, unit, above, divided_by, {string_view(), string_view()}, help};
}
constexpr Measure with_service_level(Measure measure) {
    measure.needs = "SERVICELEVEL";
    return measure;
}
constexpr Measure whole_agent(Measure measure) {
    measure.meaning = Meaning::WholeAgent;
    return measure;
}

constexpr string_view kAsa = "Average speed of answer: the wait of answered calls, queue and ringing.";
constexpr string_view kAbandonTime = "How long callers waited who gave up.";
constexpr string_view kTalk = "Average talk time of answered calls, hold excluded.";
constexpr string_view kWork = "Average after-call work of answered calls.";
constexpr string_view kHandle = "Average handle time: talk, hold and after-call work of answered calls.";
constexpr string_view kHold = "How long a caller who was held was on hold in all.";
constexpr string_view kInUse = "Trunks in use on average (erlangs), by the time that the report covers.";

constexpr auto kMeasures = [] {
    return std::to_array<Measure>({
        mean(TableId::Hsplit, "AVG_ANSWER_SPEED", "ASA", {"ANSTIME"}, "ACDCALLS", kAsa),
        mean(TableId::Hsplit, "AVG_ABANDON_TIME", "AVG_ABN", {"ABNTIME"}, "ABNCALLS", kAbandonTime),
        mean(TableId::Hsplit, "AVG_ACD_TALK_TIME", "AVG_TALK", {"ACDTIME"}, "ACDCALLS", kTalk),
        mean(TableId::Hsplit, "AVG_ACW_TIME", "AVG_ACW", {"ACWTIME"}, "ACDCALLS", kWork),
        mean(TableId::Hsplit, "AVG_HOLD_TIME", "AVG_HOLD", {"HOLDTIME"}, "HOLDCALLS", kHold),
        mean(TableId::Hsplit, "AVG_HANDLE_TIME", "AHT", {"ACDTIME", "HOLDTIME", "ACWTIME"}, "ACDCALLS",
             kHandle),
        with_service_level(
            percent(TableId::Hsplit, "PERCENT_SERV_LVL", "SL%", {"ACCEPTABLE"}, "CALLSOFFERED",
                    "Service level, the field's: of all calls offered, those answered within SERVICELEVEL. "
                    "Abandoned and outflown calls count against it, whenever they left. None where no "
                    "SERVICELEVEL is set.")),
        percent(TableId::Hsplit, "PERCENT_ANSWER", "ANS%", {"ACDCALLS"}, "CALLSOFFERED",
                "Of all calls offered, those answered here."),
        percent(TableId::Hsplit, "PERCENT_ABANDON", "ABN%", {"ABNCALLS"}, "CALLSOFFERED",
                "Of all calls offered, those abandoned."),
        percent(TableId::Hsplit, "PERCENT_OCCUPANCY", "OCC%", {"I_ACDTIME", "I_ACWTIME", "I_RINGTIME"},
                "I_STAFFTIME",
                "Of the time staffed and not in AUX, that with this skill's calls: ringing, talk, after-call "
                "work. "
                "Work for other skills counts as idle here; `report agents` has the agent's own.",
                "I_AUXTIME"),
        over_time(TableId::Hsplit, "STAFF_HOURS", "HOURS", Hours, {"I_STAFFTIME"},
                  "Hours that agents were logged in with this skill; each counts in each of his skills.",
                  Below::Hour),
        over_time(TableId::Hsplit, "AVG_POS_STAFF", "STAFFED", Mean, {"I_STAFFTIME"},
                  "Agents staffed on average, by the time that the report covers."),

        mean(TableId::Hagent, "AVG_RING_TIME", "AVG_RING", {"ANSRINGTIME"}, "ACDCALLS",
             "How long answered calls rang at the agent."),
        mean(TableId::Hagent, "AVG_ACD_TALK_TIME", "AVG_TALK", {"ACDTIME"}, "ACDCALLS", kTalk),
        mean(TableId::Hagent, "AVG_ACW_TIME", "AVG_ACW", {"ACWTIME"}, "ACDCALLS", kWork),
        mean(TableId::Hagent, "AVG_HOLD_TIME", "AVG_HOLD", {"HOLDTIME"}, "HOLDCALLS", kHold),
        mean(TableId::Hagent, "AVG_HANDLE_TIME", "AHT", {"ACDTIME", "HOLDACDTIME", "ACWTIME"}, "ACDCALLS",
             kHandle),
        whole_agent(
            percent(TableId::Hagent, "PERCENT_OCCUPANCY", "OCC%",
                    {"I_ACDTIME", "I_ACWTIME", "I_RINGTIME", "I_DA_ACDTIME", "I_DA_ACWTIME"}, "TI_STAFFTIME",
                    "Of the time staffed and not in AUX, that with calls: ringing, talk and after-call "
                    "work, direct agent calls too. Over all skills of the agent only.",
                    "TI_AUXTIME")),
        whole_agent(percent(TableId::Hagent, "PERCENT_AUX", "AUX%", {"TI_AUXTIME"}, "TI_STAFFTIME",
                            "Of the time staffed, that in AUX. Over all skills of the agent only.")),
        whole_agent(over_time(TableId::Hagent, "STAFF_HOURS", "HOURS", Hours, {"TI_STAFFTIME"},
                              "Hours logged in. Over all skills of the agent only.", Below::Hour)),

        mean(TableId::Hvdn, "AVG_ANSWER_SPEED", "ASA", {"ANSTIME"}, "ACDCALLS",
             "Average speed of answer: the wait of answered calls, vector, queue and ringing."),
        mean(TableId::Hvdn, "AVG_ABANDON_TIME", "AVG_ABN", {"ABNTIME"}, "ABNCALLS", kAbandonTime),
        mean(TableId::Hvdn, "AVG_ACD_TALK_TIME", "AVG_TALK", {"ACDTIME"}, "ACDCALLS", kTalk),
        mean(TableId::Hvdn, "AVG_ACW_TIME", "AVG_ACW", {"ACWTIME"}, "ACDCALLS", kWork),
        mean(TableId::Hvdn, "AVG_HANDLE_TIME", "AHT", {"ACDTIME", "HOLDTIME", "ACWTIME"}, "ACDCALLS",
             kHandle),
        with_service_level(percent(
            TableId::Hvdn, "PERCENT_SERV_LVL", "SL%", {"ACCEPTABLE"}, "INCALLS",
            "Service level: of all calls that came in, those answered or connected within SERVICELEVEL.")),
        percent(TableId::Hvdn, "PERCENT_ANSWER", "ANS%", {"ACDCALLS"}, "INCALLS",
                "Of all calls that came in, those that agents answered."),
        percent(TableId::Hvdn, "PERCENT_ABANDON", "ABN%", {"ABNCALLS"}, "INCALLS",
                "Of all calls that came in, those abandoned."),
        percent(TableId::Hvdn, "PERCENT_BUSY", "BUSY%", {"BUSYCALLS"}, "INCALLS",
                "Of all calls that came in, those forced busy."),

        mean(TableId::Hvector, "AVG_ANSWER_SPEED", "ASA", {"ANSTIME"}, "ACDCALLS",
             "Average speed of answer: the wait of answered calls in this vector, its queues and ringing."),
        mean(TableId::Hvector, "AVG_ABANDON_TIME", "AVG_ABN", {"ABNTIME"}, "ABNCALLS", kAbandonTime),
        percent(TableId::Hvector, "PERCENT_ANSWER", "ANS%", {"ACDCALLS"}, "INCALLS",
                "Of all calls that came in, those that agents answered."),
        percent(TableId::Hvector, "PERCENT_ABANDON", "ABN%", {"ABNCALLS"}, "INCALLS",
                "Of all calls that came in, those abandoned."),

        mean(TableId::Htkgrp, "AVG_IN_TIME", "AVG_IN", {"INTIME"}, "INCALLS",
             "How long a call that came in held its trunk."),
        mean(TableId::Htkgrp, "AVG_OUT_TIME", "AVG_OUT", {"OUTTIME"}, "OUTCALLS",
             "How long a call that went out held its trunk."),
        percent(TableId::Htkgrp, "PERCENT_COMPLETED", "COMPL%", {"COMPLETED"}, "OUTCALLS",
                "Of all calls that went out, those that the far end answered."),
        percent(TableId::Htkgrp, "PERCENT_ABANDON", "ABN%", {"ABNCALLS"}, "INCALLS",
                "Of all calls that came in, those abandoned."),
        over_time(TableId::Htkgrp, "AVG_IN_USE", "IN_USE", Mean, {"I_INOCC", "I_OUTOCC"}, kInUse),
        over_time(TableId::Htkgrp, "PERCENT_OCCUPANCY", "OCC%", Percent, {"I_INOCC", "I_OUTOCC"},
                  "Of all trunks' time, that with calls; by TRUNKS as it was last.", Below::TrunksCovered),
        over_time(TableId::Htkgrp, "PERCENT_ALL_BUSY", "ALL_BUSY%", Percent, {"ALLINUSETIME"},
                  "Of the time that the report covers, that in which no trunk was free."),
        over_time(TableId::Htkgrp, "PERCENT_MBUSY", "MBUSY%", Percent, {"MBUSYTIME"},
                  "Of all trunks' time, that out of service; by TRUNKS as it was last.",
                  Below::TrunksCovered),

        mean(TableId::Htrunk, "AVG_IN_TIME", "AVG_IN", {"INTIME"}, "INCALLS",
             "How long a call that came in held the trunk."),
        mean(TableId::Htrunk, "AVG_OUT_TIME", "AVG_OUT", {"OUTTIME"}, "OUTCALLS",
             "How long a call that went out held the trunk."),
        over_time(TableId::Htrunk, "AVG_IN_USE", "IN_USE", Mean, {"I_INOCC", "I_OUTOCC"}, kInUse),
        over_time(TableId::Htrunk, "AVG_MBUSY", "MBUSY", Mean, {"MBUSYTIME"},
                  "Trunks out of service on average, by the time that the report covers."),

        mean(TableId::Hcwc, "AVG_ACD_TALK_TIME", "AVG_TALK", {"ACDTIME"}, "ACDCALLS",
             "Average talk time for each entry of the code (a call's time counts once, however often the "
             "code was "
             "entered)."),
        mean(TableId::Hcwc, "AVG_ACW_TIME", "AVG_ACW", {"ACWTIME"}, "ACDCALLS",
             "Average after-call work for each entry of the code."),
        mean(TableId::Hcwc, "AVG_HANDLE_TIME", "AHT", {"TIME"}, "ACDCALLS",
             "Average talk, hold and after-call work for each entry of the code."),
    });
}();

/// Each measure is made of items of its table, and no name is an item's, too.
consteval bool made_of_items() {
    for (const Measure& m : kMeasures) {
        const Table& table = *find_table(m.table);
        for (const string_view item : m.above)
            if (!item.empty() && !find_column(table, item)) return false;
        for (const string_view item : m.below)
            if (!item.empty() && !find_column(table, item)) return false;
        if (find_column(table, m.name) || find_column(table, m.title)) return false;
    }
    return true;
}
static_assert(made_of_items());

/// Numbers beyond 64 bits on the way to a quotient.
__extension__ using Wide = unsigned __int128;

}  // namespace

std::span<const Measure> measures() noexcept { return kMeasures; }

const Measure* find_measure(TableId table, string_view name) noexcept {
    for (const Measure& measure : kMeasures)
        if (measure.table == table && (measure.name == name || measure.title == name)) return &measure;
    return nullptr;
}

std::string formula_of(const Measure& measure) {
    std::string above;
    std::size_t terms = 0;
    for (const string_view item : measure.above) {
        if (item.empty()) break;
        above += (terms++ == 0 ? "" : " + ") + std::string(item);
    }
    if (terms > 1) above = "(" + above + ")";
    if (measure.unit == Percent) above = "100 * " + above;
    switch (measure.divided_by) {
        case Below::Hour: return above + " / 1 h";
        case Below::Covered: return above + " / time covered";
        case Below::TrunksCovered: return above + " / (TRUNKS * time covered)";
        case Below::Items: break;
    }
    std::string below(measure.below[0]);
    if (!measure.below[1].empty()) below = "(" + below + " - " + std::string(measure.below[1]) + ")";
    return above + " / " + below;
}

string_view unit_name(MeasureUnit unit) noexcept {
    switch (unit) {
        case MeanTime: return "ns";
        case Percent: return "percent";
        case Mean: return "mean";
        case Hours: return "hours";
    }
    return "?";
}

std::optional<u64> Fraction::times(u64 scale, u64 unit) const noexcept {
    const Wide divisor = static_cast<Wide>(below) * unit;
    if (divisor == 0) return std::nullopt;
    const Wide value = (static_cast<Wide>(above) * scale + divisor / 2) / divisor;
    if (value > ~u64{0}) return std::nullopt;
    return static_cast<u64>(value);
}

MeasureColumns::MeasureColumns(const Measure& of) : measure(&of) {
    const Table& table = *find_table(of.table);
    for (const string_view item : of.above)
        if (!item.empty()) above[terms++] = find_column(table, item)->index;
    for (const string_view item : of.below)
        if (!item.empty()) below[wholes++] = find_column(table, item)->index;
    if (!of.needs.empty()) needs = find_column(table, of.needs)->index;
    if (of.divided_by == Below::TrunksCovered) below[wholes++] = find_column(table, "TRUNKS")->index;
}

}  // namespace twinlink::cli
