// See image.hpp.
#include "tests/crash/image.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace twinlink::crash {

Image::Image(const std::filesystem::path& path, u64 bytes_max)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)), bytes_max_(bytes_max) {
    void* const at = ::mmap(nullptr, bytes_max, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (fd_ < 0 || at == MAP_FAILED) std::abort();
    at_ = static_cast<std::byte*>(at);
}

Image::~Image() {
    ::munmap(at_, bytes_max_);
    ::close(fd_);
}

void Image::become(Bytes durable, const Survivors& survivors) {
    static constexpr std::array<std::byte, kPageBytes> kZeros{};
    if (survivors.size > bytes_max_ || ::ftruncate(fd_, static_cast<off_t>(survivors.size)) != 0)
        std::abort();
    for (u64 page = 0; page < survivors.size; page += kPageBytes) {
        const u64 bytes = std::min(kPageBytes, survivors.size - page);
        const u64 known = std::min(bytes, durable.size() - std::min<u64>(durable.size(), page));
        if (known != 0 && std::memcmp(at_ + page, durable.data() + page, known) != 0)
            std::memcpy(at_ + page, durable.data() + page, known);
        if (known < bytes && std::memcmp(at_ + page + known, kZeros.data(), bytes - known) != 0)
            std::memset(at_ + page + known, 0, bytes - known);
    }
    for (const auto& patch : survivors.patches)
        std::memcpy(at_ + patch.offset, patch.bytes.data(), patch.bytes.size());
}

}  // namespace twinlink::crash
