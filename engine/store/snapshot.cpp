// Reading one snapshot: every value is unsealed before it is believed. One thread at a time.
#include "engine/store/snapshot_state.hpp"

#include "engine/store/file_check.hpp"
#include "engine/store/row_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink {

using namespace store;

StoreSnapshot::StoreSnapshot(std::unique_ptr<State> state) : state_(std::move(state)) {}
StoreSnapshot::StoreSnapshot(StoreSnapshot&&) noexcept = default;
StoreSnapshot& StoreSnapshot::operator=(StoreSnapshot&&) noexcept = default;
StoreSnapshot::~StoreSnapshot() = default;

void StoreSnapshot::on_damage(DamageFn fn) { state_->on_damage = std::move(fn); }
u64 StoreSnapshot::damaged() const noexcept { return state_->damaged; }

bool StoreSnapshot::still_valid() const noexcept {
    if (state_->environment->as != OpenAs::ReaderWithoutLock) return true;
    MDB_envinfo now{};
    mdb_env_info(state_->environment->env, &now);
    // The next commit takes only pages that were free before ours; the one after it may take pages that we
    // read.
    return now.me_last_txnid <= mdb_txn_id(state_->txn.get()) + 1;
}

Expected<StoreInfo> StoreSnapshot::info() const {
    const Txn& txn = state_->txn;
    Bytes value;
    if (const int rc = txn.get(Db::Meta, kStoreKey.bytes(), value))
        return fail(rc, "reading the store's record");
    const auto who = unseal<StoreRecord>(kStoreKey.bytes(), value);
    if (!who) return failure("the store's own record is damaged");
    if (const int rc = txn.get(Db::Meta, kCommitKey.bytes(), value))
        return fail(rc, "reading the last commit");
    const auto last = unseal<CommitRecord>(kCommitKey.bytes(), value);
    if (!last) return failure("the record of the last commit is damaged");

    MDB_envinfo env{};
    mdb_env_info(state_->environment->env, &env);
    const MDB_stat journal = txn.stat(Db::Journal);
    const MDB_stat checkpoints = txn.stat(Db::Checkpoints);
    FreePages free;
    free_pages(txn, free);
    const auto pages = [](const MDB_stat& s) {
        return s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages;
    };
    StoreInfo i;
    i.format = who->format;
    i.id = who->id;
    i.created_wall = who->created_wall;
    i.last_batch = last->number;
    i.last_wall = last->wall;
    i.commits = last->commits;
    i.transaction = mdb_txn_id(txn.get());
    i.map_bytes = env.me_mapsize;
    i.page_bytes = journal.ms_psize;
    i.file_bytes = (env.me_last_pgno + 1) * i.page_bytes;
    i.used_bytes = i.file_bytes - std::min(i.file_bytes, free.all * i.page_bytes);
    i.journal_bytes = (pages(journal) + pages(checkpoints)) * i.page_bytes;
    i.blocks = journal.ms_entries;
    i.rows = txn.stat(Db::Rows).ms_entries;
    i.gaps = txn.stat(Db::Gaps).ms_entries;
    i.checkpoints = checkpoints.ms_entries;
    i.locked = state_->environment->as != OpenAs::ReaderWithoutLock;
    return i;
}

std::vector<StreamRecord> StoreSnapshot::streams() const {
    std::vector<StreamRecord> all;
    state_->records<StreamRecord>(Db::Streams, {}, [&](const StreamRecord& r) {
        all.push_back(r);
        return true;
    });
    return all;
}

std::optional<StreamRecord> StoreSnapshot::stream(Stream s) const {
    std::optional<StreamRecord> found;
    const Key key = stream_key(s);
    state_->records<StreamRecord>(Db::Streams, key.bytes(), [&](const StreamRecord& r) {
        if (r.acd == s.acd.value && r.epoch == s.epoch.value) found = r;
        return false;
    });
    return found;
}

std::vector<TraceRecord> StoreSnapshot::traces() const {
    std::vector<TraceRecord> all;
    state_->records<TraceRecord>(Db::Traces, {}, [&](const TraceRecord& r) {
        if (r.count <= r.agents.size()) all.push_back(r);
        return true;
    });
    return all;
}

std::vector<SkipRecord> StoreSnapshot::skips() const {
    std::vector<SkipRecord> all;
    state_->records<SkipRecord>(Db::Skips, {}, [&](const SkipRecord& r) {
        all.push_back(r);
        return true;
    });
    return all;
}

