// See data_backup.hpp.
#include "tools/backup/data_backup.hpp"

#include "engine/partner/digests.hpp"
#include "engine/store/format.hpp"
#include "engine/store/row_codec.hpp"
#include "tools/backup/earlier.hpp"

#include <algorithm>
#include <limits>

namespace twinlink::backup {
namespace {

/// Damaged values that are named, each once.
constexpr std::size_t kDamageNamed = 20;
constexpr std::size_t kEventsAtATime = 1'000;

class Writer {
public:
    Writer(const DataOrder& order, const Watch& watch, StoreReader reader, ArchiveWriter& archive,
           const std::optional<Earlier>& earlier, DataBackup& made)
        : order_(order),
          reader_(std::move(reader)),
          archive_(archive),
          earlier_(earlier),
          made_(made),
          pace_(watch) {}

    Expected<void> run() {
        if (auto done = look(); !done) return done;
        const std::array steps{
            std::pair{PartId::Journal, &Writer::put_journal}, std::pair{PartId::Rows, &Writer::put_rows},
            std::pair{PartId::Exceptions, &Writer::put_exceptions},
            std::pair{PartId::Held, &Writer::put_held}, std::pair{PartId::Digests, &Writer::put_digests}};
        for (const auto& [part, put] : steps) {
            auto done = archive_.begin_part(part);
            if (done) done = (this->*put)();
            if (done) done = archive_.end_part();
            if (!done) return done;
        }
        return archive_.finish(made_.manifest);
    }

private:
    /// What there is, in one short snapshot.
    Expected<void> look() {
        const auto snapshot = take_snapshot();
        if (!snapshot) return std::unexpected(snapshot.error());
        const auto info = snapshot->info();
        if (!info) return std::unexpected(info.error());
        total_ = info->journal_bytes;
        Manifest& manifest = made_.manifest;
        manifest.kind = ArchiveKind::Data;
        manifest.program = order_.program;
        manifest.store_format = info->format;
        manifest.transaction = info->transaction;
        manifest.commit_wall = info->last_wall;
        const auto utc = order_.times(0);
        manifest.data = {.from = utc.first, .to = utc.second, .tables = order_.tables};
        if (earlier_) manifest.data.since = earlier_->head.created_wall;
        for (const AcdRecord& acd : snapshot->acds()) offsets_[acd.acd] = acd.utc_offset_minutes;
        for (const StreamRecord& s : snapshot->streams())
            if (takes(s.acd))
                manifest.streams.push_back({s.acd, s.epoch, s.watermark, s.next, s.messages, s.missing});
        for (const IntervalRecord& i : snapshot->intervals())
            if (i.closed != 0 && takes(i.acd) && lies_in(i.acd, i.start)) intervals_.push_back(i);
        return {};
    }

    [[nodiscard]] bool takes(u16 acd) const { return !order_.acd || order_.acd->value == acd; }
    [[nodiscard]] std::pair<u64, u64> times(u16 acd) const {
        const auto offset = offsets_.find(acd);
        return order_.times(offset == offsets_.end() ? 0 : offset->second);
    }
    [[nodiscard]] bool lies_in(u16 acd, u64 time) const {
        const auto [from, to] = times(acd);
        return time >= from && time < to;
    }

    Expected<StoreSnapshot> take_snapshot() {
        auto snapshot = reader_.snapshot();
        if (snapshot)
            snapshot->on_damage([this](const Damage& damage) {
                std::string text = damage.where + ": " + damage.what;
                const bool named = std::ranges::find(made_.damage, text) != made_.damage.end();
                if (!named && made_.damage.size() < kDamageNamed) made_.damage.push_back(std::move(text));
            });
        return snapshot;
    }

    template <class R>
    Expected<void> put(EntryKind kind, const R& record, Bytes more = {}) {
        const Bytes front = std::as_bytes(std::span(&record, 1));
        const EntryHead head{kind, static_cast<u32>(front.size() + more.size())};
        auto done = archive_.keep_together(sizeof head + head.bytes);
        if (done) done = archive_.add(std::as_bytes(std::span(&head, 1)));
        if (done) done = archive_.add(front);
        return done && !more.empty() ? archive_.add(more) : done;
    }

    // ---- the parts

    Expected<void> put_journal() {
        if ((order_.tables & kJournalBit) == 0) return {};
        for (const StreamEntry& s : made_.manifest.streams)
            if (auto done = put_stream({Acd{s.acd}, Epoch{s.epoch}}, Seq{s.next - 1}); !done) return done;
        return {};
    }

