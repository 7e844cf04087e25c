// Accounts of the pair: what the partner has of itself, asked for by people, and ours, told to it.
//
// Part of the shim, its thread, but for AccountAsker::ask(), which any thread may call. At most one question
// is under way here and one is answered here; a page of records every few milliseconds, a sliver of what the
// connection takes, so that neither ingest nor filling waits for a report. An answer ends within
// kAccountLimit whatever the partner does, with what came until then and why it is not all.
#pragma once

#include "engine/partner/account.hpp"
#include "engine/partner/frames.hpp"
#include "engine/partner/session.hpp"

#include <twinlink/store_reader.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

namespace twinlink {

/// An answer that may still be on its way. Nothing but done() may be touched before done() is true.
class AccountAnswer {
public:
    [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire); }

    AccountRecords records;
    std::string why;    ///< not empty: this is not all that was asked for, because ...
    bool more = false;  ///< there is more than `most`; ask again from `next` on
    AccountPlace next;

private:
    friend class AccountAsks;
    std::atomic<bool> done_{false};
};
using AccountAnswerPtr = std::shared_ptr<AccountAnswer>;

namespace partner {

/// How long an answer may take. Specified: two seconds.
inline constexpr Nanos kAccountLimit = 2_s;

}  // namespace partner

/// Our questions.
class AccountAsks {
public:
    AccountAsks(partner::ShimCounters& counters, std::vector<std::byte>& out)
        : counters_(counters), out_(out) {}

    /// Any thread. Null: another question is under way. Precondition: 1 <= most <= kAccountMost.
    [[nodiscard]] AccountAnswerPtr ask(const AccountQuestion& question);
    /// Sends what is asked, and gives up what takes too long. `not_up`: why there is no session, or empty.
    void on_time(Now now, std::string_view not_up);
    /// The session ended.
    void forget(std::string_view why);
    /// A page came. Precondition: read_frame() said Ok, and M is its message.
    template <class M>
    void on_page(const partner::FrameIn& frame);

private:
    void finish(std::string_view why);

    partner::ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::mutex mutex_;  // of the next two
    AccountQuestion question_;
    AccountAnswerPtr answer_;  ///< null: nothing is asked
    bool sent_ = false;
    bool unreadable_ = false;
    u32 request_ = 0;
    Nanos asked_at_;
};

namespace partner {

/// The partner's questions.
class AccountLender {
public:
    AccountLender(const StoreReader& store, ShimCounters& counters, std::vector<std::byte>& out)
        : store_(store), counters_(counters), out_(out) {}

    void forget() noexcept { ask_.reset(); }
    /// Takes the place of one that is under way.
    void on_ask(const AccountAsk& ask);
    /// Tells a page, where one is due and little waits for the connection.
    void lend(Now now);

private:
    template <class M, class Find>
    void tell(const StoreSnapshot& snapshot, Find&& find);

    /// Chosen: 50,000 records a second, 6 MB of gaps: a fortieth of what lending may take.
    static constexpr Nanos kPageEvery = 5_ms;
    /// Bytes that may wait for the connection in front of a page.
    static constexpr std::size_t kAhead = std::size_t{64} << 10;

    const StoreReader& store_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::optional<AccountAsk> ask_;
    Nanos told_at_;
};

}  // namespace partner
}  // namespace twinlink
