// See import_job.hpp.
#include "tools/twinlinkd/import_job.hpp"

#include "tools/backup/archive.hpp"
#include "tools/backup/backup_file.hpp"
#include "tools/pairing/credentials.hpp"
#include "tools/twinlinkd/import_archive.hpp"
#include "tools/twinlinkd/loops.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace twinlink::daemon {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kPublishEvery = 100_ms;
/// How long to wait when the fold stage has to catch up.
constexpr std::chrono::microseconds kCatchUp{500};
constexpr std::chrono::milliseconds kStep{10};

std::string_view name(ImportState state) noexcept {
    static constexpr std::string_view kNames[] = {"none", "reading", "committing", "folding",
                                                  "rows", "done",    "cancelled",  "failed"};
    return kNames[static_cast<std::size_t>(state)];
}

/// Text from outside, fit for JSON.
std::string safe(const std::string& text) {
    return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

bool is_over(ImportState state) noexcept { return state == ImportState::None || state >= ImportState::Done; }

}  // namespace

Expected<ImportOrder> read_order(const std::string& words) {
    ImportOrder order;
    std::string_view rest(words);
    constexpr std::string_view kAcd = "acd=";
    if (rest.starts_with(kAcd)) {
        const std::size_t blank = std::min(rest.find(' '), rest.size());
        const auto [end, error] =
            std::from_chars(rest.data() + kAcd.size(), rest.data() + blank, order.acd.value);
        if (error != std::errc{} || end != rest.data() + blank || order.acd.value == 0)
            return failure("acd= takes a number from 1 to 65535");
        rest.remove_prefix(std::min(blank + 1, rest.size()));
    }
    const auto word = [&](std::string_view text) {
        const bool there = rest.starts_with(text);
        if (there) rest.remove_prefix(text.size());
        return there;
    };
    order.dry_run = word("dry-run ");
    order.tell_rows = word("every-row ");
    order.path = rest;
    if (!rest.starts_with('/')) return failure("the path must be absolute");
    return order;
}

void Imports::finish() {
    cancel();
    if (thread_.joinable()) thread_.join();
}

Expected<void> Imports::check(const ImportOrder& order) const {
    const std::string doing = (order.restore ? "restoring " : "importing ") + safe(order.path);
    const auto refuse = [&](const std::string& why) {
        return failure(doing + ": " + why + "; nothing was read or changed");
    };
    struct stat s{};
    if (::stat(order.path.c_str(), &s) != 0 || ::access(order.path.c_str(), R_OK) != 0)
        return refuse(std::string("twinlinkd cannot read it (") + strerrordesc_np(errno) +
                      "); it reads the file itself, as user " + std::to_string(geteuid()));
    if (!S_ISDIR(s.st_mode) && !S_ISREG(s.st_mode)) return refuse("it is neither a file nor a folder");
    if (S_ISDIR(s.st_mode)) {
        std::error_code none;
        const auto own = std::filesystem::path(config_.engine.store_path) / "data.mdb";
        if (std::filesystem::equivalent(std::filesystem::path(order.path) / "data.mdb", own, none))
            return refuse("it is this server's own store");
    }
    if (order.restore) {
        const auto archive = S_ISDIR(s.st_mode) ? false : backup::is_archive(order.path);
        if (!archive) return refuse(archive.error().text);
        if (!*archive) return refuse("it is no Twinlink backup; captures and stores are for twinlink import");
    }
    const auto configured = [&](const AcdConfig& acd) { return acd.acd == order.acd; };
    if (order.acd.value != 0 && std::ranges::none_of(config_.engine.acds, configured))
        return refuse("ACD " + std::to_string(order.acd.value) + " is not configured here");
    return {};
}

