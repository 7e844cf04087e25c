// See disk.hpp.
#include "tests/crash/disk.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace twinlink::crash {
namespace {

/// Pieces that a disk which ignores flushes holds back at most. Chosen: some commits' worth.
constexpr std::size_t kCacheMax = 160;
/// Numbers of folders that nobody made, above all inode numbers.
constexpr u64 kOlderFolder = u64{1} << 62;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string name_of_file(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// How the survivors of a crash are drawn: each is a trouble of its own.
enum class Draw : u8 { All, None, Coin, Few, Most, InOrder, OneLost, OneKept, Count_ };

}  // namespace

bool Disk::step() {
    if (at_ == log_.size()) return false;
    assert(log_.size() - at_ >= sizeof(OpHead));
    std::memcpy(&last_.head, log_.data() + at_, sizeof(OpHead));
    const OpHead& head = last_.head;
    at_ += sizeof(OpHead);
    const u64 payload = head.op == Op::Write ? head.bytes : 0;
    assert(log_.size() - at_ >= head.path_bytes + payload);
    last_.path.assign(reinterpret_cast<const char*>(log_.data() + at_), head.path_bytes);
    last_.bytes = log_.subspan(at_ + head.path_bytes, payload);
    at_ += head.path_bytes + payload;
    ++steps_;
    switch (head.op) {
        case Op::Write: write(files_[head.file], head.offset, last_.bytes); break;
        case Op::RangeSynced: sync_range(files_[head.file], head.offset, head.bytes); break;
        case Op::Synced: sync(files_[head.file]); break;
        case Op::Cut: {
            // Only files whose content does not matter are cut here, so it counts at once.
            File& file = files_[head.file];
            file.pending.clear();
            file.durable.resize(head.bytes);
            file.size = head.bytes;
            break;
        }
        case Op::Made:
        case Op::MadeFolder:
            if (const u64 older = file_at(last_.path); older >= kOlderFolder) {
                // A folder that was there before shows its number now.
                files_[head.file] = std::move(files_[older]);
                live_[last_.path] = head.file;
                break;
            }
            files_[head.file] = {};
            files_[head.file].folder = head.op == Op::MadeFolder;
            name(last_.path, head.file);
            break;
        case Op::Moved: {
            const std::size_t end = last_.path.find('\0');
            move(last_.path.substr(0, end), last_.path.substr(end + 1));
            break;
        }
        case Op::Gone: name(last_.path, 0); break;
    }
    return true;
}

u64 Disk::file_at(const std::string& path) const {
    const auto at = live_.find(path);
    return at == live_.end() ? 0 : at->second;
}

void Disk::write(File& file, u64 offset, Bytes bytes) {
    file.size = std::max(file.size, offset + bytes.size());
    while (!bytes.empty()) {
        const u64 part = std::min<u64>(bytes.size(), kPageBytes - offset % kPageBytes);
        file.pending.push_back({offset, bytes.first(part)});
        bytes = bytes.subspan(part);
        offset += part;
    }
    if (!barriers_ && file.pending.size() > kCacheMax) {
        const auto old = file.pending.begin() + static_cast<std::ptrdiff_t>(file.pending.size() - kCacheMax);
        for (auto piece = file.pending.begin(); piece != old; ++piece) settle(file, *piece);
        file.pending.erase(file.pending.begin(), old);
    }
}

void Disk::settle(File& file, const Pending& piece) {
    if (file.durable.size() < piece.offset + piece.bytes.size())
        file.durable.resize(piece.offset + piece.bytes.size());
    std::ranges::copy(piece.bytes, file.durable.begin() + static_cast<std::ptrdiff_t>(piece.offset));
}

void Disk::settle_entries(std::map<std::string, u64>& entries, const std::vector<Entry>& step) {
    for (const Entry& e : step) {
        if (e.file == 0)
            entries.erase(e.name);
        else
            entries[e.name] = e.file;
    }
}

void Disk::sync(File& file) {
    if (!barriers_) return;
    for (const Pending& piece : file.pending) settle(file, piece);
    file.pending.clear();
    for (const auto& step : file.pending_entries) settle_entries(file.entries, step);
    file.pending_entries.clear();
}

/// The page cache writes whole pages: older writes to the same ones go with it.
void Disk::sync_range(File& file, u64 offset, u64 bytes) {
    if (!barriers_) return;
    const u64 first = offset / kPageBytes;
    const u64 last = (offset + bytes - 1) / kPageBytes;
    std::erase_if(file.pending, [&](const Pending& piece) {
        const u64 page = piece.offset / kPageBytes;
        if (page < first || page > last) return false;
        settle(file, piece);
        return true;
    });
}

Disk::File& Disk::folder_of(const std::string& path) {
    const std::string parent = parent_of(path);
    u64& number = live_[parent];
    if (number == 0) {
        // It was there before the log begins.
        number = kOlderFolder + live_.size();
        files_[number].folder = true;
    }
    return files_[number];
}

void Disk::name(const std::string& path, u64 file) {
    if (file == 0)
        live_.erase(path);
    else
        live_[path] = file;
    folder_of(path).pending_entries.push_back({{name_of_file(path), file}});
}

void Disk::move(const std::string& from, const std::string& to) {
    assert(parent_of(from) == parent_of(to));
    const u64 file = file_at(from);
    folder_of(to).pending_entries.push_back({{name_of_file(from), 0}, {name_of_file(to), file}});
    std::map<std::string, u64> moved;
    for (auto at = live_.lower_bound(from); at != live_.end() && at->first.starts_with(from);) {
        const std::string rest = at->first.substr(from.size());
        if (!rest.empty() && rest[0] != '/') {
            ++at;
            continue;
        }
        moved[to + rest] = at->second;
        at = live_.erase(at);
    }
    live_.insert(moved.begin(), moved.end());
}

Survivors Disk::survivors(u64 number, Random& random) const {
    const File& file = files_.at(number);
    const u64 unit = random.below(2) == 0 ? kPageBytes : kSectorBytes;
    struct Piece {
        u64 unit;
        u64 order;
        Survivors::Patch patch;
    };
    std::vector<Piece> pieces;
    for (const Pending& pending : file.pending) {
        u64 offset = pending.offset;
        for (Bytes rest = pending.bytes; !rest.empty();) {
            const u64 part = std::min<u64>(rest.size(), unit - offset % unit);
            pieces.push_back({offset / unit, pieces.size(), {offset, rest.first(part)}});
            rest = rest.subspan(part);
            offset += part;
        }
    }
    std::ranges::sort(pieces, {}, [](const Piece& p) { return std::pair(p.unit, p.order); });
    Survivors s;
    s.size = file.durable.size();
    const auto draw = static_cast<Draw>(random.below(static_cast<u64>(Draw::Count_)));
    const u64 chosen = pieces.empty() ? 0 : random.below(pieces.size());
    // A unit that was written several times holds what it held after one of them: a prefix of them is kept.
    const auto kept = [&](std::size_t begin, std::size_t end) -> std::size_t {
        const std::size_t n = end - begin;
        switch (draw) {
            case Draw::All: return n;
            case Draw::None: return 0;
            case Draw::Coin: return random.below(n + 1);
            case Draw::Few: return random.below(16) == 0 ? n : 0;
            case Draw::Most: return random.below(16) == 0 ? 0 : n;
            case Draw::InOrder: {
                std::size_t k = 0;
                while (k < n && pieces[begin + k].order < chosen) ++k;
                return k;
            }
            case Draw::OneLost: return begin <= chosen && chosen < end ? 0 : n;
            case Draw::OneKept: return begin <= chosen && chosen < end ? n : 0;
            case Draw::Count_: break;
        }
        return 0;
    };
    for (std::size_t begin = 0, end = 0; begin < pieces.size(); begin = end) {
        while (end < pieces.size() && pieces[end].unit == pieces[begin].unit) ++end;
        const std::size_t count = kept(begin, end);
        for (std::size_t i = begin; i < begin + count; ++i) {
            s.patches.push_back(pieces[i].patch);
            s.size = std::max(s.size, pieces[i].patch.offset + pieces[i].patch.bytes.size());
            s.hash = (s.hash ^ pieces[i].order ^ unit << 32) * 0x9E37'79B9'7F4A'7C15ULL;
        }
    }
    if (random.below(4) == 0) s.size = file.size;
    s.hash ^= s.size * 0xBF58'476D'1CE4'E5B9ULL ^ steps_ << 40;
    return s;
}

void Disk::add_tree(Tree& tree, const std::string& prefix, u64 folder, Random& random) const {
    const File& f = files_.at(folder);
    std::map<std::string, u64> entries = f.entries;
    const u64 kept = random.below(f.pending_entries.size() + 1);
    for (u64 i = 0; i < kept; ++i) settle_entries(entries, f.pending_entries[i]);
    for (const auto& [entry, number] : entries) {
        const std::string path = prefix.empty() ? entry : prefix + "/" + entry;
        if (files_.at(number).folder) {
            tree[path] = std::nullopt;
            add_tree(tree, path, number, random);
            continue;
        }
        const Survivors s = survivors(number, random);
        std::vector<std::byte> content = files_.at(number).durable;
        content.resize(s.size);
        for (const auto& patch : s.patches)
            std::ranges::copy(patch.bytes, content.begin() + static_cast<std::ptrdiff_t>(patch.offset));
        tree[path] = std::move(content);
    }
}

Disk::Tree Disk::tree(const std::string& folder, Random& random) const {
    Tree tree;
    if (const u64 number = file_at(folder); number != 0) add_tree(tree, "", number, random);
    return tree;
}

}  // namespace twinlink::crash
