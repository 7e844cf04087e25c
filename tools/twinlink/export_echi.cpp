// `twinlink export echi`: call records as files of external call history, each record once.
//
// Cold; reads one snapshot, interval by interval, and writes as it reads. What has been exported is accounted
// for in the folder (tools/echi/outbox.hpp).
#include "tools/common/time_text.hpp"
#include "tools/echi/outbox.hpp"
#include "tools/echi/record.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace twinlink::cli {
namespace {

using namespace tools;
using echi::ExportedInterval;
using echi::IntervalName;

constexpr std::size_t kWriteBytes = std::size_t{1} << 20;

struct ExportChoice {
    std::size_t version_index = 0;
    u32 version = 0;
    TimeChoice time;

    [[nodiscard]] bool takes(const IntervalRecord& interval) const noexcept {
        // The open interval's records wait for its end.
        return interval.closed != 0 && time.takes(Acd{interval.acd}) &&
               time.begins_in(interval.start, interval.utc_offset_minutes);
    }
};

Result<ExportChoice> choice_of(const Arguments& arguments, const Rim& rim) {
    ExportChoice choice;
    const auto version = arguments.number(OptionId::EchiVersion, std::numeric_limits<u32>::max());
    if (!version) return std::unexpected(version.error());
    const auto index = echi::version_index(version->value_or(0));
    if (!index)
        return refuse(ExitCode::Usage,
                      fmt::format("--version: there is no version {}; there are 5, 11, 12, 16, "
                                  "163, 170, 180 and 181.",
                                  arguments.text(OptionId::EchiVersion)));
    choice.version_index = *index;
    choice.version = echi::kVersions[*index];
    const auto time = TimeChoice::of(arguments, rim);
    if (!time) return std::unexpected(time.error());
    choice.time = *time;
    return choice;
}

/// What an export did.
struct Tally {
    u64 records = 0;
    u64 intervals = 0;  ///< from which records went out
    u64 late = 0;       ///< records of intervals that had been exported before
    u64 changed = 0;    ///< exported before and redone since: they stay as they went out
    u64 gone = 0;       ///< exported before, and not there any more
    u64 doubtful = 0;   ///< intervals that may still change
};

/// Reads intervals and fills a file. The file is begun with its first record.
class Export {
public:
    Export(const ExportChoice& choice, const StoreSnapshot& snapshot, echi::Outbox& outbox)
        : snapshot_(snapshot),
          outbox_(outbox),
          encoder_(choice.version_index),
          version_(choice.version),
          account_(outbox.account()) {}

    Expected<void> add(const IntervalRecord& interval) {
        const IntervalName name{interval.acd, interval.start, interval.instance};
        const u64 damaged = snapshot_.damaged();
        const auto known = account_.find(name);
        if (known != account_.end() && known->second.whole) return {};
        const bool before = known != account_.end();
        const ExportedInterval exported = before ? known->second : ExportedInterval{};
        ExportedInterval now;
        now.whole = interval.incomplete == 0 && interval.in_doubt == 0 && interval.missing == 0;
        if (auto read = read_rows(interval, exported, before, now); !read) return read;
        // What damage hid may come back.
        now.whole = now.whole && snapshot_.damaged() == damaged;
        if (now.whole) now.records.clear();
        if (!now.whole) ++tally_.doubtful;
        account_[name] = std::move(now);
        return {};
    }

    /// Publishes the file, if there is a record. Forgets intervals that the store no longer holds.
    Expected<std::string> finish(const std::set<IntervalName>& held) {
        std::erase_if(account_, [&](const auto& entry) { return !held.contains(entry.first); });
        if (tally_.records == 0) {
            if (auto done = outbox_.finish_without_file(std::move(account_)); !done)
                return std::unexpected(done.error());
            return std::string();
        }
        if (auto written = flush(); !written) return std::unexpected(written.error());
        return outbox_.finish(std::move(account_));
    }

    [[nodiscard]] const Tally& tally() const noexcept { return tally_; }
    [[nodiscard]] const echi::Misfits& misfits() const noexcept { return encoder_.misfits(); }
    [[nodiscard]] std::size_t record_bytes() const noexcept { return encoder_.record_bytes(); }

private:
    Expected<void> read_rows(const IntervalRecord& interval, const ExportedInterval& exported, bool before,
                             ExportedInterval& now) {
        Expected<void> result;
        const u64 records = tally_.records;
        u64 found = 0;
        std::map<std::pair<u64, u64>, u32> known;
        for (const echi::ExportedRecord& record : exported.records)
            known[{record.stop, record.call}] = record.revision;
        const Acd acd{interval.acd};
        snapshot_.rows(TableId::CallRec, acd, interval.start, interval.start + 1, [&](const RowView& row) {
            if (row.key.instance != interval.instance) return true;
            if (const auto at = known.find({row.key.entity, row.key.entity2}); at != known.end()) {
                ++found;
                if (at->second != row.revision) ++tally_.changed;
                now.records.push_back({row.key.entity, row.key.entity2, at->second});
                return true;
            }
            now.records.push_back({row.key.entity, row.key.entity2, row.revision});
            if (before) ++tally_.late;
            result = put(row);
            return result.has_value();
        });
        tally_.gone += exported.records.size() - found;
        if (tally_.records != records) ++tally_.intervals;
        return result;
    }

