// Which translations were handed on already, as hashes: a pump-up repeats all names, but only news go to the
// store.
//
// One thread. Bounded: when full, names are handed on each time instead (counted by the caller), which costs
// writes but loses nothing. An unnoticed change needs two names with equal 64-bit hashes.
#pragma once

#include "engine/fold/id_map.hpp"
#include "engine/fold/pool.hpp"

#include <twinlink/records.hpp>

namespace twinlink::fold {

class Names {
public:
    struct Entry {
        u64 key;
        u64 hash;
    };
    enum class Verdict : u8 { Known, News, Full };

    explicit Names(u32 capacity) : map_(capacity), entries_(capacity) {}

    static constexpr u64 key_of(NameKind kind, u64 number) noexcept {
        // Login ids are the only numbers above 32 bits; mixing keeps two kinds apart all the same.
        return ((number ^ (number >> 56)) << 8) | static_cast<u64>(kind);
    }
    static constexpr u64 hash_of(const std::array<char, 24>& text) noexcept {
        u64 h = 0xCBF29CE484222325ULL;  // FNV-1a
        for (const char c : text) h = (h ^ static_cast<u8>(c)) * 0x100000001B3ULL;
        return h;
    }
    Verdict offer(u64 key, u64 hash) noexcept {
        const u32 at = map_.find(key);
        if (at != IdMap::kNone) {
            Entry& known = entries_[at];
            if (known.hash == hash) return Verdict::Known;
            known.hash = hash;
            return Verdict::News;
        }
        if (entries_.full()) return Verdict::Full;
        map_.insert(key, entries_.size());
        entries_.push_back({key, hash});
        return Verdict::News;
    }
    [[nodiscard]] const FixedList<Entry>& entries() const noexcept { return entries_; }

private:
    IdMap map_;
    FixedList<Entry> entries_;
};

}  // namespace twinlink::fold
