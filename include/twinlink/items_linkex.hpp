// The items of linkex, the link exceptions. They are records of a server, not rows that two servers agree on:
// nothing rolls them up. Included by items.hpp only.
#pragma once

namespace twinlink {

inline constexpr auto kLinkexItems = [] {
    using namespace item_kinds;
    constexpr auto word = [](std::string_view name, std::string_view help) { return text(name, 1, help); };
    return std::to_array<Item>({
        key("ACD", "Number of the switch; 0: what came on the links and is of no one switch."),
        key("SEQNO", "Number of the record, per ACD, from 1, never used again."),

        fact("BEGUN", Time, "When it began, by this server's clock; of a silence the last frame before it."),
        fact("LATEST", Time, "The latest of it, by this server's clock."),
        word(
            "EXCEPTION",
            "silent: a link brought no frame for longer than the limit. refused: frames that were not "
            "believed. "
            "dropped: frames that this server's device had no room for. set_aside: frames of numbers beyond "
            "the "
            "window or of a life without proof. epoch_begun: the switch began another life of its numbering. "
            "pump_up: it told its whole state. pump_up_torn: and part of that was missing. gap_opened: "
            "messages "
            "were called missing. conflict: the copies of a message differ. maintenance: this server was in "
            "maintenance. collection_off: it was told not to collect the ACD. message_skipped: the fold "
            "crashed on a message again and again, so it is left out of the rows. safe_mode: this server "
            "crashed again "
            "and again and goes on with a fresh store. on_battery: its power came from its UPS."),
        word("LINK", "A or B; empty: not of one of them."),
        word("REASON",
             "Cause of the gaps, why the switch pumped up, or what most of the refused frames of the latest "
             "moment "
             "had against them; empty: none."),
        fact("COUNT", Count,
             "Silences, frames, lives, pump-ups, gaps or messages, until a minute passed without more."),
        fact("MISSING", Count, "Messages in those gaps, as they were opened."),
        fact("DURATION", Nanoseconds,
             "Length of those silences, or of maintenance or collection being off, as far as they have "
             "ended."),
        fact("EPOCH", Number, "Life of the numbering at the latest of it; 0 = none."),
        fact("FIRST", Number, "First message concerned; 0 = none."),
        fact("LAST", Number, "Last message concerned; 0 = none."),
        fact("GOES_ON", Flag,
             "1 if the link is silent still, or the condition holds, as of the latest commit."),
    });
}();

}  // namespace twinlink
