// The items of tables htkgrp and htrunk: one row per trunk group or trunk and interval.
// Included by items.hpp only.
//
// A call is booked when its trunk idles, by the first final fate that it had. Both tables begin with the same
// items in the same order, so that one piece of code books both.
#pragma once

namespace twinlink {

namespace item_kinds {
inline constexpr std::size_t kTrunkItems = 26;
/// What a trunk and its group have in common, INCOMPLETE first.
constexpr std::array<Item, kTrunkItems> trunk_items() {
    constexpr std::string_view kNoFailures = "the link protocol does not tell of failed seizures";
    constexpr std::string_view kNoAudio = "the link protocol does not tell of audio difficulties";
    return {
        kIncomplete,
        i_time("I_INOCC", "Time that trunks carried calls that came in."),
        i_time("I_OUTOCC", "Time that trunks carried calls that went out."),
        i_time("MBUSYTIME", "Time that trunks were out of service."),
        calls("INCALLS", "Calls that came in: ACDCALLS + ABNCALLS + OTHERCALLS."),
        time("INTIME", "Time from seizure to idle of INCALLS."),
        calls("ACDCALLS", "INCALLS that an agent answered as calls of a skill or his own queue."),
        calls("ABNCALLS", "INCALLS that were abandoned first."),
        calls("ABNVECCALLS", "Part of ABNCALLS that had entered a vector."),
        calls("ABNQUECALLS", "Part of ABNCALLS that hung up in a queue."),
        calls("ABNRINGCALLS", "Part of ABNCALLS that hung up while ringing."),
        calls("OTHERCALLS", "INCALLS - ACDCALLS - ABNCALLS."),
        calls("BUSYCALLS", "Part of OTHERCALLS that were forced busy."),
        calls("DISCCALLS", "Part of OTHERCALLS that were forced to disconnect."),
        calls("CONNECTCALLS", "Part of OTHERCALLS that an extension answered."),
        calls("TRANSFERRED", "Calls that an agent transferred, in and out."),
        calls("SHORTCALLS", "Calls that held the trunk less than two seconds, in and out."),
        calls("OUTCALLS", "Calls that went out: O_ACDCALLS + O_ABNCALLS + O_OTHERCALLS."),
        time("OUTTIME", "Time from seizure to idle of OUTCALLS, SETUPTIME included."),
        time("SETUPTIME", "Time from seizure to the far end's answer of OUTCALLS."),
        calls("COMPLETED", "OUTCALLS that the far end answered."),
        calls("O_ACDCALLS", "OUTCALLS that an agent answered as calls of a skill."),
        calls("O_ABNCALLS", "OUTCALLS that were abandoned first."),
        calls("O_OTHERCALLS", "OUTCALLS - O_ACDCALLS - O_ABNCALLS."),
        calls("FAILURES", "Seizures that failed.", kNoFailures),
        calls("AUDIO", "Reports of audio difficulties.", kNoAudio),
    };
}
}  // namespace item_kinds

/// What a day's busy hour has, and the item that each is the sum of over that hour. Names that no source at
/// hand confirms follow those that one does (BH_OUTCALLS, BH_OUTTIME, BH_OTHERCALLS, BH_OACDCALLS ...).
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kBusyHourSums{{
    {"BH_INCALLS", "INCALLS"},
    {"BH_INTIME", "INTIME"},
    {"BH_ACDCALLS", "ACDCALLS"},
    {"BH_ABNCALLS", "ABNCALLS"},
    {"BH_OTHERCALLS", "OTHERCALLS"},
    {"BH_BUSYCALLS", "BUSYCALLS"},
    {"BH_DISCCALLS", "DISCCALLS"},
    {"BH_OUTCALLS", "OUTCALLS"},
    {"BH_OUTTIME", "OUTTIME"},
    {"BH_OACDCALLS", "O_ACDCALLS"},
    {"BH_OABNCALLS", "O_ABNCALLS"},
    {"BH_OOTHERCALLS", "O_OTHERCALLS"},
    {"BH_ALLINUSETIME", "ALLINUSETIME"},
}};

inline constexpr auto kHtkgrpItems = [] {
    using namespace item_kinds;
    std::array<Item, 6 + kTrunkItems + 2 + 1 + kBusyHourSums.size()> items{
        key("ROW_DATE", "Day of the interval, in the ACD's local time."),
        key("STARTTIME", "Start of the interval, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("TKGRP", "Number of the trunk group."),
    };
    std::size_t at = 6;
    for (const Item& item : trunk_items()) items[at++] = item;
    items[at++] =
        i_time("ALLINUSETIME", "Time that all trunks of the group carried calls or were out of service.");
    items[at++] = setting("TRUNKS", Count, RollUp::Last, "Trunks of the group.");
    items[at++] =
        busy_hour("BH_STARTTIME", Time,
                  "Start of the day's busy hour: the intervals in a row, an hour together, with the "
                  "greatest INTIME + OUTTIME; the first of equals, 0 = none.");
    for (const auto& [name, of] : kBusyHourSums) {
        items[at++] = busy_hour(name, of.ends_with("TIME") ? Nanoseconds : Count,
                                "The item of that name, added up over the busy hour.");
    }
    return items;
}();

inline constexpr auto kHtrunkItems = [] {
    using namespace item_kinds;
    std::array<Item, 7 + kTrunkItems> items{
        key("ROW_DATE", "Day of the interval, in the ACD's local time."),
        key("STARTTIME", "Start of the interval, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("TKGRP", "Number of the trunk group."),
        key("EQLOC", "Number of the trunk in its group."),
    };
    std::size_t at = 7;
    for (const Item& item : trunk_items()) items[at++] = item;
    return items;
}();

}  // namespace twinlink
