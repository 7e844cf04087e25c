// An Asterisk queue_log as an ACD that lives: from a file, or from one that is being written.
//
// One thread. The file is read twice: first to know the names, so that the first pump-up has them all, then
// to play it; memory holds what is in progress and the lines of `window`. When following, time is that of the
// machine less `window`, in which lines may still come; what was in the file before is told first, as fast as
// it can be sent, or only taken as the state of things (from_end).
#pragma once

#include "tools/acdsim/queue_log_input.hpp"
#include "tools/acdsim/queue_log_player.hpp"

#include <memory>

namespace twinlink::sim {

struct QueueLogConfig {
    ReplayConfig replay{};
    QueueLogRules rules{};
    std::string path{};
    Nanos window{60 * kSecond};
    bool follow = false;
    bool from_end = false;  ///< only with follow
    Nanos wall{};           ///< now: later times in the file are damage
    QueueLogInput::Damaged damaged{};
};

class QueueLogReplay final : public Source {
public:
    /// Errors: the file cannot be read; no line of it can be understood (unless following).
    [[nodiscard]] static Expected<std::unique_ptr<QueueLogReplay>> open(QueueLogConfig config);

    [[nodiscard]] Acd acd() const noexcept override { return config_.replay.acd; }
    [[nodiscard]] bool over() const noexcept override { return over_; }
    [[nodiscard]] Nanos next_time() const noexcept override;
    void step(MessageSink& sink) override;
    void pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) override;
    /// When following, before the first step: the time of day, after whatever was waited for.
    void set_wall(Nanos wall);
    /// When following, what was written until now goes out first.
    void stop(MessageSink& sink) override;
    /// When following: the time at which history ends and live time begins.
    [[nodiscard]] Nanos begins() const noexcept override { return config_.follow ? live_from_ : begins_; }
    [[nodiscard]] Nanos ends() const noexcept override { return config_.follow ? live_from_ : ends_; }

    [[nodiscard]] const QueueLogInput& input() const noexcept { return input_; }
    [[nodiscard]] const QueueLogPlayer::Counts& counts() const noexcept { return player_.counts(); }
    [[nodiscard]] const QueueLogNames& names() const noexcept { return player_.names(); }
    /// Events whose time had been passed already: they count as of the time that was reached.
    [[nodiscard]] u64 late() const noexcept { return late_; }

private:
    QueueLogReplay(QueueLogConfig config, QueueLogFile file);
    bool first_pass(QueueLogFile file);
    void take_state();
    void begin_at(Nanos time);
    void read();
    void begin(MessageSink& sink);
    void play(MessageSink& sink);
    void close(MessageSink& sink);
    /// What happens next by plan, and when.
    enum class What : u8 { Look, Boundary, PumpUp, Event, Close, Finish };
    struct Next {
        What what;
        Nanos time;
    };
    [[nodiscard]] Next next() const noexcept;

    QueueLogConfig config_;
    QueueLogInput input_;
    QueueLogPlayer player_;
    Nanos begins_;
    Nanos ends_;
    Nanos live_from_;
    Nanos now_;
    Nanos looked_;  ///< the clock when the file was last looked at
    Nanos next_boundary_;
    Nanos next_pump_up_;
    bool history_ = false;  ///< begins with what was in the file
    bool begun_ = false;
    bool closed_ = false;
    bool over_ = false;
    bool new_names_ = false;
    u64 late_ = 0;
};

}  // namespace twinlink::sim
