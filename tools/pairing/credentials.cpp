// See credentials.hpp. All of the cryptography is OpenSSL's.
#include "tools/pairing/credentials.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>

namespace twinlink::pairing {
namespace {

namespace fs = std::filesystem;

template <auto free_it>
struct Freer {
    template <class T>
    void operator()(T* p) const noexcept {
        free_it(p);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free>>;

constexpr std::string_view kOrganization = "twinlink pair ";
constexpr std::string_view kServer = "server ";

std::string why() { return std::strerror(errno); }
std::string ssl_why() {
    char text[256];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return text;
}

/// Writes a new file with mode 0600, whole or not at all. Errors: it is there already.
Expected<void> write_file(const fs::path& file, std::string_view text) {
    const std::string path = file.string();
    const std::string part = path + ".part";
    std::error_code none;
    if (fs::exists(file, none)) return failure(path + " is there already; nothing was changed");
    fs::remove(part, none);
    const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return failure(part + ": " + why());
    const ssize_t n = write(fd, text.data(), text.size());
    const bool written = n == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
    const std::string reason = why();
    close(fd);
    // link() does not replace, which rename() would.
    if (!written || link(part.c_str(), path.c_str()) != 0) {
        const std::string what = written ? why() : reason;
        fs::remove(part, none);
        return failure(path + ": " + what);
    }
    fs::remove(part, none);
    const int folder = open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    return {};
}

Expected<std::string> read_file(const fs::path& file) {
    constexpr off_t kMost = 65'536;
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failure(file.string() + ": " + why());
    std::string text(kMost, '\0');
    const ssize_t n = read(fd, text.data(), text.size());
    const std::string reason = why();
    close(fd);
    if (n < 0) return failure(file.string() + ": " + reason);
    text.resize(static_cast<std::size_t>(n));
    return text;
}

std::string pem_of(const std::function<int(BIO*)>& write_to) {
    const Memory memory(BIO_new(BIO_s_mem()));
    if (!memory || write_to(memory.get()) != 1) return {};
    char* data = nullptr;
    const long n = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(n)};
}

Expected<Certificate> parse_certificate(const fs::path& file) {
    const auto text = read_file(file);
    if (!text) return std::unexpected(text.error());
    const Memory memory(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    if (!certificate) {
        ERR_clear_error();
        return failure(file.string() + " is no certificate");
    }
    return certificate;
}

std::string entry_of(X509* certificate, int nid) {
    char text[128] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), nid, text, sizeof text);
    return text;
}

std::string text_of(const ASN1_TIME* time) {
    std::tm t{};
    if (ASN1_TIME_to_tm(time, &t) != 1) return "?";
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
    return text;
}

std::string hex_of(std::span<const unsigned char> digest) {
    std::string text;
    constexpr std::string_view kHex = "0123456789abcdef";
    for (const unsigned char byte : digest) {
        if (!text.empty()) text += ':';
        text += kHex[byte >> 4];
        text += kHex[byte & 15];
    }
    return text;
}

std::string fingerprint_of(X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned bytes = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &bytes);
    return hex_of(std::span(digest).first(bytes));
}

/// Reads 32 hex digits.
bool read_pair(std::string_view text, std::array<u64, 2>& pair) {
    if (text.size() != 32) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f')) return false;
        pair[i / 16] = pair[i / 16] << 4 | static_cast<u64>(digit ? c - '0' : c - 'a' + 10);
    }
    return (pair[0] | pair[1]) != 0;
}

Expected<Member> member_of(X509* certificate, const fs::path& file) {
    Member member;
    const std::string organization = entry_of(certificate, NID_organizationName);
    const std::string common = entry_of(certificate, NID_commonName);
    const bool ours = organization.starts_with(kOrganization) &&
                      read_pair(std::string_view(organization).substr(kOrganization.size()), member.pair) &&
                      (common == "server 1" || common == "server 2");
    if (!ours) return failure(file.string() + " is no certificate of a Twinlink pair");
    member.server = common.back() == '1' ? 1 : 2;
    member.fingerprint = fingerprint_of(certificate);
    member.not_after = text_of(X509_get0_notAfter(certificate));
    member.expired = X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
    return member;
}

bool add_extension(X509* certificate, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

Certificate make_certificate(EVP_PKEY* key, const std::array<u64, 2>& pair, u16 server, u32 days) {
    Certificate certificate(X509_new());
    if (!certificate) return {};
    X509* c = certificate.get();
    std::array<unsigned char, 16> serial{};
    if (RAND_bytes(serial.data(), serial.size()) != 1) return {};
    serial[0] &= 0x7F;
    BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c));
    BN_free(number);
    constexpr long kDaySeconds = 86'400;
    constexpr long kClocksMayDiffer = 3'600;
    X509_set_version(c, 2);
    X509_gmtime_adj(X509_getm_notBefore(c), -kClocksMayDiffer);
    X509_gmtime_adj(X509_getm_notAfter(c), static_cast<long>(days) * kDaySeconds);
    X509_set_pubkey(c, key);
    X509_NAME* name = X509_get_subject_name(c);
    const auto add = [&](const char* field, const std::string& text) {
        return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                          reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                                          0) == 1;
    };
    const bool good =
        add("O", std::string(kOrganization) + pair_text(pair)) &&
        add("CN", std::string(kServer) + std::to_string(server)) && X509_set_issuer_name(c, name) == 1 &&
        add_extension(c, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(c, NID_key_usage, "critical,digitalSignature") &&
        add_extension(c, NID_ext_key_usage, "serverAuth,clientAuth") && X509_sign(c, key, EVP_sha256()) != 0;
    return good ? std::move(certificate) : Certificate{};
}

