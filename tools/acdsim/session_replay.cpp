// Opens a recording for acdsim replay, and says what it was like when it is over. See session.hpp.
#include "tools/acdsim/queue_log_replay.hpp"
#include "tools/acdsim/replay.hpp"
#include "tools/acdsim/session.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace twinlink::sim {
namespace {

constexpr u64 kDamagedShown = 100;  // lines that are named one by one; a file of garbage has millions

void report_damaged(const std::string& file, u64 number, const std::string& why) {
    fmt::print(stderr, "acdsim: {}:{}: skipped: {}\n", file, number, why);
}

ReplayConfig config_of(const Options& o) {
    return {Acd{o.first_acd}, o.centre.interval_minutes, o.centre.pump_up_every, o.centre.utc_offset_minutes};
}

Expected<OpenedReplay> open_technion(const Options& o) {
    const std::string& file = o.replay.file;
    auto recording = read_technion(file);
    if (!recording) return std::unexpected(recording.error());
    for (const auto& line : recording->damaged) report_damaged(file, line.number, line.why);
    if (recording->calls.empty()) return failure(fmt::format("'{}' has no call that can be read", file));
    auto replay = std::make_unique<Replay>(config_of(o), *recording);
    fmt::print(stderr,
               "{}: {} calls, {} lines skipped; overlapping in the recording: {} calls moved to a second "
               "login, {} to a spare trunk\n",
               file, recording->calls.size(), recording->damaged.size(), replay->moved_agents(),
               replay->moved_trunks());
    const bool whole = recording->damaged.empty();
    return OpenedReplay{std::move(replay), {}, [whole] { return whole; }};
}

/// The lines at the end: what was in the file, and what was odd about it.
bool conclude(const std::string& file, const QueueLogReplay& replay) {
    const QueueLogPlayer::Counts& c = replay.counts();
    const QueueLogInput& input = replay.input();
    fmt::print(
        stderr,
        "{}: {} lines, {} skipped; calls: {} came, {} answered, {} abandoned, {} left the queue otherwise, "
        "{} rings unanswered\n",
        file, input.lines(), input.damaged(), c.entered, c.answered, c.abandoned, c.left, c.unanswered);
    const auto odd = [&](u64 count, std::string_view what) {
        if (count != 0) fmt::print(stderr, "{}: {} {}\n", file, count, what);
    };
    odd(replay.late(), "lines came too late to be put in order, and count as of when they came");
    odd(c.begun_unseen, "calls were answered without a line that they came: their wait is not known");
    odd(c.strays, "lines of calls or members that are not there");
    odd(c.cut, "calls were cut off because their lines contradict each other or never end");
    odd(c.unfinished, "calls were in progress when the file ended");
    odd(c.second_logins, "calls that overlap another one of their member went to a second login");
    odd(c.refused, "lines name more queues, members or calls than are taken");
    odd(input.file().rotations(), "times the file was rotated");
    odd(input.file().failed() ? 1 : 0, "error of the disk ended the reading");
    for (const auto& [name, count] : c.unknown)
        fmt::print(stderr, "{}: {} times the unknown event {}\n", file, count, name);
    for (const auto& [text, code] : replay.names().reasons())
        fmt::print(stderr, "{}: AUX {} is '{}'\n", file, code, text);
    return input.damaged() == 0 && !input.file().failed();
}

Expected<OpenedReplay> open_queue_log(const Options& o) {
    QueueLogConfig config;
    config.replay = config_of(o);
    config.rules = {o.replay.redirect_unanswered, o.replay.reasons};
    config.path = o.replay.file;
    config.window = o.replay.window;
    config.follow = o.replay.follow;
    config.from_end = o.replay.from_end;
    config.wall = wall_time();
    config.damaged = [file = o.replay.file, shown = u64{0}](u64 number, const std::string& why) mutable {
        if (++shown <= kDamagedShown) report_damaged(file, number, why);
        if (shown == kDamagedShown) fmt::print(stderr, "acdsim: {}: more are only counted\n", file);
    };
    auto replay = QueueLogReplay::open(std::move(config));
    if (!replay) return std::unexpected(replay.error());
    QueueLogReplay* const it = replay->get();  // lives as long as the run
    return OpenedReplay{std::move(*replay), [it](Nanos wall) { it->set_wall(wall); },
                        [it, file = o.replay.file] { return conclude(file, *it); }};
}

}  // namespace

Expected<OpenedReplay> open_replay(const Options& options) {
    return options.replay.format == "queue_log" ? open_queue_log(options) : open_technion(options);
}

}  // namespace twinlink::sim
