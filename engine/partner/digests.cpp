// See digests.hpp.
#include "engine/partner/digests.hpp"
#include "engine/planted.hpp"

#include <xxhash.h>

#include <algorithm>
#include <memory>

namespace twinlink {

std::string_view name(Likeness likeness) noexcept {
    switch (likeness) {
        case Likeness::Equal: return "equal";
        case Likeness::Different: return "different";
        case Likeness::NotComparable: return "not_comparable";
        case Likeness::Count_: break;
    }
    return "?";
}

namespace partner {
namespace {

struct FreeState {
    void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

/// Whether both were folded by the same rules. Of rows that are alike it does not matter by whose.
bool comparable(const RowsDigest& own, const RowsDigest& theirs) noexcept {
    return own.fold_version == theirs.fold_version && own.fold_version != kMixedFolds;
}

bool alike(const RowsDigest& own, const RowsDigest& theirs) noexcept {
    return own.digest == theirs.digest && own.rows == theirs.rows;
}

Likeness compare(const RowsDigest& own, const RowsDigest& theirs, std::string_view& why) noexcept {
    if (alike(own, theirs)) return Likeness::Equal;
    if (!comparable(own, theirs)) {
        why = "the servers fold by different rules";
        return Likeness::NotComparable;
    }
    if (own.missing != theirs.missing) {
        why = "one lacks messages that the other has";
        return Likeness::NotComparable;
    }
    // What a gap leaves in doubt reaches into later intervals, until it is filled or a pump-up ends it.
    if (own.incomplete || theirs.incomplete) {
        why = "rows of it are incomplete";
        return Likeness::NotComparable;
    }
    return Likeness::Different;
}

}  // namespace

RowsDigest digest_of(const StoreSnapshot& snapshot, TableId table, const IntervalRecord& interval,
                     u16 fold_version) {
    const std::unique_ptr<XXH3_state_t, FreeState> state(XXH3_createState());
    XXH3_128bits_reset(state.get());
    RowsDigest result{};
    result.missing = interval.missing;
    result.fold_version = fold_version;
    bool mixed = false;
    snapshot.rows(table, Acd{interval.acd}, interval.start, interval.start + 1, [&](const RowView& row) {
        if (row.key.instance != interval.instance) return true;
        const bool of_trunks = table == TableId::Htkgrp || table == TableId::Htrunk;
        if (of_trunks && planted(Planted::DigestSkipsTable)) return true;
        const std::array<u64, 3> key{row.key.entity, row.key.entity2, row.items.size()};
        XXH3_128bits_update(state.get(), key.data(), sizeof key);
        XXH3_128bits_update(state.get(), row.items.data(), row.items.size_bytes());
        if (result.rows != 0 && row.fold_version != result.fold_version) mixed = true;
        result.fold_version = row.fold_version;
        ++result.rows;
        result.incomplete = result.incomplete || row.items[0] != 0;
        return true;
    });
    if (mixed) result.fold_version = kMixedFolds;
    const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
    result.digest = {hash.low64, hash.high64};
    return result;
}

void Digests::reload(std::span<const IntervalRecord> closed) {
    for (const IntervalRecord& interval : closed) changed(interval);
}

void Digests::changed(const IntervalRecord& interval) {
    due_[{Acd{interval.acd}, interval.start, interval.instance}] = interval;
    if (due_.size() > kDigestIntervals * kAcdsMax) due_.erase(due_.begin());
}

void Digests::begin() {
    const std::lock_guard lock(mutex_);
    theirs_.clear();
    to_tell_.clear();
    to_look_into_.clear();
    for (const auto& [key, tables] : own_) to_tell_.insert(key);
}

void Digests::forget() {
    const std::lock_guard lock(mutex_);
    theirs_.clear();
    to_tell_.clear();
    to_look_into_.clear();
}

/// Something of the interval is new, here or there. Precondition: the mutex is held.
void Digests::hold_against(Key key) {
    to_look_into_.erase(key);
    const auto own = own_.find(key);
    const auto theirs = theirs_.find(key);
    if (own == own_.end() || theirs == theirs_.end()) return;
    for (const auto& [table, digest] : own->second) {
        const auto other = theirs->second.find(table);
        if (other == theirs->second.end()) continue;
        const RowsDigest& their = other->second;
        if (alike(digest, their) || !comparable(digest, their) || digest.missing != their.missing) continue;
        to_look_into_[key].incomplete |= digest.incomplete || their.incomplete;
    }
}

std::optional<Digests::Key> Digests::next_different(std::span<const Acd> alike, Now now) {
    for (auto& [key, odd] : to_look_into_) {
        if (odd.incomplete && std::ranges::find(alike, key.acd) == alike.end()) continue;
        if (odd.since.value == 0) odd.since = now.mono;
        if (now.mono - odd.since >= kOddFor) return key;
    }
    return {};
}

void Digests::keep_newest(std::map<Key, OfTables>& all, Acd acd) {
    const auto of_acd = [&](const auto& entry) { return entry.first.acd == acd; };
    if (std::ranges::count_if(all, of_acd) > static_cast<std::ptrdiff_t>(kDigestIntervals))
        all.erase(std::ranges::find_if(all, of_acd));
}

void Digests::on_digest(const Digest& digest) {
    const auto* const table = find_table(static_cast<TableId>(digest.table));
    if (table == nullptr) return;  // of a newer version
    const std::lock_guard lock(mutex_);
    theirs_[{Acd{digest.acd}, digest.start, digest.instance}][table->id] = {
        .digest = digest.digest,
        .rows = digest.rows,
        .missing = digest.missing,
        .fold_version = digest.fold_version,
        .incomplete = (digest.flags & kDigestIncomplete) != 0};
    hold_against({Acd{digest.acd}, digest.start, digest.instance});
    keep_newest(theirs_, Acd{digest.acd});
}

std::size_t Digests::work(bool up, bool may_tell, std::span<const Acd> acds) {
    if (!due_.empty()) {
        // The newest first: they are what people look at.
        const auto newest = std::prev(due_.end());
        const IntervalRecord interval = newest->second;
        due_.erase(newest);
        return make(interval, up) ? 1 : 0;
    }
    if (!may_tell || to_tell_.empty()) return 0;
    const auto newest = std::prev(to_tell_.end());
    const Key key = *newest;
    to_tell_.erase(newest);
    const std::lock_guard lock(mutex_);
    const auto at = own_.find(key);
    if (at != own_.end() && std::ranges::find(acds, key.acd) != acds.end()) tell(key, at->second);
    return 1;
}

/// False: the store cannot be read now, and it stays due.
bool Digests::make(const IntervalRecord& interval, bool tell) {
    const auto snapshot = store_.snapshot();
    if (!snapshot) {
        changed(interval);
        return false;
    }
    OfTables tables;
    for (const Table& table : kTables)
        tables[table.id] = digest_of(*snapshot, table.id, interval, fold_version_);
    const Key key{Acd{interval.acd}, interval.start, interval.instance};
    const std::lock_guard lock(mutex_);
    own_[key] = std::move(tables);
    hold_against(key);
    keep_newest(own_, key.acd);
    if (tell) to_tell_.insert(key);
    return true;
}

void Digests::tell(Key key, const OfTables& tables) {
    for (const auto& [table, of] : tables) {
        Digest message{};
        message.start = key.start;
        message.digest = of.digest;
        message.rows = of.rows;
        message.missing = of.missing;
        message.acd = key.acd.value;
        message.instance = key.instance;
        message.fold_version = of.fold_version;
        message.table = static_cast<u8>(table);
        message.flags = of.incomplete ? kDigestIncomplete : 0;
        write_frame(out_, message);
        counters_.add(Counter::FramesOut);
        counters_.add(Counter::DigestsOut);
    }
}

std::vector<Compared> Digests::compared() const {
    const std::lock_guard lock(mutex_);
    std::vector<Compared> all;
    for (const auto& [key, tables] : own_) {
        const auto theirs = theirs_.find(key);
        for (const auto& [table, own] : tables) {
            Compared c;
            c.acd = key.acd;
            c.start = key.start;
            c.instance = key.instance;
            c.table = table;
            c.own_rows = own.rows;
            c.why = "the partner has not told of this interval";
            if (theirs != theirs_.end()) {
                if (const auto other = theirs->second.find(table); other != theirs->second.end()) {
                    c.their_rows = other->second.rows;
                    c.why = {};
                    c.likeness = compare(own, other->second, c.why);
                }
            }
            all.push_back(c);
        }
    }
    return all;
}

}  // namespace partner
}  // namespace twinlink
