// Laws between the items of a row, of an agent's rows and of a group's trunks: see verify.hpp.
#include "tools/twinlink/verify.hpp"

#include <twinlink/identities.hpp>

#include <array>

namespace twinlink::cli {
namespace {

/// left = right, each items added up; "NAME#" is a whole family.
struct Law {
    TableId table;
    std::string_view left;
    std::string_view right;
};

constexpr auto kLaws = std::to_array<Law>({
    {TableId::Hsplit, "CALLSOFFERED", "ACDCALLS ABNCALLS BUSYCALLS DISCCALLS OUTFLOWCALLS DEQUECALLS"},
    {TableId::Hsplit, "OTHERCALLS", "BUSYCALLS DISCCALLS OUTFLOWCALLS DEQUECALLS"},
    {TableId::Hsplit, "OTHERTIME", "BUSYTIME DISCTIME OUTFLOWTIME DEQUETIME"},
    {TableId::Hsplit, "ACDCALLS", "ACDCALLS#"},
    {TableId::Hsplit, "ABNCALLS", "ABNCALLS#"},
    {TableId::Hsplit, "I_STAFFTIME", "I_ACDTIME I_ACWTIME I_AUXTIME I_AVAILTIME I_OTHERTIME I_RINGTIME"},
    {TableId::Hsplit, "I_AUXTIME", "I_AUXTIME#"},
    {TableId::Hagent, "TI_AUXTIME", "TI_AUXTIME#"},
    {TableId::Hvdn, "INCALLS", "ACDCALLS ABNCALLS OTHERCALLS"},
    {TableId::Hvdn, "OTHERCALLS", "BUSYCALLS CONNECTCALLS DISCCALLS OUTFLOWCALLS"},
    {TableId::Hvdn, "OTHERTIME", "BUSYTIME CONNECTTIME CONNTALKTIME DISCTIME OUTFLOWTIME"},
    {TableId::Hvdn, "INTIME", "ACDTIME ABNTIME ANSTIME HOLDTIME OTHERTIME"},
    {TableId::Hvdn, "ABNCALLS", "ABNCALLS#"},
    {TableId::Hvdn, "ACDCALLS CONNECTCALLS", "ANSCONNCALLS#"},
    {TableId::Hvector, "INCALLS", "ACDCALLS ABNCALLS OTHERCALLS"},
    {TableId::Hvector, "OTHERCALLS", "BUSYCALLS DISCCALLS OUTFLOWCALLS"},
    {TableId::Hvector, "OTHERTIME", "BUSYTIME DISCTIME OUTFLOWTIME"},
    {TableId::Hvector, "INTIME", "ANSTIME ABNTIME OTHERTIME"},
    {TableId::Htkgrp, "INCALLS", "ACDCALLS ABNCALLS OTHERCALLS"},
    {TableId::Htkgrp, "OUTCALLS", "O_ACDCALLS O_ABNCALLS O_OTHERCALLS"},
    {TableId::Htrunk, "INCALLS", "ACDCALLS ABNCALLS OTHERCALLS"},
    {TableId::Htrunk, "OUTCALLS", "O_ACDCALLS O_ABNCALLS O_OTHERCALLS"},
});

constexpr std::string_view kAgentParts =
    "I_ACDTIME I_ACWTIME I_DA_ACDTIME I_DA_ACWTIME I_RINGTIME TI_AUXTIME TI_AVAILTIME TI_OTHERTIME";
constexpr std::string_view kTrunkItems =
    "I_INOCC I_OUTOCC MBUSYTIME INCALLS INTIME ACDCALLS ABNCALLS OUTCALLS OUTTIME SETUPTIME";

/// Columns of a list of items.
std::vector<u16> columns_of(TableId id, std::string_view names) {
    const Table& table = *find_table(id);
    std::vector<u16> columns;
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(' '));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        if (!name.ends_with('#')) {
            columns.push_back(find_column(table, name).value().index);
            continue;
        }
        for (u16 c = 0; c < table.columns; ++c) {
            const Column column = column_at(table, c);
            if (column.item->family && column.item->name == name.substr(0, name.size() - 1))
                columns.push_back(c);
        }
    }
    return columns;
}

u64 sum_of(std::span<const u64> items, std::span<const u16> columns) {
    u64 sum = 0;
    for (const u16 column : columns) sum += items[column];
    return sum;
}

std::string text_of(std::string_view left, std::string_view right) {
    std::string text(left);
    text += " = ";
    text += right;
    std::string spaced;
    for (const char c : text) spaced += c == '#' ? std::string("1..n") : std::string(1, c);
    return spaced;
}

struct ReadyLaw {
    std::vector<u16> left;
    std::vector<u16> right;
    std::string text;
};

const std::vector<ReadyLaw>& laws_of(TableId table) {
    static const std::map<TableId, std::vector<ReadyLaw>> kReady = [] {
        std::map<TableId, std::vector<ReadyLaw>> all;
        for (const Law& law : kLaws)
            all[law.table].push_back({columns_of(law.table, law.left), columns_of(law.table, law.right),
                                      text_of(law.left, law.right)});
        return all;
    }();
    static const std::vector<ReadyLaw> kNone;
    const auto at = kReady.find(table);
    return at == kReady.end() ? kNone : at->second;
}