std::vector<LinkEventRecord> StoreSnapshot::link_events() const {
    std::vector<LinkEventRecord> all;
    state_->records<LinkEventRecord>(Db::Linkex, {}, [&](const LinkEventRecord& r) {
        all.push_back(r);
        return true;
    });
    return all;
}

std::vector<LinkEventRecord> StoreSnapshot::link_events_from(Acd acd, u64 number, std::size_t most) const {
    std::vector<LinkEventRecord> all;
    const Key from = Key{}.put(acd.value).put(number);
    state_->records<LinkEventRecord>(Db::Linkex, from.bytes(), [&](const LinkEventRecord& r) {
        if (all.size() < most) all.push_back(r);
        return all.size() < most;
    });
    return all;
}

std::vector<ConflictRecord> StoreSnapshot::conflicts(std::optional<Acd> acd) const {
    std::vector<ConflictRecord> all;
    const Key from = acd ? Key{}.put(acd->value) : Key{};
    state_->records<ConflictRecord>(Db::Conflicts, from.bytes(), [&](const ConflictRecord& r) {
        if (acd && r.acd != acd->value) return false;
        all.push_back(r);
        return true;
    });
    return all;
}

std::vector<LinkRecord> StoreSnapshot::links() const {
    std::vector<LinkRecord> all;
    state_->records<LinkRecord>(Db::Links, {}, [&](const LinkRecord& r) {
        all.push_back(r);
        return true;
    });
    return all;
}

std::vector<GapRecord> StoreSnapshot::gaps(const GapFilter& filter) const {
    std::vector<GapRecord> all;
    const Key from = filter.acd ? stream_key({*filter.acd, filter.epoch.value_or(Epoch{})}) : Key{};
    state_->records<GapRecord>(Db::Gaps, from.bytes(), [&](const GapRecord& r) {
        if (filter.acd && r.acd != filter.acd->value) return false;
        if (filter.epoch && r.epoch != filter.epoch->value) return !filter.acd;
        const bool wanted = (filter.states >> static_cast<u32>(r.state) & 1) != 0;
        if (wanted && r.first <= filter.range.last.value && r.last >= filter.range.first.value)
            all.push_back(r);
        return true;
    });
    return all;
}

std::vector<GapRecord> StoreSnapshot::gaps_from(Stream stream, Seq first, std::size_t most) const {
    std::vector<GapRecord> all;
    const Key from = seq_key(stream, first);
    state_->records<GapRecord>(Db::Gaps, from.bytes(), [&](const GapRecord& r) {
        if (all.size() < most) all.push_back(r);
        return all.size() < most;
    });
    return all;
}

std::vector<IntervalRecord> StoreSnapshot::intervals(u64 from, u64 to, std::optional<Acd> acd) const {
    std::vector<IntervalRecord> all;
    const Key key = acd ? Key{}.put(acd->value).put(from).put(u16{0}) : Key{};
    state_->records<IntervalRecord>(Db::Intervals, key.bytes(), [&](const IntervalRecord& r) {
        if (acd && (r.acd != acd->value || r.start >= to)) return false;
        if (r.start >= from && r.start < to) all.push_back(r);
        return true;
    });
    return all;
}

std::vector<AcdRecord> StoreSnapshot::acds() const {
    std::vector<AcdRecord> all;
    state_->records<AcdRecord>(Db::Acds, {}, [&](const AcdRecord& r) {
        all.push_back(r);
        return true;
    });
    return all;
}

std::vector<PrunedRecord> StoreSnapshot::pruned() const {
    std::vector<PrunedRecord> all;
    state_->records<PrunedRecord>(Db::Pruned, {}, [&](const PrunedRecord& r) {
        all.push_back(r);
        return true;
    });
    return all;
}

std::optional<std::string> StoreSnapshot::name(Acd acd, NameKind kind, u64 number) const {
    const Key key = Key{}.put(acd.value).put(static_cast<u8>(kind)).put(number);
    Bytes value;
    const int rc = state_->txn.get(Db::Names, key.bytes(), value);
    if (rc == MDB_NOTFOUND) return {};
    const auto r = rc == MDB_SUCCESS ? unseal<NameRecord>(key.bytes(), value) : std::nullopt;
    if (!r) {
        state_->report(
            {"names " + hex(key.bytes()), rc != 0 ? mdb_strerror(rc) : "checksum is wrong", {}, {}});
        return {};
    }
    return std::string(r->text.begin(), std::ranges::find(r->text, '\0'));
}

