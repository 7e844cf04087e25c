// What the store's tests share: folders that vanish, messages made from their number, and a model whose
// content after any number of batches is known.
#pragma once

#include "engine/store/store.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string>

namespace twinlink::rig {

class TempFolder {
public:
    TempFolder() {
        // In memory where that is possible: nothing here is about the disk itself, and syncs would be most of
        // the time.
        const bool memory = ::access("/dev/shm", W_OK) == 0;
        std::string pattern = std::string(memory ? "/dev/shm" : "/tmp") + "/twinlink-store-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The seed of what is random: TWINLINK_SEED, else always the same.
inline u64 seed_given() {
    const std::string_view given =
        std::getenv("TWINLINK_SEED") != nullptr ? std::getenv("TWINLINK_SEED") : "";
    u64 seed = 20'261'123;
    if (std::from_chars(given.data(), given.data() + given.size(), seed).ec != std::errc{}) seed = 20'261'123;
    return seed;
}

inline std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    std::string content(in ? static_cast<std::size_t>(in.tellg()) : 0, '\0');
    in.seekg(0).read(content.data(), static_cast<std::streamsize>(content.size()));
    return content;
}
inline void write_file(const std::filesystem::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

inline constexpr Stream kStream{Acd{7}, Epoch{1'700'000'000'000'000'000}};
inline constexpr u64 kTimeOfFirst = 1'700'000'000'000'000'000;

/// A message of 16 to 48 bytes that only its number (and `salt`) decides. Its time grows by 1 ms each.
inline std::vector<std::byte> message(u64 seq, u64 salt = 0) {
    std::array<u64, 5> block{};
    const std::size_t words = 1 + seq % 5;
    block[0] = kTimeOfFirst + seq * 1'000'000;
    for (std::size_t i = 1; i < words; ++i) block[i] = seq * 0x9E3779B97F4A7C15ULL + i + salt;
    const SbeHeader h{static_cast<u16>(words * 8), 40, kSchemaId, kSchemaVersion};
    std::vector<std::byte> bytes(sizeof h + words * 8);
    std::memcpy(bytes.data(), &h, sizeof h);
    std::memcpy(bytes.data() + sizeof h, block.data(), words * 8);
    return bytes;
}

inline void add_block(CommitBatch& batch, Stream stream, u64 first, u32 count, bool fill = false,
                      u64 salt = 0) {
    JournalBlock b{.stream = stream,
                   .first = Seq{first},
                   .count = count,
                   .offset = batch.arena.size(),
                   .first_time = kTimeOfFirst + first * 1'000'000,
                   .last_time = kTimeOfFirst + (first + count - 1) * 1'000'000,
                   .fill = fill};
    for (u64 seq = first; seq < first + count; ++seq) {
        const auto m = message(seq, salt);
        batch.arena.insert(batch.arena.end(), m.begin(), m.end());
    }
    b.bytes = static_cast<u32>(batch.arena.size() - b.offset);
    batch.blocks.push_back(b);
}

inline void add_row(CommitBatch& batch, const RowKey& key, const std::vector<u64>& items, u32 revision = 0,
                    bool closed = false) {
    batch.add_row({.key = key, .revision = revision, .fold_version = 1, .closed = closed}, items);
}

/// The items of a row of a batch, unpacked bit by bit.
inline std::vector<u64> items_of(const CommitBatch& batch, std::size_t index = 0) {
    const RowImage& row = batch.rows.at(index);
    std::vector<u64> items(row.items);
    std::size_t value = row.at + row_map_words(row.items);
    for (std::size_t i = 0; i < items.size(); ++i)
        if ((batch.row_words.at(row.at + i / 64) >> i % 64 & 1) != 0) items[i] = batch.row_words.at(value++);
    return items;
}

inline RowKey row_key(u64 entity, u64 start = 1'800, TableId table = TableId::Hsplit) {
    return {table, kStream.acd, start, 0, entity, 0};
}

inline GapRecord gap(u64 first, u64 last, GapState state = GapState::Open) {
    GapRecord g{};
    g.acd = kStream.acd.value;
    g.epoch = kStream.epoch.value;
    g.first = first;
    g.last = last;
    g.missing = last - first + 1;
    g.cause = GapCause::BothLinks;
    g.state = state;
    return g;
}

/// Names that the journal holds of a stream, 0 in the place of one with wrong bytes.
inline std::vector<u64> names_held(const StoreSnapshot& snapshot, Stream stream = kStream, u64 salt = 0) {
    std::vector<u64> names;
    snapshot.blocks(stream, {Seq{1}, Seq{~u64{0}}}, [&](const BlockView& b) {
        u64 seq = b.range.first.value;
        for_each_message_in(b.messages, [&](const MessageView& m) {
            const auto expected = message(seq, salt);
            const Bytes got(m.block - sizeof(SbeHeader), m.wire_bytes());
            names.push_back(std::ranges::equal(got, expected) ? seq : 0);
            ++seq;
        });
        return true;
    });
    return names;
}

inline std::vector<u64> numbers(u64 first, u64 last) {
    std::vector<u64> all;
    for (u64 n = first; n <= last; ++n) all.push_back(n);
    return all;
}

// ---- the model: batch n writes 20 messages, one of five rows, the stream, and now and then a gap that batch
// n+2 takes away

inline constexpr u64 kModelMessages = 20;

inline CommitBatch model_batch(u64 n, u64 messages = kModelMessages) {
    CommitBatch b;
    b.number = n;
    b.wall = n * 10;
    add_block(b, kStream, (n - 1) * messages + 1, static_cast<u32>(messages));
    std::vector<u64> items(120);
    items[0] = n;
    items[n % 120] += n * n;
    items[119] = ~u64{0} - n;
    add_row(b, row_key(n % 5), items, static_cast<u32>(n));
    StreamRecord s{};
    s.acd = kStream.acd.value;
    s.epoch = kStream.epoch.value;
    s.first_seen = 1;
    s.watermark = n * messages;
    s.next = n * messages + 1;
    s.messages = n * messages;
    b.streams.push_back(s);
    if (n % 3 == 0) b.gaps.push_back(gap(1'000'000 + n, 1'000'000 + n, GapState::Healed));
    if (n > 2 && (n - 2) % 3 == 0) b.gaps_gone.push_back({kStream, Seq{1'000'000 + n - 2}});
    return b;
}

/// Empty when the store holds exactly the result of batches 1..k, with k put into `k`; else what is wrong.
inline std::string model_error(const StoreSnapshot& snapshot, u64& k, u64 messages = kModelMessages) {
    const auto info = snapshot.info();
    if (!info) return info.error().text;
    k = info->last_batch;
    if (info->commits != k) return "commits";
    const auto stream = snapshot.stream(kStream);
    if (k == 0) return stream || info->rows != 0 || info->blocks != 0 ? "content before the first batch" : "";
    if (!stream || stream->watermark != k * messages) return "watermark";
    if (names_held(snapshot) != numbers(1, k * messages)) return "journal";
    for (u64 n = k; n != 0 && n + 5 > k; --n) {
        const CommitBatch expected = model_batch(n);
        bool same = false;
        snapshot.row(row_key(n % 5), [&](const RowView& r) {
            same = std::ranges::equal(r.items, items_of(expected)) && r.revision == n;
        });
        if (!same) return "row " + std::to_string(n % 5);
    }
    std::size_t gaps = 0;
    for (u64 n = k; n != 0 && n + 2 > k; --n) gaps += n % 3 == 0;
    if (snapshot.gaps().size() != gaps) return "gaps";
    return snapshot.damaged() == 0 ? "" : "damage";
}

inline Store open_store(const std::filesystem::path& path, StoreConfig config = {}) {
    auto store = Store::open(path, config, Nanos{1});
    if (!store) FAIL(store.error().text);
    return std::move(*store);
}
inline CommitResult commit(Store& store, const CommitBatch& batch) {
    auto result = store.commit(batch);
    if (!result) FAIL(result.error().text);
    return *result;
}
inline StoreSnapshot snapshot_of(const Store& store) {
    auto snapshot = store.snapshot();
    if (!snapshot) FAIL(snapshot.error().text);
    return std::move(*snapshot);
}

}  // namespace twinlink::rig
