// See row_restore.hpp.
#include "tools/twinlinkd/row_restore.hpp"

#include "engine/store/row_codec.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace twinlink::daemon {
namespace {

/// Entries that one answer has: some 600 KiB.
constexpr std::size_t kPage = 10'000;

/// An interval as a fold makes them.
bool makes_sense(const backup::IntervalEntry& entry) noexcept {
    const IntervalRecord& i = entry.record;
    const bool minutes = i.minutes == 15 || i.minutes == 30 || i.minutes == 60;
    return minutes && i.acd != 0 && i.closed == 1 && i.incomplete <= 1 && i.in_doubt <= 1 &&
           (entry.tables & ~backup::kAllTables) == 0;
}

}  // namespace

// ---- the report
// -----------------------------------------------------------------------------------------------------

void RestoreReport::clear() {
    const std::lock_guard lock(mutex_);
    totals_ = {};
    tables_.clear();
    rows_.clear();
}

void RestoreReport::add(const RowKey& key, RestoreVerdict verdict, bool tell_row) {
    const std::lock_guard lock(mutex_);
    const auto at = static_cast<std::size_t>(verdict);
    ++totals_.rows[at];
    // Rows come interval by interval, table by table.
    const bool same = !tables_.empty() && tables_.back().acd == key.acd.value &&
                      tables_.back().start == key.interval_start && tables_.back().instance == key.instance &&
                      tables_.back().table == key.table;
    if (!same && tables_.size() < kTablesTold)
        tables_.push_back({key.acd.value, key.interval_start, key.instance, key.table, {}});
    if (same || tables_.size() < kTablesTold) ++tables_.back().counts[at];
    if (tell_row && rows_.size() < kRowsTold) rows_.push_back({key, verdict});
}

void RestoreReport::count_interval(bool whole) {
    const std::lock_guard lock(mutex_);
    ++totals_.intervals;
    totals_.intervals_whole += whole;
}
void RestoreReport::count_damaged() {
    const std::lock_guard lock(mutex_);
    ++totals_.damaged;
}
void RestoreReport::count_other_acd() {
    const std::lock_guard lock(mutex_);
    ++totals_.other_acd;
}

RestoreReport::Totals RestoreReport::totals() const {
    const std::lock_guard lock(mutex_);
    Totals totals = totals_;
    totals.tables_told = tables_.size();
    totals.rows_told = rows_.size();
    return totals;
}

std::vector<RestoredTable> RestoreReport::tables(std::size_t from, std::size_t most) const {
    const std::lock_guard lock(mutex_);
    const auto rest = std::span(tables_).subspan(std::min(from, tables_.size()));
    const auto page = rest.first(std::min(most, rest.size()));
    return {page.begin(), page.end()};
}

std::vector<RestoredRowTold> RestoreReport::rows(std::size_t from, std::size_t most) const {
    const std::lock_guard lock(mutex_);
    const auto rest = std::span(rows_).subspan(std::min(from, rows_.size()));
    const auto page = rest.first(std::min(most, rest.size()));
    return {page.begin(), page.end()};
}

nlohmann::ordered_json restored_json(const RestoreReport& report, const std::string& question) {
    using Json = nlohmann::ordered_json;
    constexpr std::string_view kTables = "restored tables ";
    constexpr std::string_view kRows = "restored rows ";
    const bool of_rows = question.starts_with(kRows);
    const std::string_view number =
        std::string_view(question).substr(std::min(question.size(), (of_rows ? kRows : kTables).size()));
    std::size_t from = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), from);
    if ((!of_rows && !question.starts_with(kTables)) || error != std::errc{} ||
        end != number.data() + number.size())
        return {{"error", "restored takes tables or rows, and from which number on"}};
    Json list = Json::array();
    if (of_rows) {
        for (const RestoredRowTold& r : report.rows(from, kPage))
            list.push_back({r.key.acd.value, r.key.interval_start, r.key.instance,
                            static_cast<u32>(r.key.table), r.key.entity, r.key.entity2,
                            static_cast<u32>(r.verdict)});
    } else {
        for (const RestoredTable& t : report.tables(from, kPage)) {
            Json one{t.acd, t.start, t.instance, static_cast<u32>(t.table)};
            for (const u64 count : t.counts) one.push_back(count);
            list.push_back(std::move(one));
        }
    }
    const bool more = list.size() == kPage;
    return {{of_rows ? "rows" : "tables", std::move(list)}, {"more", more}};
}

// ---- the restore
// ----------------------------------------------------------------------------------------------------

