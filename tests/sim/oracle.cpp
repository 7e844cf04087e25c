// See oracle.hpp.
#include "tests/sim/oracle.hpp"

namespace twinlink::sim_test {
namespace {

using namespace test;

std::string text_of(const IntervalRecord& i) {
    return "interval " + std::to_string(i.start) + "/" + std::to_string(i.instance) + " " +
           std::to_string(i.first_seq) + "-" + std::to_string(i.last_seq) + " messages " +
           std::to_string(i.messages) + " missing " + std::to_string(i.missing) +
           (i.closed != 0 ? " closed" : " open") + (i.incomplete != 0 ? " incomplete" : "") + "\n";
}

std::string text_of(const RowKey& key, std::span<const u64> items, bool closed) {
    const Table& table = *find_table(key.table);
    std::string text = std::string(table.name) + " " + std::to_string(key.interval_start) + "/" +
                       std::to_string(key.instance) + " " + std::to_string(key.entity) + " " +
                       std::to_string(key.entity2) + (closed ? " closed" : " open");
    for (u16 i = 0; i < items.size(); ++i)
        if (items[i] != 0) text += " " + name_of(column_at(table, i)) + "=" + std::to_string(items[i]);
    return text + "\n";
}

/// Intervals and rows as text, for people ...
struct Text {
    std::string all;
    void add(const IntervalRecord& i) { all += text_of(i); }
    void add(const RowKey& key, std::span<const u64> items, bool closed) {
        all += text_of(key, items, closed);
    }
};
/// ... and the same as numbers, which are compared a hundred times as often.
struct Numbers {
    std::vector<u64> all;
    void add(const IntervalRecord& i) {
        const u64 flags = (i.closed != 0 ? 1U : 0U) | (i.incomplete != 0 ? 2U : 0U);
        all.insert(all.end(), {i.start, i.instance, i.first_seq, i.last_seq, i.messages, i.missing, flags});
    }
    void add(const RowKey& key, std::span<const u64> items, bool closed) {
        all.insert(all.end(), {static_cast<u64>(key.table), key.interval_start, key.instance, key.entity,
                               key.entity2, closed ? u64{1} : 0});
        for (std::size_t i = 0; i < items.size(); ++i)
            if (items[i] != 0) all.insert(all.end(), {i, items[i]});
    }
};

/// Enough for any simulated centre; more would be zeroed for nothing, each time.
constexpr FoldLimits kRoom{.calls = 1'024,
                           .agents = 256,
                           .skills = 64,
                           .agent_skills = 2'048,
                           .vdns = 256,
                           .vectors = 64,
                           .trunk_groups = 64,
                           .trunks = 1'024,
                           .codes = 64};

/// A fold from nothing, and what it hands on.
class Plain {
public:
    explicit Plain(Acd acd) : fold_(acd, kRoom) {
        std::vector<u64> traced;
        const EngineConfig config = PipelineRig::defaults();
        for (const Agent agent : config.acds[0].trace_agents) traced.push_back(agent.value);
        fold_.trace(traced);
    }
    void begin(Epoch epoch) {
        fold_.begin_epoch(epoch, sink);
        at_ = Seq{1};
    }
    void missing_to(Seq end) {
        if (at_ < end) fold_.missing(end - at_);
        at_ = std::max(at_, end);
    }
    void apply(Bytes messages, u32 count) {
        if (count != 0) fold_.apply(at_, messages, count, sink);
        at_ = at_ + count;
    }
    [[nodiscard]] Seq at() const { return at_; }
    template <class Out>
    [[nodiscard]] Out result(Of what) {
        fold_.flush(sink);
        Out out;
        for (const auto& [key, interval] : sink.intervals)
            if (what == Of::All || interval.closed != 0) out.add(interval);
        for (const auto& [key, row] : sink.rows) {
            const auto interval = sink.intervals.find({key.interval_start, key.instance});
            const bool closed = interval != sink.intervals.end() && interval->second.closed != 0;
            if (what == Of::All || closed) out.add(key, row.items, row.closed);
        }
        return out;
    }