void StoreSnapshot::names(const std::function<bool(const NameRecord&)>& fn) const {
    state_->records<NameRecord>(Db::Names, {}, fn);
}

void StoreSnapshot::rows(TableId table, Acd acd, u64 from, u64 to,
                         const std::function<bool(const RowView&)>& fn) const {
    RowKey first;
    first.table = table;
    first.acd = acd;
    first.interval_start = from;
    std::vector<u64> items;
    const Key key = row_key(first);
    state_->walk(Db::Rows, key.bytes(), [&](Bytes k, Bytes v) {
        const auto at = parse_row_key(k);
        if (at && (at->table != table || at->acd != acd || at->interval_start >= to)) return false;
        if (const auto row = decode_row(k, v, items)) return fn(*row);
        state_->report({"rows " + hex(k), "checksum or layout is wrong", {}, {}});
        return true;
    });
}

void StoreSnapshot::rows_from(const RowKey& first, const std::function<bool(const RowView&)>& fn) const {
    std::vector<u64> items;
    const Key key = row_key(first);
    state_->walk(Db::Rows, key.bytes(), [&](Bytes k, Bytes v) {
        auto at = parse_row_key(k);
        if (at) {
            at->entity = first.entity;
            at->entity2 = first.entity2;
            if (*at != first) return false;
        }
        if (const auto row = decode_row(k, v, items)) return fn(*row);
        state_->report({"rows " + hex(k), "checksum or layout is wrong", {}, {}});
        return true;
    });
}

std::vector<RollUpRecord> StoreSnapshot::roll_ups(Span span, LocalDay from, LocalDay to,
                                                  std::optional<Acd> acd) const {
    std::vector<RollUpRecord> all;
    const Key begin = period_key(TableId::None, span, acd.value_or(Acd{}), acd ? from : LocalDay{});
    state_->walk(Db::Rollups, begin.bytes(), [&](Bytes key, Bytes value) {
        KeyReader at(key);
        if (at.get<u8>() != 0 || at.get<u8>() != static_cast<u8>(span)) return false;
        const auto r = unseal<RollUpRecord>(key, value);
        if (!r || !std::ranges::equal(key_of(*r).bytes(), key)) {
            state_->report({"rollups " + hex(key), "checksum or key is wrong", {}, {}});
            return true;
        }
        if (acd && (r->acd != acd->value || r->first() >= to)) return false;
        if (r->first() >= from && r->first() < to) all.push_back(*r);
        return true;
    });
    return all;
}

void StoreSnapshot::rolled(TableId table, Acd acd, Span span, LocalDay from, LocalDay to,
                           const std::function<bool(const RolledRow&)>& fn) const {
    std::vector<u64> items;
    const Key begin = period_key(table, span, acd, from);
    const Key end = period_key(table, span, acd, to);
    state_->walk(Db::Rollups, begin.bytes(), [&](Bytes key, Bytes value) {
        if (!std::ranges::lexicographical_compare(key, end.bytes())) return false;
        if (const auto row = decode_rolled(key, value, items)) return fn(*row);
        state_->report({"rollups " + hex(key), "checksum or layout is wrong", {}, {}});
        return true;
    });
}

void StoreSnapshot::all_rolled(const std::function<bool(const RolledRow&)>& fn) const {
    std::vector<u64> items;
    const Key rows = Key{}.put(u8{1});  // behind the periods' records
    state_->walk(Db::Rollups, rows.bytes(), [&](Bytes key, Bytes value) {
        if (const auto row = decode_rolled(key, value, items)) return fn(*row);
        state_->report({"rollups " + hex(key), "checksum or layout is wrong", {}, {}});
        return true;
    });
}

std::vector<DueRecord> StoreSnapshot::due() const {
    std::vector<DueRecord> all;
    state_->records<DueRecord>(Db::Due, {}, [&](const DueRecord& r) {
        all.push_back(r);
        return true;
    });
    return all;
}

void StoreSnapshot::all_rows(const std::function<bool(const RowView&)>& fn) const {
    std::vector<u64> items;
    state_->walk(Db::Rows, {}, [&](Bytes k, Bytes v) {
        if (const auto row = decode_row(k, v, items)) return fn(*row);
        state_->report({"rows " + hex(k), "checksum or layout is wrong", {}, {}});
        return true;
    });
}

std::string StoreSnapshot::structure_error() const {
    return store::structure_error(state_->txn, state_->environment->path);
}

