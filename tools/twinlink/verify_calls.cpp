// Accounts of the same calls, agents and messages held against each other: see verify.hpp.
#include "tools/twinlink/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace twinlink::cli {
namespace {

/// ACDCALLS, ACDTIME, ACWTIME, ABNCALLS.
struct Account {
    std::array<u64, 4> values{};
    bool incomplete = false;
};
constexpr std::array<std::string_view, 4> kCounted{"ACDCALLS", "ACDTIME", "ACWTIME", "ABNCALLS"};
constexpr std::array kOfSkill{hsplit("ACDCALLS"), hsplit("ACDTIME"), hsplit("ACWTIME"), hsplit("ABNCALLS")};
constexpr std::array kOfAgent{hagent("ACDCALLS"), hagent("ACDTIME"), hagent("ACWTIME")};

using Accounts = std::map<std::pair<u64, u64>, Account>;

void add(Account& account, std::span<const u64> record) {
    const u64 disposition = record[call_rec("DISPOSITION")];
    if (disposition == 2) {
        ++account.values[0];
        account.values[1] += record[call_rec("TALKTIME")];
        account.values[2] += record[call_rec("ACWTIME")];
    }
    if (disposition == 3) ++account.values[3];
    account.incomplete = account.incomplete || record[call_rec("INCOMPLETE")] != 0;
}

/// Rows of one table in exactly this interval.
template <class RowFn>
void rows_of(const StoreSnapshot& snapshot, TableId table, const IntervalRecord& interval, const RowFn& fn) {
    snapshot.rows(table, Acd{interval.acd}, interval.start, interval.start + 1, [&](const RowView& row) {
        if (row.key.instance == interval.instance && row.items.size() >= find_table(table)->columns) fn(row);
        return true;
    });
}

/// Compares the rows with the accounts, and those that have no row.
void compare(const StoreSnapshot& snapshot, const IntervalRecord& interval, TableId table,
             std::span<const u16> columns, Accounts& accounts, Findings& findings) {
    const auto law = [&](std::size_t n) { return std::string(kCounted[n]) + " = sum over call records"; };
    rows_of(snapshot, table, interval, [&](const RowView& row) {
        const auto at = accounts.find({row.key.entity, row.key.entity2});
        const Account account = at == accounts.end() ? Account{} : at->second;
        if (at != accounts.end()) accounts.erase(at);
        if (row.items[hsplit("INCOMPLETE")] != 0 || account.incomplete) return;
        for (std::size_t n = 0; n < columns.size(); ++n)
            findings.compare(row.key, law(n), row.items[columns[n]], account.values[n]);
    });
    if (interval.incomplete != 0 || interval.in_doubt != 0) return;
    for (const auto& [entity, account] : accounts) {
        if (account.incomplete) continue;
        const RowKey key{table,        Acd{interval.acd}, interval.start, interval.instance,
                         entity.first, entity.second};
        for (std::size_t n = 0; n < columns.size(); ++n) findings.compare(key, law(n), 0, account.values[n]);
    }
}
static_assert(hsplit("INCOMPLETE") == hagent("INCOMPLETE"));

}  // namespace

u64 verify_calls(const StoreSnapshot& snapshot, const IntervalRecord& interval, Findings& findings) {
    Accounts skills;
    Accounts agents;
    u64 records = 0;
    rows_of(snapshot, TableId::CallRec, interval, [&](const RowView& row) {
        ++records;
        const u64 skill = row.items[call_rec("DISPSPLIT")];
        if (skill == 0 || row.items[call_rec("DA_QUEUED")] != 0) return;
        add(skills[{skill, 0}], row.items);
        const u64 agent = row.items[call_rec("ANSLOGIN")];
        if (agent != 0 && row.items[call_rec("PHANTOM")] == 0) add(agents[{agent, skill}], row.items);
    });
    compare(snapshot, interval, TableId::Hsplit, kOfSkill, skills, findings);
    compare(snapshot, interval, TableId::Hagent, kOfAgent, agents, findings);
    return records;
}

u64 verify_journal(const StoreSnapshot& snapshot, const StreamRecord& stream, Findings& findings) {
    const Stream name{Acd{stream.acd}, Epoch{stream.epoch}};
    const auto gaps = snapshot.gaps({.acd = name.acd, .epoch = name.epoch, .states = GapFilter::kMissing});
    u64 pruned = 0;
    for (const PrunedRecord& record : snapshot.pruned())
        if (record.acd == stream.acd && record.epoch == stream.epoch) pruned = record.upto;
    const auto where = fmt::format("ACD {} epoch {}", stream.acd, stream.epoch);
    const auto hole = [&](u64 first, u64 last) {
        // What of it no gap says is missing.
        for (const GapRecord& gap : gaps) {
            if (gap.last < first || gap.first > last) continue;
            if (gap.first > first)
                findings.add({{}, "the journal holds what no gap lacks", where, first, gap.first - 1});
            first = gap.last + 1;
            if (first > last) return;
        }
        if (first <= last) findings.add({{}, "the journal holds what no gap lacks", where, first, last});
    };
    u64 next = std::max<u64>(pruned + 1, 1);
    u64 messages = 0;
    const u64 end = stream.next == 0 ? 0 : stream.next - 1;
    if (end < next) return 0;
    snapshot.blocks(name, {Seq{next}, Seq{end}}, [&](const BlockView& block) {
        if (block.range.first.value > next) hole(next, block.range.first.value - 1);
        messages += block.range.count();
        next = std::max(next, block.range.last.value + 1);
        return true;
    });
    if (next <= end) hole(next, end);
    return messages;
}

}  // namespace twinlink::cli