    RowsSink sink;

private:
    Fold fold_;
    Seq at_{1};
};

void fold_truth(Plain& plain, const SimStream& truth, Acd acd, const LostNames& lost, const Ends& ends) {
    for (const SimStream::Life& life : truth.lives) {
        const auto end = ends.find({acd, life.epoch});
        if (end == ends.end()) continue;
        plain.begin(life.epoch);
        const auto apply_to = [&](Seq until) {
            const std::size_t from = life.first + plain.at().value - 1;
            const auto count = static_cast<u32>(until - plain.at());
            if (count != 0) plain.apply(truth.range(from, from + count), count);
        };
        if (const auto holes = lost.find({acd, life.epoch}); holes != lost.end()) {
            for (const Range& hole : holes->second) {
                apply_to(hole.first);
                plain.missing_to(hole.last + 1);
            }
        }
        apply_to(end->second);
    }
}

template <class Out>
Out journal_as(const StoreSnapshot& snapshot, Acd acd, Of what) {
    Plain plain(acd);
    for (const StreamRecord& stream : snapshot.streams()) {
        if (stream.acd != acd.value) continue;
        plain.begin(Epoch{stream.epoch});
        if (stream.next == 1) continue;
        const Range names{Seq{1}, Seq{stream.next} - 1};
        snapshot.blocks({acd, Epoch{stream.epoch}}, names, [&](const BlockView& block) {
            plain.missing_to(block.range.first);
            plain.apply(block.messages, static_cast<u32>(block.range.count()));
            return true;
        });
        plain.missing_to(Seq{stream.next});
    }
    return plain.result<Out>(what);
}

template <class Out>
Out store_as(const StoreSnapshot& snapshot, Acd acd, Of what) {
    Out out;
    std::set<std::pair<u64, u16>> closed;
    for (const IntervalRecord& i : snapshot.intervals(0, ~u64{0}, acd)) {
        if (what == Of::All || i.closed != 0) out.add(i);
        if (i.closed != 0) closed.emplace(i.start, i.instance);
    }
    snapshot.all_rows([&](const RowView& row) {
        const RowKey& key = row.key;
        if (key.acd == acd && (what == Of::All || closed.contains({key.interval_start, key.instance})))
            out.add(key, row.items, row.closed);
        return true;
    });
    return out;
}

}  // namespace

std::string fold_of(const SimStream& truth, Acd acd, const LostNames& lost, const Ends& ends) {
    Plain plain(acd);
    fold_truth(plain, truth, acd, lost, ends);
    return plain.result<Text>(Of::All).all;
}

std::string store_of(const StoreSnapshot& snapshot, Acd acd, Of what) {
    return store_as<Text>(snapshot, acd, what).all;
}

std::string unexplained(const StoreSnapshot& snapshot, Acd acd, Of what) {
    if (journal_as<Numbers>(snapshot, acd, what).all == store_as<Numbers>(snapshot, acd, what).all) return {};
    return "\n" + first_difference(journal_as<Text>(snapshot, acd, what).all, store_of(snapshot, acd, what));
}

std::string false_promise(const StoreSnapshot& snapshot, const SimStream& truth, Acd acd) {
    Plain plain(acd);
    Ends ends;
    for (std::size_t life = 0; life < truth.lives.size(); ++life) {
        const std::size_t end = life + 1 < truth.lives.size() ? truth.lives[life + 1].first : truth.size();
        ends[{acd, truth.lives[life].epoch}] = Seq{end - truth.lives[life].first + 1};
    }
    fold_truth(plain, truth, acd, {}, ends);
    std::string wrong;
    snapshot.all_rows([&](const RowView& row) {
        if (row.key.acd != acd || !row.closed || row.items[0] != 0) return true;
        const auto right = plain.sink.rows.find(row.key);
        if (right != plain.sink.rows.end() && std::ranges::equal(right->second.items, row.items)) return true;
        wrong = "has: " + text_of(row.key, row.items, true) + "want: " +
                (right == plain.sink.rows.end() ? std::string("no such row")
                                                : text_of(row.key, right->second.items, true));
        return false;
    });
    return wrong;
}

}  // namespace twinlink::sim_test
