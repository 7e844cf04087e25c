// One whole day of messages, encoded once and sent day after day, faster than any model could make it up.
//
// One thread. The day begins and ends with everything idle, so it can follow itself: each replay adds 24
// hours to every time, moves call ids past those of the day before and numbers on. Messages are patched where
// they lie; both links send the same body behind heads of their own. Memory is the day's bytes, whatever the
// number of days.
#pragma once

#include "tools/acdsim/call_centre.hpp"
#include "tools/acdsim/runner.hpp"
#include "tools/acdsim/transmitter.hpp"

namespace twinlink::sim {

class DayTape {
public:
    /// Simulates a day of each centre. Preconditions: checked() configurations of one start with whole_day
    /// set. Errors: a day did not end idle (nothing is ever sent then).
    [[nodiscard]] static Expected<DayTape> record(const std::vector<CentreConfig>& centres, u32 frame_bytes);

    /// A frame with heads for both links; bodies are shared. Valid until the next but `kInFlight` call.
    struct Heads {
        std::array<TxFrame, kLinks> link;
        u32 messages;
    };
    /// The next frame in the order of time; days follow each other without end.
    Heads next() noexcept;
    /// The next `n` frames have bodies and heads of their own: they may be sent together.
    static constexpr std::size_t kInFlight = 64;

    [[nodiscard]] u64 day() const noexcept { return day_; }  ///< complete days handed out
    [[nodiscard]] std::size_t frames() const noexcept { return frames_.size(); }
    [[nodiscard]] std::size_t body_bytes() const noexcept { return bytes_.size(); }
    [[nodiscard]] u64 messages() const noexcept { return messages_; }  ///< of one day
    struct StreamEnd {
        Stream stream;
        Seq next;
        Nanos time;
    };
    /// Where each ACD's stream stands, for closing heartbeats and for the summary.
    [[nodiscard]] std::vector<StreamEnd> streams() const;

private:
    struct Frame {
        u64 at;      ///< of its first message in bytes_
        Nanos time;  ///< of its last message, on the first day
        u32 bytes;
        u16 count;
        u16 centre;
    };
    struct Centre {
        Acd acd;
        Epoch epoch;
        u64 calls = 0;  ///< of one day: call ids move on by so much
        Seq next{1};
        Nanos last;
    };
    class Recorder;
    void patch(std::byte* body, u32 count, u64 calls) const noexcept;

    // Two frames that differ in the link alone have CRCs that differ by what only their length decides.
    std::vector<u32> link_crc_ = std::vector<u32>(kFrameBytesMax + 1);
    std::vector<std::byte> bytes_;
    std::vector<Frame> frames_;
    std::vector<Centre> centres_;
    u64 messages_ = 0;
    u64 day_ = 0;
    std::size_t next_ = 0;
    std::size_t slot_ = 0;
    std::vector<std::array<std::byte, kFrameOverheadBytes>> heads_ =
        std::vector<std::array<std::byte, kFrameOverheadBytes>>(kInFlight * kLinks);
};

struct LoopResult {
    u64 days = 0;      ///< complete
    u64 messages = 0;  ///< on each link
    double seconds = 0;
    u64 not_taken = 0;  ///< messages given up, all links together
};

/// Sends `days` days to all senders, waiting for devices that are full. Stops early when `stop` is set.
[[nodiscard]] LoopResult send_days(DayTape& tape, u32 days, std::vector<ServerSenders>& servers,
                                   const Pacing& pacing, const std::atomic<bool>& stop);

}  // namespace twinlink::sim
