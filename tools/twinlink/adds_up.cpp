// See adds_up.hpp.
#include "tools/twinlink/adds_up.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::cli {
namespace {

/// One gap by itself, and against the end of the one before it.
void check_gap(const StreamRecord& stream, const GapRecord& gap, u64 last_before,
               std::vector<std::string>& wrong) {
    const auto name = [&] { return fmt::format("the gap {} to {}", gap.first, gap.last); };
    if (gap.first == 0 || gap.first > gap.last) {
        wrong.push_back(name() + " is no range");
        return;
    }
    if (gap.last >= stream.next)
        wrong.push_back(fmt::format("{} reaches beyond the last name {}", name(), stream.next - 1));
    if (gap.first <= last_before)
        wrong.push_back(fmt::format("{} overlaps the gap before it, which ends at {}", name(), last_before));
    const u64 count = gap.range().count();
    if (gap.missing > count || (gap.merged == 0 && gap.missing != count))
        wrong.push_back(fmt::format("{} says {} names, its range holds {}", name(), gap.missing, count));
}

}  // namespace

GapSums sum_of(std::span<const GapRecord> gaps) noexcept {
    GapSums sums;
    for (const GapRecord& gap : gaps) {
        ++sums.gaps;
        if (gap.cause == GapCause::BitRot) sums.rotten += gap.missing;
        switch (gap.state) {
            case GapState::Open:
            case GapState::Requested:
                ++sums.open_gaps;
                sums.open += gap.missing;
                break;
            case GapState::Lost:
                ++sums.lost_gaps;
                sums.lost += gap.missing;
                break;
            case GapState::Filled:
            case GapState::Healed:
                ++sums.filled_gaps;
                sums.filled += gap.missing;
                if (gap.filled_by == FilledBy::Partner || gap.filled_by == FilledBy::Backup)
                    sums.filled_elsewhere += gap.missing;
                break;
            case GapState::Count_: break;
        }
    }
    return sums;
}

std::vector<std::string> check_stream(const StreamRecord& stream, std::span<const GapRecord> gaps) {
    std::vector<std::string> wrong;
    if (stream.next == 0) return {"the stream has no next name"};
    u64 last_before = 0;
    u64 first_missing = 0;
    for (const GapRecord& gap : gaps) {
        check_gap(stream, gap, last_before, wrong);
        // A merged range covers names that are here, filled gaps among them.
        if (gap.merged == 0) last_before = std::max(last_before, gap.last);
        if (first_missing == 0 && is_missing(gap.state)) first_missing = gap.first;
    }
    const u64 names = stream.next - 1;
    if (names != stream.messages + stream.missing)
        wrong.push_back(fmt::format("{} names are not {} messages here + {} missing = {}", names,
                                    stream.messages, stream.missing, stream.messages + stream.missing));
    const u64 in_gaps = sum_of(gaps).missing();
    if (in_gaps != stream.missing)
        wrong.push_back(fmt::format("the stream says {} missing, its gaps hold {}", stream.missing, in_gaps));
    const u64 watermark = (first_missing == 0 ? stream.next : first_missing) - 1;
    if (stream.watermark != watermark)
        wrong.push_back(
            fmt::format("the watermark is {}, but all up to {} is here", stream.watermark, watermark));
    return wrong;
}

std::vector<std::string> check_links(const StreamRecord& stream, std::span<const LinkRecord> links,
                                     u64 filled_elsewhere, u64 rotten) {
    std::vector<std::string> wrong;
    u64 first_arrivals = 0;
    for (const LinkRecord& link : links) {
        const char letter = twinlink::letter(link.link == 0 ? Link::A : Link::B);
        first_arrivals += link.first_arrivals;
        if (link.first_arrivals + link.duplicates > link.messages)
            wrong.push_back(
                fmt::format("link {}: {} first arrivals + {} duplicates are more than its {} messages",
                            letter, link.first_arrivals, link.duplicates, link.messages));
        if (link.lost_alone > link.lost)
            wrong.push_back(fmt::format("link {}: {} lost alone are more than its {} lost", letter,
                                        link.lost_alone, link.lost));
    }
    if (links.size() == kLinks && span_of(links[0]) != span_of(links[1]))
        wrong.push_back(
            fmt::format("link A accounts for {} names, link B for {}", span_of(links[0]), span_of(links[1])));
    const u64 brought = first_arrivals + filled_elsewhere;
    if (!links.empty() && (brought < stream.messages || brought - stream.messages > rotten))
        wrong.push_back(
            fmt::format("{} first arrivals over both links + {} from elsewhere are not the {} messages "
                        "here",
                        first_arrivals, filled_elsewhere, stream.messages));
    return wrong;
}

}  // namespace twinlink::cli
