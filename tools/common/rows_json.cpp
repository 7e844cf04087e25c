// See rows_json.hpp.
#include "tools/common/rows_json.hpp"

#include "tools/common/question_words.hpp"

#include <twinlink/items.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace twinlink::tools {
namespace {

using Json = nlohmann::ordered_json;

/// Items that differ; where one has fewer columns, those that it lacks count as 0.
std::vector<DifferingItem> items_of(const DifferingRow& row) {
    std::vector<DifferingItem> items;
    if (row.theirs.empty()) return items;
    const auto at = [](const std::vector<u64>& of, std::size_t n) { return n < of.size() ? of[n] : 0; };
    for (std::size_t n = 0; n < std::max(row.own.size(), row.theirs.size()); ++n)
        if (at(row.own, n) != at(row.theirs, n))
            items.push_back({static_cast<u16>(n), at(row.own, n), at(row.theirs, n)});
    return items;
}

bool take_option(std::string_view word, RowsQuestion& question) {
    const auto value = word.substr(std::min(word.find('=') + 1, word.size()));
    if (word.starts_with("acd=")) return number_of(value, question.acd.value) && question.acd.value != 0;
    if (word.starts_with("start=")) return number_of(value, question.start);
    if (word.starts_with("instance=")) return number_of(value, question.instance);
    if (word.starts_with("most="))
        return number_of(value, question.most) && question.most >= 1 && question.most <= partner::kRowsAsked;
    if (!word.starts_with("table=")) return false;
    const Table* const table = find_table(value);
    if (table != nullptr) question.table = table->id;
    return table != nullptr;
}

}  // namespace

RowsTold told_of(const RowsAnswer& answer) {
    RowsTold told{answer.own_rows,   answer.their_rows, answer.only_here,
                  answer.only_there, answer.differing,  {},
                  answer.why};
    for (const DifferingRow& row : answer.rows)
        told.rows.push_back({row.entity, row.entity2, row.here, row.there, items_of(row)});
    return told;
}

Json to_json(const RowsTold& told) {
    Json rows = Json::array();
    for (const NamedRow& row : told.rows) {
        Json items = Json::array();
        for (const DifferingItem& item : row.items) items.push_back({item.column, item.own, item.theirs});
        rows.push_back({{"entity", row.entity},
                        {"entity2", row.entity2},
                        {"here", row.here},
                        {"there", row.there},
                        {"items", std::move(items)}});
    }
    return {{"complete", told.why.empty()}, {"why", told.why},
            {"own_rows", told.own_rows},    {"their_rows", told.their_rows},
            {"only_here", told.only_here},  {"only_there", told.only_there},
            {"differing", told.differing},  {"rows", std::move(rows)}};
}

Expected<RowsTold> rows_told_of(const Json& json) {
    try {
        RowsTold told;
        told.why = json.at("why").get<std::string>();
        told.own_rows = json.at("own_rows").get<u64>();
        told.their_rows = json.at("their_rows").get<u64>();
        told.only_here = json.at("only_here").get<u64>();
        told.only_there = json.at("only_there").get<u64>();
        told.differing = json.at("differing").get<u64>();
        const Json& rows = json.at("rows");
        if (rows.size() > partner::kRowsAsked) return failure("more rows than were asked for");
        for (const Json& of : rows) {
            NamedRow row{of.at("entity").get<u64>(),
                         of.at("entity2").get<u64>(),
                         of.at("here").get<bool>(),
                         of.at("there").get<bool>(),
                         {}};
            if (!row.here && !row.there) return failure("a row that neither server has");
            for (const Json& item : of.at("items"))
                row.items.push_back({item.at(0).get<u16>(), item.at(1).get<u64>(), item.at(2).get<u64>()});
            told.rows.push_back(std::move(row));
        }
        return told;
    } catch (const Json::exception& error) {
        return failure(std::string("rows that cannot be read: ") + error.what());
    }
}

std::string to_line(const RowsQuestion& q) {
    const Table* const table = find_table(q.table);
    return fmt::format("rows acd={} table={} start={} instance={} most={}", q.acd.value,
                       table == nullptr ? "?" : table->name, q.start, q.instance, q.most);
}

std::optional<RowsQuestion> rows_question_of(std::string_view line) {
    constexpr std::string_view kBegin = "rows ";
    if (!line.starts_with(kBegin)) return {};
    RowsQuestion question;
    const bool good = each_word(line.substr(kBegin.size()),
                                [&](std::string_view word) { return take_option(word, question); });
    if (!good || question.acd.value == 0 || question.table == TableId::None) return {};
    return question;
}

}  // namespace twinlink::tools
