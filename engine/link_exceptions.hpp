// What the links of one ACD did that an operator should know of: episodes, each one record (LinkEventRecord).
//
// The fold thread's. Pure: time comes in as a parameter. It is told of what happens, and looks at the links'
// accounts a few times a second for the rest, so nothing runs per frame. Invariant: at most one episode per
// kind, link and cause is open, and a minute must pass without more of it before another one begins: however
// much goes wrong, a few records a minute tell of it. Numbers go on behind those of the store.
#pragma once

#include <twinlink/records.hpp>
#include <twinlink/types.hpp>

#include <array>
#include <vector>

namespace twinlink {

class LinkExceptions {
public:
    /// An episode is over when this long nothing more of it came. Chosen: what a person calls one
    /// disturbance.
    static constexpr Nanos kQuiet = 60_s;
    /// An open episode that grows is written again this often.
    static constexpr Nanos kWriteEvery = 1_s;
    /// More than there are kinds x links x causes.
    static constexpr std::size_t kEpisodesMax = 32;

    /// ACD 0: what is of no one ACD.
    explicit LinkExceptions(Acd acd) : acd_(acd) { episodes_.reserve(kEpisodesMax); }

    /// What the store has of this ACD: its newest, and those that were open when the last run ended, which
    /// are closed here and handed on. Conditions stay open until hold() says that they are over.
    void restore(std::span<const LinkEventRecord> last, std::vector<LinkEventRecord>& to);

    struct Event {
        LinkEventKind kind = LinkEventKind::None;
        u8 link = kNoLink;
        u8 cause = 0;
        u64 epoch = 0;
        u64 first = 0;  ///< Seq, 0 = none
        u64 last = 0;
        u64 count = 1;
        u64 names = 0;  ///< missing
    };
    void note(const Event& event, Now now);
    /// The link's account as it is now: silences, frames set aside, copies that differ.
    void look(const LinkRecord& link, Now now);
    /// A condition (is_condition()) holds since then, server's wall clock; 0: it does not. Told again and
    /// again.
    void hold(LinkEventKind condition, u64 since_wall, Now now);
    /// Appends what is new or has grown, and what is over.
    void hand_on(Now now, std::vector<LinkEventRecord>& to);
    /// At an orderly stop: all that is open is over, but for conditions.
    void finish(Now now, std::vector<LinkEventRecord>& to);

private:
    struct Episode {
        LinkEventRecord record;
        Nanos latest;
        Nanos written;  ///< 0 = not yet
        bool changed;
    };
    Episode& episode(const Event& event, u64 begun_wall, Now now);
    void look_at_silence(const LinkRecord& link, const LinkRecord& seen, Now now);

    Acd acd_;
    u64 next_number_ = 1;
    std::vector<Episode> episodes_;
    std::array<LinkRecord, kLinks> seen_{};
    std::array<bool, kLinks> looked_{};
};

}  // namespace twinlink