Expected<u64> Imports::start(const ImportOrder& order) {
    if (const ImportStatus under_way = status(); !is_over(under_way.state))
        return failure((under_way.restore ? "a restore of " : "an import of ") + safe(under_way.path) +
                       " is under way; one at a time");
    if (auto good = check(order); !good) return std::unexpected(std::move(good.error()));
    if (thread_.joinable()) thread_.join();
    const u64 id = now_.id + 1;
    now_ = {};
    now_.id = id;
    now_.path = order.path;
    std::error_code gone;  // a path that went since: whoever reads it says so
    now_.store = std::filesystem::is_directory(order.path, gone);
    now_.acd = order.acd.value;
    now_.backup = backup::is_archive(order.path).value_or(false);
    now_.restore = order.restore;
    now_.dry_run = order.dry_run;
    order_ = order;
    rows_.reset();
    restored_.clear();
    now_.state = ImportState::Reading;
    acds_.clear();
    for (const AcdConfig& acd : config_.engine.acds)
        if (order.acd.value == 0 || acd.acd == order.acd) acds_.push_back(acd.acd);
    cancelled_ = false;
    const Now now = clocks();
    began_ = now.mono;
    now_.started_wall = now.wall.value;
    publish(nullptr);
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "tl-import");
    return id;
}

// ---- the thread

void Imports::run() {
    // Live messages come first; where the system does not let us, it is a thread like the others.
    if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10) != 0) errno = 0;
    auto own = StoreReader::open(config_.engine.store_path);
    const auto before = own ? own->snapshot() : Expected<StoreSnapshot>(std::unexpected(own.error()));
    if (!before) return fail("this server's own store: " + before.error().text);
    now_.missing_before = missing_in(*before);
    for (std::size_t c = 0; c < desk_before_.size(); ++c)
        desk_before_[c] = engine_.offers().counts.get(static_cast<OfferCounter>(c));

    auto source = ImportSource::start(now_.path);
    if (!source) return fail(source.error().text);
    Importer importer(engine_.offers(), *own, acds_, FilledBy::Backup, now_.dry_run);
    bool whole = read_all(*source, importer, *own);
    if (whole && rows_) whole = rows_->finish();
    rows_.reset();
    now_.state = ImportState::Committing;
    const bool folded = wait_until_folded(importer);
    sum_up(*own);
    now_.state = whole && folded                           ? ImportState::Done
                 : cancelled_.load() && now_.error.empty() ? ImportState::Cancelled
                                                           : ImportState::Failed;
    publish(&importer);
}

/// True when all of it was read. What was filled before something went wrong stays filled.
bool Imports::read_all(ImportSource& source, Importer& importer, const StoreReader& own) {
    for (;;) {
        if (ended()) return false;
        const ImportSource::Next next = source.next(100);
        switch (next) {
            case ImportSource::Next::Nothing:
            case ImportSource::Next::Counts: break;
            case ImportSource::Next::Messages:
                now_.messages += source.record().count;
                if (!offer(source, importer)) return false;
                break;
            case ImportSource::Next::Head:
                if (auto good = check_origin(source, own); !good) {
                    now_.error = good.error().text;
                    return false;
                }
                break;
            case ImportSource::Next::Interval:
            case ImportSource::Next::Row:
                if (now_.restore && !take_rows(source, next, importer, own)) return false;
                break;
            case ImportSource::Next::LinkEvent: break;
            case ImportSource::Next::Remark: remark(source.text()); break;
            case ImportSource::Next::Failed: now_.error = source.text(); return false;
            case ImportSource::Next::End: now_.source = source.counts(); return true;
        }
        now_.source = source.counts();
        if (clocks().mono - published_ >= kPublishEvery) publish(&importer);
    }
}

