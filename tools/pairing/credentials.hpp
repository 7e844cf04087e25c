// Who a server is in its pair, and who its partner: a private key and two certificates in a folder.
//
// Cold; one thread. Files are written with mode 0600, whole (fsync, rename), and never replaced: who wants
// new ones removes the old ones.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <array>
#include <filesystem>
#include <span>
#include <string>

namespace twinlink::pairing {

/// What a certificate says of its server.
struct Member {
    std::array<u64, 2> pair{};
    u16 server = 0;           ///< 1 or 2
    std::string fingerprint;  ///< SHA-256 of the certificate, hex with colons
    std::string not_after;    ///< "2036-11-20T10:00:00Z"
    bool expired = false;
};

/// Whether a digest is the one that `fingerprint` writes.
[[nodiscard]] bool same_fingerprint(const std::string& fingerprint, std::span<const unsigned char> digest);

/// The folder's files.
[[nodiscard]] inline std::filesystem::path key_file(const std::filesystem::path& folder) {
    return folder / "own.key";
}
[[nodiscard]] inline std::filesystem::path own_file(const std::filesystem::path& folder) {
    return folder / "own.crt";
}
[[nodiscard]] inline std::filesystem::path partner_file(const std::filesystem::path& folder) {
    return folder / "partner.crt";
}

/// "3f2a...": the pair as people see it.
[[nodiscard]] std::string pair_text(const std::array<u64, 2>& pair);

/// Reads a certificate. Errors: no such file, not a certificate, not one of a Twinlink pair.
[[nodiscard]] Expected<Member> read_certificate(const std::filesystem::path& file);

/// Makes a new pair, of which this is server 1: key and certificate in `folder` (created 0700 when absent),
/// good for `days`. Errors: it has a key already (nothing changed), it cannot be written.
[[nodiscard]] Expected<Member> init(const std::filesystem::path& folder, u32 days);

/// Takes `certificate` for the partner's. Where the folder has no key yet, this becomes the other server of
/// that pair. Errors (nothing changed): not a certificate of a pair, our own one, of another pair, of a
/// server with our number, another partner is there already.
struct Joined {
    Member own;
    Member partner;
    bool made_key = false;  ///< own.crt is new: the partner needs it
};
[[nodiscard]] Expected<Joined> join(const std::filesystem::path& folder,
                                    const std::filesystem::path& certificate, u32 days);

/// What a folder holds, checked: the key fits the certificate, both certificates are of one pair, others
/// cannot read the key.
struct Pairing {
    Member own;
    Member partner;
};
[[nodiscard]] Expected<Pairing> load(const std::filesystem::path& folder);

}  // namespace twinlink::pairing
