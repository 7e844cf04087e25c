// The language of faults: one rule a line, as in --fault 'link=A server=1 at-seq=1000..1100 drop'.
//
// Pure. A rule is words separated by blanks, in any order: selectors narrow it, one action says what happens.
//   server=1|2|all   link=A|B|both   acd=N|all          where (all, both, all where not said)
//   at-seq=N[..M]                                       these numbers (frames are cut at the edges)
//   at=HH:MM[:SS] | at=2026-03-02T09:30:00Z             from this time of the ACD's clock on
//   for=90s|500ms|2m                                    so long; without it to the end
//   drop  corrupt  truncate  differ  dup  wild          each frame concerned
//   loss=P  corrupt=P  truncate=P  differ=P  dup=P  wild=P    each frame with probability P (0..1)
//   burst=P:N                                           with P, this frame and the next N-1 are lost
//   reorder=P:DEPTH                                     with P, a frame is sent behind up to DEPTH later ones
//   delay=DURATION   silence   down                     late; held back in full; lost, and a pump-up when it
//   comes up never-both                                          no message is destroyed on both links of a
//   server
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace twinlink::sim {

enum class FaultKind : u8 {
    Loss,
    Burst,
    Duplicate,
    Reorder,
    Delay,
    Corrupt,
    Truncate,
    Differ,
    Wild,
    Down,
    Silence,
    NeverBoth
};
[[nodiscard]] const char* name(FaultKind kind) noexcept;

struct FaultRule {
    FaultKind kind = FaultKind::Loss;
    u8 server = 0;             ///< 1 or 2; 0 = all
    std::optional<Link> link;  ///< none = both
    Acd acd;                   ///< 0 = all
    std::optional<Range> seqs;
    std::optional<Nanos> at;  ///< below one day: time of day, until resolved
    std::optional<Nanos> lasts;
    u32 ppm = 1'000'000;
    u32 depth = 1;  ///< frames of a burst or of a reorder
    Nanos delay;

    [[nodiscard]] bool on(u8 which_server, Link which_link) const noexcept {
        return (server == 0 || server == which_server) && (!link || *link == which_link);
    }
};

/// Reads one rule. Errors name the word that was not understood.
[[nodiscard]] Expected<FaultRule> parse_fault(std::string_view text);
/// Turns times of day into the first such time at or after `start`.
void resolve(std::vector<FaultRule>& rules, Nanos start);
/// The ranges of numbers that rules name: frames are cut at their edges.
[[nodiscard]] std::vector<Range> ranges(const std::vector<FaultRule>& rules);

/// "90s", "500ms", "2m", "1h", "250us".
[[nodiscard]] Expected<Nanos> parse_duration(std::string_view text);
/// "HH:MM", "HH:MM:SS" (below one day) or "YYYY-MM-DDTHH:MM:SSZ".
[[nodiscard]] Expected<Nanos> parse_time(std::string_view text);

}  // namespace twinlink::sim
