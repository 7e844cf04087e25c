// A file in memory that is turned from one crash state into the next by changing only what differs.
#pragma once

#include "tests/crash/disk.hpp"

#include <filesystem>

namespace twinlink::crash {

class Image {
public:
    /// The file may reach `bytes_max`. Aborts when it cannot be made: nothing can be tested then.
    Image(const std::filesystem::path& path, u64 bytes_max);
    ~Image();
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    /// Whoever had the file open has closed it; whatever was written in it since is undone.
    void become(Bytes durable, const Survivors& survivors);

private:
    int fd_;
    std::byte* at_;
    u64 bytes_max_;
};

}  // namespace twinlink::crash
