// What the partner has not got yet and this server's journal has: what must not go before its time.
//
// Written by the partner thread a few times a second, read by the commit stage when room is short; a mutex,
// held for a look-up. Invariant: while it is not known what the partner has, all is needed.
#pragma once

#include <twinlink/frame.hpp>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace twinlink {

class PartnerNeeds {
public:
    using Spans = std::vector<std::pair<Stream, Range>>;

    /// There is a partner; what it has is not known (any more).
    void away() {
        const std::lock_guard lock(mutex_);
        paired_ = true;
        known_ = false;
    }
    /// These names it lacks, and this server has them, each span as wide as it may be.
    void set(Spans lacking) {
        const std::lock_guard lock(mutex_);
        paired_ = known_ = true;
        lacking_ = std::move(lacking);
    }
    [[nodiscard]] bool needs(Stream stream, Range names) const {
        const std::lock_guard lock(mutex_);
        if (!paired_ || !known_) return paired_;
        return std::ranges::any_of(lacking_, [&](const auto& l) {
            return l.first == stream && l.second.first <= names.last && names.first <= l.second.last;
        });
    }

private:
    mutable std::mutex mutex_;
    bool paired_ = false;
    bool known_ = false;
    Spans lacking_;
};

}  // namespace twinlink
