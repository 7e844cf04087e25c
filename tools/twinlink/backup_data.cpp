// `twinlink backup data`: rows, call records, logins, exceptions and journal of a time, ACDs and tables into
// one file; all of it, or what is new since an earlier one.
#include "tools/backup/data_backup.hpp"
#include "tools/backup/data_format.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/backup_order.hpp"
#include "tools/twinlink/backup_watch.hpp"
#include "tools/twinlink/report_kinds.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <vector>

namespace twinlink::cli {
namespace {

using namespace tools;

constexpr std::string_view kJournal = "journal";
constexpr std::string_view kExceptions = "exceptions";

/// The bit of what that name names; 0 of no name of ours.
u32 bit_of(std::string_view word) {
    if (word == kJournal) return backup::kJournalBit;
    if (word == kExceptions) return backup::kExceptionsBit;
    for (const Table& table : kTables)
        if (word == report_kind(table.id).name) return u32{1} << static_cast<u32>(table.id);
    return 0;
}

/// --tables as bits; all without it.
Result<u32> tables_of(const Arguments& arguments) {
    if (!arguments.has(OptionId::Tables))
        return backup::kAllTables | backup::kJournalBit | backup::kExceptionsBit;
    const std::string list = arguments.text(OptionId::Tables);
    u32 bits = 0;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t comma = std::min(list.find(',', at), list.size());
        const std::string_view word = std::string_view(list).substr(at, comma - at);
        at = comma + 1;
        const u32 bit = bit_of(word);
        if (bit == 0) {
            std::string all;
            for (const Table& table : kTables) all += std::string(report_kind(table.id).name) + ", ";
            return refuse(ExitCode::Usage, fmt::format("--tables: \"{}\" is none of {}{}, {}.", clean(word),
                                                       all, kExceptions, kJournal));
        }
        bits |= bit;
    }
    return bits;
}

/// An increment of itself would take the place of what it goes on from.
Result<void> refuse_itself(const Arguments& arguments) {
    std::error_code not_there;
    if (!arguments.has(OptionId::Since) ||
        !std::filesystem::equivalent(arguments.text(OptionId::File), arguments.text(OptionId::Since),
                                     not_there))
        return {};
    return refuse(ExitCode::Usage,
                  fmt::format("--since: {} is the file that would be written, and only what is new would be "
                              "left of it: name another one.",
                              arguments.text(OptionId::Since)));
}

/// An empty backup would take the place of the previous one.
Result<void> refuse_nothing(const TimeChoice& chosen, const std::filesystem::path& store) {
    const auto reader = StoreReader::open(store);
    const auto snapshot =
        reader ? reader->snapshot() : Expected<StoreSnapshot>(std::unexpected(reader.error()));
    if (!snapshot) return {};  // why is the backup's to say
    const auto acds = snapshot->acds();
    if (chosen.acd) {
        const auto streams = snapshot->streams();
        const bool known =
            std::ranges::find(streams, chosen.acd->value, &StreamRecord::acd) != streams.end() ||
            !snapshot->intervals(0, ~u64{0}, *chosen.acd).empty();
        if (!known)
            return refuse(ExitCode::Usage, fmt::format("--acd: the store in {} has nothing of ACD {}.",
                                                       store.string(), chosen.acd->value));
    }
    if (!chosen.from || !chosen.to) return {};
    // Of each ACD's own clock, where no offset was typed.
    std::vector<int> offsets;
    for (const AcdRecord& acd : acds)
        if (chosen.takes(Acd{acd.acd})) offsets.push_back(acd.utc_offset_minutes);
    if (offsets.empty()) offsets.push_back(0);
    if (std::ranges::any_of(offsets, [&](int o) { return chosen.from->at(o) < chosen.to->at(o); })) return {};
    return refuse(ExitCode::Usage, "--from, --to: that time ends before it begins.");
}

Result<backup::DataOrder> order_of(const Arguments& arguments, const Rim& rim, const BackupPlaces& places) {
    const auto chosen = TimeChoice::of(arguments, rim);
    if (!chosen) return std::unexpected(chosen.error());
    const auto tables = tables_of(arguments);
    if (!tables) return std::unexpected(tables.error());
    if (auto good = refuse_itself(arguments); !good) return std::unexpected(good.error());
    if (auto good = refuse_nothing(*chosen, places.store); !good) return std::unexpected(good.error());
    return backup::DataOrder{.file = arguments.text(OptionId::File),
                             .credentials = places.credentials,
                             .store = places.store,
                             .acd = chosen->acd,
                             .times =
                                 [from = chosen->from, to = chosen->to](int offset) {
                                     return std::pair{from ? from->at(offset) : 0,
                                                      to ? to->at(offset) : std::numeric_limits<u64>::max()};
                                 },
                             .tables = *tables,
                             .since = arguments.text(OptionId::Since),
                             .program = TWINLINK_VERSION,
                             .wall = rim.wall_ns()};
}

}  // namespace

Result<Answer> run_backup_data(const Arguments& arguments, const Rim& rim) {
    const auto places = backup_places(arguments);
    if (!places) return std::unexpected(places.error());
    const auto order = order_of(arguments, rim, *places);
    if (!order) return std::unexpected(order.error());
    auto watch = watch_beside_appliance(arguments, rim, places->socket);
    if (!watch) return std::unexpected(watch.error());
    if (!arguments.has(OptionId::TimeLimit)) watch->seconds_max = 0;  // it holds no snapshot for long
    const auto made = backup::back_up_data(*order, *watch);
    end_bar(rim);
    if (!made) return refuse(ExitCode::Problem, made.error().text);
    Answer answer;
    Document& document = answer.document;
    document.command = "backup data";
    document.fact("file", order->file.string());
    document.fact("bytes", made->bytes);
    document.fact("took_ns", made->took.value);
    document.fact("intervals_unchanged", made->intervals_unchanged);
    document.opening.push_back(
        {fmt::format("{}: {} KiB in {}", order->file.string(), with_separators((made->bytes + 1'023) >> 10),
                     span_text(made->took.value)),
         Style::Title});
    add_archive(document, made->head, made->manifest);
    if (made->intervals_unchanged != 0)
        document.opening.push_back({fmt::format("  unchanged {} intervals, which the earlier backup has",
                                                with_separators(made->intervals_unchanged))});
    for (const std::string& damage : made->damage)
        document.problems.push_back("damaged, left out: " + damage + "; try: twinlink store check");
    if (!made->damage.empty()) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace twinlink::cli
