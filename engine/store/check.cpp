// The check, in a child process; its report comes back as lines of text. Cold path.
#include "engine/store/check.hpp"

#include "engine/store/file_check.hpp"
#include "engine/store/roll_up_check.hpp"
#include "engine/store/snapshot_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace twinlink {

using namespace store;

namespace {

/// A damaged tree can have circles: then nothing but time ends the walk. Chosen: a terabyte reads in less.
constexpr int kCheckSeconds = 3'600;

std::string stream_text(Stream s) { return fmt::format("acd {} epoch {}", s.acd.value, s.epoch.value); }
std::string range_text(u64 first, u64 last) { return fmt::format("{} to {}", first, last); }

class Checker {
public:
    Checker(const StoreSnapshot& snapshot, CheckLevel level) : snapshot_(snapshot), level_(level) {}

    CheckReport run() {
        read_records();
        check_gaps();
        if (level_ == CheckLevel::Full) {
            for (const auto& [stream, record] : streams_) check_journal(stream, record);
            check_rows();
            check_checkpoints();
            report_.rolled = check_roll_ups(snapshot_, [&](std::string where, std::string what) {
                find(std::move(where), std::move(what));
            });
        }
        return report_;
    }
    void find(std::string where, std::string what) {
        ++report_.problems;
        if (report_.findings.size() < kCheckFindingsMax)
            report_.findings.push_back({std::move(where), std::move(what)});
    }
    void damage(const Damage& d) {
        ++report_.damaged;
        const bool names = d.stream.acd.value != 0;
        find(d.where,
             names ? d.what + ", names " + range_text(d.range.first.value, d.range.last.value) : d.what);
    }

private:
    void read_records() {
        for (const auto& s : snapshot_.streams()) streams_[{Acd{s.acd}, Epoch{s.epoch}}] = s;
        for (const auto& g : snapshot_.gaps()) gaps_[{Acd{g.acd}, Epoch{g.epoch}}].push_back(g);
        for (const auto& p : snapshot_.pruned()) pruned_[{Acd{p.acd}, Epoch{p.epoch}}] = p.upto;
        for (const auto& i : snapshot_.intervals()) intervals_.insert({Acd{i.acd}, i.start, i.instance});
        const auto links = snapshot_.links();
        for (const auto& l : links)
            if (const Stream s{Acd{l.acd}, Epoch{l.epoch}}; !streams_.contains(s))
                find("links " + stream_text(s), "its stream has no record");
        u64 others =
            links.size() + snapshot_.acds().size() + pruned_.size() + intervals_.size() + streams_.size();
        snapshot_.names([&](const NameRecord&) { return ++others != 0; });
        for (const auto& [stream, gaps] : gaps_) others += gaps.size();
        for (const Span span : kRolledSpans)
            others += snapshot_
                          .roll_ups(span, LocalDay{std::numeric_limits<i32>::min()},
                                    LocalDay{std::numeric_limits<i32>::max()})
                          .size();
        others += snapshot_.due().size() + snapshot_.traces().size() + snapshot_.skips().size();
        others += check_link_events();
        report_.records = others;
    }

    /// Numbered without repetition by their key; a hole in the numbers is a record that is gone.
    u64 check_link_events() {
        const auto events = snapshot_.link_events();
        const LinkEventRecord* before = nullptr;
        for (const LinkEventRecord& e : events) {
            const std::string where = fmt::format("linkex acd {} number {}", e.acd, e.number);
            if (before != nullptr && before->acd == e.acd && before->number + 1 != e.number)
                find(where, fmt::format("the record before it is number {}", before->number));
            if (e.last_wall < e.begun_wall || e.count == 0 || e.first > e.last)
                find(where, "contradicts itself");
            before = &e;
        }
        return events.size();
    }

    static bool is_missing(const GapRecord& g) {
        return (GapFilter::kMissing >> static_cast<u32>(g.state) & 1) != 0;
    }

    void check_gaps() {
        for (const auto& [stream, gaps] : gaps_) {
            const std::string where = "gaps " + stream_text(stream);
            const auto record = streams_.find(stream);
            if (record == streams_.end()) {
                find(where, "their stream has no record");
                continue;
            }
            u64 missing = 0;
            u64 last = 0;
            for (const GapRecord& g : gaps) {
                const std::string range = range_text(g.first, g.last);
                if (g.first > g.last) find(where, range + ": is empty");
                if (g.first <= last) find(where, range + ": overlaps the one before");
                last = g.last;
                if (!is_missing(g)) continue;
                missing += g.missing;
                const u64 span = g.last - g.first + 1;
                if (g.merged == 0 ? g.missing != span : g.missing > span)
                    find(where, fmt::format("{}: says that {} names are missing", range, g.missing));
                const bool open = g.state == GapState::Open || g.state == GapState::Requested;
                if (open && g.first <= record->second.watermark && g.first >= record->second.first_seen)
                    find(where, fmt::format("{}: open at or below the watermark {}", range,
                                            record->second.watermark));
            }
            if (missing != record->second.missing)
                find(where, fmt::format("{} names are missing in them, the stream says {}", missing,
                                        record->second.missing));
        }
        for (const auto& [stream, record] : streams_)
            if (record.missing != 0 && !gaps_.contains(stream))
                find("gaps " + stream_text(stream),
                     fmt::format("none, the stream says {} missing", record.missing));
    }

