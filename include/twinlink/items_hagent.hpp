// The items of table hagent, one row per agent, skill and interval. Included by items.hpp only.
//
// Times of the agent as a whole (TI_) stand only in the row of the skill logged into longest (OLDEST_LOGON):
// always add them over the agent's rows, because that skill may change within an interval.
#pragma once

namespace twinlink {

inline constexpr auto kHagentItems = [] {
    using namespace item_kinds;
    constexpr std::string_view kNoParty =
        "the link protocol does not tell whom an agent's extension call goes to";
    constexpr std::string_view kNoAdjunct =
        "the link protocol does not tell who placed an agent's extension call";
    constexpr std::string_view kNoInterrupt = "the link protocol has no interrupts";
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the interval, in the ACD's local time."),
        key("STARTTIME", "Start of the interval, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("LOGID", "Login id of the agent."),
        key("SPLIT", "Number of the skill."),

        kIncomplete,
        calls("ACDCALLS", "Calls of this skill that the agent answered."),
        time("ACDTIME", "Talk time of ACDCALLS, hold excluded."),
        time("ACWTIME", "After-call work that belongs to ACDCALLS."),
        time("ANSRINGTIME", "Time that ACDCALLS rang at the agent before the answer."),
        calls("RINGCALLS", "Calls of this skill that rang at the agent, answered or not."),
        time("RINGTIME", "Time callers spent ringing at the agent."),
        calls("ACD_RELEASE", "ACDCALLS that the agent ended first; transfers count."),

        i_time("I_STAFFTIME", "Time logged in with this skill."),
        i_time("I_AVAILTIME", "Time waiting for a call."),
        i_time("I_ACDTIME", "Time talking on ACD calls of this skill."),
        i_time("I_ACWTIME",
               "Time in after-call work of this skill; work not tied to a call is booked on the oldest logon "
               "skill (unverified)."),
        i_time("I_RINGTIME",
               "Time with a call of this skill ringing; stops when the agent does something else, which "
               "RINGTIME does not."),
        i_time("I_OTHERTIME", "Time doing something else than this skill's work, waiting or AUX."),
        i_time("I_DA_ACDTIME", "Time talking on direct agent calls through this skill; part of I_OTHERTIME."),
        i_time("I_DA_ACWTIME", "Time in after-call work of direct agent calls; part of I_OTHERTIME."),

        i_time("TI_STAFFTIME", "Time logged in; oldest logon skill's row only."),
        i_time("TI_AVAILTIME", "Time waiting for a call; oldest logon skill's row only."),
        i_time("TI_AUXTIME", "Time in AUX, any reason; oldest logon skill's row only."),
        i_time("TI_OTHERTIME", "Time in mode other or unknown; oldest logon skill's row only."),

        calls("ABNCALLS",
              "Calls of this skill that were abandoned while ringing at the agent; includes PHANTOMABNS."),
        time("ABNTIME", "Time the abandoned calls had rung at the agent."),
        calls("PHANTOMABNS",
              "Calls answered by the agent whose talk was shorter than the phantom-abandon timer."),
        calls("NOANSREDIR", "Calls that rang at the agent, were not answered and were redirected."),
        calls("HOLDCALLS", "ACD and direct agent calls that the agent held at least once."),
        time("HOLDTIME", "Time callers of those calls spent on hold."),
        time("HOLDACDTIME", "Part of HOLDTIME that belongs to ACDCALLS."),
        calls("HOLDABNCALLS", "Callers who hung up while on hold."),
        calls("TRANSFERRED", "ACD calls that the agent transferred."),
        calls("CONFERENCE", "ACD calls that the agent conferenced."),
        calls("ASSISTS", "Requests for a supervisor's help."),
        family(calls("EVENT", "Presses of stroke count button n."), 1, 9),
        calls("O_ACDCALLS", "Part of ACDCALLS that an adjunct had placed."),
        time("O_ACDTIME", "Part of ACDTIME of calls that an adjunct had placed."),
        time("O_ACWTIME", "Part of ACWTIME of calls that an adjunct had placed."),
        calls("DA_ACDCALLS",
              "Direct agent calls answered; booked on the skill that the ACD names, else on the oldest "
              "logon skill (unverified)."),
        time("DA_ACDTIME", "Talk time of DA_ACDCALLS."),
        time("DA_ACWTIME", "After-call work that belongs to DA_ACDCALLS."),
        time("DA_ANSTIME", "Wait of DA_ACDCALLS, own queue and ringing."),
        calls("DA_ABNCALLS", "Direct agent calls abandoned in the agent's queue or ringing."),
        time("DA_ABNTIME", "Wait of DA_ABNCALLS."),
        calls("DA_OTHERCALLS",
              "Direct agent calls that went elsewhere: redirected, forced busy, disconnected."),
        time("DA_OTHERTIME", "Wait of DA_OTHERCALLS."),
        calls("DA_RELEASE", "DA_ACDCALLS that the agent ended first; transfers count."),
        calls("ACWINCALLS", "Extension calls that came in during after-call work."),
        time("ACWINTIME", "Duration of ACWINCALLS."),
        calls("ACWOUTCALLS", "Extension calls made during after-call work."),
        time("ACWOUTTIME", "Duration of ACWOUTCALLS."),
        calls("AUXINCALLS",
              "Extension calls that came in during AUX, available or other; oldest logon skill's row, or "
              "that of the ACD call on hold."),
        time("AUXINTIME", "Duration of AUXINCALLS."),
        calls("AUXOUTCALLS",
              "Extension calls made during AUX, available or other; oldest logon skill's row."),
        time("AUXOUTTIME", "Duration of AUXOUTCALLS."),
        calls("ACDAUXOUTCALLS", "Extension calls made with an ACD call of this skill on hold (consults)."),
        calls("ACWOUTOFFCALLS", "Part of ACWOUTCALLS that left the switch.", kNoParty),
        time("ACWOUTOFFTIME", "Duration of ACWOUTOFFCALLS.", kNoParty),
        calls("AUXOUTOFFCALLS", "Part of AUXOUTCALLS that left the switch.", kNoParty),
        time("AUXOUTOFFTIME", "Duration of AUXOUTOFFCALLS.", kNoParty),
        calls("ACWINADJCALLS", "Part of ACWINCALLS placed by an adjunct.", kNoAdjunct),
        calls("ACWOUTADJCALLS", "Part of ACWOUTCALLS placed by an adjunct.", kNoAdjunct),
        calls("AUXINADJCALLS", "Part of AUXINCALLS placed by an adjunct.", kNoAdjunct),
        calls("AUXOUTADJCALLS", "Part of AUXOUTCALLS placed by an adjunct.", kNoAdjunct),
        calls("INTRNOTIFIES", "Interrupts that the agent was notified of.", kNoInterrupt),
        calls("ACCEPTEDINTRS", "Interrupts that the agent accepted.", kNoInterrupt),
        calls("REJECTEDINTRS", "Interrupts that the agent rejected.", kNoInterrupt),

        i_time("I_AUXINTIME",
               "Time in AUX, available or other on an extension call that came in; oldest logon skill."),
        i_time("I_AUXOUTTIME",
               "Time in AUX, available or other on an extension call made; oldest logon skill."),
        i_time("I_ACDAUXINTIME",
               "Time on an extension call that came in, with an ACD call of this skill on hold."),
        i_time("I_ACDAUX_OUTTIME", "Time on an extension call made, with an ACD call of this skill on hold."),
        i_time("I_ACDOTHERTIME", "Time with an ACD call of this skill on hold and on no other call."),
        {"EXTENSION", Identifier, ItemBasis::Interval, Number, RollUp::Last,
         "Where the agent was logged in last."},
        // Last, as in hsplit: few agents are in AUX, and what ends a row unused costs nothing.
        family(i_time("TI_AUXTIME", "TI_AUXTIME by reason code; 0 is the system's."), 0, 100),
    });
}();

}  // namespace twinlink
