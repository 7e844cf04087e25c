// Two runs at one place: whatever one does between two calls of the other, what was published stays whole
// and what is staged is one run's alone; and a path that goes while an import is begun.
#include "tests/backup/machine_rig.hpp"
#include "tests/store/faulty_calls.hpp"
#include "tools/backup/backup_file.hpp"
#include "tools/backup/staging.hpp"
#include "tools/twinlinkd/import_job.hpp"

#include <functional>

using namespace twinlink;
using namespace twinlink::backup;
using namespace twinlink::rig;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kWhole = "TLBACKUP: a whole one";

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
bool says(const Error& error, const char* text) { return error.text.find(text) != std::string::npos; }
std::size_t open_files() {
    const fs::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Has `run` be done again and again, `meanwhile` before another of its calls each time, until it makes no
/// more of them.
void before_each_call(int calls_least, const std::function<void(const fs::path&)>& prepare,
                      const std::function<void()>& meanwhile,
                      const std::function<void(const fs::path&)>& run) {
    int n = 0;
    for (bool struck = true; struck; ++n) {
        INFO("before call ", n);
        TempFolder place;
        const std::size_t open = open_files();
        prepare(place.path());
        faults::arm({.call = n, .nameless = false, .meanwhile = meanwhile});
        run(place.path());
        struck = faults::disarm();
        CHECK(open_files() == open);
    }
    CHECK(n > calls_least);
}

}  // namespace

TEST_CASE("backup: one that gets its name while another run begins there stays whole") {
    std::optional<BackupFile> first;
    before_each_call(
        3,
        [&](const fs::path& place) {
            faults::arm({.call = -1, .nameless = false});
            auto made = BackupFile::create(place / "backup");
            faults::disarm();
            REQUIRE(made);
            first.emplace(std::move(*made));
            REQUIRE(first->write(bytes_of(kWhole)));
            CHECK(fs::exists(place / "backup.part"));
        },
        [&] {
            if (!first) return;
            CHECK(first->publish());
            first.reset();
        },
        [&](const fs::path& place) {
            auto second = BackupFile::create(place / "backup");
            const bool published = !first;
            first.reset();
            if (published) CHECK(content_of(place / "backup") == kWhole);
            if (!second) CHECK(says(second.error(), "another backup is being written there"));
            if (!second) return;
            CHECK(second->write(bytes_of("another")));
            CHECK(second->publish());
            CHECK(content_of(place / "backup") == "another");
        });
}

TEST_CASE("restore: a folder that another restore fills is left alone, one that nobody fills is taken") {
    TempFolder folder;
    const fs::path place = folder / "store";
    {
        auto first = StagedFolder::make(place, {"file"});
        REQUIRE(first);
        REQUIRE(first->append("file", bytes_of(kWhole)));
        const auto second = StagedFolder::make(place, {"file"});
        REQUIRE_FALSE(second);
        CHECK(says(second.error(), "another restore works there"));
        CHECK(content_of(first->path() / "file") == kWhole);
    }
    CHECK(fs::is_empty(folder.path()));
    fs::create_directory(folder / "store.restore");
    write_file(folder / "store.restore/file", "what a killed run left");
    write_file(folder / "store.restore/.being-restored", "");
    auto third = StagedFolder::make(place, {"file"});
    REQUIRE(third);
    REQUIRE(third->append("file", bytes_of(kWhole)));
    REQUIRE(third->place());
    CHECK(content_of(place / "file") == kWhole);
}

TEST_CASE(
    "restore: a folder that somebody put in the place of the staged one is neither placed nor cleared") {
    TempFolder folder;
    {
        auto staged = StagedFolder::make(folder / "store", {"file"});
        REQUIRE(staged);
        REQUIRE(staged->append("file", bytes_of(kWhole)));
        fs::rename(folder / "store.restore", folder / "moved");
        fs::create_directory(folder / "store.restore");
        write_file(folder / "store.restore/file", "another's");
        const auto placed = staged->place();
        REQUIRE_FALSE(placed);
        CHECK(says(placed.error(), "is not the folder that was filled"));
    }
    CHECK_FALSE(fs::exists(folder / "store"));
    CHECK(content_of(folder / "store.restore/file") == "another's");
}

TEST_CASE("restore: one that ends while another begins there spoils nothing of it") {
    std::optional<StagedFolder> first;
    for (const bool placed : {true, false})
        before_each_call(
            5,
            [&](const fs::path& place) {
                auto made = StagedFolder::make(place / "store", {"file"});
                REQUIRE(made);
                first.emplace(std::move(*made));
                REQUIRE(first->append("file", bytes_of(kWhole)));
            },
            [&] {
                if (placed && first) CHECK(first->place());
                first.reset();
            },
            [&](const fs::path& place) {
                auto second = StagedFolder::make(place / "store", {"file"});
                const bool ended = !first;
                first.reset();
                if (!second) CHECK(says(second.error(), "another restore works there"));
                if (second) {
                    CHECK(second->append("file", bytes_of("another")));
                    const auto done = second->place();
                    CHECK(done.has_value() == !(placed && ended));
                }
                if (placed && ended) CHECK(content_of(place / "store/file") == kWhole);
            });
}

TEST_CASE("restore: a file that two restores place at once is one of the two, whole") {
    fs::path part;
    before_each_call(
        5, [&](const fs::path& place) { part = place / "toml.restore"; },
        [&] {
            fs::remove(part);
            write_file(part, "a part of");
        },
        [](const fs::path& place) {
            const auto done = place_file(place / "toml", bytes_of(kWhole), 0644);
            if (fs::exists(place / "toml")) CHECK(content_of(place / "toml") == kWhole);
            CHECK((done || !fs::exists(place / "toml")));
        });
}

TEST_CASE("import: a path that goes while the import is begun is an import that fails") {
    daemon::Config config;
    TempFolder folder;
    config.engine.store_path = folder / "store";
    config.engine.acds.push_back({.acd = kStream.acd});
    auto engine = Engine::open(config.engine, {}, {Nanos{1}, Nanos{1}});
    if (!engine) FAIL(engine.error().text);
    // No process is to be started that reads the path: none is without a store.
    config.engine.store_path = folder / "nowhere";
    fs::path at;
    before_each_call(
        2,
        [&](const fs::path& place) {
            at = place / "capture";
            write_file(at, "nothing");
        },
        [&] {
            fs::remove(at);
            fs::create_symlink(at, at);
        },
        [&](const fs::path&) {
            daemon::Imports imports(**engine, config);
            const auto begun = imports.start({.path = at, .acd = {}});
            imports.finish();
            if (begun) CHECK(imports.status().state == daemon::ImportState::Failed);
        });
}