/// Whose backup it is: one of another pair holds other messages under the same names.
Expected<void> Imports::check_origin(ImportSource& source, const StoreReader& own) {
    const auto head = twinlink::read<backup::ArchiveHead>(source.payload().data());
    const auto snapshot = own.snapshot();
    const auto info = snapshot ? snapshot->info() : std::unexpected(snapshot.error());
    if (info && info->id == head.store) return {};
    std::optional<pairing::Member> here;
    if (config_.partner)
        if (auto member = pairing::read_certificate(pairing::own_file(config_.partner->credentials)))
            here = std::move(*member);
    if (here && head.server != 0 && here->pair == head.pair) return {};
    if (here && head.server != 0)
        return failure("it is of pair " + pairing::pair_text(head.pair) + ", and this server is of pair " +
                       pairing::pair_text(here->pair) + "; nothing was taken from it");
    remark(
        "it is of another store, and whether of the same switches cannot be told: one of the two is in no "
        "pair");
    return {};
}

/// An interval of a backup, or a row of it. What messages can bring they have brought by then.
bool Imports::take_rows(ImportSource& source, ImportSource::Next what, Importer& importer,
                        const StoreReader& own) {
    if (!rows_) {
        now_.state = ImportState::Committing;
        if (!wait_until_folded(importer)) return false;
        now_.state = ImportState::Rows;
        rows_.emplace(engine_.restored(), own, acds_, restored_,
                      RowRestore::How{.dry_run = now_.dry_run,
                                      .tell_rows = order_.tell_rows,
                                      .kept = config_.engine.kept_for,
                                      .wall = clocks().wall.value,
                                      .ended = [this] { return ended(); },
                                      .stopped = [this] { return engine_.stopped() || stuck(); },
                                      .wait = [] { std::this_thread::sleep_for(kCatchUp); }});
    }
    if (what == ImportSource::Next::Row) return rows_->row(source.payload());
    return rows_->interval(twinlink::read<backup::IntervalEntry>(source.payload().data()));
}

bool Imports::offer(const ImportSource& source, Importer& importer) {
    const ImportRecord& r = source.record();
    OfferRun run{{Acd{r.acd}, Epoch{r.epoch}}, Seq{r.first}, r.count, source.payload()};
    for (;;) {
        const auto done = importer.take(run, clocks().mono);
        if (!done) now_.error = "this server's own store: " + done.error().text;
        if (!done || *done) return done.has_value();
        if (ended()) return false;
        if (clocks().mono - published_ >= kPublishEvery) publish(&importer);
        std::this_thread::sleep_for(kCatchUp);
    }
}

/// Until all that was offered is durable and its rows are right.
bool Imports::wait_until_folded(Importer& importer) {
    importer.flush();
    while (!importer.taken() || !engine_.offers_durable()) {
        if (engine_.stopped() || stuck()) break;
        publish(&importer);
        std::this_thread::sleep_for(kStep);
    }
    now_.state = ImportState::Folding;
    while (engine_.status().refolding) {
        if (ended()) return false;
        publish(&importer);
        std::this_thread::sleep_for(kStep);
    }
    return !ended();
}

/// The import, or the daemon, is to stop.
bool Imports::ended() {
    if (now_.error.empty() && engine_.stopped()) now_.error = "the store stopped";
    return cancelled_.load(std::memory_order_relaxed) || !now_.error.empty();
}

/// ... and what was handed in may wait for room for ever. It stays with the stages: written when there is
/// room, else gone with the daemon and still missing.
bool Imports::stuck() const {
    return cancelled_.load(std::memory_order_relaxed) && engine_.space_level() >= SpaceLevel::Short;
}

u64 Imports::missing_in(const StoreSnapshot& snapshot) const {
    u64 names = 0;
    for (const StreamRecord& s : snapshot.streams())
        if (std::ranges::find(acds_, Acd{s.acd}) != acds_.end()) names += s.missing;
    return names;
}

/// What it came to, as the store has it.
void Imports::sum_up(const StoreReader& own) {
    const auto snapshot = own.snapshot();
    if (!snapshot) return remark("the sum could not be read: " + snapshot.error().text);
    now_.missing_after = missing_in(*snapshot);
    GapFilter filled;
    filled.states = GapFilter::only(GapState::Filled) | GapFilter::only(GapState::Healed);
    for (const GapRecord& gap : snapshot->gaps(filled)) {
        if (gap.filled_by != FilledBy::Backup || gap.closed_wall < now_.started_wall) continue;
        ++now_.gaps_closed;
        if (now_.closed.size() < kClosedNamed)
            now_.closed.push_back({gap.acd, gap.epoch, gap.first, gap.last});
    }
}

