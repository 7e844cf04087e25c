// Where a backup and a restore may put things: nothing of anybody else's gives way, and what root restores is
// its user's.
#include "tests/backup/machine_rig.hpp"
#include "tools/backup/system_restore.hpp"

#include <sys/stat.h>

using namespace twinlink;
using namespace twinlink::rig;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65'534;

uid_t owner_of(const fs::path& path) {
    struct stat s{};
    REQUIRE(::lstat(path.c_str(), &s) == 0);
    return s.st_uid;
}
backup::RestoreOrder order_in(const fs::path& root, const fs::path& file) {
    return {
        .file = file, .configuration = root / "toml", .credentials = root / "pair", .store = root / "store"};
}

}  // namespace

TEST_CASE("backup: only an empty file or another backup gives way to a backup") {
    const Machine machine;
    for (const fs::path& taken :
         {machine.store / "data.mdb", machine.configuration, machine.credentials / "own.key"}) {
        const std::string before = content_of(taken);
        const auto system = backup::back_up_system(machine.system(taken), {});
        const auto data = backup::back_up_data(machine.data(taken), {});
        REQUIRE(!system);
        REQUIRE(!data);
        CHECK(system.error().text.find("no Twinlink backup") != std::string::npos);
        CHECK(content_of(taken) == before);
    }
    const fs::path file = machine.folder / "file";
    write_file(file, "");
    CHECK(backup::back_up_data(machine.data(file), {}));
    CHECK(backup::back_up_system(machine.system(file), {}));
    CHECK(backup::prove_archive(file, {}));
}

TEST_CASE(
    "restore: what is called as the folder that it works in is not touched; what a killed one left is") {
    const Machine machine;
    const fs::path file = machine.folder / "system";
    REQUIRE(backup::back_up_system(machine.system(file), {}));
    TempFolder place;
    const auto order = order_in(place.path(), file);
    fs::create_directory(place / "store.restore");
    write_file(place / "store.restore" / "data.mdb", "somebody's store");
    write_file(place / "toml.restore", "somebody's file");
    const auto refused = backup::restore_system(order, {});
    REQUIRE(!refused);
    CHECK(refused.error().text.find("move it aside") != std::string::npos);
    CHECK(content_of(place / "store.restore" / "data.mdb") == "somebody's store");
    CHECK(!fs::exists(order.store));
    // A restore marks what it has begun.
    write_file(place / "store.restore" / ".being-restored", "");
    REQUIRE(backup::restore_system(order, {}));
    CHECK(!fs::exists(place / "store.restore"));
    CHECK(content_of(place / "toml.restore") == "somebody's file");
    CHECK(!fs::exists(order.store / ".being-restored"));
}

TEST_CASE("restore: by root, what is put into a user's folder is that user's") {
    if (::geteuid() != 0) {
        MESSAGE("SKIPPED: not root");
        return;
    }
    const Machine machine;
    const fs::path file = machine.folder / "system";
    REQUIRE(backup::back_up_system(machine.system(file), {}));
    TempFolder place;
    const auto order = order_in(place.path(), file);
    // The folder that is replaced is theirs, the one around it is root's; and the other way round.
    fs::create_directory(order.credentials);
    REQUIRE(::chown(order.credentials.c_str(), kNobody, kNobody) == 0);
    REQUIRE(backup::restore_system(order, {}));
    CHECK(owner_of(order.credentials) == kNobody);
    CHECK(owner_of(order.credentials / "own.key") == kNobody);
    CHECK(owner_of(order.store / "data.mdb") == 0);
    fs::remove_all(order.store);
    REQUIRE(::chown(place.path().c_str(), kNobody, kNobody) == 0);
    REQUIRE(backup::restore_system(order, {}));
    CHECK(owner_of(order.store) == kNobody);
    CHECK(owner_of(order.store / "data.mdb") == kNobody);
}
