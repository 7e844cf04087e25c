// See system_restore.hpp.
#include "tools/backup/system_restore.hpp"

#include "tools/backup/archive_reader.hpp"
#include "tools/backup/backup_file.hpp"
#include "tools/backup/staging.hpp"
#include "tools/pairing/credentials.hpp"

#include "engine/store/hot_copy.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace twinlink::backup {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kConfigurationMode = 0644;
constexpr const char* kStoreFile = "data.mdb";
/// Enough for both meta pages, whatever the page size.
constexpr std::size_t kFrontBytes = std::size_t{2} * 32'768 + 4'096;

/// The three files of the credentials' folder, and the parts that have them.
constexpr std::array<std::pair<PartId, const char*>, 3> kCredentialFiles = {
    {{PartId::OwnKey, "own.key"},
     {PartId::OwnCertificate, "own.crt"},
     {PartId::PartnerCertificate, "partner.crt"}}};

class Restore {
public:
    Restore(const RestoreOrder& order, const Watch& watch) : order_(order), pace_(watch) {}

    Expected<SystemRestore> run() {
        auto file = OpenArchive::open(order_.file);
        if (!file) return std::unexpected(file.error());
        auto archive = ArchiveReader::begin([&](std::span<std::byte> to) { return file->read(to); });
        if (!archive) return refuse(archive.error());
        done_.head = archive->head();
        if (done_.head.kind != ArchiveKind::System)
            return refuse(Error{"it is a data backup: twinlink restore data takes that"});
        auto good = look_at_places();
        if (good) good = unpack(*archive, file->bytes());
        if (!good) return refuse(good.error());
        if (good = prove_store(); !good) return refuse(good.error());
        if (good = hold_against_places(); !good) return refuse(good.error());
        if (!order_.dry_run)
            if (good = place(); !good) return std::unexpected(good.error());
        done_.took = pace_.took();
        return std::move(done_);
    }

private:
    std::unexpected<Error> refuse(Error why) const {
        return std::unexpected(std::move(why).in(order_.file.string()));
    }

    /// What can be told before anything is unpacked.
    Expected<void> look_at_places() {
        for (const fs::path& place : {order_.configuration, order_.credentials, order_.store})
            if (!place.empty())
                if (auto may = may_place(place); !may) return may;
        if (!order_.store.empty() && !is_free(order_.store))
            return failure(
                order_.store.string() +
                " is there, and a store is never replaced: move it aside, or name another folder with "
                "--store, or leave it out with --parts");
        if (order_.credentials.empty() || is_free(order_.credentials)) return {};
        const auto own = pairing::read_certificate(pairing::own_file(order_.credentials));
        if (!own) return failure(order_.credentials.string() + " is in the way: " + own.error().text);
        if (own->pair != done_.head.pair || own->server != done_.head.server)
            return failure("it is of server " + std::to_string(done_.head.server) + " of pair " +
                           pairing::pair_text(done_.head.pair) + ", and " + order_.credentials.string() +
                           " is of server " + std::to_string(own->server) + " of pair " +
                           pairing::pair_text(own->pair) +
                           ": if this machine is to become that one, move the folder aside");
        return {};
    }

    Expected<void> unpack(ArchiveReader& archive, u64 file_bytes) {
        for (;;) {
            const auto part = archive.next_part();
            if (!part) return std::unexpected(part.error());
            if (!*part) break;
            const auto done =
                **part == PartId::Store ? unpack_store(archive, file_bytes) : unpack_small(archive, **part);
            if (!done) return done;
        }
        done_.manifest = archive.manifest();
        return {};
    }

    Expected<void> unpack_small(ArchiveReader& archive, PartId id) {
        auto bytes = archive.read_all(find_part(id)->bytes_max);
        if (!bytes) return std::unexpected(bytes.error());
        small_[id] = std::move(*bytes);
        return {};
    }

    Expected<void> unpack_store(ArchiveReader& archive, u64 file_bytes) {
        has_store_ = true;
        const bool wanted = !order_.store.empty() && !order_.dry_run;
        if (wanted) {
            auto staged = StagedFolder::make(order_.store, {kStoreFile, "lock.mdb"});
            if (!staged) return std::unexpected(staged.error());
            store_.emplace(std::move(*staged));
        }
        u64 told = archive.bytes_read();
        for (;;) {
            const auto piece = archive.read();
            if (!piece) return std::unexpected(piece.error());
            if (piece->empty()) return {};
            const std::size_t front = std::min(piece->size(), kFrontBytes - front_.size());
            front_.insert(front_.end(), piece->begin(), piece->begin() + static_cast<std::ptrdiff_t>(front));
            if (wanted)
                if (auto done = store_->append(kStoreFile, *piece); !done) return done;
            const u64 now = archive.bytes_read();
            if (auto good = pace_.step(now - std::exchange(told, now), file_bytes); !good) return good;
        }
    }

