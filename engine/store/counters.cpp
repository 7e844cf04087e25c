// The store's counters: names and meanings.
#include "engine/store/store.hpp"

namespace twinlink {

std::string_view name(StopReason reason) noexcept {
    static constexpr std::array<std::string_view, static_cast<std::size_t>(StopReason::Count_)> kNames = {
        "none", "map_full", "disk_full", "io", "damaged", "other"};
    return reason < StopReason::Count_ ? kNames[static_cast<std::size_t>(reason)] : "?";
}

CounterInfo info(StoreCounter which) noexcept {
    static constexpr std::array<CounterInfo, static_cast<std::size_t>(StoreCounter::Count_)> kInfos = {{
        {"commits", "Transactions that reached the disk"},
        {"journal_bytes_written", "Bytes of messages written to the journal"},
        {"blocks_written", "Journal blocks written as new"},
        {"blocks_merged", "Journal blocks that went into the small block before them"},
        {"messages", "Messages written to the journal"},
        {"rows_written", "Rows written or replaced"},
        {"row_bytes", "Bytes of keys and values of those rows"},
        {"rows_revised", "Rows that a refold changed: their revision went up"},
        {"rows_dropped", "Rows that a refold does not have any more"},
        {"rows_restored", "Rows taken from a backup"},
        {"rows_kept", "Times that an INCOMPLETE row did not replace one that a backup made complete"},
        {"rows_expired", "Rows that have been kept for as long as is configured, and went"},
        {"periods_expired", "Records of intervals, days, weeks and months that went with their rows"},
        {"refolds_impossible", "Late fills before which no state to fold from is left"},
        {"due_marks", "Times that a local day was marked because an interval of it closed or changed"},
        {"rolled_written", "Rows of days, weeks and months written for the first time"},
        {"rolled_revised", "Rows of days, weeks and months that changed: their revision went up"},
        {"rolled_dropped", "Rows of days, weeks and months that went because nothing of them is left"},
        {"records_written", "Gap, stream, link, interval, name and ACD records written"},
        {"checkpoints_written", "Checkpoints of the fold written"},
        {"fill_inserted", "Late messages that were missing and are stored now"},
        {"fill_skipped", "Late messages that were stored already"},
        {"fill_conflicts", "Late messages that were stored already with other bytes; the stored ones stay"},
        {"rivals_taken", "Copies that differ from what was stored and took its place, having the lower hash"},
        {"rivals_kept", "Copies that differ from what was stored and do not count"},
        {"rivals_unknown", "Copies that differ of names that are not stored (any more)"},
        {"rivals_beyond", "Copies that differ for whose record there was no room: what was stored stays"},
        {"overlaps", "Journal blocks not marked late that overlapped what was stored"},
        {"rotten_blocks", "Journal blocks that could not be read any more and went: their names are missing"},
        {"rotten_states", "Saved states that could not be read any more and went"},
        {"pruned_blocks", "Journal blocks deleted by the retention"},
        {"pruned_bytes", "Bytes of those blocks"},
        {"pruned_messages", "Messages in those blocks"},
        {"pruned_checkpoints", "Checkpoints deleted by the retention"},
        {"pruned_unfolded", "Blocks behind the newest checkpoint deleted because the map was nearly full"},
        {"retention_held",
         "Commits, per ACD, in which the retention had to keep blocks behind the newest checkpoint"},
        {"batches_refused", "Batches refused because they contradict themselves"},
        {"stopped", "1 = the store has stopped; its reason is in the status"},
        {"map_bytes", "Size that the store may reach"},
        {"file_bytes", "Size of the data file up to its last page, free pages included"},
        {"used_bytes", "Bytes in pages that are in use, free pages not counted; refreshed every 64 commits"},
        {"held_bytes",
         "Bytes in free pages that a reader's snapshot keeps from being used again; as used_bytes"},
        {"journal_bytes", "Bytes in pages of journal and checkpoints"},
        {"disk_bytes", "Size of the file system that the store is on"},
        {"disk_free_bytes", "Of that, free for this process or reserved for the store"},
        {"space_level", "Room for the store: 0 fine, 1 tight, 2 short, 3 full"},
        {"room_refused", "Times that a commit waited because there was no room for it"},
        {"shed_commits", "Commits that only let go of what could be spared"},
        {"pruned_early", "Journal blocks that went before their time because room was short"},
        {"readers", "Snapshots of the store that are open now, in whatever process"},
        {"reader_age_ms", "How long the oldest of them has been open, as far as this process saw"},
        {"reader_pid", "The process that holds it"},
        {"readers_cleared", "Slots of dead reading processes that were cleared"},
        {"migrated_from",
         "Format that the store had when it was opened, brought to this program's since; 0 = it had that"},
        {"commit_ns_last", "Duration of the last commit in ns"},
        {"commit_ns_max", "Longest commit in ns"},
        {"commit_ns_total", "Sum of all commits' durations in ns"},
    }};
    static_assert(!kInfos.back().name.empty(), "every counter has a line");
    return which < StoreCounter::Count_ ? kInfos[static_cast<std::size_t>(which)] : CounterInfo{"?", "?"};
}

}  // namespace twinlink