    Expected<void> put_stream(Stream stream, Seq last) {
        const auto [from, to] = times(stream.acd.value);
        partner::RangeSet& held = held_[stream];
        if (earlier_)
            if (const auto before = earlier_->held.find(stream); before != earlier_->held.end())
                held = before->second;
        for (Seq at{1}; at <= last;) {
            const auto snapshot = take_snapshot();
            if (!snapshot) return std::unexpected(snapshot.error());
            std::optional<BlockView> found;
            Expected<void> done;
            snapshot->blocks(stream, {at, last}, [&](const BlockView& block) {
                found = block;
                const bool wanted =
                    block.last_time >= from && block.first_time < to && !held.holds(block.range);
                if (!wanted) return false;
                const auto count = static_cast<u32>(block.range.count());
                done =
                    put(EntryKind::Messages,
                        JournalEntry{stream.epoch.value, block.range.first.value, count, stream.acd.value, 0},
                        block.messages);
                made_.manifest.data.messages += count;
                held.add(block.range);
                return false;
            });
            if (!done || !found) return done;
            at = found->range.last + 1;
            if (auto good = pace_.step(found->messages.size(), total_); !good) return good;
        }
        return {};
    }

    Expected<void> put_rows() {
        for (const IntervalRecord& interval : intervals_)
            if (auto done = put_interval(interval); !done) return done;
        return {};
    }

    Expected<void> put_interval(const IntervalRecord& seen) {
        const auto snapshot = take_snapshot();
        if (!snapshot) return std::unexpected(snapshot.error());
        const auto now = snapshot->intervals(seen.start, seen.start + 1, Acd{seen.acd});
        const auto interval = std::ranges::find(now, seen.instance, &IntervalRecord::instance);
        if (interval == now.end()) return {};  // the retention was faster
        const Change change = note_digests(*snapshot, *interval);
        if (change == Change::None) {
            ++made_.intervals_unchanged;
            return {};
        }
        IntervalEntry entry{*interval, order_.tables & kAllTables, 0};
        if (change == Change::Damaged) entry.record.in_doubt = 1;
        auto done = put(EntryKind::Interval, entry);
        ++made_.manifest.data.intervals;
        for (const Table& table : kTables) {
            if (!asks_for(table.id)) continue;
            snapshot->rows(table.id, Acd{interval->acd}, interval->start, interval->start + 1,
                           [&](const RowView& row) {
                               if (row.key.instance == interval->instance) done = put_row(row);
                               return done.has_value();
                           });
            if (!done) return done;
        }
        return pace_.step(std::exchange(row_bytes_, 0), total_);
    }

    [[nodiscard]] bool asks_for(TableId table) const {
        return (order_.tables >> static_cast<u32>(table) & 1) != 0;
    }

    /// The row as the store has it: key and sealed value.
    Expected<void> put_row(const RowView& row) {
        packed_.clear();
        packed_.add_row({.key = row.key,
                         .revision = row.revision,
                         .fold_version = row.fold_version,
                         .items = static_cast<u16>(row.items.size()),
                         .closed = row.closed},
                        row.items);
        const auto key = store::bytes_of(store::sort_key(row.key));
        static_assert(sizeof key == kRowKeyBytes);
        const Bytes value = store::encode_row(room_, key, packed_.rows.front(), packed_.row_words);
        row_bytes_ += value.size();
        ++made_.manifest.data.rows;
        const EntryHead head{EntryKind::Row, static_cast<u32>(sizeof key + value.size())};
        auto done = archive_.keep_together(sizeof head + head.bytes);
        if (done) done = archive_.add(std::as_bytes(std::span(&head, 1)));
        if (done) done = archive_.add(key);
        return done ? archive_.add(value) : done;
    }

    /// What became of an interval since the earlier backup, where there is one.
    enum class Change : u8 { None, Changed, Damaged };
    /// Notes what the interval comes to; not of one of which rows cannot be read: it is to go into the next
    /// backup, too.
    Change note_digests(const StoreSnapshot& snapshot, const IntervalRecord& interval) {
        const u64 damaged = snapshot.damaged();
        bool changed = !earlier_;
        DigestMap digests;
        const auto note = [&](TableId table, const std::array<u64, 2>& digest) {
            const DigestKey key{interval.acd, interval.start, interval.instance, table};
            digests[key] = digest;
            if (!earlier_) return;
            const auto before = earlier_->digests.find(key);
            changed = changed || before == earlier_->digests.end() || before->second != digest;
        };
        const u64 flags =
            u64{interval.incomplete} | u64{interval.in_doubt} << 8 | u64{interval.restored} << 16;
        note(TableId::None, {interval.messages << 24 | flags, interval.missing});
        for (const Table& table : kTables)
            if (asks_for(table.id))
                note(table.id, partner::digest_of(snapshot, table.id, interval, 0).digest);
        if (snapshot.damaged() != damaged) return Change::Damaged;
        digests_.merge(digests);
        return changed ? Change::Changed : Change::None;
    }

