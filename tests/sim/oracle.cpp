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

}  // namespace

std::string fold_of(const SimStream& truth, const LostNames& lost, const Ends& ends) {
    Fold fold(Acd{1}, {.calls = 1'024, .agents = 256, .skills = 64, .trunks = 16'384});
    std::vector<u64> traced;
    const EngineConfig config = PipelineRig::defaults();
    for (const Agent agent : config.acds[0].trace_agents) traced.push_back(agent.value);
    fold.trace(traced);
    RowsSink sink;
    for (const SimStream::Life& life : truth.lives) {
        const auto end = ends.find(life.epoch);
        if (end == ends.end()) continue;
        fold.begin_epoch(life.epoch, sink);
        Seq at{1};
        const auto apply_to = [&](Seq until) {
            const std::size_t from = life.first + at.value - 1;
            const auto count = static_cast<u32>(until - at);
            if (count != 0) fold.apply(at, truth.range(from, from + count), count, sink);
            at = until;
        };
        if (const auto holes = lost.find(life.epoch); holes != lost.end()) {
            for (const Range& hole : holes->second) {
                apply_to(hole.first);
                fold.missing(hole.count());
                at = hole.last + 1;
            }
        }
        apply_to(end->second);
    }
    fold.flush(sink);
    std::string text;
    for (const auto& [key, interval] : sink.intervals) text += text_of(interval);
    for (const auto& [key, row] : sink.rows) text += text_of(key, row.items, row.closed);
    return text;
}

std::string store_of(const StoreSnapshot& snapshot) {
    std::string text;
    for (const IntervalRecord& i : snapshot.intervals()) text += text_of(i);
    snapshot.all_rows([&](const RowView& row) {
        text += text_of(row.key, row.items, row.closed);
        return true;
    });
    return text;
}

}  // namespace twinlink::sim_test