    /// Names that are accounted for below `at` move it on: held ones come from the walk, the others from
    /// here.
    u64 explained_upto(const std::vector<GapRecord>* gaps, u64 at, u64 pruned, u64 limit) const {
        for (bool moved = true; moved && at < limit;) {
            moved = false;
            if (at <= pruned) {
                at = pruned + 1;
                moved = true;
            }
            if (gaps == nullptr) continue;
            const auto next = std::ranges::upper_bound(*gaps, at, {}, &GapRecord::first);
            if (next == gaps->begin()) continue;
            const GapRecord& g = *std::prev(next);
            if (is_missing(g) && g.last >= at) {
                at = g.last + 1;
                moved = true;
            }
        }
        return std::min(at, limit);
    }

    void check_journal(Stream stream, const StreamRecord& record) {
        const std::string where = "journal " + stream_text(stream);
        const auto gaps = gaps_.contains(stream) ? &gaps_[stream] : nullptr;
        const u64 pruned = pruned_.contains(stream) ? pruned_[stream] : 0;
        u64 at = std::max<u64>(record.first_seen, 1);  // the next name to be accounted for
        u64 held_upto = 0;
        const auto account = [&](u64 until) {
            at = explained_upto(gaps, at, pruned, until);
            if (at < until) find(where, range_text(at, until - 1) + ": neither held nor in a gap nor pruned");
            at = std::max(at, until);
        };
        snapshot_.blocks(stream, {Seq{1}, Seq{~u64{0}}}, [&](const BlockView& b) {
            ++report_.blocks;
            report_.messages += b.range.count();
            const u64 first = b.range.first.value;
            if (first <= held_upto)
                find(where, range_text(first, b.range.last.value) + ": overlaps the block before");
            held_upto = b.range.last.value;
            if (first > at) account(first);
            at = std::max(at, held_upto + 1);
            for (const GapRecord& g : gaps != nullptr ? *gaps : std::vector<GapRecord>{})
                if (is_missing(g) && g.merged == 0 && g.first <= held_upto && g.last >= first)
                    find(where, range_text(g.first, g.last) + ": a gap, yet some of it is held");
            return true;
        });
        if (held_upto >= record.next)
            find(where, fmt::format("{} is held, yet the stream ends before {}", held_upto, record.next));
        if (at < record.next) account(record.next);
    }

    void check_rows() {
        std::set<std::tuple<Acd, u64, u16>> missing;
        const auto row = [&](const RowView& r) {
            ++report_.rows;
            const std::tuple interval{r.key.acd, r.key.interval_start, r.key.instance};
            // What is older than the first record goes: it has been kept for long enough.
            const auto first = intervals_.lower_bound({r.key.acd, 0, 0});
            const bool going = first != intervals_.end() && std::get<0>(*first) == r.key.acd &&
                               r.key.interval_start < std::get<1>(*first);
            if (!going && !intervals_.contains(interval) && missing.insert(interval).second)
                find(fmt::format("rows acd {} interval {}", r.key.acd.value, r.key.interval_start),
                     "no record of this interval");
            return true;
        };
        snapshot_.all_rows(row);
    }

    void check_checkpoints() {
        for (const auto& c : snapshot_.checkpoints()) {
            if (snapshot_.checkpoint(c.stream, c.seq, [](const CheckpointEntry&, Bytes) {}))
                ++report_.checkpoints;
            if (!streams_.contains(c.stream))
                find("checkpoints " + stream_text(c.stream), "their stream has no record");
        }
    }

    const StoreSnapshot& snapshot_;
    CheckLevel level_;
    CheckReport report_;
    std::map<Stream, StreamRecord> streams_;
    std::map<Stream, std::vector<GapRecord>> gaps_;
    std::map<Stream, u64> pruned_;
    std::set<std::tuple<Acd, u64, u16>> intervals_;
};

/// "! why" where nothing could be read; else the counts in one line, then a line per finding, its two parts
/// parted by a tab.
std::string check_here(const std::filesystem::path& path, CheckLevel level) {
    auto environment = StoreEnvironment::open_alone(path, OpenAs::Reader, 0);
    if (!environment) environment = StoreEnvironment::open_alone(path, OpenAs::ReaderWithoutLock, 0);
    if (!environment) return "! " + environment.error().text;
    if (auto format = check_format(**environment); !format) return "! " + format.error().text;
    auto snapshot = (*environment)->snapshot(*environment);
    if (!snapshot) return "! " + snapshot.error().text;
    Checker checker(*snapshot, level);
    snapshot->on_damage([&](const Damage& d) { checker.damage(d); });
    if (const auto structure = snapshot->structure_error(); !structure.empty())
        checker.find("structure", structure);
    const CheckReport r = checker.run();
    std::string text = fmt::format("{} {} {} {} {} {} {} {}\n", r.blocks, r.messages, r.rows, r.rolled,
                                   r.records, r.checkpoints, r.damaged, r.problems);
    for (const auto& f : r.findings) text += fmt::format("{}\t{}\n", f.where, f.what);
    return text;
}

CheckReport parse(std::string_view text) {
    CheckReport r;
    for (u64* field :
         {&r.blocks, &r.messages, &r.rows, &r.rolled, &r.records, &r.checkpoints, &r.damaged, &r.problems}) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *field);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    }
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        const auto tab = line.find('\t');
        r.findings.push_back({std::string(line.substr(0, tab)), std::string(line.substr(tab + 1))});
        text.remove_prefix(line.size() + 1);
    }
    return r;
}

}  // namespace

Expected<CheckReport> check(const std::filesystem::path& path, CheckLevel level) {
    const auto doing = fmt::format("checking the store {}", path.string());
    if (auto file = check_file(path); !file) return std::unexpected(std::move(file.error()).in(doing));
    auto text = in_child([&] { return check_here(path, level); }, kCheckSeconds);
    if (!text) return std::unexpected(std::move(text.error()).in(doing));
    if (text->starts_with("! ")) return failure(doing + ": " + text->substr(2));
    return parse(*text);
}

}  // namespace twinlink
