// See store_source.hpp.
#include "tools/twinlink/store_source.hpp"

#include "engine/store/file_check.hpp"
#include "tools/common/time_text.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace twinlink::cli {

using tools::Document;
using tools::ExitCode;

namespace {

/// Damaged values that are named one by one; the rest is counted.
constexpr std::size_t kDamageNamed = 20;

}  // namespace

std::string store_path(const Arguments& arguments, const Rim& rim) {
    if (arguments.has(OptionId::Store)) return arguments.text(OptionId::Store);
    const std::string set = rim.environment("TWINLINK_STORE");
    return set.empty() ? std::string(kStoreDefault) : set;
}

std::string AcdContext::title() const {
    return fmt::format("ACD {}{}{}", acd.value, name.empty() ? "" : " ", name);
}

AcdContext context_of(Acd acd, std::span<const AcdRecord> acds) {
    AcdContext context{acd, "", "", 0};
    const auto at = std::ranges::find(acds, acd.value, &AcdRecord::acd);
    if (at == acds.end()) return context;
    context.name = text_of(at->name);
    context.release = text_of(at->release);
    context.offset_minutes = at->utc_offset_minutes;
    return context;
}

StoreSource::StoreSource(std::string path, StoreReader reader, StoreSnapshot snapshot)
    : path_(std::move(path)),
      reader_(std::move(reader)),
      snapshot_(std::move(snapshot)),
      damage_(std::make_unique<std::vector<std::string>>()) {
    snapshot_.on_damage([all = damage_.get()](const Damage& damage) {
        if (all->size() < kDamageNamed) all->push_back(damage.where + ": " + damage.what);
    });
}

Result<StoreSource> StoreSource::open(const std::filesystem::path& path) {
    const auto refused = [&](const Error& error) {
        return refuse(
            ExitCode::Problem,
            fmt::format("cannot read the store in {}: {}. Nothing was changed. Name another folder with "
                        "--store, or look with: twinlink store check {}",
                        path.string(), error.text, path.string()));
    };
    auto reader = StoreReader::open(path);
    if (!reader) return refused(reader.error());
    auto snapshot = reader->snapshot();
    if (!snapshot) return refused(snapshot.error());
    return StoreSource(path.string(), std::move(*reader), std::move(*snapshot));
}

std::unexpected<Refusal> refuse_unread(const std::filesystem::path& path, const Error& why) {
    const bool readable = ::access((path / "data.mdb").c_str(), R_OK) == 0;
    const int error = errno;
    const bool damaged = !store::damage_of(path).empty();
    const std::string_view then =
        damaged ? "It is damaged. With a partner, twinlinkd puts such a store aside at its start, whole, and "
                  "the partner fills a fresh one; without, restore a backup, or start twinlinkd once with "
                  "--quarantine"
        : readable
            ? "Whether it is damaged cannot be told; if twinlinkd does not start with it, its log says "
              "why, and what to do"
        : error == ENOENT || error == ENOTDIR
            ? "There is no store: name the folder that twinlinkd's configuration names ([store] path)"
            : "That is no damage: try as the user as whom twinlinkd runs, or as root";
    return refuse(ExitCode::Problem, fmt::format("{}. Nothing was changed. {}", why.text, then));
}

namespace {

/// What of this server is not as it should be while these rows were collected: said in front of every report.
void mark_conditions(Document& document, const StoreSnapshot& snapshot) {
    const auto mark = [&](std::string key, const LinkEventRecord& e, const std::string& text) {
        document.fact(std::move(key), tools::rfc3339_short(e.last_wall));
        document.opening.insert(
            document.opening.begin(),
            {fmt::format("{} since {} UTC.", text, tools::local_time(e.last_wall, 0, true)),
             tools::Style::Warning});
    };
    for (const LinkEventRecord& e : snapshot.link_events()) {
        if (e.now == 0) continue;
        if (e.kind == LinkEventKind::Maintenance)
            mark("maintenance_since", e, "This server is in maintenance");
        if (e.kind == LinkEventKind::SafeMode)
            mark("safe_mode_since", e,
                 "This server is in safe mode, with a fresh store that is being filled,");
        if (e.kind == LinkEventKind::CollectionOff)
            mark(fmt::format("collection_off_acd_{}", e.acd), e,
                 fmt::format("ACD {} is not collected, because somebody turned it off,", e.acd));
    }
}

}  // namespace

Result<Answer> StoreSource::finish(Answer answer) const {
    mark_conditions(answer.document, snapshot_);
    if (!snapshot_.still_valid())
        return refuse(
            ExitCode::Problem,
            fmt::format("the store in {} was read without its lock file, and a writer overtook the "
                        "reading; what was read is thrown away. Try again, or as a user who may write "
                        "lock.mdb",
                        path_));
    for (const std::string& damage : *damage_)
        answer.document.problems.push_back("damaged in " + path_ + ", left out: " + damage);
    if (const u64 damaged = snapshot_.damaged(); damaged != 0) {
        if (damaged > damage_->size())
            answer.document.problems.push_back(
                fmt::format("damaged in {}, left out: {} more values", path_, damaged - damage_->size()));
        answer.document.problems.push_back("the rest is told as it is; try: twinlink store check " + path_);
        answer.code = tools::worse(answer.code, ExitCode::Problem);
    }
    return answer;
}

Result<StreamFilter> StreamFilter::of(const Arguments& arguments, std::span<const StreamRecord> streams) {
    const auto acd = arguments.number(OptionId::Acd, std::numeric_limits<u16>::max());
    if (!acd) return std::unexpected(acd.error());
    const auto epoch = arguments.number(OptionId::Epoch, std::numeric_limits<u64>::max());
    if (!epoch) return std::unexpected(epoch.error());
    StreamFilter filter;
    if (*acd) filter.acd = Acd{static_cast<u16>(**acd)};
    if (*epoch) filter.epoch = Epoch{**epoch};
    const bool any = std::ranges::any_of(streams, [&](const StreamRecord& s) { return filter.takes(s); });
    if (any || (!filter.acd && !filter.epoch)) return filter;
    std::string there;
    for (const StreamRecord& s : streams)
        there += fmt::format("{}ACD {} epoch {}", there.empty() ? "" : ", ", s.acd, s.epoch);
    return refuse(ExitCode::Usage, "there is no such stream (--acd, --epoch); there is " +
                                       (there.empty() ? std::string("none at all") : there) + ".");
}

Result<std::optional<tools::TypedTime>> time_option(const Arguments& arguments, const Rim& rim, OptionId id) {
    if (!arguments.has(id)) return std::optional<tools::TypedTime>{};
    const auto time = tools::parse_time(arguments.text(id), rim.wall_ns());
    if (!time)
        return refuse(ExitCode::Usage, std::string(find_option(id)->name) + ": " + time.error().text + ".");
    return *time;
}

Result<TimeChoice> TimeChoice::of(const Arguments& arguments, const Rim& rim) {
    TimeChoice choice;
    const auto acd = arguments.number(OptionId::Acd, std::numeric_limits<u16>::max());
    if (!acd) return std::unexpected(acd.error());
    if (*acd) choice.acd = Acd{static_cast<u16>(**acd)};
    for (const auto& [id, into] :
         {std::pair{OptionId::From, &choice.from}, std::pair{OptionId::To, &choice.to}}) {
        auto time = time_option(arguments, rim, id);
        if (!time) return std::unexpected(time.error());
        *into = *time;
    }
    return choice;
}

}  // namespace twinlink::cli