RowRestore::RowRestore(RestoreRings& rings, StoreReader own, std::span<const Acd> acds, RestoreReport& report,
                       How how)
    : rings_(rings),
      own_(std::move(own)),
      acds_(acds.begin(), acds.end()),
      report_(report),
      how_(std::move(how)) {}

RowRestore::~RowRestore() {
    if (piece_ == nullptr) return;
    piece_->batch.clear();
    rings_.empty.push(piece_);
}

bool RowRestore::interval(const backup::IntervalEntry& entry) {
    if (!finish()) return false;
    const bool sense = makes_sense(entry);
    if (!sense) report_.count_damaged();
    skip_ = !sense || std::ranges::find(acds_, Acd{entry.record.acd}) == acds_.end();
    entry_ = entry;
    open_ = !skip_;
    lacks_ = false;
    return !open_ || begin_piece();
}

bool RowRestore::row(Bytes bytes) {
    if (skip_) {
        report_.count_other_acd();
        return true;
    }
    const Bytes key = bytes.first(backup::kRowKeyBytes);
    const Bytes value = bytes.subspan(key.size());
    const auto row = store::decode_row(key, value, items_);
    const Table* const table = row ? find_table(row->key.table) : nullptr;
    const IntervalRecord& i = entry_.record;
    const bool sense = table != nullptr && !row->items.empty() && row->items.size() <= table->columns &&
                       (entry_.tables >> static_cast<u32>(row->key.table) & 1) != 0 &&
                       row->key.acd.value == i.acd && row->key.interval_start == i.start &&
                       row->key.instance == i.instance;
    if (!sense) {
        report_.count_damaged();
        lacks_ = true;
        return true;
    }
    CommitBatch& batch = piece_->batch;
    if (batch.arena.size() + value.size() > kRestoredBytesMax && (!send(false) || !begin_piece()))
        return false;
    piece_->batch.restored.push_back({row->key, piece_->batch.arena.size(), static_cast<u32>(value.size())});
    piece_->batch.arena.insert(piece_->batch.arena.end(), value.begin(), value.end());
    return true;
}

bool RowRestore::finish() {
    if (!open_) return true;
    open_ = false;
    return send(true);
}

bool RowRestore::begin_piece() {
    while (piece_ == nullptr && !rings_.empty.pop(piece_)) {
        if (how_.ended()) return false;
        how_.wait();
    }
    piece_->batch.clear();
    return true;
}

/// Hands in what was gathered and waits until it is durable.
bool RowRestore::send(bool last) {
    CommitBatch& batch = piece_->batch;
    const bool all = entry_.tables == backup::kAllTables && !lacks_;
    batch.restored_interval = RestoredInterval{entry_.record, last, all};
    if (how_.dry_run) return send_dry();
    std::vector<RowKey> keys;
    for (const RestoredRow& row : batch.restored) keys.push_back(row.key);
    rings_.full.push(std::exchange(piece_, nullptr));
    while (!rings_.empty.pop(piece_)) {
        // What was handed in is carried out, so it is waited for also when the restore is to stop; but a
        // store that has stopped carries out nothing.
        if (how_.stopped()) return false;
        how_.wait();
    }
    if (piece_->verdicts.size() != keys.size()) return false;
    for (std::size_t n = 0; n < keys.size(); ++n) report_.add(keys[n], piece_->verdicts[n], how_.tell_rows);
    if (last) report_.count_interval(piece_->interval_whole);
    return !how_.ended();
}

bool RowRestore::send_dry() {
    const CommitBatch& batch = piece_->batch;
    const auto snapshot = own_.snapshot();
    if (!snapshot) return false;
    RestoreHere here;
    i16 offset = 0;
    for (const IntervalRecord& i : snapshot->intervals(0, ~u64{0}, Acd{entry_.record.acd})) {
        here.newest_start = i.start;
        offset = i.utc_offset_minutes;
        if (i.start == entry_.record.start && i.instance == entry_.record.instance) here.interval = i;
    }
    const KeptNow now = kept_now(here.newest_start, offset, how_.wall);
    for (const RestoredRow& row : batch.restored) {
        here.kept_from = kept_from(days_kept(how_.kept, row.key.table), now);
        here.complete = false;
        here.row = snapshot->row(row.key, [&](const RowView& view) {
            here.complete = view.closed && !view.items.empty() && view.items[0] == 0;
        });
        const Bytes theirs = Bytes(batch.arena).subspan(row.offset, row.bytes);
        report_.add(row.key, judge(here, entry_.record.start, store::is_complete(theirs)), how_.tell_rows);
    }
    report_.count_interval(false);
    return !how_.ended();
}

}  // namespace twinlink::daemon
