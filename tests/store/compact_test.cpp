// A store written anew: the same values in fewer pages, and as it was wherever an attempt was cut short.
#include "tests/store/writer_process.hpp"

#include "engine/store/check.hpp"
#include "engine/store/compact.hpp"

#include <sys/stat.h>

#include <random>

using namespace twinlink;
using namespace twinlink::rig;

namespace {

const auto kQuiet = [](std::string_view) {};

/// A store whose journal has let go of most of what it had: many pages are free.
void make_holes(const std::filesystem::path& path) {
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    Store store = open_store(path, config);
    for (u64 n = 1; n <= 60; ++n) commit(store, model_batch(n, 2'000));
    CommitBatch gone;
    for (u64 n = 0; n < 60; ++n) gone.checkpoints.push_back({kStream, Seq{n * 2'000 + 1'999}, 0, 0, 0});
    gone.number = 61;
    StreamRecord s{};
    s.acd = kStream.acd.value;
    s.epoch = kStream.epoch.value;
    s.first_seen = 1;
    s.watermark = 120'000;
    s.next = 120'001;
    s.messages = 120'000;
    gone.streams.push_back(s);
    commit(store, gone);
    // Opened with a smaller limit, it shrinks with each commit.
}

/// Opens it with a small journal until that is within its limit; returns what it then holds.
std::vector<u64> shrink(const std::filesystem::path& path) {
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    config.journal_bytes = u64{256} << 10;
    Store store = open_store(path, config);
    for (u64 n = 62; n < 72; ++n) {
        CommitBatch empty;
        empty.number = n;
        commit(store, empty);
    }
    return names_held(snapshot_of(store));
}

u64 bytes_of(const std::filesystem::path& path) { return std::filesystem::file_size(path / "data.mdb"); }

std::vector<std::string> files_of(const std::filesystem::path& path) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path))
        files.push_back(entry.path().filename().string());
    std::ranges::sort(files);
    return files;
}

}  // namespace

TEST_CASE("compact: the same values in fewer pages; the store goes on with the next commit") {
    TempFolder t;
    make_holes(t / "s");
    const auto held = shrink(t / "s");
    const u64 before = bytes_of(t / "s");
    const auto found = check(t / "s", CheckLevel::Full);
    REQUIRE(found.has_value());
    const auto done = compact(t / "s", kQuiet);
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().text));
    CHECK(bytes_of(t / "s") < before / 2);
    CHECK(done->values > 5);
    CHECK(files_of(t / "s") == std::vector<std::string>{"data.mdb", "lock.mdb", "writer.lock"});
    CHECK((std::filesystem::status(t / "s" / "data.mdb").permissions() &
           std::filesystem::perms::others_all) == std::filesystem::perms::none);
    const auto report = check(t / "s", CheckLevel::Full);
    REQUIRE(report.has_value());
    CHECK(report->problems == found->problems);  // the model's stream is not a whole one
    CHECK(report->damaged == 0);
    Store store = open_store(t / "s");
    CHECK(names_held(snapshot_of(store)) == held);
    const auto info = snapshot_of(store).info();
    REQUIRE(info.has_value());
    CHECK(info->last_batch == 71);
    for (u64 n = 72; n < 80; ++n) {
        CommitBatch more;
        more.number = n;
        commit(store, more);
    }
    CHECK(snapshot_of(store).info()->last_batch == 79);
}

TEST_CASE("compact: a store that a writer or a reader of another process has open is refused, as it was") {
    TempFolder t;
    make_holes(t / "s");
    for (const bool writes : {true, false}) {
        std::array<int, 2> ready{};
        REQUIRE(::pipe(ready.data()) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            auto reader = writes ? Expected<StoreReader>(failure("")) : StoreReader::open(t / "s");
            auto writer = writes ? Store::open(t / "s", {}, Nanos{1}) : Expected<Store>(failure(""));
            const bool open = reader.has_value() || writer.has_value();
            if (::write(ready[1], open ? "y" : "n", 1) == 1)
                for (;;) ::pause();
            ::_exit(1);
        }
        char answer = 0;
        REQUIRE(::read(ready[0], &answer, 1) == 1);
        CHECK(answer == 'y');
        const std::string before = content_of(t / "s" / "data.mdb");
        const auto done = compact(t / "s", kQuiet);
        CHECK(!done.has_value());
        if (!done)
            CHECK(done.error().text.find(writes ? "open for writing" : "somebody reads it") !=
                  std::string::npos);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(ready[0]);
        ::close(ready[1]);
        CHECK((content_of(t / "s" / "data.mdb") == before));
    }
    CHECK(compact(t / "s", kQuiet).has_value());
}

