// See gap_report.hpp.
#include "tools/twinlink/gap_report.hpp"

#include "tools/common/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace twinlink::cli {
namespace {

using namespace tools;

Result<u32> states_of(const std::string& text) {
    if (text.empty()) return ~u32{0};
    if (text == "missing") return GapFilter::kMissing;
    std::string all = "missing";
    for (u32 s = 0; s < static_cast<u32>(GapState::Count_); ++s) {
        const auto state = static_cast<GapState>(s);
        if (name(state) == text) return GapFilter::only(state);
        all += ", " + std::string(name(state));
    }
    return refuse(ExitCode::Usage, "--state: \"" + text + "\" is none of " + all + ".");
}

/// What one server has of one stream.
struct OfServer {
    const ServerHistory* server;
    const StreamRecord* stream;  ///< null: it knows none
    std::span<const GapRecord> gaps;
};

OfServer of_server(const ServerHistory& server, Stream stream) {
    OfServer of{&server, nullptr, {}};
    const auto at = std::ranges::find_if(server.records.streams, [&](const StreamRecord& s) {
        return s.acd == stream.acd.value && s.epoch == stream.epoch.value;
    });
    if (at != server.records.streams.end()) of.stream = &*at;
    // By (acd, epoch, first): those of a stream stand together.
    const auto begin = std::ranges::lower_bound(server.records.gaps, stream, {}, [](const GapRecord& g) {
        return Stream{Acd{g.acd}, Epoch{g.epoch}};
    });
    auto end = begin;
    while (end != server.records.gaps.end() && end->acd == stream.acd.value &&
           end->epoch == stream.epoch.value)
        ++end;
    of.gaps = {begin, end};
    return of;
}

class Builder {
public:
    explicit Builder(const GapReport& report) : report_(report), tables_(report.pair()) {
        Document& document = answer_.document;
        document.command = "gaps";
    }

    Answer build() {
        sums_.resize(report_.servers.size());
        choose_listed();
        for (const Stream stream : report_.streams()) add(stream);
        for (std::size_t n = 0; n < sums_.size(); ++n)
            tables_.add_server(report_.servers[n], sums_[n].messages, sums_[n].missing,
                               sums_[n].gaps.figures());
        Document& document = answer_.document;
        for (const ServerHistory& server : report_.servers) {
            if (server.why.empty()) continue;
            problem(fmt::format("{}: not known, or not all of it: {}", server.title(), server.why));
            answer_.document.closing.push_back(
                {fmt::format("Not known of {}: {}.", server.title(), server.why), Style::Bad});
        }
        document.fact("gaps_chosen", chosen_);
        if (report_.digests) {
            const DigestCounts& d = *report_.digests;
            document.fact("digests_equal", d.equal);
            document.fact("digests_different", d.different);
            document.fact("digests_not_comparable", d.not_comparable);
            std::string text = d.text() + ".";
            text[0] = static_cast<char>(text[0] - 'a' + 'A');
            document.closing.push_back({text, d.all_equal()      ? Style::Good
                                              : d.different != 0 ? Style::Bad
                                                                 : Style::Warning});
            if (d.different != 0) answer_.code = ExitCode::Problem;
        }
        document.tables.push_back(std::move(tables_.gaps));
        document.tables.push_back(std::move(tables_.streams));
        document.tables.push_back(std::move(tables_.causes));
        document.tables.push_back(std::move(tables_.servers));
        return std::move(answer_);
    }

private:
    void problem(std::string text) {
        answer_.document.problems.push_back(std::move(text));
        answer_.code = ExitCode::Problem;
    }

    /// Where not all that were chosen can be listed: which are.
    void choose_listed() {
        std::vector<const GapRecord*> all;
        for (const Stream stream : report_.streams()) {
            const int offset = context_of(stream.acd, report_.acds).offset_minutes;
            for (const ServerHistory& server : report_.servers)
                for (const GapRecord& gap : of_server(server, stream).gaps)
                    if (report_.choice.takes(gap, offset)) all.push_back(&gap);
        }
        chosen_ = all.size();
        if (all.size() <= report_.listed_max) return;
        const auto cut = all.begin() + static_cast<std::ptrdiff_t>(report_.listed_max);
        std::ranges::nth_element(all, cut, {}, [](const GapRecord* gap) {
            return std::tuple(!is_missing(gap->state), ~gap->missing, gap->acd, gap->epoch, gap->first, gap);
        });
        all.erase(cut, all.end());
        std::ranges::sort(all);
        listed_ = std::move(all);
    }
    [[nodiscard]] bool lists(const GapRecord& gap, int offset) const {
        if (!listed_.empty()) return std::ranges::binary_search(listed_, &gap);
        return report_.choice.takes(gap, offset);
    }

