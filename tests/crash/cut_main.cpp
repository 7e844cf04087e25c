// crash_cut: what a power cut leaves of a folder that a recorded process wrote to.
//
//     crash_cut LOG FOLDER SEED OUT    the log of recorder.cpp, a folder below its root; OUT gets what
//     survived
//
// Exit code 0 done, 2 usage, 4 it failed.
#include "tests/crash/disk.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace {

using namespace twinlink;
using namespace twinlink::crash;

std::vector<std::byte> read_file(const char* path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    std::vector<std::byte> bytes(in ? static_cast<std::size_t>(in.tellg()) : 0);
    in.seekg(0).read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

/// The records that are whole: a process that was killed may have been writing the last one.
Bytes whole_records(Bytes log) {
    std::size_t at = 0;
    while (log.size() - at >= sizeof(OpHead)) {
        OpHead head{};
        std::memcpy(&head, log.data() + at, sizeof head);
        const u64 bytes = sizeof head + head.path_bytes + (head.op == Op::Write ? head.bytes : 0);
        if (log.size() - at < bytes) break;
        at += bytes;
    }
    return log.first(at);
}

bool write_tree(const Disk::Tree& tree, const std::filesystem::path& out) {
    std::filesystem::create_directories(out);
    for (const auto& [path, content] : tree) {
        if (!content) {
            std::filesystem::create_directories(out / path);
            continue;
        }
        std::filesystem::create_directories((out / path).parent_path());
        std::ofstream file(out / path, std::ios::binary);
        file.write(reinterpret_cast<const char*>(content->data()),
                   static_cast<std::streamsize>(content->size()));
        if (!file.flush()) return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    u64 seed = 0;
    if (argc != 5 || std::from_chars(argv[3], argv[3] + std::strlen(argv[3]), seed).ec != std::errc{}) {
        std::fprintf(stderr, "usage: crash_cut LOG FOLDER SEED OUT\n");
        return 2;
    }
    const auto log = read_file(argv[1]);
    Disk disk(whole_records(log), true);
    u64 syncs = 0;
    while (disk.step()) syncs += disk.last().head.op == Op::Synced ? 1 : 0;
    Random random(seed);
    const auto tree = disk.tree(argv[2], random);
    if (!write_tree(tree, argv[4])) return 4;
    std::printf("%llu records, %llu syncs, %zu files and folders\n",
                static_cast<unsigned long long>(disk.steps()), static_cast<unsigned long long>(syncs),
                tree.size());
    return 0;
}
