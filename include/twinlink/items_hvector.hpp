// The items of table hvector, one row per vector and interval. Included by items.hpp only.
//
// "The wait" of a call is its time in this vector, until an agent answers or it leaves. A call counts once in
// each vector that it enters.
#pragma once

namespace twinlink {

inline constexpr auto kHvectorItems = [] {
    using namespace item_kinds;
    constexpr std::string_view kNoSteps = "the link protocol does not tell of single vector steps";
    constexpr std::string_view kNoNetwork = "the link protocol does not tell of network polling";
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the interval, in the ACD's local time."),
        key("STARTTIME", "Start of the interval, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("VECTOR", "Number of the vector."),

        kIncomplete,
        calls("INCALLS", "Calls that entered the vector: ACDCALLS + ABNCALLS + OTHERCALLS."),
        time("INTIME", "ANSTIME + ABNTIME + OTHERTIME."),
        calls("ACDCALLS", "Calls that an agent answered."),
        time("ANSTIME", "Wait of ACDCALLS."),
        calls("RINGCALLS", "Calls that rang at an agent, once per ringing."),
        time("RINGTIME", "Time callers spent ringing at agents."),
        calls("BACKUPCALLS", "ACDCALLS that another step than queue-to had queued."),
        calls("ABNCALLS", "Calls abandoned in the vector, its queues or ringing; includes PHANTOMABNS."),
        time("ABNTIME", "Wait of ABNCALLS; of a phantom abandon until it was answered (unverified)."),
        calls("ABNQUECALLS", "Part of ABNCALLS that hung up in a queue."),
        calls("ABNRINGCALLS", "Part of ABNCALLS that hung up while ringing."),
        calls("PHANTOMABNS", "Answered calls whose talk was shorter than the phantom-abandon timer."),
        calls("OTHERCALLS", "BUSYCALLS + DISCCALLS + OUTFLOWCALLS."),
        time("OTHERTIME", "BUSYTIME + DISCTIME + OUTFLOWTIME."),
        calls("BUSYCALLS", "Calls forced busy."),
        time("BUSYTIME", "Wait of BUSYCALLS."),
        calls("DISCCALLS", "Calls forced to disconnect."),
        time("DISCTIME", "Wait of DISCCALLS."),
        calls("VDISCCALLS",
              "Part of DISCCALLS by the vector disconnect timer, the end of a vector without a queue, or too "
              "many steps."),
        calls("OUTFLOWCALLS",
              "Calls that left for another vector or VDN, off the switch, or to an extension that answered; "
              "includes GOTOCALLS and INTERFLOWCALLS."),
        time("OUTFLOWTIME", "Wait of OUTFLOWCALLS."),
        calls("GOTOCALLS", "Part of OUTFLOWCALLS that went to another vector."),
        time("GOTOTIME", "Wait of GOTOCALLS."),
        calls("INTERFLOWCALLS", "Part of OUTFLOWCALLS that left the switch."),
        calls("INFLOWCALLS", "INCALLS that came from another vector, by route-to a VDN, or by redirection."),
        calls("NOANSREDIR", "Calls that rang, were not answered and were redirected."),
        calls("LOOKATTEMPTS", "Attempts to send a call to another switch.", kNoSteps),
        calls("LOOKFLOWCALLS", "Calls that another switch accepted.", kNoSteps),
        calls("ADJATTEMPTS", "Attempts to have an adjunct route a call.", kNoSteps),
        calls("ADJROUTED", "Calls that an adjunct routed.", kNoSteps),
        calls("NETPOLLS", "Polls of other switches.", kNoNetwork),
        calls("NETDISCCALLS", "Calls that the network disconnected.", kNoNetwork),
    });
}();

}  // namespace twinlink