void Imports::remark(std::string text) {
    if (now_.remarks.size() < kRemarksMax) now_.remarks.push_back(std::move(text));
}

void Imports::fail(std::string text) {
    now_.error = std::move(text);
    now_.state = ImportState::Failed;
    publish(nullptr);
}

void Imports::publish(const Importer* importer) {
    published_ = clocks().mono;
    now_.took_ns = (published_ - began_).value;
    for (std::size_t c = 0; importer != nullptr && c < now_.counts.size(); ++c) {
        const auto counter = static_cast<OfferCounter>(c);
        now_.counts[c] =
            importer->counts().get(counter) + engine_.offers().counts.get(counter) - desk_before_[c];
    }
    const std::lock_guard lock(mutex_);
    told_ = now_;
}

// ---- what is told

namespace {

/// The sums of a restore; null of an import.
Json restore_json(const ImportStatus& s, const RestoreReport::Totals& totals) {
    if (!s.restore) return nullptr;
    Json rows = Json::object();
    for (std::size_t v = 0; v < totals.rows.size(); ++v)
        rows[std::string(twinlink::name(static_cast<RestoreVerdict>(v)))] = totals.rows[v];
    return {{"dry_run", s.dry_run},
            {"rows", rows},
            {"intervals", totals.intervals},
            {"intervals_whole", totals.intervals_whole},
            {"damaged", totals.damaged},
            {"other_acd", totals.other_acd},
            {"tables_told", totals.tables_told},
            {"rows_told", totals.rows_told}};
}

}  // namespace

ImportStatus Imports::status() const {
    const std::lock_guard lock(mutex_);
    return told_;
}

Json Imports::json() const {
    const ImportStatus s = status();
    if (s.id == 0) return nullptr;
    Json counts = Json::object();
    for (std::size_t c = 0; c < s.counts.size(); ++c)
        counts[std::string(info(static_cast<OfferCounter>(c)).name)] = s.counts[c];
    Json refused = Json::object();
    for (std::size_t r = 1; r < kFrameRefusals; ++r)
        if (s.source.refused[r] != 0)
            refused[twinlink::name(static_cast<FrameRefusal>(r))] = s.source.refused[r];
    Json closed = Json::array();
    for (const ClosedGap& g : s.closed)
        closed.push_back({{"acd", g.acd}, {"epoch", g.epoch}, {"first", g.first}, {"last", g.last}});
    Json remarks = Json::array();
    for (const std::string& text : s.remarks) remarks.push_back(safe(text));
    return {{"id", s.id},
            {"restore", restore_json(s, restored_.totals())},
            {"state", name(s.state)},
            {"over", is_over(s.state)},
            {"path", safe(s.path)},
            {"source", s.backup  ? "backup"
                       : s.store ? "store"
                                 : "capture"},
            {"acd", s.acd},
            {"started_wall", s.started_wall},
            {"took_ns", s.took_ns},
            {"bytes", std::min(s.source.bytes, s.source.bytes_total)},
            {"bytes_total", s.source.bytes_total},
            {"messages", s.messages},
            {"packets", s.source.packets},
            {"not_udp", s.source.not_udp},
            {"frames", s.source.frames},
            {"blocks", s.source.blocks},
            {"damaged", s.source.damaged},
            {"counts", counts},
            {"refused_frames", refused},
            {"missing_before", s.missing_before},
            {"missing_after", s.missing_after},
            {"gaps_closed", s.gaps_closed},
            {"closed", closed},
            {"remarks", remarks},
            {"error", safe(s.error)}};
}

}  // namespace twinlink::daemon