bool StoreSnapshot::row(const RowKey& key, const std::function<void(const RowView&)>& fn) const {
    const Key k = row_key(key);
    Bytes value;
    const int rc = state_->txn.get(Db::Rows, k.bytes(), value);
    if (rc == MDB_NOTFOUND) return false;
    std::vector<u64> items;
    const auto row = rc == MDB_SUCCESS ? decode_row(k.bytes(), value, items) : std::nullopt;
    if (!row) {
        state_->report({"rows " + hex(k.bytes()), rc != 0 ? mdb_strerror(rc) : "checksum is wrong", {}, {}});
        return false;
    }
    fn(*row);
    return true;
}

std::vector<CheckpointEntry> StoreSnapshot::checkpoints() const {
    std::vector<CheckpointEntry> all;
    state_->walk(Db::Checkpoints, {}, [&](Bytes key, Bytes value) {
        const auto at = parse_seq_key(key);
        if (!at || value.size() < sizeof(CheckpointHead)) {
            state_->report({"checkpoints " + hex(key), "layout is wrong", {}, {}});
            return true;
        }
        const auto head = read<CheckpointHead>(value.data());
        all.push_back({at->stream, at->seq, head.interval_start, head.bytes});
        return true;
    });
    return all;
}

bool StoreSnapshot::checkpoint(Stream stream, Seq seq,
                               const std::function<void(const CheckpointEntry&, Bytes)>& fn) const {
    const Key key = seq_key(stream, seq);
    Bytes value;
    const int rc = state_->txn.get(Db::Checkpoints, key.bytes(), value);
    if (rc == MDB_NOTFOUND) return false;
    const bool there = rc == MDB_SUCCESS && value.size() >= sizeof(CheckpointHead);
    const auto head = there ? read<CheckpointHead>(value.data()) : CheckpointHead{};
    if (!there || head.bytes != value.size() - sizeof head || head.crc32c != seal_of(key.bytes(), value)) {
        state_->report({fmt::format("checkpoint acd {} epoch {} seq {}", stream.acd.value, stream.epoch.value,
                                    seq.value),
                        rc != 0 ? mdb_strerror(rc) : "checksum or length is wrong",
                        {},
                        {}});
        return false;
    }
    fn({stream, seq, head.interval_start, head.bytes}, value.subspan(sizeof head));
    return true;
}

void StoreSnapshot::blocks(Stream stream, Range range,
                           const std::function<bool(const BlockView&)>& fn) const {
    Cursor c;
    int rc = c.open(state_->txn, Db::Journal);
    const Key from = seq_key(stream, range.first);
    if (rc == MDB_SUCCESS) {
        // The block that holds range.first may begin before it.
        rc = c.move(MDB_SET_RANGE, from.bytes());
        const bool exact = rc == MDB_SUCCESS && std::ranges::equal(c.key, from.bytes());
        if (!exact && (rc == MDB_SUCCESS || rc == MDB_NOTFOUND)) {
            rc = c.move(rc == MDB_SUCCESS ? MDB_PREV : MDB_LAST);
            if (rc == MDB_NOTFOUND) rc = c.move(MDB_FIRST);
        }
    }
    std::optional<Damage> open;  // a damaged block's range ends where the next block begins
    const auto close = [&](Seq end) {
        if (!open) return;
        if (end.value > open->range.first.value) open->range.last = end - 1;
        if (open->range.last >= range.first) state_->report(*std::exchange(open, std::nullopt));
        open.reset();
    };
    for (; rc == MDB_SUCCESS; rc = c.move(MDB_NEXT)) {
        const auto at = parse_seq_key(c.key);
        if (!at || at->stream < stream) continue;
        if (stream < at->stream || at->seq > range.last) break;
        close(at->seq);
        const auto block = open_block(c.key, c.value);
        if (!block) {
            open = Damage{fmt::format("journal acd {} epoch {} from {}", stream.acd.value, stream.epoch.value,
                                      at->seq.value),
                          "checksum or layout is wrong",
                          stream,
                          {at->seq, range.last}};
            continue;
        }
        if (block->range.last >= range.first && !fn(*block)) return;
    }
    if (open) {
        const auto record = this->stream(stream);
        close(record && record->next != 0 ? Seq{record->next} : range.last);
    }
    if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        state_->report({"journal", std::string("cannot be read on: ") + mdb_strerror(rc), stream, range});
}

}  // namespace twinlink
