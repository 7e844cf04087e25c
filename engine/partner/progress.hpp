// How far a server that was away is with catching up: names to come from the partner, how fast they come, how
// long that will take.
//
// Pure; one owner; time is a parameter. The rate is that of the last few seconds, so it follows a partner
// that slows down. A catch-up begins when there is something to come and ends when there is nothing.
#pragma once

#include <twinlink/types.hpp>

#include <algorithm>
#include <array>

namespace twinlink::partner {

class Progress {
public:
    struct Told {
        u64 to_come = 0;
        u64 of = 0;           ///< names of this catch-up in all, those that came included
        u64 names_per_s = 0;  ///< 0 = not known yet, or nothing comes
        Nanos left;           ///< at that rate; 0 = not known
    };

    /// As it is now: names to come, and all that ever came.
    void look(u64 to_come, u64 names_in, Now now) noexcept {
        if (to_come == 0) {
            *this = {};
            return;
        }
        if (count_ == 0) begun_with_ = names_in;
        if (count_ != 0 && now.mono - at(count_ - 1).mono < kEvery) return;
        told_.to_come = to_come;
        told_.of = names_in - begun_with_ + to_come;
        samples_[count_++ % kSamples] = {now.mono, names_in};
        const Sample& first = at(count_ - std::min<u64>(count_, kSamples));
        const u64 span_ns = (now.mono - first.mono).value;
        const u64 came = names_in - first.names_in;
        told_.names_per_s =
            span_ns == 0 ? 0
                         : static_cast<u64>(static_cast<double>(came) * 1e9 / static_cast<double>(span_ns));
        told_.left = {};
        if (told_.names_per_s != 0)
            told_.left = Nanos{static_cast<u64>(static_cast<double>(to_come) * 1e9 /
                                                static_cast<double>(told_.names_per_s))};
    }
    [[nodiscard]] const Told& told() const noexcept { return told_; }

private:
    struct Sample {
        Nanos mono;
        u64 names_in = 0;
    };
    [[nodiscard]] const Sample& at(u64 n) const noexcept { return samples_[n % kSamples]; }

    static constexpr Nanos kEvery = 500_ms;
    static constexpr u64 kSamples = 11;  ///< five seconds

    std::array<Sample, kSamples> samples_{};
    u64 count_ = 0;
    u64 begun_with_ = 0;
    Told told_;
};

}  // namespace twinlink::partner
