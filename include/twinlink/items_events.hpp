// The items of tables hcwc (call work codes), haglog (login sessions), call_rec (call segments) and ag_actv
// (activities of traced agents).
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

inline constexpr auto kAgActvItems = [] {
    using namespace item_kinds;
    constexpr std::string_view kNotTold = "the link protocol does not tell it";
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the activity's end, in the ACD's local time."),
        key("STARTTIME", "Start of the interval of its end, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval of its end, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("LOGID", "Login id of the agent."),
        key("EVENT_TIME", "When the activity began, by the clock in force at its end."),

        kIncomplete,
        fact(
            "DURATION", Nanoseconds,
            "How long work mode, AUX reason, direction, call and skill stayed as they are here; not split at "
            "boundaries."),
        fact(
            "WORKMODE", Number,
            "0 unstaffed (a record of the logout itself, without duration), 1 available, 2 on an ACD call, 3 "
            "after-call work, 4 AUX, 5 on a direct agent call, 6 its after-call work, 7 ringing, 8 other, 9 "
            "unknown."),
        fact(
            "DIRECTION", Number,
            "1 in, 2 out: of the extension call in progress, else of the activity's ACD call (2: placed from "
            "here or by an adjunct); 0 = no call."),
        fact("AUXREASON", Number, "Reason of AUX, 0 to 99."),
        fact("LOGOUT_REASON", Number, "Reason of the logout, 0 to 99."),
        fact("EXTN", Number, "Extension logged in at."),
        fact("SPLIT", Number, "Skill of the activity's call; 0 = none."),
        fact("CALLID", Number, "Number of its call; 0 = none."),
        fact("UCID", Number, "The call across switches, as known when the activity began; 0 = not known."),
        fact("CALLER_HOLD", Flag, "1 if the agent put a call on hold in it."),
        fact("RECONNECT", Flag, "1 if the agent took a call off hold in it."),
        fact("HOLDABN", Flag, "1 if a caller hung up in it while the agent held the call."),
        fact("ABNRING", Flag, "1 if a caller hung up in it while the call rang at the agent."),
        fact("NOANSREDIR", Flag,
             "1 if a call that rang at the agent was redirected in it for want of an answer."),
        fact("TRANSFERRED", Flag, "1 if the agent transferred a call in it."),
        fact("CONFERENCE", Flag, "1 if the agent conferenced a call in it."),
        fact("ASSIST_ACTV", Flag, "1 if the agent asked for a supervisor's help in it."),
        fact("MCT", Flag, "1 if the agent reported a malicious call in it."),
        fact("AGT_RELEASED", Flag, "1 if the agent ended a call first in it; transfers count."),
        fact("WORKCODE", Number, "The call work code entered last in it; 0 = none."),
        text("CALLING_PTY", 3, "Number of the caller, as known when the activity began."),
        text("DIALED_NUM", 3, "Number that the caller dialled, as known when the activity began."),
        fact("DIGITS_DIALED", Number, "Digits that the agent dialled.", kNotTold),
        fact("EXT_CALL_ORIG", Flag, "1 if the agent's call left the switch.", kNotTold),
        fact("KEYBD_DIALED", Flag, "1 if the agent's call was dialled on a keyboard.", kNotTold),
        fact("CALLING_II", Number, "Kind of line that the caller used.", kNotTold),
        fact("INTERRUPTED", Flag, "1 if AUX ended by an interruption.", kNotTold),
        fact("LOC_ID", Number, "Location of the agent.", kNotTold),
        fact("WMODE_SEQ", Number, "Order of activities that begin in one second.",
             "EVENT_TIME is exact to the nanosecond"),
    });
}();

}  // namespace twinlink