    /// That it shows the commit that the manifest names, and, where it was unpacked, that a process that may
    /// die of it finds it whole.
    Expected<void> prove_store() {
        if (!has_store_) return {};
        const auto transaction = transaction_of_copy(front_);
        if (!transaction) return std::unexpected(Error(transaction.error()).in("its store"));
        if (*transaction != done_.manifest.transaction)
            return failure("its store is not of the commit that its manifest names");
        if (!store_) return {};
        auto report = check(store_->path(), order_.quick ? CheckLevel::Quick : CheckLevel::Full);
        if (!report) return std::unexpected(report.error());
        if (!report->healthy())
            return failure("its store is damaged, as it was when it was backed up: " +
                           report->findings.front().where + ": " + report->findings.front().what +
                           ". --quick takes it as it is: the scrubber then mends what the partner has");
        done_.check = std::move(*report);
        return {};
    }

    /// Small things: what is there already must be the very same.
    Expected<void> hold_against_places() {
        const auto configuration = small_.find(PartId::Configuration);
        if (configuration != small_.end()) {
            std::string text;
            for (const std::byte b : configuration->second) text += static_cast<char>(b);
            if (auto says = read_configured(text)) done_.says = std::move(*says);
        }
        if (!order_.configuration.empty()) {
            const auto state = hold_against(order_.configuration, configuration);
            if (!state) return std::unexpected(state.error());
            done_.configuration = *state;
        }
        if (!order_.store.empty()) done_.store = has_store_ ? Placed::Done : Placed::NotThere;
        if (order_.credentials.empty()) return {};
        done_.credentials = Placed::NotThere;
        if (!small_.contains(PartId::OwnKey)) return {};
        done_.credentials = Placed::Done;
        if (is_free(order_.credentials)) return {};
        for (const auto& [id, file] : kCredentialFiles) {
            const auto state = hold_against(order_.credentials / file, small_.find(id));
            if (!state) return std::unexpected(state.error());
            if (*state == Placed::Done)
                return failure(order_.credentials.string() + " is there and lacks " + file +
                               ": move it aside, or leave the credentials out with --parts");
        }
        done_.credentials = Placed::Same;
        return {};
    }

    using Small = std::map<PartId, std::vector<std::byte>>;
    Expected<Placed> hold_against(const fs::path& place, Small::const_iterator part) const {
        if (part == small_.end()) return Placed::NotThere;
        std::error_code none;
        if (!fs::exists(fs::symlink_status(place, none))) return Placed::Done;
        const auto there = read_file(place, find_part(part->first)->bytes_max);
        if (there && *there == part->second) return Placed::Same;
        return failure(
            place.string() +
            " is there and is another one, and it is never replaced: move it aside, or leave it out "
            "with --parts");
    }

    /// The store comes last: without it the others do no harm.
    Expected<void> place() {
        std::string before;
        const auto next = [&](Placed state, const fs::path& place,
                              const std::function<Expected<void>()>& put) -> Expected<void> {
            if (state != Placed::Done) return {};
            auto done = put();
            if (!done)
                return failure(done.error().text +
                               (before.empty() ? "" : ". Placed before that, and left there:" + before));
            before += " " + place.string();
            return {};
        };
        auto done = next(done_.configuration, order_.configuration, [&] {
            return place_file(order_.configuration, small_[PartId::Configuration], kConfigurationMode);
        });
        if (done) done = next(done_.credentials, order_.credentials, [&] { return place_credentials(); });
        if (done) done = next(done_.store, order_.store, [&] { return store_->place(); });
        return done;
    }

    Expected<void> place_credentials() {
        std::vector<std::string> files;
        for (const auto& [_, file] : kCredentialFiles) files.emplace_back(file);
        auto staged = StagedFolder::make(order_.credentials, files);
        if (!staged) return std::unexpected(staged.error());
        for (const auto& [id, file] : kCredentialFiles) {
            const auto part = small_.find(id);
            if (part == small_.end()) continue;
            if (auto done = staged->append(file, part->second); !done) return done;
        }
        return staged->place();
    }

    const RestoreOrder& order_;
    Pace pace_;
    SystemRestore done_;
    Small small_;
    bool has_store_ = false;
    std::vector<std::byte> front_;  ///< of the store
    std::optional<StagedFolder> store_;
};

}  // namespace

Expected<SystemRestore> restore_system(const RestoreOrder& order, const Watch& watch) {
    return Restore(order, watch).run();
}

Expected<ProvenArchive> prove_archive(const fs::path& path, const Watch& watch) {
    const auto in = [&](Error e) { return std::unexpected(std::move(e).in(path.string())); };
    auto file = OpenArchive::open(path);
    if (!file) return std::unexpected(file.error());
    auto archive = ArchiveReader::begin([&](std::span<std::byte> to) { return file->read(to); });
    if (!archive) return in(archive.error());
    Pace pace(watch);
    u64 told = 0;
    for (;;) {
        const auto part = archive->next_part();
        if (!part) return in(part.error());
        if (!*part) break;
        for (;;) {
            const auto piece = archive->read();
            if (!piece) return in(piece.error());
            if (piece->empty()) break;
            const u64 now = archive->bytes_read();
            if (auto good = pace.step(now - std::exchange(told, now), file->bytes()); !good)
                return in(good.error());
        }
    }
    return ProvenArchive{archive->head(), archive->manifest(), file->bytes()};
}

}  // namespace twinlink::backup