    /// Those that the earlier backup has, too: they grow, their clock may be set back, and they are few.
    Expected<void> put_exceptions() {
        if ((order_.tables & kExceptionsBit) == 0) return {};
        Acd acd{0};
        for (u64 number = 0;;) {
            const auto snapshot = take_snapshot();
            if (!snapshot) return std::unexpected(snapshot.error());
            const auto events = snapshot->link_events_from(acd, number, kEventsAtATime);
            for (const LinkEventRecord& event : events) {
                acd = Acd{event.acd};
                number = event.number + 1;
                // Of this server's clock, not of the ACD's.
                const auto [from, to] = order_.times(0);
                const bool wanted =
                    (event.acd == 0 || takes(event.acd)) && event.last_wall >= from && event.begun_wall < to;
                if (!wanted) continue;
                ++made_.manifest.data.exceptions;
                if (auto done = put(EntryKind::LinkEvent, event); !done) return done;
            }
            if (events.size() < kEventsAtATime) return {};
        }
    }

    Expected<void> put_held() {
        if ((order_.tables & kJournalBit) == 0) return {};
        for (const auto& [stream, held] : held_)
            for (const Range& r : held.ranges())
                if (auto done = put(EntryKind::Held, HeldEntry{stream.epoch.value, r.first.value,
                                                               r.last.value, stream.acd.value, 0, 0});
                    !done)
                    return done;
        return {};
    }

    Expected<void> put_digests() {
        for (const auto& [key, digest] : digests_)
            if (auto done = put(EntryKind::Digest,
                                DigestEntry{key.start, digest, key.acd, key.instance, key.table, {}});
                !done)
                return done;
        return {};
    }

    const DataOrder& order_;
    StoreReader reader_;
    ArchiveWriter& archive_;
    const std::optional<Earlier>& earlier_;
    DataBackup& made_;
    Pace pace_;
    u64 total_ = 0;
    std::map<u16, int> offsets_;
    std::map<Stream, partner::RangeSet> held_;
    std::vector<IntervalRecord> intervals_;
    DigestMap digests_;
    CommitBatch packed_;
    std::vector<std::byte> room_;
    u64 row_bytes_ = 0;
};

/// Errors: an earlier backup that this one cannot go on from.
Expected<std::optional<Earlier>> earlier_of(const DataOrder& order, const ArchiveHead& head,
                                            const Watch& watch) {
    if (order.since.empty()) return std::optional<Earlier>{};
    auto earlier = read_earlier(order.since, watch);
    if (!earlier) return std::unexpected(earlier.error());
    const bool same_pair = head.server != 0 && earlier->head.pair == head.pair;
    if (!same_pair && earlier->head.store != head.store)
        return failure(order.since.string() + " is of another server: make a whole one, without --since");
    const DataEntry& data = earlier->manifest.data;
    const auto utc = order.times(0);
    if (data.tables != order.tables || data.from != utc.first || data.to < utc.second)
        return failure(
            order.since.string() +
            " was asked for other tables or another time, so what is new since then cannot be told: ask "
            "for the same, or make a whole one, without --since");
    return std::optional(std::move(*earlier));
}

Expected<void> fill(const DataOrder& order, const Watch& watch, ArchiveWriter& archive, DataBackup& made) {
    auto reader = StoreReader::open(order.store);
    if (!reader) return std::unexpected(reader.error());
    const auto snapshot = reader->snapshot();
    const auto info = snapshot ? snapshot->info() : std::unexpected(snapshot.error());
    if (!info) return std::unexpected(info.error());
    const auto head = head_of(ArchiveKind::Data, order.wall, *info, order.credentials);
    if (!head) return std::unexpected(head.error());
    made.head = *head;
    const auto earlier = earlier_of(order, made.head, watch);
    if (!earlier) return std::unexpected(earlier.error());
    auto done = archive.begin(made.head);
    return done ? Writer(order, watch, std::move(*reader), archive, *earlier, made).run() : done;
}

}  // namespace

Expected<DataBackup> back_up_data(const DataOrder& order, const Watch& watch) {
    DataBackup made;
    auto done = write_backup(order.file, order.zstd_level, made,
                             [&](ArchiveWriter& archive) { return fill(order, watch, archive, made); });
    if (!done) return std::unexpected(std::move(done.error()));
    return made;
}

}  // namespace twinlink::backup
