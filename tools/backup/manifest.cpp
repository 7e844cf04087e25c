// See manifest.hpp.
#include "tools/backup/manifest.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace twinlink::backup {
namespace {

using Json = nlohmann::ordered_json;

/// A whole number of at most `max` under that key.
template <class T>
bool take(const Json& from, const char* key, T& to) {
    const auto at = from.find(key);
    if (at == from.end() || !at->is_number_unsigned()) return false;
    const u64 value = at->get<u64>();
    to = static_cast<T>(value);
    return static_cast<u64>(to) == value;
}

bool take_digest(const Json& from, const char* key, Digest256& to) {
    const auto at = from.find(key);
    if (at == from.end() || !at->is_string()) return false;
    const auto& text = at->get_ref<const std::string&>();
    if (text.size() != 2 * to.size()) return false;
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < to.size(); ++i) {
        const int high = digit(text[2 * i]);
        const int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        to[i] = static_cast<std::byte>(high << 4 | low);
    }
    return true;
}

bool read_stream(const Json& from, StreamEntry& to) {
    return from.is_object() && take(from, "acd", to.acd) && take(from, "epoch", to.epoch) &&
           take(from, "watermark", to.watermark) && take(from, "next", to.next) &&
           take(from, "messages", to.messages) && take(from, "missing", to.missing);
}

bool read_data(const Json& all, DataEntry& to) {
    const auto at = all.find("data");
    if (at == all.end() || !at->is_object()) return false;
    return take(*at, "from", to.from) && take(*at, "to", to.to) && take(*at, "tables", to.tables) &&
           take(*at, "since", to.since) && take(*at, "messages", to.messages) &&
           take(*at, "intervals", to.intervals) && take(*at, "rows", to.rows) &&
           take(*at, "exceptions", to.exceptions);
}

bool read_part(const Json& from, PartEntry& to) {
    if (!from.is_object() || !take(from, "bytes", to.bytes) || !take_digest(from, "sha256", to.sha256))
        return false;
    const auto at = from.find("part");
    if (at == from.end() || !at->is_string()) return false;
    const auto& part_name = at->get_ref<const std::string&>();
    const auto known = std::ranges::find(kParts, part_name, &PartInfo::name);
    if (known == kParts.end()) return false;
    to.id = known->id;
    return true;
}

/// The list under that key, each element read by `read`.
template <class T>
bool read_list(const Json& from, const char* key, std::size_t most, std::vector<T>& to,
               bool (*read)(const Json&, T&)) {
    const auto at = from.find(key);
    if (at == from.end() || !at->is_array() || at->size() > most) return false;
    for (const Json& element : *at)
        if (!read(element, to.emplace_back())) return false;
    return true;
}

}  // namespace

std::string to_text(const Manifest& manifest) {
    Json streams = Json::array();
    for (const StreamEntry& s : manifest.streams)
        streams.push_back({{"acd", s.acd},
                           {"epoch", s.epoch},
                           {"watermark", s.watermark},
                           {"next", s.next},
                           {"messages", s.messages},
                           {"missing", s.missing}});
    Json parts = Json::array();
    for (const PartEntry& p : manifest.parts)
        parts.push_back({{"part", find_part(p.id)->name}, {"bytes", p.bytes}, {"sha256", hex_of(p.sha256)}});
    Json all{{"format", kArchiveFormat},
             {"kind", name(manifest.kind)},
             {"program", manifest.program},
             {"head_sha256", hex_of(manifest.head)},
             {"store_format", manifest.store_format},
             {"transaction", manifest.transaction},
             {"commit_wall", manifest.commit_wall},
             {"streams", streams},
             {"parts", parts}};
    const DataEntry& d = manifest.data;
    if (manifest.kind == ArchiveKind::Data)
        all["data"] = {{"from", d.from},         {"to", d.to},
                       {"tables", d.tables},     {"since", d.since},
                       {"messages", d.messages}, {"intervals", d.intervals},
                       {"rows", d.rows},         {"exceptions", d.exceptions}};
    return all.dump(1);
}

Expected<Manifest> read_manifest(std::string_view text) {
    const Json all = Json::parse(text, nullptr, false);
    if (!all.is_object()) return failure("its manifest is no JSON object");
    u32 format = 0;
    if (!take(all, "format", format)) return failure("its manifest names no format");
    if (format > kArchiveFormat)
        return failure("its manifest has format " + std::to_string(format) + ", this program knows up to " +
                       std::to_string(kArchiveFormat));
    Manifest manifest;
    const auto kind = all.find("kind");
    const auto program = all.find("program");
    if (kind == all.end() || program == all.end() || !program->is_string())
        return failure("its manifest is not whole");
    if (*kind != name(ArchiveKind::System) && *kind != name(ArchiveKind::Data))
        return failure("its manifest tells of a kind that is not known");
    manifest.kind = *kind == name(ArchiveKind::System) ? ArchiveKind::System : ArchiveKind::Data;
    manifest.program = program->get<std::string>();
    const bool whole =
        take_digest(all, "head_sha256", manifest.head) && take(all, "store_format", manifest.store_format) &&
        take(all, "transaction", manifest.transaction) && take(all, "commit_wall", manifest.commit_wall) &&
        read_list(all, "streams", kManifestStreamsMax, manifest.streams, read_stream) &&
        read_list(all, "parts", kParts.size(), manifest.parts, read_part);
    if (!whole || (manifest.kind == ArchiveKind::Data && !read_data(all, manifest.data)))
        return failure("its manifest is not whole");
    if (manifest.store_format > kStoreFormat)
        return failure("it is of a store of format " + std::to_string(manifest.store_format) +
                       ", and this program knows up to " + std::to_string(kStoreFormat) +
                       ": use a newer program");
    return manifest;
}

}  // namespace twinlink::backup
