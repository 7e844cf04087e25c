// The items of tables hcwc (call work codes), haglog (login sessions) and call_rec (call segments).
// Included by items.hpp only.
#pragma once

namespace twinlink {

inline constexpr auto kHcwcItems = [] {
    using namespace item_kinds;
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the interval, in the ACD's local time."),
        key("STARTTIME", "Start of the interval, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("CWC", "The code."),

        kIncomplete,
        calls("ACDCALLS",
              "Times that the code was entered on an ACD or direct agent call or in its after-call work, the "
              "first five codes of a call."),
        time("ACDTIME", "Talk time of those calls, once for each call (unverified)."),
        time("ACWTIME", "After-call work of those calls (unverified)."),
        time("TIME", "Talk, hold and after-call work of those calls (unverified)."),
    });
}();

inline constexpr auto kHaglogItems = [] {
    using namespace item_kinds;
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the logout, in the ACD's local time."),
        key("STARTTIME", "Start of the interval of the logout, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval of the logout, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("LOGID", "Login id of the agent."),
        key("LOGIN", "When the session began, by the clock in force at its end."),

        kIncomplete,
        fact("LOGOUT", Time, "When the session ended."),
        fact("LOGOUT_REASON", Number, "Reason of the logout, 0 to 99."),
        fact("EXTN", Number, "Extension logged in at."),
        fact("INFLAG", Flag, "1 (the field's '<') if the agent was found logged in: the login was not seen."),
        fact("OUTFLAG", Flag,
             "1 (the field's '>') if the agent was found logged out: the logout was not seen."),
        family(
            fact("LOGONSKILL", Number, "Skills at the end of the session, in the order of logon; 0 = none."),
            1, 20),
        family(fact("SKLEVEL", Number, "Level in LOGONSKILLn."), 1, 20),
    });
}();

inline constexpr auto kCallRecItems = [] {
    using namespace item_kinds;
    constexpr auto ns = Nanoseconds;
    constexpr std::string_view kNotTold = "the link protocol does not tell it";
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the segment's end, in the ACD's local time."),
        key("STARTTIME", "Start of the interval of its end, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval of its end, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("SEGSTOP", "When all parties were gone and after-call work was done."),
        key("CALLID", "Number of the call, unique in its epoch."),

        kIncomplete,
        fact("SEGSTART", Time, "When the segment began, by the clock in force at its end."),
        fact("UCID", Number, "The call across switches: node, call number, unix seconds."),
        fact("SEGMENT", Number, "1 for the first segment of a call, one more after each transfer."),
        fact("DISPOSITION", Number,
             "1 connected at an extension, 2 answered, 3 abandoned, 4 interflow, 5 forced busy, 6 forced "
             "disconnect, 7 other."),
        fact("DISPTIME", ns, "From SEGSTART to the disposition: vector, queue and ringing."),
        fact("QUEUETIME", ns, "Part of DISPTIME since it was first queued, without RINGTIME."),
        fact("RINGTIME", ns, "Time of the last ringing at an agent before the disposition."),
        fact("TALKTIME", ns, "Talk time of the answering agent, hold excluded; with an extension too."),
        fact("ANSHOLDTIME", ns, "Time on hold by the answering agent."),
        fact("CONSULTTIME", ns, "Time of the agent's outbound extension calls with this call on hold."),
        fact("ACWTIME", ns, "After-call work of the answering agent."),
        fact("DURATION", ns, "Time that the segment had a trunk."),
        fact("ORIGHOLDTIME", ns, "Time on hold by the party that began the call.", kNotTold),
        fact("NETINTIME", ns, "Time in the network before.", kNotTold),
        fact("FIRSTVDN", Number, "First VDN; 0 = none."),
        fact("DISPVDN", Number, "VDN of the disposition; 0 = none."),
        family(fact("VDN", Number, "Further VDNs, in order; 0 = none."), 2, 8),
        fact("FIRSTIVECTOR", Number, "First vector; 0 = none."),
        fact("DISPIVECTOR", Number, "Vector of the disposition; 0 = none."),
        family(fact("SPLIT", Number, "Skill last queued to at position n; 0 = none."), 1, 3),
        fact("DISPSPLIT", Number, "Skill of the disposition; 0 = none."),
        fact("DISPPRIORITY", Number, "Queue priority there: 1 low to 4 top; 0 = was not queued."),
        fact("TKGRP", Number, "Trunk group; 0 = none."),
        fact("EQLOC", Number, "Trunk in the group; 0 = none."),
        fact("ANSLOGIN", Number, "Login id of the answering agent; 0 = none."),
        fact("ORIGLOGIN", Number, "Login id of the agent who began the call.", kNotTold),
        fact("HELD", Number, "How often the answering agent put it on hold."),
        fact("ASSIST", Flag, "1 if the agent asked for a supervisor's help."),
        fact("AUDIO", Flag, "1 if the agent reported audio difficulties.", kNotTold),
        fact("CONFERENCE", Flag, "1 if the agent conferenced it."),
        fact("DA_QUEUED", Flag, "1 if it was a direct agent call at the disposition."),
        fact("HOLDABN", Flag, "1 if the caller hung up on hold."),
        fact("MALICIOUS", Flag, "1 if the agent reported a malicious call."),
        fact("OBSERVINGCALL", Flag, "1 if it was observed.", kNotTold),
        fact("TRANSFERRED", Flag, "1 if the agent transferred it."),
        fact("AGT_RELEASED", Flag, "1 if the agent ended it first."),
        fact("PHANTOM", Flag, "1 if it was answered, but shorter than the phantom-abandon timer."),
        family(fact("EVENT", Count, "Presses of stroke count button n."), 1, 9),
        fact("LASTCWC", Number, "The work code entered last; 0 = none."),
        family(fact("CWC", Number, "The nth work code entered; 0 = none."), 1, 5),
        text("CALLING_PTY", 3, "Number of the caller."),
        text("DIALED_NUM", 3, "Number dialled."),
    });
}();

}  // namespace twinlink
