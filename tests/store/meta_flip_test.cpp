// A bit that flips in one of LMDB's two meta pages: the store is refused and left as it is, or it holds all
// that it held and goes on.
#include "tests/store/store_rig.hpp"

#include "engine/store/file_check.hpp"

using namespace twinlink;
using namespace twinlink::rig;

namespace {

constexpr u64 kBatches = 12;
/// Header and meta of a page as LMDB 0.9 has them; what is behind them it does not read.
constexpr std::size_t kMetaBytes = 152;
constexpr std::size_t kPage = 4'096;

/// "refused", "whole", or what is wrong. In a child: LMDB may die of what it is given.
std::string opened(const std::filesystem::path& path) {
    auto store = Store::open(path, {}, Nanos{1});
    if (!store) return "refused";
    u64 k = 0;
    if (const auto wrong = model_error(snapshot_of(*store), k); !wrong.empty()) return wrong;
    if (k != kBatches) return "holds " + std::to_string(k) + " batches";
    for (u64 n = k + 1; n <= k + 2; ++n)
        if (!store->commit(model_batch(n))) return "takes no more";
    if (const auto wrong = model_error(snapshot_of(*store), k); !wrong.empty()) return "afterwards: " + wrong;
    return k == kBatches + 2 ? "whole" : "does not count on";
}

}  // namespace

TEST_CASE("store: a flipped bit in a meta page is refused, or costs nothing") {
    TempFolder t;
    {
        StoreConfig config;
        config.map_bytes = u64{64} << 20;
        Store store = open_store(t / "s", config);
        for (u64 n = 1; n <= kBatches; ++n) commit(store, model_batch(n));
    }
    const std::string whole = content_of(t / "s" / "data.mdb");
    u64 refused = 0;
    u64 harmless = 0;
    // Every third bit, another third for each seed.
    for (std::size_t bit = seed_given() % 3; bit < 2 * kMetaBytes * 8; bit += 3) {
        const std::size_t at = bit / 8 % kMetaBytes + bit / 8 / kMetaBytes * kPage;
        std::string content = whole;
        content[at] = static_cast<char>(content[at] ^ 1 << bit % 8);
        write_file(t / "s" / "data.mdb", content);
        const auto said = store::in_child([&] { return opened(t / "s"); }, 60);
        const std::string verdict = said ? *said : said.error().text;
        INFO("page ", at / kPage, " byte ", at % kPage, " bit ", bit % 8, ": ", verdict);
        CHECK((verdict == "refused" || verdict == "whole"));
        if (verdict == "refused") {
            CHECK(content_of(t / "s" / "data.mdb") == content);
            CHECK(store::damage_of(t / "s") != "");  // and it is known that nobody could
        }
        (verdict == "refused" ? refused : harmless) += 1;
    }
    MESSAGE(refused, " refused, ", harmless, " harmless");
    CHECK(refused > 200);
}
