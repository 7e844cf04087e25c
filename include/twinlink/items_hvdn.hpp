// The items of table hvdn, one row per VDN and interval. Included by items.hpp only.
//
// "The wait" of a call is its time in this VDN: vector, queue and ringing.
#pragma once

namespace twinlink {

inline constexpr auto kHvdnItems = [] {
    using namespace item_kinds;
    constexpr std::string_view kNoSteps = "the link protocol does not tell of single vector steps";
    constexpr std::string_view kNoNetwork = "the link protocol does not tell of network polling";
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the interval, in the ACD's local time."),
        key("STARTTIME", "Start of the interval, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("VDN", "Number of the VDN."),

        kIncomplete,
        i_count("I_ARRIVED", "Calls that entered the VDN during the interval."),
        max_count("MAXWAITING", "Most calls in vector, queue and ringing at one moment."),
        calls("INCALLS", "Calls that entered the VDN: ACDCALLS + ABNCALLS + OTHERCALLS."),
        time("INTIME", "ACDTIME + ABNTIME + ANSTIME + HOLDTIME + OTHERTIME."),
        {"MAXOCWTIME", Maximum, ItemBasis::Call, Nanoseconds, RollUp::Maximum,
         "Longest wait of a call recorded in the interval, whatever ended it (unverified)."},
        calls("ACDCALLS", "Calls that an agent answered, as calls of a skill or of the agent's own queue."),
        time("ANSTIME", "Wait of ACDCALLS."),
        time("ACDTIME", "Talk time of ACDCALLS, hold excluded."),
        time("ACWTIME", "After-call work that belongs to ACDCALLS."),
        calls("RINGCALLS", "Calls that rang at an agent, once per ringing."),
        time("RINGTIME", "Time callers spent ringing at agents."),
        calls("ACCEPTABLE", "ACDCALLS and CONNECTCALLS with a wait of at most SERVICELEVEL."),
        family(calls("ANSCONNCALLS",
                     "Calls answered or connected by wait: bucket n is a wait of at most PERIODn and above "
                     "the bucket before, 10 is beyond PERIOD9; without a profile all are in 1."),
               1, 10),
        family(calls("SKILLCALLS", "ACDCALLS that the VDN's nth skill answered."), 1, 3),
        family(time("SKILLTIME", "Talk time of SKILLCALLSn."), 1, 3),
        family(time("SKILLACWTIME", "After-call work of SKILLCALLSn."), 1, 3),
        calls("HOLDCALLS", "Answered calls that were held at least once."),
        time("HOLDTIME", "Time callers spent on hold."),
        calls("HOLDACDCALLS",
              "HOLDCALLS that are ACD calls: all of them, as no other call is held in a VDN."),
        time("HOLDACDTIME", "HOLDTIME of HOLDACDCALLS."),
        calls("HOLDABNCALLS", "Callers who hung up while on hold; the call stays in ACDCALLS."),
        calls("TRANSFERRED", "ACDCALLS that the agent transferred."),
        calls("BACKUPCALLS", "ACDCALLS that another step than queue-to had queued."),
        calls("ABNCALLS", "Calls abandoned in the VDN, anywhere; includes PHANTOMABNS."),
        time("ABNTIME", "Wait of ABNCALLS; of a phantom abandon until it was answered (unverified)."),
        family(calls("ABNCALLS", "Abandoned calls by the same buckets as answered ones."), 1, 10),
        calls("ABNQUECALLS", "Part of ABNCALLS that hung up in a queue."),
        calls("ABNRINGCALLS", "Part of ABNCALLS that hung up while ringing."),
        calls("PHANTOMABNS", "Answered calls whose talk was shorter than the phantom-abandon timer."),
        calls("SLVLABNS", "ABNCALLS with a wait of at most SERVICELEVEL."),
        calls("OTHERCALLS", "BUSYCALLS + CONNECTCALLS + DISCCALLS + OUTFLOWCALLS."),
        time("OTHERTIME", "BUSYTIME + CONNECTTIME + CONNTALKTIME + DISCTIME + OUTFLOWTIME."),
        calls("BUSYCALLS", "Calls forced busy."),
        time("BUSYTIME", "Wait of BUSYCALLS."),
        calls("DISCCALLS", "Calls forced to disconnect."),
        time("DISCTIME", "Wait of DISCCALLS."),
        calls("VDISCCALLS",
              "Part of DISCCALLS by the vector disconnect timer, the end of a vector without a queue, or too "
              "many steps."),
        calls("OUTFLOWCALLS", "Calls that went to another VDN or off the switch."),
        time("OUTFLOWTIME", "Wait of OUTFLOWCALLS."),
        calls("SLVLOUTFLOWS", "OUTFLOWCALLS with a wait of at most SERVICELEVEL."),
        calls("INTERFLOWCALLS", "Part of OUTFLOWCALLS that left the switch."),
        calls("CONNECTCALLS", "Calls answered at a plain extension."),
        time("CONNECTTIME", "Wait of CONNECTCALLS."),
        time("CONNTALKTIME", "Talk time of CONNECTCALLS."),
        calls("INFLOWCALLS", "INCALLS that came by route-to from another VDN or by redirection."),
        calls("NOANSREDIR", "Calls that rang, were not answered and were redirected."),
        calls("LOOKATTEMPTS", "Attempts to send a call to another switch.", kNoSteps),
        calls("LOOKFLOWCALLS", "Calls that another switch accepted.", kNoSteps),
        calls("DEFLECTCALLS", "Calls that the network took back.", kNoSteps),
        calls("ADJATTEMPTS", "Attempts to have an adjunct route a call.", kNoSteps),
        calls("ADJROUTED", "Calls that an adjunct routed.", kNoSteps),
        calls("NETPOLLS", "Polls of other switches.", kNoNetwork),
        calls("NETINCALLS", "Calls that came from the network with a time of their own.", kNoNetwork),
        time("NETINTIME", "Time of NETINCALLS in the network.", kNoNetwork),
        calls("NETDISCCALLS", "Calls that the network disconnected.", kNoNetwork),
        calls("RETURNCALLS", "Calls that came back by VDN return destination.", kNoSteps),

        setting("SERVICELEVEL", Seconds, RollUp::Last, "Acceptable wait; 0 = none set."),
        family(setting("PERIOD", Seconds, RollUp::Last, "Upper limit of wait bucket n; 0 = no profile."), 1,
               9),
        family(setting("SKILL", Number, RollUp::Last, "The VDN's nth skill preference; 0 = none."), 1, 3),
        setting("SVCLEVELCHG", Flag, RollUp::Or,
                "1 if SERVICELEVEL changed in the interval (roll-up unverified)."),
        setting("PERIODCHG", Flag, RollUp::Or,
                "1 if a PERIODn changed in the interval (roll-up unverified)."),
    });
}();

}  // namespace twinlink
