// How the store is, beyond what it holds: bit rot, room, readers that stay - as reasons of the status, lines
// of the log, and the scrubber's document; and what ends a reader that stays too long.
//
// The main thread. Keys of documents are added to, never renamed within a schema number.
#pragma once

#include <twinlink/engine.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace twinlink::daemon {

[[nodiscard]] nlohmann::ordered_json scrub_json(const ScrubStatus& scrub);
/// Why the state is not simply "collecting", as far as the store is concerned.
void add_store_reasons(const EngineStatus& status, const ScrubStatus& scrub,
                       std::vector<std::string>& reasons);

/// Looks once a second: what changed for the worse or the better goes to the log; a reader of another process
/// that has held its snapshot for too long is ended, since no page that was freed meanwhile can be used
/// again. Where room is short a minute is too long.
class StoreHealth {
public:
    /// `reader_age_max` 0: readers are left alone.
    StoreHealth(std::string store_path, Nanos reader_age_max)
        : path_(std::move(store_path)), reader_age_max_(reader_age_max) {}
    void tick(const EngineStatus& status, const ScrubStatus& scrub);

private:
    void watch_rot(const ScrubStatus& scrub);
    void watch_room(const EngineStatus& status);
    void end_long_reader(const EngineStatus& status);

    std::string path_;
    Nanos reader_age_max_;
    ScrubStatus rot_;
    u64 level_ = 0;
    u64 asked_pid_ = 0;  ///< was asked to end, so many ticks ago
    u32 asked_ticks_ = 0;
};

}  // namespace twinlink::daemon