/// A row by the laws of its table.
void verify_row(const RowView& row, Findings& findings) {
    const u64 before = findings.count();
    for (const ReadyLaw& law : laws_of(row.key.table))
        findings.compare(row.key, law.text, sum_of(row.items, law.left), sum_of(row.items, law.right));
    if (row.key.table == TableId::CallRec && row.items[call_rec("ANSLOGIN")] != 0) {
        u64 parts = 0;
        for (const u16 c :
             {call_rec("DISPTIME"), call_rec("TALKTIME"), call_rec("ANSHOLDTIME"), call_rec("ACWTIME")})
            parts += row.items[c];
        findings.compare(row.key, "SEGSTOP - SEGSTART = DISPTIME TALKTIME ANSHOLDTIME ACWTIME",
                         row.key.entity - row.items[call_rec("SEGSTART")], parts);
    }
    // The fold's own check must not know a law that is not named here.
    if (findings.count() == before && !identities_hold(row.key.table, row.items))
        findings.add({row.key, "the identities that the fold checks", {}, {}, {}});
}

/// One agent's rows, or one group's trunks, added up.
struct OfEntity {
    u64 entity = 0;
    RowKey key;
    std::vector<u64> sums;
    bool incomplete = false;
    u64 rows = 0;
};

class Interval {
public:
    Interval(const IntervalRecord& interval, Findings& findings) : interval_(interval), findings_(findings) {}

    void read(const StoreSnapshot& snapshot) {
        for (const Table& table : kTables) {
            snapshot.rows(table.id, Acd{interval_.acd}, interval_.start, interval_.start + 1,
                          [&](const RowView& row) {
                              if (row.key.instance == interval_.instance && row.items.size() >= table.columns)
                                  take(row);
                              return true;
                          });
            end_entity();
        }
        // Trunk groups come before their trunks in the store.
        for (const auto& [group, row] : groups_) compare_group(row, trunks_[group]);
    }
    [[nodiscard]] u64 rows() const noexcept { return rows_; }

private:
    void take(const RowView& row) {
        const bool incomplete = row.items[find_column(*find_table(row.key.table), "INCOMPLETE")->index] != 0;
        if (!incomplete) {
            ++rows_;
            verify_row(row, findings_);
        }
        if (row.key.table == TableId::Hagent) {
            if (agent_.rows != 0 && agent_.entity != row.key.entity) end_entity();
            add(agent_, row, incomplete, agent_columns_);
        } else if (row.key.table == TableId::Htrunk) {
            add(trunks_[row.key.entity], row, incomplete, trunk_columns_);
        } else if (row.key.table == TableId::Htkgrp) {
            add(groups_[row.key.entity], row, incomplete, group_columns_);
        }
    }
    static void add(OfEntity& to, const RowView& row, bool incomplete, std::span<const u16> columns) {
        to.entity = row.key.entity;
        if (to.rows++ == 0) to.key = row.key;
        to.sums.resize(columns.size());
        for (std::size_t n = 0; n < columns.size(); ++n) to.sums[n] += row.items[columns[n]];
        to.incomplete = to.incomplete || incomplete;
    }
    void end_entity() {
        if (agent_.rows != 0 && !agent_.incomplete) {
            u64 parts = 0;
            for (std::size_t n = 1; n < agent_.sums.size(); ++n) parts += agent_.sums[n];
            findings_.compare(agent_.key,
                              "over the agent's skills: TI_STAFFTIME = " + std::string(kAgentParts),
                              agent_.sums[0], parts);
        }
        agent_ = {};
    }
    void compare_group(const OfEntity& group, const OfEntity& trunks) {
        if (group.incomplete || trunks.incomplete || interval_.in_doubt != 0) return;
        std::string_view names = kTrunkItems;
        for (std::size_t n = 0; n < group_columns_.size(); ++n) {
            const std::string_view name = names.substr(0, names.find(' '));
            names.remove_prefix(std::min(names.size(), name.size() + 1));
            findings_.compare(group.key, std::string(name) + " = sum over its trunks", group.sums[n],
                              n < trunks.sums.size() ? trunks.sums[n] : 0);
        }
    }

    const IntervalRecord& interval_;
    Findings& findings_;
    std::vector<u16> agent_columns_ =
        columns_of(TableId::Hagent, std::string("TI_STAFFTIME ") + std::string(kAgentParts));
    std::vector<u16> trunk_columns_ = columns_of(TableId::Htrunk, kTrunkItems);
    std::vector<u16> group_columns_ = columns_of(TableId::Htkgrp, kTrunkItems);
    OfEntity agent_;
    std::map<u64, OfEntity> groups_;
    std::map<u64, OfEntity> trunks_;
    u64 rows_ = 0;
};

}  // namespace

u64 verify_rows(const StoreSnapshot& snapshot, const IntervalRecord& interval, Findings& findings) {
    Interval one(interval, findings);
    one.read(snapshot);
    return one.rows();
}

}  // namespace twinlink::cli
