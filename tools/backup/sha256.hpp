// SHA-256, by OpenSSL, a piece at a time.
//
// One owner. Invariant: finish() is the digest of all that was added since the last finish().
#pragma once

#include <twinlink/frame.hpp>

#include <openssl/evp.h>

#include <array>
#include <cassert>
#include <memory>
#include <string>

namespace twinlink::backup {

using Digest256 = std::array<std::byte, 32>;

class Sha256 {
public:
    Sha256() : context_(EVP_MD_CTX_new()) { begin(); }
    void add(Bytes bytes) {
        const int done = EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
        assert(done == 1);
        static_cast<void>(done);
    }
    [[nodiscard]] Digest256 finish() {
        std::array<unsigned char, 32> raw{};
        unsigned bytes = 0;
        const int done = EVP_DigestFinal_ex(context_.get(), raw.data(), &bytes);
        assert(done == 1 && bytes == raw.size());
        static_cast<void>(done);
        begin();
        Digest256 digest;
        for (std::size_t i = 0; i < raw.size(); ++i) digest[i] = std::byte{raw[i]};
        return digest;
    }

private:
    void begin() {
        const int done = context_ == nullptr ? 0 : EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
        assert(done == 1);  // only for want of memory
        static_cast<void>(done);
    }
    struct Freer {
        void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
    };
    std::unique_ptr<EVP_MD_CTX, Freer> context_;
};

/// 64 hexadecimal digits.
[[nodiscard]] inline std::string hex_of(const Digest256& digest) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : digest) {
        text += kHex[std::to_integer<u8>(byte) >> 4];
        text += kHex[std::to_integer<u8>(byte) & 15];
    }
    return text;
}

}  // namespace twinlink::backup
