// See differing_rows.hpp.
#include "engine/partner/differing_rows.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cassert>

namespace twinlink {

using namespace partner;

namespace {

RowPlace place_of(const RowHashEntry& e) noexcept { return {e.entity, e.entity2}; }

/// The least place behind this one; the very first where there is none.
RowPlace behind(RowPlace p) noexcept {
    if (++p.second == 0) ++p.first;
    return p;
}

}  // namespace

u64 partner::hash_of_row(std::span<const u64> items) noexcept {
    return XXH3_64bits(items.data(), items.size_bytes());
}

// ---- what we ask
// ------------------------------------------------------------------------------------------

RowsAnswerPtr RowAsks::ask(const RowsQuestion& question) {
    assert(question.most >= 1 && question.most <= kRowsAsked);
    const std::lock_guard lock(mutex_);
    if (answer_) return nullptr;
    question_ = question;
    step_ = Step::Begin;
    at_ = {};
    asked_.clear();
    unreadable_here_ = unreadable_there_ = false;
    answer_ = std::make_shared<RowsAnswer>();
    return answer_;
}

void RowAsks::work(Now now, std::string_view not_up) {
    const std::lock_guard lock(mutex_);
    if (!answer_) return;
    if (!not_up.empty()) return finish(not_up);
    if (step_ == Step::Begin) {
        begun_at_ = now.mono;
        step_ = Step::Ask;
    }
    if (now.mono - begun_at_ >= kRowsLimit) {
        counters_.add(Counter::RowsTimedOut);
        return finish("the partner did not answer in full within 2 s");
    }
    switch (step_) {
        case Step::Ask: return send({});
        case Step::Compare: return compare();
        case Step::AskItems: return ask_items();
        case Step::Begin:
        case Step::Page:
        case Step::Items: return;
    }
}

void RowAsks::forget(std::string_view why) {
    const std::lock_guard lock(mutex_);
    if (answer_ && step_ != Step::Begin) finish(why);
}

/// Without keys: for the next page of hashes.
void RowAsks::send(std::span<const RowEntry> keys) {
    RowsAsk message{};
    message.start = question_.start;
    message.next_entity = at_.first;
    message.next_entity2 = at_.second;
    message.request = ++request_ == 0 ? ++request_ : request_;
    message.acd = question_.acd.value;
    message.instance = question_.instance;
    message.table = static_cast<u8>(question_.table);
    write_frame(out_, message, keys);
    counters_.add(Counter::FramesOut);
    counters_.add(Counter::RowsAsksOut);
    step_ = keys.empty() ? Step::Page : Step::Items;
}

/// Precondition: the mutex is held and answer_ is there.
void RowAsks::finish(std::string_view why) {
    if (why.empty() && unreadable_here_) why = "not all of this server's store can be read";
    if (why.empty() && unreadable_there_) why = "the partner could not read all of its store";
    answer_->why = why;
    answer_->done_.store(true, std::memory_order_release);
    answer_.reset();
}

void RowAsks::does_not_fit() {
    counters_.add(Counter::RowsWrong);
    finish("the partner's answer does not fit the question");
}

/// Precondition: the mutex is held.
bool RowAsks::expects(Step step, u32 request) {
    if (answer_ && step_ == step && request == request_) return true;
    counters_.add(Counter::RowsUnasked);
    return false;
}

void RowAsks::on_hashes(const FrameIn& frame) {
    const auto page = frame.as<RowHashes>();
    const std::lock_guard lock(mutex_);
    counters_.add(Counter::RowsIn, frame.entries);
    if (!expects(Step::Page, page.request)) return;
    last_page_ = (page.flags & kPageLast) != 0;
    behind_ = {page.next_entity, page.next_entity2};
    page_.clear();
    page_at_ = 0;
    for (u32 n = 0; n < frame.entries; ++n) page_.push_back(frame.entry<RowHashEntry>(n));
    // Rows ascend (read_frame has looked); each page goes on behind the one before it.
    const bool fits = (last_page_ || behind_ > at_) &&
                      (page_.empty() ||
                       (place_of(page_.front()) >= at_ && (last_page_ || place_of(page_.back()) < behind_)));
    if (!fits) return does_not_fit();
    unreadable_there_ = unreadable_there_ || (page.flags & kPageUnreadable) != 0;
    answer_->their_rows += page_.size();
    step_ = Step::Compare;
}

/// Walks through the page and our own rows beside it, as far as a slice may go.
void RowAsks::compare() {
    const auto snapshot = store_.snapshot();
    if (!snapshot) return;  // tried again; there is a limit
    u32 seen = 0;
    bool more = false;
    RowKey key;
    key.table = question_.table;
    key.acd = question_.acd;
    key.interval_start = question_.start;
    key.instance = question_.instance;
    std::tie(key.entity, key.entity2) = at_;
    snapshot->rows_from(key, [&](const RowView& row) {
        const RowPlace place{row.key.entity, row.key.entity2};
        if (!last_page_ && place >= behind_) return false;
        more = ++seen > kRowsPage;
        if (more) return false;
        take_own(row);
        at_ = behind(place);
        return at_ != RowPlace{};
    });
    unreadable_here_ = unreadable_here_ || snapshot->damaged() != 0;
    if (more) return;
    while (page_at_ < page_.size()) take_theirs();
    at_ = behind_;
    step_ = last_page_ ? Step::AskItems : Step::Ask;
}

void RowAsks::take_own(const RowView& row) {
    const RowPlace place{row.key.entity, row.key.entity2};
    while (page_at_ < page_.size() && place_of(page_[page_at_]) < place) take_theirs();
    ++answer_->own_rows;
    if (page_at_ == page_.size() || place_of(page_[page_at_]) != place) {
        ++answer_->only_here;
        return name_row({place.first, place.second, true, false, {}, {}});
    }
    if (page_[page_at_++].hash == hash_of_row(row.items)) return;
    ++answer_->differing;
    name_row({place.first, place.second, true, true, {row.items.begin(), row.items.end()}, {}});
}

/// The next row of the page is not here.
void RowAsks::take_theirs() {
    const RowHashEntry& row = page_[page_at_++];
    ++answer_->only_there;
    name_row({row.entity, row.entity2, false, true, {}, {}});
}

void RowAsks::name_row(DifferingRow row) {
    if (answer_->rows.size() >= question_.most) return;
    if (row.here && row.there) asked_.push_back(answer_->rows.size());
    answer_->rows.push_back(std::move(row));
}

void RowAsks::ask_items() {
    if (asked_.empty()) return finish("");
    std::vector<RowEntry> keys;
    for (const std::size_t n : asked_) keys.push_back({answer_->rows[n].entity, answer_->rows[n].entity2});
    items_at_ = 0;
    send(keys);
}

void RowAsks::on_items(const FrameIn& frame) {
    const auto page = frame.as<RowItems>();
    const std::lock_guard lock(mutex_);
    counters_.add(Counter::RowsIn);
    if (!expects(Step::Items, page.request)) return;
    DifferingRow& row = answer_->rows[asked_[items_at_]];
    if (page.entity != row.entity || page.entity2 != row.entity2) return does_not_fit();
    for (u32 n = 0; n < frame.entries; ++n) row.theirs.push_back(frame.entry<ItemEntry>(n).value);
    unreadable_there_ = unreadable_there_ || (page.flags & kPageUnreadable) != 0;
    if (++items_at_ == asked_.size()) finish("");
}

// ---- what we tell
// -----------------------------------------------------------------------------------------

namespace partner {

void RowLender::on_ask(const RowsAsk& ask, const FrameIn& frame) {
    counters_.add(Counter::RowsAsksIn);
    asked_ = Asked{ask, {}};
    for (u32 n = 0; n < frame.entries; ++n) asked_->keys.push_back(frame.entry<RowEntry>(n));
}

void RowLender::lend(Now now) {
    if (!asked_ || out_.size() > kAhead || now.mono - told_at_ < kPageEvery) return;
    told_at_ = now.mono;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return;  // tried again; whoever asks has a limit
    if (asked_->keys.empty()) return tell_hashes(*snapshot);
    tell_items(*snapshot);
}

RowKey RowLender::key_of(u64 entity, u64 entity2) const noexcept {
    const RowsAsk& ask = asked_->ask;
    return {static_cast<TableId>(ask.table), Acd{ask.acd}, ask.start, ask.instance, entity, entity2};
}

void RowLender::tell_hashes(const StoreSnapshot& snapshot) {
    RowHashes page{};
    page.request = asked_->ask.request;
    page.flags = kPageLast;
    std::vector<RowHashEntry> rows;
    snapshot.rows_from(key_of(asked_->ask.next_entity, asked_->ask.next_entity2), [&](const RowView& row) {
        if (rows.size() == kRowsPage) {
            page.flags = 0;
            page.next_entity = row.key.entity;
            page.next_entity2 = row.key.entity2;
            return false;
        }
        rows.push_back({row.key.entity, row.key.entity2, hash_of_row(row.items)});
        return true;
    });
    if (snapshot.damaged() != 0) page.flags |= kPageUnreadable;
    write_frame(out_, page, std::span<const RowHashEntry>(rows));
    counters_.add(Counter::FramesOut);
    counters_.add(Counter::RowsOut, rows.size());
    asked_.reset();
}

void RowLender::tell_items(const StoreSnapshot& snapshot) {
    Asked& asked = *asked_;
    for (std::size_t n = 0; n < kItemsPerSlice && asked.at < asked.keys.size(); ++n) {
        const RowEntry& key = asked.keys[asked.at++];
        RowItems page{};
        page.entity = key.entity;
        page.entity2 = key.entity2;
        page.request = asked.ask.request;
        page.flags = asked.at == asked.keys.size() ? kPageLast : 0;
        std::vector<ItemEntry> items;
        snapshot.row(key_of(key.entity, key.entity2), [&](const RowView& row) {
            for (const u64 value : row.items) items.push_back({value});
        });
        if (snapshot.damaged() != 0) page.flags |= kPageUnreadable;
        write_frame(out_, page, std::span<const ItemEntry>(items));
        counters_.add(Counter::FramesOut);
        counters_.add(Counter::RowsOut);
    }
    if (asked.at == asked.keys.size()) asked_.reset();
}

}  // namespace partner
}  // namespace twinlink
