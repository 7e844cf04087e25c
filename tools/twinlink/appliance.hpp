// What a running appliance says of itself: its status document, read into values.
//
// Cold; one thread. Tolerant of keys that a later version adds and of keys that an older one lacks, never of
// another schema.
#pragma once

#include "tools/twinlink/commands.hpp"

#include <twinlink/error.hpp>
#include <twinlink/records.hpp>

#include <array>
#include <map>
#include <string>
#include <vector>

namespace twinlink::cli {

/// Counters by name, in the order of the document.
using NamedCounters = std::vector<std::pair<std::string, u64>>;

struct ApplianceLink {
    LinkRecord record{};
    NamedCounters verdicts;
    u64 reach = 0;  ///< one bit per second in which a valid frame came, the newest lowest
};
struct ApplianceAcd {
    StreamRecord stream{};
    std::string name;  ///< empty where it never said, and from an appliance that does not tell
    int utc_offset_minutes = 0;
    u64 open_gaps = 0;
    u64 parked_frames = 0;
    bool collected = true;
    u64 frames_left = 0;  ///< that came while it was not collected
    NamedCounters fold;
    std::vector<ApplianceLink> links;
};
struct AppliancePort {
    std::string link;  ///< "A" or "B"
    std::string title;
    bool up = false;
    u64 ring_frames = 0;
    NamedCounters counters;
    NamedCounters refusals;
    NamedCounters receive;
};
struct ApplianceStatus {
    std::string version;
    std::string started;  ///< RFC 3339
    std::string state;
    std::vector<std::string> reasons;
    std::vector<std::string> notes;  ///< what is good to know and no fault
    u64 maintenance_since = 0;       ///< ns, the server's wall clock; 0 = not in maintenance
    std::string maintenance_text;
    u64 pid = 0;
    u64 uptime_s = 0;
    NamedCounters heartbeat_ages_ms;  ///< by stage
    std::string store_path;
    std::string store_error;
    bool store_stopped = false;
    NamedCounters store;  ///< commits, committed_messages, commit_ns_last, commit_ns_max, batch_bytes
    NamedCounters store_counters;  ///< the store's own
    u64 messages = 0;
    u64 conflicts = 0;
    u64 refolds = 0;            ///< for what came late
    u64 refolded_messages = 0;  ///< folded again by them
    bool refolding = false;     ///< some are being folded now
    NamedCounters roll_ups;     ///< days, days_redone, due
    std::string import_state;   ///< of the latest import; empty where there was none
    std::string import_path;
    NamedCounters import_numbers;  ///< bytes, bytes_total, messages, missing_before, missing_after ...
    NamedCounters import_counts;   ///< what became of the messages
    std::vector<AppliancePort> ports;
    std::vector<ApplianceAcd> acds;

    /// How long ago the stage that moved least recently moved, and which it is.
    [[nodiscard]] std::pair<std::string, u64> oldest_heartbeat_ms() const;
};

/// The counter of that name, 0 where there is none.
[[nodiscard]] u64 counter(const NamedCounters& counters, std::string_view name) noexcept;

/// Reads a status document. Errors: no JSON, not ours, another schema, a value of the wrong kind.
[[nodiscard]] Expected<ApplianceStatus> parse_status(std::string_view json);

/// The control socket: --socket, else TWINLINK_SOCKET, else the default.
[[nodiscard]] std::string socket_path(const Arguments&, const Rim&);
/// Asks the appliance. Refusals: it does not answer (Unreachable), or what it says cannot be read (Internal).
[[nodiscard]] Result<ApplianceStatus> ask_status(const Arguments&, const Rim&);

}  // namespace twinlink::cli
