// The items of table hsplit, one row per skill and interval. Included by items.hpp only.
//
// "The wait" of a call is its time in this skill's queue, ringing included. The columns of one answered call
// lie side by side because they are written together.
#pragma once

namespace twinlink {

inline constexpr auto kHsplitItems = [] {
    using namespace item_kinds;
    constexpr std::string_view kNoThresholds = "the link protocol carries no overload thresholds";
    return std::to_array<Item>({
        key("ROW_DATE", "Day of the interval, in the ACD's local time."),
        key("STARTTIME", "Start of the interval, hhmm in the ACD's local time."),
        key("STARTTIME_UTC", "Start of the interval, UTC."),
        key("INTRVL", "Length of the interval in minutes: 15, 30 or 60."),
        key("ACD", "Number of the switch."),
        key("SPLIT", "Number of the skill."),

        kIncomplete,
        calls("CALLSOFFERED",
              "Calls that queued to the skill, by final disposition: ACDCALLS + ABNCALLS + BUSYCALLS + "
              "DISCCALLS + OUTFLOWCALLS + DEQUECALLS. Never add it over skills to count callers."),
        calls("ACDCALLS", "Calls of this skill that an agent answered."),
        time("ANSTIME", "Wait of the answered calls, queue and ringing."),
        time("ACDTIME", "Talk time of ACDCALLS, hold excluded."),
        time("ACWTIME", "After-call work that belongs to ACDCALLS."),
        calls("RINGCALLS", "Calls of this skill that rang at an agent, once per ringing."),
        time("RINGTIME", "Time callers spent ringing at agents."),

        calls("ACCEPTABLE", "ACDCALLS with a wait of at most SERVICELEVEL; 0 where no service level is set."),
        {"MAXOCWTIME", Maximum, ItemBasis::Call, Nanoseconds, RollUp::Maximum,
         "Longest wait of a call recorded in the interval: to its answer, abandon, redirection, outflow, "
         "forced busy or "
         "forced disconnect (a dequeue does not count) (unverified)."},
        i_count("I_ARRIVED", "Calls that queued to the skill during the interval."),
        max_count("MAXINQUEUE",
                  "Most calls in the queue at one moment; a ringing call is still in its queues."),
        max_count("MAXSTAFFED", "Most agents staffed in the skill at one moment."),
        max_count("MAXTOP",
                  "Most staffed agents whose top skill this was at one moment; the top skill is the one with "
                  "the best level, the lowest number among equals (unverified)."),
        family(calls("ACDCALLS",
                     "Answered calls by wait: bucket n is a wait of at most PERIODn and above the bucket "
                     "before, 10 is beyond PERIOD9; without a profile all are in 1."),
               1, 10),
        family(calls("ABNCALLS", "Abandoned calls by the same buckets as answered ones."), 1, 10),

        calls("HOLDCALLS", "ACD calls that were held at least once."),
        time("HOLDTIME", "Time callers of ACDCALLS spent on hold."),
        calls("HOLDABNCALLS", "Callers who hung up while on hold; the call stays in ACDCALLS."),
        calls("ABNCALLS",
              "Calls abandoned in queue or ringing; in queue only the primary skill counts, ringing the one "
              "that delivered it; includes PHANTOMABNS."),
        time("ABNTIME",
             "Wait of the abandoned calls; of a phantom abandon until it was answered (unverified)."),
        calls("ABNRINGCALLS", "Part of ABNCALLS that hung up while ringing."),
        calls("PHANTOMABNS",
              "Answered calls whose talk was shorter than the phantom-abandon timer; they count as "
              "ABNCALLS instead of ACDCALLS."),
        calls("SLVLABNS", "ABNCALLS with a wait of at most SERVICELEVEL."),
        calls("SLVLOUTFLOWS", "OUTFLOWCALLS with a wait of at most SERVICELEVEL."),
        calls("OUTFLOWCALLS",
              "Offered calls sent elsewhere: by command, redirected after ringing, or answered or rung by "
              "another skill when this was the primary."),
        time("OUTFLOWTIME", "Wait of OUTFLOWCALLS."),
        calls("INFLOWCALLS",
              "Calls that came from another queue: rung here as second or third skill, or requeued to "
              "this skill after a redirection from it (booked with that redirection)."),
        calls("INTERFLOWCALLS", "Outflows that left the switch."),
        calls("DEQUECALLS", "Calls queued here as second or third skill that were disposed of elsewhere."),
        time("DEQUETIME", "Wait of DEQUECALLS."),
        calls("BUSYCALLS", "Calls forced busy while this was their primary skill."),
        time("BUSYTIME", "Wait of BUSYCALLS."),
        calls("DISCCALLS", "Calls forced to disconnect while this was their primary skill."),
        time("DISCTIME", "Wait of DISCCALLS."),
        calls("OTHERCALLS", "BUSYCALLS + DISCCALLS + OUTFLOWCALLS + DEQUECALLS."),
        time("OTHERTIME", "BUSYTIME + DISCTIME + OUTFLOWTIME + DEQUETIME."),
        calls("BACKUPCALLS",
              "ACDCALLS that another step than queue-to had queued; ACDCALLS - BACKUPCALLS were answered "
              "in main. Reserve agents are not told apart (unverified)."),
        calls("LOWCALLS", "ACDCALLS queued at low priority."),
        calls("MEDCALLS", "ACDCALLS queued at medium priority."),
        calls("HIGHCALLS", "ACDCALLS queued at high priority."),
        calls("TOPCALLS", "ACDCALLS queued at top priority."),
        calls("NOANSREDIR", "Calls that rang, were not answered and were redirected."),
        calls("TRANSFERRED", "ACD calls that the agent transferred."),
        calls("CONFERENCE", "ACD calls that the agent conferenced."),
        calls("O_ACDCALLS", "Part of ACDCALLS that an adjunct had placed."),
        calls("O_ABNCALLS", "Part of ABNCALLS that an adjunct had placed."),
        calls("O_OTHERCALLS", "Part of OTHERCALLS that an adjunct had placed."),
        time("O_ACDTIME", "Part of ACDTIME of calls that an adjunct had placed."),
        time("O_ACWTIME", "Part of ACWTIME of calls that an adjunct had placed."),
        calls("ACWINCALLS", "Extension calls that agents got in after-call work of this skill."),
        time("ACWINTIME", "Duration of ACWINCALLS."),
        calls("ACWOUTCALLS", "Extension calls that agents made in after-call work of this skill."),
        time("ACWOUTTIME", "Duration of ACWOUTCALLS."),
        calls("AUXINCALLS",
              "Extension calls that agents got in AUX, available or other; booked on the agent's oldest "
              "logon skill, or on that of the ACD call they held."),
        time("AUXINTIME", "Duration of AUXINCALLS."),
        calls("AUXOUTCALLS",
              "Extension calls that agents made in AUX, available or other; booked on the agent's oldest "
              "logon skill. Those with an ACD call on hold are in ACDAUXOUTCALLS only (unverified)."),
        time("AUXOUTTIME", "Duration of AUXOUTCALLS."),
        calls("ACDAUXOUTCALLS",
              "Extension calls that agents made with an ACD call of this skill on hold (consults)."),
        calls("ASSISTS", "Requests for a supervisor's help during ACD calls of this skill."),
        family(calls("EVENT", "Presses of stroke count button n on ACD calls of this skill."), 1, 9),

        i_time("I_STAFFTIME",
               "Agent time logged in with this skill: I_ACDTIME + I_ACWTIME + I_AUXTIME + I_AVAILTIME + "
               "I_OTHERTIME + I_RINGTIME."),
        i_time("I_AVAILTIME", "Agent time waiting for a call."),
        i_time("I_ACDTIME", "Agent time talking on ACD calls of this skill."),
        i_time("I_ACWTIME",
               "Agent time in after-call work of this skill; work not tied to a call is booked on the oldest "
               "logon skill (unverified)."),
        i_time("I_RINGTIME", "Agent time with a call of this skill ringing and nothing else to do."),
        i_time("I_OTHERTIME",
               "Agent time doing something else: another skill's work, direct agent calls, a call on hold, "
               "mode not known."),
        i_time("I_DA_ACDTIME",
               "Agent time talking on direct agent calls through this skill; part of I_OTHERTIME."),
        i_time("I_DA_ACWTIME", "Agent time in after-call work of direct agent calls; part of I_OTHERTIME."),
        i_time("I_AUXTIME", "Agent time in AUX, any reason; counts in each of the agent's skills."),
        i_time("I_ACWINTIME", "Part of I_ACWTIME on an extension call that came in."),
        i_time("I_ACWOUTTIME", "Part of I_ACWTIME on an extension call that the agent made."),
        i_time(
            "I_AUXINTIME",
            "Agent time in AUX, available or other on an extension call that came in; oldest logon skill."),
        i_time("I_AUXOUTTIME",
               "Agent time in AUX, available or other on an extension call made; oldest logon skill."),
        i_time("I_ACDAUXINTIME",
               "Agent time on an extension call that came in, with an ACD call of this skill on hold."),
        i_time("I_ACDAUX_OUTTIME",
               "Agent time on an extension call made, with an ACD call of this skill on hold."),
        i_time("I_ACDOTHERTIME", "Agent time with an ACD call of this skill on hold and on no other call."),
        i_time("I_NORMTIME", "Time the skill spent below overload 1.", kNoThresholds),
        i_time("I_OL1TIME", "Time the skill spent in overload 1.", kNoThresholds),
        i_time("I_OL2TIME", "Time the skill spent in overload 2.", kNoThresholds),

        setting("SERVICELEVEL", Seconds, RollUp::Last, "Acceptable wait; 0 = none set."),
        family(setting("PERIOD", Seconds, RollUp::Last, "Upper limit of wait bucket n; 0 = no profile."), 1,
               9),
        setting("SVCLEVELCHG", Flag, RollUp::Or,
                "1 if SERVICELEVEL changed in the interval (roll-up unverified)."),
        setting("PERIODCHG", Flag, RollUp::Or,
                "1 if a PERIODn changed in the interval (roll-up unverified)."),

        family(i_time("I_AUXTIME", "I_AUXTIME by reason code; 0 is the system's."), 0, 100),
    });
}();

}  // namespace twinlink
