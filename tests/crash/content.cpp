// See content.hpp.
#include "tests/crash/content.hpp"

#include <xxhash.h>

#include <limits>
#include <memory>

namespace twinlink::crash {
namespace {

class Hash {
public:
    Hash() : state_(XXH3_createState(), XXH3_freeState) { XXH3_64bits_reset(state_.get()); }
    void add(Bytes bytes) { XXH3_64bits_update(state_.get(), bytes.data(), bytes.size()); }
    template <class... T>
    void add_numbers(T... number) {
        const std::array<u64, sizeof...(T)> numbers{static_cast<u64>(number)...};
        add(std::as_bytes(std::span(numbers)));
    }
    /// Records have no padding, so their bytes are their content.
    template <Record R>
    void add_record(const R& record) {
        add(std::as_bytes(std::span(&record, 1)));
    }
    template <Record R>
    void add_all(const std::vector<R>& records, Acd except) {
        for (const R& r : records)
            if (r.acd != except.value) add_record(r);
        add_numbers(~u64{0});
    }
    [[nodiscard]] u64 value() const { return XXH3_64bits_digest(state_.get()); }

private:
    std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

void add_rows(Hash& hash, const StoreSnapshot& snapshot, Acd except) {
    snapshot.all_rows([&](const RowView& row) {
        if (row.key.acd == except) return true;
        hash.add_numbers(row.key.table, row.key.acd.value, row.key.interval_start, row.key.instance,
                         row.key.entity, row.key.entity2, row.revision, row.fold_version, row.closed);
        hash.add(std::as_bytes(row.items));
        return true;
    });
    snapshot.all_rolled([&](const RolledRow& row) {
        if (row.key.acd == except) return true;
        hash.add_numbers(row.key.table, row.key.span, row.key.acd.value, row.key.first.value, row.key.entity,
                         row.key.entity2, row.revision, row.fold_version, row.intervals);
        hash.add(std::as_bytes(row.items));
        return true;
    });
}

void add_journal(Hash& hash, const StoreSnapshot& snapshot, Acd except) {
    for (const StreamRecord& s : snapshot.streams()) {
        if (s.acd == except.value) continue;
        const Range all{Seq{1}, Seq{std::numeric_limits<u64>::max()}};
        snapshot.blocks({Acd{s.acd}, Epoch{s.epoch}}, all, [&](const BlockView& b) {
            hash.add_numbers(b.range.first.value, b.range.last.value, b.first_time, b.last_time);
            hash.add(b.messages);
            return true;
        });
    }
    for (const CheckpointEntry& c : snapshot.checkpoints()) {
        if (c.stream.acd == except) continue;
        hash.add_numbers(c.stream.acd.value, c.stream.epoch.value, c.seq.value, c.interval_start, c.bytes);
        snapshot.checkpoint(c.stream, c.seq, [&](const CheckpointEntry&, Bytes state) { hash.add(state); });
    }
}

}  // namespace

u64 content_of(const StoreSnapshot& snapshot, Acd except) {
    Hash hash;
    hash.add_all(snapshot.streams(), except);
    hash.add_all(snapshot.links(), except);
    hash.add_all(snapshot.gaps(), except);
    hash.add_all(snapshot.conflicts(), except);
    hash.add_all(snapshot.intervals(), except);
    hash.add_all(snapshot.acds(), except);
    hash.add_all(snapshot.pruned(), except);
    hash.add_all(snapshot.traces(), except);
    hash.add_all(snapshot.link_events(), except);
    hash.add_all(snapshot.due(), except);
    snapshot.names([&](const NameRecord& n) {
        if (n.acd != except.value) hash.add_record(n);
        return true;
    });
    constexpr LocalDay kFirst{std::numeric_limits<i32>::min()};
    constexpr LocalDay kLast{std::numeric_limits<i32>::max()};
    for (const Span span : kRolledSpans) hash.add_all(snapshot.roll_ups(span, kFirst, kLast), except);
    add_rows(hash, snapshot, except);
    add_journal(hash, snapshot, except);
    return hash.value();
}

}  // namespace twinlink::crash
