// The archive: what goes in comes out, and whatever else a file holds is refused with a reason.
#include "tests/backup/archive_rig.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using namespace twinlink::backup;

namespace {

std::vector<std::byte> text(std::string_view t) {
    const Bytes bytes = bytes_of(t);
    return {bytes.begin(), bytes.end()};
}

PartsRead small_parts() {
    return {{PartId::Configuration, text("[store]\npath = \"/var/lib/twinlink\"\n")},
            {PartId::OwnKey, text("a key")},
            {PartId::Store, std::vector<std::byte>(9'000, std::byte{7})}};
}

/// An archive put together by hand: what no writer of ours would write.
class ByHand {
public:
    explicit ByHand(const ArchiveHead& head = some_head()) { add(head); }
    template <class T>
    ByHand& add(const T& value) {
        for (const std::byte b : std::as_bytes(std::span(&value, 1))) all_.push_back(b);
        return *this;
    }
    ByHand& part(u16 id) { return add(PartHead{kPartMagic, id, 0}); }
    ByHand& chunk(u32 packed, u32 bytes) { return add(ChunkHead{packed, bytes}); }
    [[nodiscard]] std::string refused() const {
        const auto parts = read_parts(all_);
        return parts ? "it was taken" : parts.error().text;
    }

private:
    std::vector<std::byte> all_;
};

bool says(const std::string& why, std::string_view part) { return why.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("archive: what goes in comes out, whatever the size of the pieces it is read in") {
    PartsRead parts = small_parts();
    auto& big = parts[PartId::Store];
    big.clear();
    u32 random = 1;  // a part of three chunks and some, half of it hard to pack
    for (std::size_t i = 0; i < 3 * kChunkBytes + 12'345; ++i) {
        random = random * 1'664'525 + 1'013'904'223;
        big.push_back(static_cast<std::byte>(i % 2 == 0 ? random >> 24 : 0));
    }
    const auto archive = archive_of(parts);
    for (const std::size_t step : {std::size_t{1} << 30, std::size_t{4'096}, std::size_t{61}}) {
        const auto again = read_parts(archive, step);
        REQUIRE_MESSAGE(again, again.error().text);
        CHECK(*again == parts);
    }
}

TEST_CASE("archive: head and manifest come out as they went in, parts with their SHA-256") {
    const auto archive = archive_of(small_parts());
    auto reader = ArchiveReader::begin(source_of(archive));
    REQUIRE(reader);
    CHECK(reader->head().pair == std::array<u64, 2>{7, 9});
    CHECK(reader->head().server == 2);
    while (*reader->next_part()) {
    }
    const Manifest& manifest = reader->manifest();
    CHECK(manifest.streams == some_manifest().streams);
    CHECK(manifest.transaction == 4711);
    CHECK(manifest.program == "1.2.3");
    REQUIRE(manifest.parts.size() == 3);
    CHECK(manifest.parts[1].bytes == 5);
    // printf 'a key' | sha256sum
    CHECK(hex_of(manifest.parts[1].sha256) ==
          "8fa3aab2faa9b79e0a0398da5b5abd0780142442a5be80b9a64608d718cb1fcd");
}

TEST_CASE("archive: cut off anywhere it is refused") {
    const auto archive = archive_of(small_parts());
    for (std::size_t n = 0; n < archive.size(); ++n) {
        const auto parts = read_parts(Bytes(archive).first(n));
        REQUIRE_FALSE_MESSAGE(parts, n);
        CHECK_MESSAGE(says(parts.error().text, "cut off"), parts.error().text);
    }
}

TEST_CASE("archive: any bit that is wrong is seen, or changes nothing of what comes out") {
    const PartsRead parts = small_parts();
    auto archive = archive_of(parts);
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < 8 * archive.size(); ++bit) {
        archive[bit / 8] ^= std::byte{1} << bit % 8;
        const auto again = read_parts(archive);
        if (again) CHECK_MESSAGE(*again == parts, bit);
        refused += !again;
        archive[bit / 8] ^= std::byte{1} << bit % 8;
    }
    // A packed frame has a few bits without a meaning.
    CHECK(refused > 8 * archive.size() - 64);
}

TEST_CASE("archive: a file of another kind, a newer format and a kind that is not known are refused") {
    ArchiveHead head = some_head();
    head.magic[0] = 'X';
    CHECK(says(ByHand(head).refused(), "no Twinlink backup"));
    head = some_head();
    head.format = kArchiveFormat + 1;
    CHECK(says(ByHand(head).refused(), "use a newer program"));
    head.format = 0;
    CHECK(says(ByHand(head).refused(), "format 0"));
    head = some_head(static_cast<ArchiveKind>(9));
    CHECK(says(ByHand(head).refused(), "does not know"));
}

TEST_CASE("archive: parts that there are not, that are elsewhere's, or not in order are refused") {
    CHECK(says(ByHand().part(99).refused(), "no part that this program knows"));
    CHECK(says(ByHand(some_head(ArchiveKind::Data)).part(static_cast<u16>(PartId::Store)).refused(),
               "does not belong"));
    ByHand twice;
    for (int i = 0; i < 2; ++i) {
        twice.part(static_cast<u16>(PartId::OwnKey)).chunk(0, 0).add(u64{0});
        twice.add(Sha256().finish());
    }
    CHECK(says(twice.refused(), "not in order"));
}

TEST_CASE("archive: lengths that lie are refused before anything is taken for them") {
    const u16 key = static_cast<u16>(PartId::OwnKey);
    CHECK(says(ByHand().part(key).chunk(10, kChunkBytes + 1).refused(), "makes no sense"));
    CHECK(says(ByHand().part(key).chunk(kPackedBytesMax + 1, 10).refused(), "makes no sense"));
    CHECK(says(ByHand().part(key).chunk(~u32{0}, ~u32{0}).refused(), "makes no sense"));
    CHECK(says(ByHand().part(key).chunk(0, 10).refused(), "makes no sense"));
    CHECK(says(ByHand().part(key).chunk(10, 0).refused(), "makes no sense"));
    // A key has 64 KiB at most.
    CHECK(says(ByHand().part(key).chunk(10, 100'000).refused(), "longer than the 65536 bytes"));
    CHECK(says(ByHand().part(key).chunk(8, 8).add(u64{1}).refused(), "does not unpack"));
    CHECK(says(ByHand().part(key).chunk(0, 0).add(u64{1}).add(Sha256().finish()).refused(),
               "SHA-256 or length"));
}

TEST_CASE("archive: a manifest that tells of other parts, and bytes behind it, are refused") {
    auto archive = archive_of(small_parts());
    archive.push_back(std::byte{0});
    const auto longer = read_parts(archive);
    REQUIRE_FALSE(longer);
    CHECK(says(longer.error().text, "follows its manifest"));
    // The manifest of one archive behind the parts of another.
    PartsRead other = small_parts();
    other[PartId::OwnKey] = text("b key");
    const auto first = archive_of(small_parts());
    const auto second = archive_of(other);
    const auto manifest_of = [](const std::vector<std::byte>& of) {
        return std::ranges::search(of, bytes_of("PART\xff\xff")).begin();
    };
    std::vector<std::byte> mixed(second.begin(), manifest_of(second));
    mixed.insert(mixed.end(), manifest_of(first), first.end());
    const auto mixed_parts = read_parts(mixed);
    REQUIRE_FALSE(mixed_parts);
    CHECK(says(mixed_parts.error().text, "does not tell of the parts"));
}

TEST_CASE("archive: a part beyond its limit is not written") {
    ArchiveWriter writer([](Bytes) -> Expected<void> { return {}; }, 1);
    REQUIRE(writer.begin(some_head()));
    REQUIRE(writer.begin_part(PartId::OwnKey));
    const auto done = writer.add(std::vector<std::byte>(100'000));
    REQUIRE_FALSE(done);
    CHECK(says(done.error().text, "own_key is longer"));
}

TEST_CASE("manifest: any piece that is missing or of another kind is refused") {
    const std::string whole = to_text(some_manifest());
    REQUIRE(read_manifest(whole));
    for (const std::string_view key : {"format", "kind", "program", "head_sha256", "store_format",
                                       "transaction", "commit_wall", "streams", "parts", "watermark"}) {
        std::string other = whole;
        other.replace(other.find('"' + std::string(key) + '"') + 1, 1, "_");
        CHECK_FALSE_MESSAGE(read_manifest(other), key);
    }
    for (const auto& [from, to] : {std::pair{"4711", "-1"},
                                   {"4711", "1.5"},
                                   {"\"system\"", "\"other\""},
                                   {"\"acd\": 3", "\"acd\": 70000"},
                                   {"[", "{"},
                                   {"\"store_format\": 1", "\"store_format\": 4000000000"},
                                   {"\"format\": 1", "\"format\": 2"}}) {
        std::string other = whole;
        REQUIRE(other.find(from) != std::string::npos);
        other.replace(other.find(from), std::strlen(from), to);
        CHECK_FALSE_MESSAGE(read_manifest(other), to);
    }
}