    void add(Stream stream) {
        const AcdContext acd = context_of(stream.acd, report_.acds);
        std::vector<OfServer> all;
        for (const ServerHistory& server : report_.servers) all.push_back(of_server(server, stream));
        Group group;
        group.offset_minutes = acd.offset_minutes;
        const auto told = std::ranges::find_if(all, [](const OfServer& of) { return of.stream != nullptr; });
        group.heading.push_back(heading_of(*told->stream, acd));
        const std::vector<u64> shown = add_gaps(all, acd.offset_minutes);
        for (std::size_t n = 0; n < all.size(); ++n) {
            group.rows += shown[n];
            add_footer(group, all[n], acd, shown[n]);
            sums_[n].gaps.add(all[n].gaps);
            if (all[n].stream == nullptr) continue;
            sums_[n].messages += all[n].stream->messages;
            sums_[n].missing += all[n].stream->missing;
        }
        tables_.gaps.groups.push_back(std::move(group));
    }

    /// The gaps of all servers by their names; those of both that begin with the same one stand together.
    std::vector<u64> add_gaps(std::span<const OfServer> all, int offset) {
        std::vector<u64> shown(all.size());
        std::vector<std::size_t> at(all.size());
        for (;;) {
            std::size_t least = all.size();
            for (std::size_t n = 0; n < all.size(); ++n) {
                if (at[n] == all[n].gaps.size()) continue;
                if (least == all.size() || all[n].gaps[at[n]].first < all[least].gaps[at[least]].first)
                    least = n;
            }
            if (least == all.size()) return shown;
            const GapRecord& gap = all[least].gaps[at[least]++];
            if (!lists(gap, offset)) continue;
            tables_.add_gap(gap, offset, *all[least].server);
            ++shown[least];
        }
    }

    void add_footer(Group& group, const OfServer& of, const AcdContext& acd, u64 shown) {
        if (report_.pair())
            group.footer.push_back(
                {"  " + of.server->title() + (of.server->own ? ", this one:" : ":"), Style::Title});
        if (of.stream == nullptr || !of.server->why.empty()) {
            group.footer.push_back({"  not known", Style::Bad});
            return;
        }
        const GapFigures figures = figures_of(of.gaps);
        const auto wrong = check_stream(*of.stream, of.gaps);
        const auto lines = footer_of(*of.stream, figures, figures.sums.gaps - shown, wrong);
        group.footer.insert(group.footer.end(), lines.begin(), lines.end());
        tables_.add_stream(*of.stream, acd, figures, wrong.empty(), *of.server);
        for (const std::string& sentence : wrong)
            problem(fmt::format("{}ACD {} epoch {}: {}",
                                report_.pair() ? of.server->title() + ", " : std::string(), of.stream->acd,
                                of.stream->epoch, sentence));
        if (figures.sums.open_gaps != 0) answer_.code = ExitCode::Problem;
    }

    /// Of a server, over its streams.
    struct Sums {
        u64 messages = 0;
        u64 missing = 0;
        FigureSum gaps;
    };

    const GapReport& report_;
    GapTables tables_;
    std::vector<Sums> sums_;
    u64 chosen_ = 0;
    std::vector<const GapRecord*> listed_;  ///< by address; empty: all that were chosen
    Answer answer_;
};

}  // namespace

Result<GapChoice> GapChoice::of(const Arguments& arguments, const Rim& rim,
                                std::span<const StreamRecord> streams) {
    GapChoice choice;
    auto filter = StreamFilter::of(arguments, streams);
    if (!filter) return std::unexpected(filter.error());
    choice.streams = *filter;
    auto states = states_of(arguments.text(OptionId::State));
    if (!states) return std::unexpected(states.error());
    choice.states = *states;
    const auto time = TimeChoice::of(arguments, rim);
    if (!time) return std::unexpected(time.error());
    choice.time = *time;
    return choice;
}

std::vector<Stream> GapReport::streams() const {
    std::vector<Stream> all;
    for (const ServerHistory& server : servers)
        for (const StreamRecord& s : server.records.streams)
            if (choice.streams.takes(s)) all.push_back({Acd{s.acd}, Epoch{s.epoch}});
    std::ranges::sort(all);
    const auto twice = std::ranges::unique(all);
    all.erase(twice.begin(), twice.end());
    return all;
}

Answer answer_of(const GapReport& report) { return Builder(report).build(); }

}  // namespace twinlink::cli