/// Key and certificate of a server, written to its folder.
Expected<Member> make_own(const fs::path& folder, const std::array<u64, 2>& pair, u16 server, u32 days) {
    std::error_code error;
    if (!fs::exists(folder, error)) {
        fs::create_directories(folder, error);
        if (error) return failure(folder.string() + ": " + error.message());
        fs::permissions(folder, fs::perms::owner_all, error);
    }
    if (fs::exists(key_file(folder), error))
        return failure(key_file(folder).string() +
                       " is there already: this server belongs to a pair; nothing was changed");
    const Key key(EVP_EC_gen("P-256"));
    if (!key) return failure("making a key: " + ssl_why());
    const Certificate certificate = make_certificate(key.get(), pair, server, days);
    if (!certificate) return failure("making a certificate: " + ssl_why());
    const std::string key_pem = pem_of([&](BIO* to) {
        return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    const std::string own_pem = pem_of([&](BIO* to) { return PEM_write_bio_X509(to, certificate.get()); });
    // The key last: a folder with a key is complete.
    fs::remove(own_file(folder), error);
    if (auto ok = write_file(own_file(folder), own_pem); !ok) return std::unexpected(ok.error());
    if (auto ok = write_file(key_file(folder), key_pem); !ok) return std::unexpected(ok.error());
    return member_of(certificate.get(), own_file(folder));
}

}  // namespace

bool same_fingerprint(const std::string& fingerprint, std::span<const unsigned char> digest) {
    return hex_of(digest) == fingerprint;
}

std::string pair_text(const std::array<u64, 2>& pair) {
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(pair[0]),
                  static_cast<unsigned long long>(pair[1]));
    return text;
}

Expected<Member> read_certificate(const fs::path& file) {
    const auto certificate = parse_certificate(file);
    if (!certificate) return std::unexpected(certificate.error());
    return member_of(certificate->get(), file);
}

Expected<Member> init(const fs::path& folder, u32 days) {
    std::array<u64, 2> pair{};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(pair.data()), sizeof pair) != 1)
        return failure("no random numbers: " + ssl_why());
    return make_own(folder, pair, 1, days);
}

Expected<Joined> join(const fs::path& folder, const fs::path& certificate, u32 days) {
    Joined joined;
    const auto theirs = read_certificate(certificate);
    if (!theirs) return std::unexpected(theirs.error());
    joined.partner = *theirs;
    if (theirs->expired)
        return failure(certificate.string() + " has expired (" + theirs->not_after +
                       "); nothing was changed");
    std::error_code error;
    if (fs::exists(key_file(folder), error)) {
        const auto own = read_certificate(own_file(folder));
        if (!own) return std::unexpected(own.error());
        joined.own = *own;
        if (own->fingerprint == theirs->fingerprint)
            return failure(
                certificate.string() +
                " is this server's own certificate: join takes the partner's; nothing was changed");
        if (own->pair != theirs->pair)
            return failure(certificate.string() + " is of pair " + pair_text(theirs->pair) +
                           ", this server of pair " + pair_text(own->pair) + "; nothing was changed");
        if (own->server == theirs->server)
            return failure(certificate.string() + " is of server " + std::to_string(own->server) +
                           " of the pair, and so is this one; nothing was changed");
    }
    if (fs::exists(partner_file(folder), error)) {
        const auto there = read_certificate(partner_file(folder));
        if (there && there->fingerprint != theirs->fingerprint)
            return failure(partner_file(folder).string() +
                           " is another partner's; nothing was changed. Remove "
                           "it if that one is gone for good");
    }
    if (!fs::exists(key_file(folder), error)) {
        const auto own = make_own(folder, theirs->pair, theirs->server == 1 ? 2 : 1, days);
        if (!own) return std::unexpected(own.error());
        joined.own = *own;
        joined.made_key = true;
    }
    if (!fs::exists(partner_file(folder), error)) {
        const auto text = read_file(certificate);
        if (!text) return std::unexpected(text.error());
        if (auto ok = write_file(partner_file(folder), *text); !ok) return std::unexpected(ok.error());
    }
    return joined;
}

Expected<Pairing> load(const fs::path& folder) {
    Pairing pairing;
    struct stat about{};
    const std::string key_path = key_file(folder).string();
    if (stat(key_path.c_str(), &about) != 0)
        return failure(key_path + ": " + why() +
                       "; pair the servers first: twinlink pair init, twinlink pair join");
    if ((about.st_mode & 077) != 0)
        return failure(key_path + " can be read by others: chmod 600 " + key_path);
    const auto own = read_certificate(own_file(folder));
    if (!own) return std::unexpected(own.error());
    const auto partner = read_certificate(partner_file(folder));
    if (!partner)
        return failure(partner.error().text +
                       "; bring the partner's own.crt here and run: twinlink pair join FILE");
    const auto text = read_file(key_path);
    if (!text) return std::unexpected(text.error());
    const Memory memory(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    const Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
    const auto certificate = parse_certificate(own_file(folder));
    if (!key || !certificate || X509_check_private_key(certificate->get(), key.get()) != 1) {
        ERR_clear_error();
        return failure(key_path + " does not belong to " + own_file(folder).string());
    }
    if (own->pair != partner->pair || own->server == partner->server)
        return failure(folder.string() + ": own.crt and partner.crt are not the two servers of one pair");
    pairing.own = *own;
    pairing.partner = *partner;
    return pairing;
}

}  // namespace twinlink::pairing
