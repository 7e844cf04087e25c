// `twinlink store info`: what a store says of itself.
//
// Cold; read only.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using namespace tools;

std::string hex(std::span<const u8> bytes) {
    std::string text;
    for (const u8 byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

/// One line of the listing, and the same as a fact for machines.
class Facts {
public:
    explicit Facts(Document& document) : document_(document) {}

    void add(const std::string& key, const std::string& title, Value value, const std::string& text) {
        document_.fact(key, std::move(value));
        document_.opening.push_back({fmt::format("  {:<12}  {}", title, text), Style::Plain});
    }
    void count(const std::string& key, const std::string& title, u64 value, const std::string& unit = "") {
        add(key, title, value, with_separators(value) + (unit.empty() ? "" : " " + unit));
    }
    void time(const std::string& key, const std::string& title, u64 value) {
        if (value == 0)
            add(key, title, {}, "never");
        else
            add(key, title, rfc3339(value), local_time(value, 0) + " UTC");
    }

private:
    Document& document_;
};

}  // namespace

Result<Answer> run_store_info(const Arguments& arguments, const Rim&) {
    auto store = StoreSource::open(arguments.text(OptionId::Directory));
    if (!store) return std::unexpected(store.error());
    const auto info = store->snapshot().info();
    if (!info)
        return refuse(ExitCode::Problem,
                      fmt::format("the store in {} does not tell what it is: {}. Nothing was "
                                  "changed. Try: twinlink store check {}",
                                  store->path(), info.error().text, store->path()));
    Answer answer;
    answer.document.command = "store info";
    answer.document.opening.push_back({"Store in " + store->path(), Style::Title});
    answer.document.fact("store", store->path());
    Facts facts(answer.document);
    const std::string id = hex(info->id);
    facts.add("id", "id", id, id);
    facts.count("format", "format", info->format);
    facts.time("created", "created", info->created_wall);
    facts.time("last_commit", "last commit", info->last_wall);
    facts.count("commits", "commits", info->commits);
    facts.count("last_batch", "last batch", info->last_batch);
    facts.count("transaction", "transaction", info->transaction);
    facts.count("blocks", "journal", info->blocks, "blocks");
    facts.count("rows", "rows", info->rows);
    facts.count("gaps", "gaps", info->gaps, "records");
    facts.count("checkpoints", "checkpoints", info->checkpoints);
    facts.count("used_bytes", "in use", info->used_bytes, "bytes");
    facts.count("journal_bytes", "of that", info->journal_bytes, "bytes for journal and checkpoints");
    facts.count("file_bytes", "file", info->file_bytes, "bytes");
    facts.count("map_bytes", "at most", info->map_bytes, "bytes");
    facts.count("page_bytes", "page", info->page_bytes, "bytes");
    answer.document.fact("locked", store->locked());

    Listing pruned{"pruned",
                   {{"acd", "ACD", Kind::Number},
                    {"epoch", "epoch", Kind::Number},
                    {"upto", "journal begins behind", Kind::Number},
                    {"messages", "messages taken", Kind::Count}},
                   {},
                   {}};
    for (const PrunedRecord& record : store->snapshot().pruned())
        pruned.rows.push_back({{u64{record.acd}, record.epoch, record.upto, record.messages}, Style::Plain});
    if (!pruned.rows.empty()) {
        Group group;
        group.heading.push_back({"What the retention took out of the journal:", Style::Title});
        group.rows = pruned.rows.size();
        pruned.groups.push_back(std::move(group));
    }
    answer.document.tables.push_back(std::move(pruned));
    return store->finish(std::move(answer));
}

}  // namespace twinlink::cli