TEST_CASE(
    "compact: each call of it fails in turn, or ends the process; the store is whole, and the next one "
    "succeeds") {
    for (const char* how : {"errno=5", "errno=28", "kill", "kill after"}) {
        int n = 0;
        for (;; ++n) {
            TempFolder t;
            const std::string_view way = how;
            std::vector<std::string> options{"opened=3", "compact", "fail=" + std::to_string(n)};
            if (way.starts_with("kill"))
                options.emplace_back("kill");
            else
                options.emplace_back(how);
            if (way.ends_with("after")) options.emplace_back("after");
            const Ran ran = run_writer(t / "s", options);
            INFO("call ", n, " ", how);
            CHECK(ran.wrong == "");
            CHECK(whole_batches(t / "s") == 3);
            // What was left behind is in nobody's way.
            const Ran next = run_writer(t / "s", {"opened=3", "compact"});
            CHECK(next.refused == "");
            CHECK(next.again == 3);
            CHECK(files_of(t / "s") == std::vector<std::string>{"data.mdb", "lock.mdb", "writer.lock"});
            if (!ran.struck && WIFEXITED(ran.status)) break;
        }
        CHECK(n >= 20);
    }
}

TEST_CASE("compact: killed at random moments the store is whole, old or new") {
    std::mt19937_64 random(seed_given());
    TempFolder t;
    CHECK(run_writer(t / "s", {"batches=200"}).again == 200);
    for (int i = 0; i < 25; ++i) {
        const Ran ran = run_writer(t / "s", {"opened=200", "compact", "say=200"}, 200, random() % 20'000);
        CHECK(ran.wrong == "");
        CHECK(whole_batches(t / "s") == 200);
    }
}

TEST_CASE("compact: without room for a copy the store is as it was") {
    TempFolder t;
    const Ran ran = run_writer(t / "s", {"opened=50", "messages=200", "compact", "compact_fsize=20000"});
    CHECK(ran.refused != "");
    CHECK(ran.again == 50);
    CHECK(files_of(t / "s") == std::vector<std::string>{"data.mdb", "lock.mdb", "writer.lock"});
}

TEST_CASE("compact: by root, the files stay their owner's; where they cannot the store is as it was") {
    if (::geteuid() != 0) return;
    constexpr uid_t kOwner = 65'534;
    const auto owner = [](const std::filesystem::path& file) {
        struct stat s{};
        REQUIRE(::stat(file.c_str(), &s) == 0);
        return std::tuple{s.st_uid, s.st_gid, s.st_mode & 07777};
    };
    TempFolder t;
    {
        Store store = open_store(t / "s");
        commit(store, model_batch(1));
    }
    for (const char* file : {"data.mdb", "lock.mdb", "writer.lock", ""})
        REQUIRE(::chown((t / "s" / file).c_str(), kOwner, kOwner) == 0);
    REQUIRE(::chmod((t / "s" / "data.mdb").c_str(), 0640) == 0);
    std::filesystem::remove(t / "s" / "lock.mdb");
    std::filesystem::remove(t / "s" / "writer.lock");
    const auto done = compact(t / "s", kQuiet);
    REQUIRE_MESSAGE(done, (done ? "" : done.error().text));
    CHECK(owner(t / "s" / "data.mdb") == std::tuple{kOwner, kOwner, 0640U});
    CHECK(owner(t / "s" / "lock.mdb") == std::tuple{kOwner, kOwner, 0640U});
    CHECK(owner(t / "s" / "writer.lock") == std::tuple{kOwner, kOwner, 0640U});
    const auto as = [&](uid_t user, const std::function<bool()>& does) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(::setgid(kOwner) == 0 && ::setuid(user) == 0 && does() ? 0 : 1);
        int status = 0;
        return ::waitpid(child, &status, 0) == child && status == 0;
    };
    REQUIRE(::chown(t.path().c_str(), kOwner, kOwner) == 0);
    CHECK(as(kOwner, [&] { return compact(t / "s", kQuiet) && Store::open(t / "s", {}, Nanos{1}); }));
    // One of his group may write all of it, and yet make nothing his.
    for (const char* file : {"data.mdb", "lock.mdb", "writer.lock"})
        REQUIRE(::chmod((t / "s" / file).c_str(), 0660) == 0);
    for (const auto& folder : {t.path(), t / "s"}) REQUIRE(::chmod(folder.c_str(), 0770) == 0);
    const std::string before = content_of(t / "s" / "data.mdb");
    CHECK(as(1'000, [&] {
        const auto refused = compact(t / "s", kQuiet);
        return !refused && refused.error().text.find("its user's") != std::string::npos;
    }));
    CHECK((content_of(t / "s" / "data.mdb") == before));
    CHECK(owner(t / "s" / "data.mdb") == std::tuple{kOwner, kOwner, 0660U});
    CHECK(files_of(t / "s") == std::vector<std::string>{"data.mdb", "lock.mdb", "writer.lock"});
    CHECK(whole_batches(t / "s") == 1);
}
