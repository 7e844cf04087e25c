// Every layout against the machine-readable description of the field's files, where it is at hand.
#include "tools/echi/layout.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

using namespace twinlink;
using Json = nlohmann::json;

namespace {

std::string type_of(const echi::FieldLine& line, std::size_t bytes) {
    switch (line.type) {
        case echi::Type::Signed: return "i" + std::to_string(bytes);
        case echi::Type::Unsigned: return "u" + std::to_string(bytes);
        case echi::Type::Text: return "s";
        case echi::Type::Flags: break;
    }
    std::string bits = "bits:";
    for (const auto name : echi::kFlagNames) bits += (bits.ends_with(':') ? "" : ",") + std::string(name);
    return bits;
}

TEST_CASE("layouts: names, types, offsets and lengths of every field of every version are the field's") {
    std::ifstream in("../shared/data/echi_layouts.json");
    if (!in.is_open()) {
        MESSAGE("SKIPPED: ../shared/data/echi_layouts.json is not here");
        return;
    }
    const Json all = Json::parse(in)["versions"];
    CHECK(all.size() == echi::kVersions.size());
    for (const auto& [name, layout] : all.items()) {
        CAPTURE(name);
        const auto version = echi::version_index(std::stoull(name));
        REQUIRE(version.has_value());
        CHECK(echi::record_bytes(*version) == layout["record_len"].get<std::size_t>());
        std::size_t offset = 0;
        std::size_t at = 0;
        for (const echi::FieldLine& line : echi::lines()) {
            const std::size_t bytes = line.bytes[*version];
            if (bytes == 0) continue;
            CAPTURE(line.name);
            REQUIRE(at < layout["fields"].size());
            const Json& field = layout["fields"][at++];
            CHECK(field["name"].get<std::string>() == line.name);
            CHECK(field["offset"].get<std::size_t>() == offset);
            CHECK(field["len"].get<std::size_t>() == bytes);
            CHECK(field["type"].get<std::string>() == type_of(line, bytes));
            offset += bytes;
        }
        CHECK(at == layout["fields"].size());
    }
}

TEST_CASE("layouts: a version that there is not has no place") {
    for (const u64 version : {0ULL, 1ULL, 4ULL, 13ULL, 182ULL, ~0ULL})
        CHECK(!echi::version_index(version).has_value());
}

}  // namespace