    Expected<void> put(const RowView& row) {
        if (tally_.records++ == 0) {
            if (auto begun = outbox_.begin(); !begun) return begun;
            echi::append_header(bytes_, version_, outbox_.sequence() + 1);
        }
        encoder_.append(bytes_, row);
        return bytes_.size() < kWriteBytes ? Expected<void>{} : flush();
    }
    Expected<void> flush() {
        auto written = outbox_.write(bytes_);
        bytes_.clear();
        return written;
    }

    const StoreSnapshot& snapshot_;
    echi::Outbox& outbox_;
    echi::Encoder encoder_;
    u32 version_;
    echi::Account account_;
    std::vector<std::byte> bytes_;
    Tally tally_;
};

Listing misfits_of(const echi::Misfits& misfits) {
    Listing listing{
        "misfits", {{"field", "field"}, {"values", "values that do not fit", Kind::Count}}, {}, {}};
    for (std::size_t n = 0; n < misfits.size(); ++n)
        if (misfits[n] != 0)
            listing.rows.push_back({{std::string(echi::lines()[n].name), misfits[n]}, Style::Warning});
    if (listing.rows.empty()) listing.seen_by = For::Machines;
    return listing;
}

Answer answer_of(const ExportChoice& choice, const Export& work, const std::string& folder,
                 const std::string& file, const echi::Outbox& outbox) {
    const Tally& tally = work.tally();
    Answer answer;
    Document& document = answer.document;
    document.command = "export echi";
    document.fact("folder", folder);
    document.fact("version", u64{choice.version});
    document.fact("file", file.empty() ? Value{} : Value{file});
    document.fact("finished", outbox.finished().empty() ? Value{} : Value{outbox.finished()});
    document.fact("sequence", u64{outbox.sequence()});
    document.fact("records", tally.records);
    document.fact("record_bytes", u64{work.record_bytes()});
    document.fact("intervals", tally.intervals);
    document.fact("late", tally.late);
    document.fact("changed", tally.changed);
    document.fact("gone", tally.gone);
    document.fact("doubtful_intervals", tally.doubtful);
    const auto say = [&](std::string text, Style style = Style::Plain) {
        document.opening.push_back({std::move(text), style});
    };
    if (!outbox.finished().empty())
        say(outbox.finished() + ": complete since an earlier export that was interrupted, has its name now");
    if (file.empty())
        say("Nothing to export: all records of closed intervals have been.");
    else
        say(fmt::format("{}: {} records of {} bytes from {} intervals, version {}", file,
                        with_separators(tally.records), work.record_bytes(), tally.intervals,
                        choice.version));
    if (tally.late != 0) say(fmt::format("  {} of them came late", with_separators(tally.late)));
    if (tally.changed != 0)
        say(fmt::format("  {} exported before have changed since, and stay as they went out",
                        with_separators(tally.changed)),
            Style::Warning);
    if (tally.gone != 0)
        say(fmt::format("  {} exported before are not there any more: what came late showed another end",
                        with_separators(tally.gone)),
            Style::Warning);
    if (tally.doubtful != 0)
        say(fmt::format("  {} intervals are not complete: what comes late will be exported then",
                        tally.doubtful));
    document.tables.push_back(misfits_of(work.misfits()));
    return answer;
}

}  // namespace

Result<Answer> run_export_echi(const Arguments& arguments, const Rim& rim) {
    const auto choice = choice_of(arguments, rim);
    if (!choice) return std::unexpected(choice.error());
    const std::string folder = arguments.text(OptionId::OutFolder);
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const auto refused = [&](const Error& error) {
        return refuse(ExitCode::Problem, error.text + ". No record was exported by this run");
    };
    auto outbox = echi::Outbox::open(folder, choice->version);
    if (!outbox) return refused(outbox.error());
    const auto intervals = store->snapshot().intervals();
    std::set<IntervalName> held;
    for (const IntervalRecord& interval : intervals)
        held.insert({interval.acd, interval.start, interval.instance});
    Export work(*choice, store->snapshot(), *outbox);
    for (const IntervalRecord& interval : intervals) {
        if (!choice->takes(interval)) continue;
        if (auto added = work.add(interval); !added) return refused(added.error());
    }
    // What a writer overtook must not be accounted for.
    if (!store->snapshot().still_valid()) return store->finish(Answer{});
    const auto file = work.finish(held);
    if (!file)
        return refuse(ExitCode::Problem, file.error().text +
                                             ". Run it again: what was exported and what was not is in the "
                                             "folder's account");
    return store->finish(answer_of(*choice, work, folder, *file, *outbox));
}

}  // namespace twinlink::cli
