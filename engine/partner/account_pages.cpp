// See account_pages.hpp.
#include "engine/partner/account_pages.hpp"

#include <algorithm>
#include <cassert>

namespace twinlink {

using namespace partner;

// ---- what we ask
// ------------------------------------------------------------------------------------------

AccountAnswerPtr AccountAsks::ask(const AccountQuestion& question) {
    assert(question.most >= 1 && question.most <= kAccountMost);
    const std::lock_guard lock(mutex_);
    if (answer_) return nullptr;
    question_ = question;
    sent_ = unreadable_ = false;
    answer_ = std::make_shared<AccountAnswer>();
    answer_->next = question.next;
    return answer_;
}

void AccountAsks::on_time(Now now, std::string_view not_up) {
    const std::lock_guard lock(mutex_);
    if (!answer_) return;
    if (!not_up.empty()) return finish(not_up);
    if (sent_) {
        if (now.mono - asked_at_ < kAccountLimit) return;
        counters_.add(Counter::AccountsTimedOut);
        return finish("the partner did not answer in full within 2 s");
    }
    AccountAsk message{};
    message.from = question_.from;
    message.to = question_.to;
    message.next_acd = question_.next.acd;
    message.next_epoch = question_.next.epoch;
    message.next_number = question_.next.number;
    message.request = ++request_ == 0 ? ++request_ : request_;
    message.most = question_.most;
    message.acd = question_.acd.value;
    message.kind = question_.kind;
    write_frame(out_, message);
    counters_.add(Counter::FramesOut);
    counters_.add(Counter::AccountAsksOut);
    sent_ = true;
    asked_at_ = now.mono;
}

void AccountAsks::forget(std::string_view why) {
    const std::lock_guard lock(mutex_);
    if (answer_ && sent_) finish(why);
}

/// Precondition: the mutex is held and answer_ is there.
void AccountAsks::finish(std::string_view why) {
    answer_->why = why;
    answer_->done_.store(true, std::memory_order_release);
    answer_.reset();
}

template <class M>
void AccountAsks::on_page(const FrameIn& frame) {
    const M page = frame.as<M>();
    counters_.add(Counter::AccountPagesIn);
    const std::lock_guard lock(mutex_);
    if (!answer_ || !sent_ || page.request != request_) return counters_.add(Counter::AccountPagesUnasked);
    AccountAnswer& answer = *answer_;
    const AccountPlace next{page.next_acd, page.next_epoch, page.next_number};
    const bool kind_asked = M::kTemplate == AccountStreams::kTemplate - 1 + static_cast<u16>(question_.kind);
    // Each page goes on behind the one before it, and there are never more records than were asked for.
    bool fits = kind_asked && answer.records.size() + frame.entries <= question_.most &&
                next >= answer.next && (frame.entries != 0 || page.flags != 0 || next > answer.next);
    for (u32 n = 0; n < frame.entries && fits; ++n) {
        const auto record = frame.entry<typename M::Entry>(n);
        fits = place_of(record) >= answer.next && place_of(record) < next &&
               (question_.acd.value == 0 || record.acd == question_.acd.value);
    }
    if (!fits) {
        counters_.add(Counter::AccountPagesWrong);
        return finish("the partner's answer does not fit the question");
    }
    for (u32 n = 0; n < frame.entries; ++n) answer.records.add(frame.entry<typename M::Entry>(n));
    answer.next = next;
    unreadable_ = unreadable_ || (page.flags & kPageUnreadable) != 0;
    if ((page.flags & kPageLast) == 0) return;
    answer.more = (page.flags & kPageMore) != 0;
    finish(unreadable_ ? "the partner could not read all of its store" : "");
}
template void AccountAsks::on_page<AccountStreams>(const FrameIn&);
template void AccountAsks::on_page<AccountGaps>(const FrameIn&);
template void AccountAsks::on_page<AccountLinks>(const FrameIn&);
template void AccountAsks::on_page<AccountEvents>(const FrameIn&);

// ---- what we tell
// -----------------------------------------------------------------------------------------

namespace partner {
namespace {

/// Times that are not known reach as far as they may.
bool touches(const AccountAsk& ask, u64 begin, u64 end) noexcept {
    return begin < ask.to && (end == 0 || end >= ask.from);
}
bool wanted(const AccountAsk&, const StreamRecord&) noexcept { return true; }
bool wanted(const AccountAsk&, const LinkRecord&) noexcept { return true; }
bool wanted(const AccountAsk& ask, const GapRecord& gap) noexcept {
    return touches(ask, gap.time_before, gap.time_after);
}
bool wanted(const AccountAsk& ask, const LinkEventRecord& event) noexcept {
    return touches(ask, event.begun_wall, event.now != 0 ? 0 : event.last_wall);
}

/// Of records by ascending place, a page of those from `next` on.
template <class R>
std::vector<R> from_place(const std::vector<R>& all, AccountPlace next) {
    const auto begin = std::ranges::find_if(all, [&](const R& r) { return place_of(r) >= next; });
    const auto most = std::min<std::ptrdiff_t>(all.end() - begin, kAccountPage);
    return {begin, begin + most};
}

}  // namespace

void AccountLender::on_ask(const AccountAsk& ask) {
    counters_.add(Counter::AccountAsksIn);
    ask_ = ask;
    const AccountPlace next{ask.next_acd, ask.next_epoch, ask.next_number};
    if (next >= AccountPlace{ask.acd, 0, 0}) return;
    ask_->next_acd = ask.acd;
    ask_->next_epoch = ask_->next_number = 0;
}

void AccountLender::lend(Now now) {
    if (!ask_ || out_.size() > kAhead || now.mono - told_at_ < kPageEvery) return;
    told_at_ = now.mono;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return;  // tried again; whoever asks has a limit
    const auto page_from = [](auto all) {
        return [all = std::move(all)](AccountPlace p) { return from_place(all, p); };
    };
    switch (ask_->kind) {
        case AccountKind::Streams: return tell<AccountStreams>(*snapshot, page_from(snapshot->streams()));
        case AccountKind::Links: return tell<AccountLinks>(*snapshot, page_from(snapshot->links()));
        case AccountKind::Gaps:
            return tell<AccountGaps>(*snapshot, [&](AccountPlace p) {
                return snapshot->gaps_from({Acd{p.acd}, Epoch{p.epoch}}, Seq{p.number}, kAccountPage);
            });
        case AccountKind::Events:
            return tell<AccountEvents>(*snapshot, [&](AccountPlace p) {
                return snapshot->link_events_from(Acd{p.acd}, p.epoch == 0 ? p.number : ~u64{0},
                                                  kAccountPage);
            });
    }
}

/// Looks at a page of records from the place on where the question stands, and tells those that are wanted.
template <class M, class Find>
void AccountLender::tell(const StoreSnapshot& snapshot, Find&& find) {
    using R = typename M::Entry;
    AccountAsk& ask = *ask_;
    AccountPlace next{ask.next_acd, ask.next_epoch, ask.next_number};
    const std::vector<R> found = find(next);
    std::vector<R> records;
    bool over = found.size() < kAccountPage;
    bool more = false;
    for (const R& record : found) {
        over = over || (ask.acd != 0 && record.acd > ask.acd);
        if (ask.acd != 0 && record.acd > ask.acd) break;
        if (wanted(ask, record) && makes_sense(record)) {
            more = records.size() == ask.most;
            if (more) break;
            records.push_back(record);
        }
        next = behind(place_of(record));
    }
    M page{};
    page.request = ask.request;
    page.next_acd = ask.next_acd = next.acd;
    page.next_epoch = ask.next_epoch = next.epoch;
    page.next_number = ask.next_number = next.number;
    ask.most -= static_cast<u32>(records.size());
    more = more || (ask.most == 0 && !over);
    if (over || more) page.flags |= kPageLast;
    if (more) page.flags |= kPageMore;
    if (snapshot.damaged() != 0) page.flags |= kPageUnreadable;
    write_frame(out_, page, std::span<const R>(records));
    counters_.add(Counter::FramesOut);
    counters_.add(Counter::AccountPagesOut);
    if ((page.flags & kPageLast) != 0) ask_.reset();
}

}  // namespace partner
}  // namespace twinlink
