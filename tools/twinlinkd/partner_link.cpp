// See partner_link.hpp.
//
// One thread runs an Asio context; everything below happens in it but open(), stop() and status(). A
// Connection lives as long as a handler of it waits; `closed` makes late handlers of an ended one do nothing.
#include "tools/twinlinkd/partner_link.hpp"

#include "tools/pairing/credentials.hpp"
#include "tools/twinlinkd/hurry.hpp"
#include "tools/twinlinkd/loops.hpp"
#include "tools/twinlinkd/partner_identity.hpp"

#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <random>
#include <thread>

namespace twinlink::daemon {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using partner::ByeWhy;

constexpr auto kIdlePoll = std::chrono::milliseconds(2);
constexpr auto kSetUp = std::chrono::seconds(5);  // connecting and greeting in TLS, at most
constexpr auto kFarewell =
    std::chrono::milliseconds(300);  // for the last words, where the partner does not end it
constexpr auto kFarewellLook = std::chrono::milliseconds(5);
constexpr auto kPauseFirst = std::chrono::milliseconds(100);
constexpr auto kPauseMost = std::chrono::milliseconds(5'000);
constexpr Nanos kLinksEvery = 100_ms;
constexpr std::size_t kReadBytes = 65'536;
constexpr std::size_t kRecordBytes = 16'384;  // of TLS, at most
/// Strangers in the middle of a handshake, at most: more are turned away.
constexpr std::size_t kHandshakesMax = 8;

Expected<tcp::endpoint> endpoint_of(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, std::min(colon, text.size()));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    error_code bad;
    const auto address = asio::ip::make_address(host, bad);
    u16 port = 0;
    const char* const begin = text.c_str() + (colon == std::string::npos ? text.size() : colon + 1);
    const auto [end, error] = std::from_chars(begin, text.c_str() + text.size(), port);
    if (bad || error != std::errc{} || *end != '\0' || port == 0)
        return failure("\"" + text + "\" is no ADDRESS:PORT");
    return tcp::endpoint(address, port);
}

struct Connection {
    Connection(asio::io_context& io, asio::ssl::context& tls) : stream(io, tls), limit(io) {}
    asio::ssl::stream<tcp::socket> stream;
    asio::steady_timer limit;
    std::array<std::byte, kReadBytes> in;
    std::vector<std::byte> out;
    std::string not_trusted;  ///< why the certificate was refused
    std::size_t unread = 0;   ///< bytes handed on since the shim's latest slice
    bool reading = false;
    bool writing = false;
    bool closed = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace

class PartnerLink::Impl {
public:
    Impl(Engine& engine, const PartnerEntry& entry, const pairing::Pairing& pairing, PartnerConfig config,
         StoreReader own)
        : engine_(engine),
          entry_(entry),
          pairing_(pairing),
          acds_(config.acds),
          own_server_(config.self.server),
          own_name_(config.self.name),
          shim_(config, std::move(own), engine.partner_offers(), engine.mirror_feed()),
          jitter_(static_cast<u32>(config.self.life)) {}

    Expected<void> open();
    void start();
    void stop(ByeWhy why, const std::string& text);
    void set_condition(partner::ServerCondition condition);
    [[nodiscard]] PartnerLinkStatus status() const;
    [[nodiscard]] Nanos heartbeat() const noexcept { return Nanos{beat_.load(std::memory_order_relaxed)}; }
    [[nodiscard]] std::vector<Compared> compared() const { return shim_.compared(); }
    [[nodiscard]] AccountAnswerPtr ask_account(const AccountQuestion& q) { return shim_.ask_account(q); }
    [[nodiscard]] RowsAnswerPtr ask_rows(const RowsQuestion& q) { return shim_.ask_rows(q); }

private:
    Expected<void> set_up_tls();
    void accept();
    void connect();
    void connect_later();
    void handshake(const ConnectionPtr& c, asio::ssl::stream_base::handshake_type type);
    void begin(const ConnectionPtr& c);
    void read(const ConnectionPtr& c);
    void write();
    void farewell(std::chrono::steady_clock::time_point until);
    void tick();
    void tell_links();
    void look_at_progress(Now now);
    void close(const ConnectionPtr& c, const std::string& why);
    void refused(const std::string& why);
    std::string reason(const Connection& c, const error_code& error) const;

    Engine& engine_;
    PartnerEntry entry_;
    pairing::Pairing pairing_;
    std::vector<Acd> acds_;
    std::vector<Acd> off_;  // not collected
    u16 own_server_;
    std::string own_name_;
    PartnerShim shim_;
    asio::io_context io_{1};
    asio::ssl::context tls_{asio::ssl::context::tls};
    tcp::acceptor acceptor_{io_};
    tcp::endpoint partner_;
    asio::steady_timer tick_{io_};
    asio::steady_timer again_{io_};
    ConnectionPtr current_;
    std::size_t handshakes_ = 0;
    std::chrono::milliseconds pause_ = kPauseFirst;
    std::minstd_rand jitter_;
    std::atomic<u64> beat_{0};
    Nanos links_told_;
    Nanos began_;  // the present connection
    bool stopping_ = false;
    std::thread thread_;
    mutable std::mutex mutex_;
    std::string address_;
    u64 refusals_ = 0;
    std::string last_refusal_;
    partner::Progress progress_;
};

// ---- opening
// ----------------------------------------------------------------------------------------------

Expected<void> PartnerLink::Impl::set_up_tls() {
    const std::filesystem::path folder = entry_.credentials;
    try {
        tls_.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                         asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                         asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_tlsv1_2);
        tls_.use_certificate_file(pairing::own_file(folder).string(), asio::ssl::context::pem);
        tls_.use_private_key_file(pairing::key_file(folder).string(), asio::ssl::context::pem);
        tls_.load_verify_file(pairing::partner_file(folder).string());
        tls_.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    } catch (const boost::system::system_error& e) {
        return failure("credentials in " + folder.string() + ": " + e.what());
    }
    // The partner's certificate itself is what is trusted, not an authority above it.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls_.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_session_cache_mode(tls_.native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(tls_.native_handle(), 0);
    return {};
}

Expected<void> PartnerLink::Impl::open() {
    if (auto ok = set_up_tls(); !ok) return ok;
    const bool listens = !entry_.listen.empty();
    const auto endpoint = endpoint_of(listens ? entry_.listen : entry_.connect);
    if (!endpoint) return std::unexpected(endpoint.error());
    address_ = (listens ? "listening on " + entry_.listen : "connecting to " + entry_.connect);
    partner_ = *endpoint;
    if (!listens) return {};
    error_code error;
    acceptor_.open(endpoint->protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(*endpoint, error);
    if (!error) acceptor_.listen(static_cast<int>(kHandshakesMax), error);
    if (error) return failure("listening for the partner on " + entry_.listen + ": " + error.message());
    return {};
}

void PartnerLink::Impl::start() {
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "tl-partner");
        constexpr int kBelowIngest = 5;
        static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kBelowIngest));
        entry_.listen.empty() ? connect() : accept();
        tick();
        io_.run();
    });
}

// ---- connections
// ------------------------------------------------------------------------------------------

void PartnerLink::Impl::accept() {
    const auto c = std::make_shared<Connection>(io_, tls_);
    acceptor_.async_accept(c->stream.next_layer(), [this, c](const error_code& error) {
        if (stopping_) return;
        if (!error && handshakes_ < kHandshakesMax)
            handshake(c, asio::ssl::stream_base::server);
        else if (!error)
            refused("too many connections at once");
        if (!error) return accept();
        again_.expires_after(kPauseFirst);  // no file left, most likely: not at once
        again_.async_wait([this](const error_code& cancelled) {
            if (!cancelled && !stopping_) accept();
        });
    });
}

void PartnerLink::Impl::connect() {
    const auto c = std::make_shared<Connection>(io_, tls_);
    c->limit.expires_after(kSetUp);
    c->limit.async_wait([this, c](const error_code& error) {
        if (!error && c != current_) close(c, "no answer within 5 s");
    });
    c->stream.next_layer().async_connect(partner_, [this, c](const error_code& error) {
        if (c->closed || stopping_) return;
        if (error) return close(c, entry_.connect + ": " + error.message());
        handshake(c, asio::ssl::stream_base::client);
    });
}

/// Pauses grow, and differ, so that two servers that fail together do not go on together.
void PartnerLink::Impl::connect_later() {
    if (stopping_ || !entry_.listen.empty()) return;
    const auto spread = std::uniform_int_distribution<long>(0, pause_.count() / 2)(jitter_);
    again_.expires_after(pause_ + std::chrono::milliseconds(spread));
    pause_ = std::min(kPauseMost, pause_ * 2);
    again_.async_wait([this](const error_code& error) {
        if (!error && !stopping_) connect();
    });
}

void PartnerLink::Impl::handshake(const ConnectionPtr& c, asio::ssl::stream_base::handshake_type type) {
    ++handshakes_;
    error_code ignored;
    c->stream.next_layer().set_option(tcp::no_delay(true), ignored);
    c->limit.expires_after(kSetUp);
    c->limit.async_wait([this, c](const error_code& error) {
        if (!error && c != current_) close(c, "no TLS greeting within 5 s");
    });
    // Not `c` itself: the stream keeps the callback, so the connection would keep itself, for ever.
    c->stream.set_verify_callback([this, &of = *c](bool good, asio::ssl::verify_context& context) {
        if (good) return true;
        X509_STORE_CTX* const store = context.native_handle();
        const int error = X509_STORE_CTX_get_error(store);
        of.not_trusted = error == X509_V_ERR_CERT_HAS_EXPIRED
                             ? "the partner's certificate has expired (" + pairing_.partner.not_after + ")"
                             : "its certificate is not the partner's: is it paired with another server?";
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned bytes = 0;
        X509* const leaf = X509_STORE_CTX_get_current_cert(store);
        if (leaf != nullptr && X509_digest(leaf, EVP_sha256(), digest.data(), &bytes) == 1 &&
            pairing::same_fingerprint(pairing_.own.fingerprint, {digest.data(), bytes}))
            of.not_trusted = "it shows this server's own certificate: it is connected to itself";
        return false;
    });
    c->stream.async_handshake(type, [this, c](const error_code& error) {
        --handshakes_;
        c->limit.cancel();
        if (c->closed || stopping_) return;
        if (error) {
            const std::string why = reason(*c, error);
            refused(why);
            return close(c, why);
        }
        begin(c);
    });
}

std::string PartnerLink::Impl::reason(const Connection& c, const error_code& error) const {
    if (!c.not_trusted.empty()) return c.not_trusted;
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
        return "the connection was closed by the other side";
    if (error.category() != asio::error::get_ssl_category()) return error.message();
    switch (ERR_GET_REASON(error.value())) {
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
            return "the other side does not know this server's certificate: is it paired with another "
                   "server?";
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return "the other side says that this server's certificate has expired (" +
                   pairing_.own.not_after + ")";
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST: return "the other side does not speak TLS";
        default: return "TLS: " + error.message();
    }
}

/// The other side has proven to be the partner.
void PartnerLink::Impl::begin(const ConnectionPtr& c) {
    if (current_) {
        refused("the partner is connected already: is its folder of credentials used by two servers?");
        return close(c, "");
    }
    current_ = c;
    began_ = clocks().mono;
    shim_.connected(clocks());
    read(c);
    write();
}

void PartnerLink::Impl::close(const ConnectionPtr& c, const std::string& why) {
    if (std::exchange(c->closed, true)) return;
    error_code ignored;
    c->limit.cancel();
    c->stream.next_layer().shutdown(tcp::socket::shutdown_both, ignored);
    c->stream.next_layer().close(ignored);
    if (c == current_) {
        current_.reset();
        const Now now = clocks();
        shim_.disconnected(why, now);
        // A session that lasted was no failure: begin again at once.
        if (now.mono - began_ > 2_s) pause_ = kPauseFirst;
        if (stopping_) io_.stop();
        connect_later();
    } else if (entry_.listen.empty()) {
        if (!current_) shim_.disconnected(why, clocks());
        connect_later();
    }
}

void PartnerLink::Impl::refused(const std::string& why) {
    const std::lock_guard lock(mutex_);
    ++refusals_;
    last_refusal_ = why;
}

// ---- bytes
// ------------------------------------------------------------------------------------------------

void PartnerLink::Impl::read(const ConnectionPtr& c) {
    if (c->reading || c->closed || shim_.room() < c->in.size()) return;  // tick() comes back
    c->reading = true;
    c->stream.async_read_some(asio::buffer(c->in), [this, c](const error_code& error, std::size_t n) {
        c->reading = false;
        if (c->closed) return;
        if (n != 0) shim_.received(Bytes(c->in).first(n));
        if (error) return close(c, reason(*c, error));
        // Whole records come one after the other in a long answer: a slice for a few of them will do.
        c->unread += n;
        if (n < kRecordBytes || c->unread >= kReadBytes) {
            c->unread = 0;
            shim_.poll(clocks());
            write();
        }
        read(c);
    });
}

void PartnerLink::Impl::write() {
    const ConnectionPtr c = current_;
    if (!c || c->writing || shim_.out().empty()) return;
    c->out.swap(shim_.out());
    c->writing = true;
    asio::async_write(c->stream, asio::buffer(c->out), [this, c](const error_code& error, std::size_t) {
        c->writing = false;
        c->out.clear();
        if (c->closed) return;
        if (error) return close(c, reason(*c, error));
        write();
    });
}

/// The shim's slices between what the connection brings.
void PartnerLink::Impl::tick() {
    const Now now = clocks();
    beat_.store(now.mono.value, std::memory_order_relaxed);
    if (now.mono - links_told_ >= kLinksEvery) {
        links_told_ = now.mono;
        tell_links();
        look_at_progress(now);
    }
    const std::size_t work = shim_.poll(now);
    write();
    if (const ConnectionPtr c = current_) {
        read(c);
        if (shim_.over() && !c->writing && shim_.out().empty()) close(c, "the session is over");
    }
    tick_.expires_after(work != 0 ? std::chrono::milliseconds(0) : kIdlePoll);
    tick_.async_wait([this](const error_code& error) {
        if (!error) tick();
    });
}

void PartnerLink::Impl::tell_links() {
    const EngineStatus status = engine_.status();
    shim_.refolding(status.refolding);
    for (const AcdStatus& acd : status.acds) {
        const bool off = std::ranges::find(off_, Acd{acd.stream.acd}) != off_.end();
        const auto heard = [&](Link l) { return !off && acd.links[index(l)].silent == 0; };
        shim_.links(Acd{acd.stream.acd}, heard(Link::A), heard(Link::B));
    }
}

/// Without a session nothing is known to come.
void PartnerLink::Impl::look_at_progress(Now now) {
    const PartnerStatus s = shim_.status();
    const bool up = s.state == partner::SessionState::Up && !s.counters.empty();
    const std::lock_guard lock(mutex_);
    progress_.look(up ? s.to_come : 0,
                   up ? s.counters[static_cast<std::size_t>(partner::Counter::NamesIn)] : 0, now);
}

void PartnerLink::Impl::stop(ByeWhy why, const std::string& text) {
    if (!thread_.joinable()) return;
    asio::post(io_, [this, why, text] {
        stopping_ = true;
        error_code ignored;
        acceptor_.close(ignored);
        again_.cancel();
        if (!current_) return io_.stop();
        shim_.bye(why, text);
        write();
        farewell(std::chrono::steady_clock::now() + kFarewell);
    });
    thread_.join();
}

/// Waits until the partner has taken the last words and closes the connection, unless there is no time for
/// that.
void PartnerLink::Impl::farewell(std::chrono::steady_clock::time_point until) {
    const bool late = std::chrono::steady_clock::now() >= until;
    if (late || !current_ || in_a_hurry.load(std::memory_order_relaxed)) return io_.stop();
    again_.expires_after(kFarewellLook);
    again_.async_wait([this, until](const error_code&) { farewell(until); });
}

void PartnerLink::Impl::set_condition(partner::ServerCondition condition) {
    asio::post(io_, [this, told = std::move(condition)] {
        off_ = told.off;
        shim_.set_condition(told);
        tell_links();
        write();
    });
}

PartnerLinkStatus PartnerLink::Impl::status() const {
    PartnerLinkStatus s;
    s.shim = shim_.status();
    s.address = address_;
    s.own_server = own_server_;
    s.own_name = own_name_;
    const std::lock_guard lock(mutex_);
    s.progress = progress_.told();
    s.connections_refused = refusals_;
    s.last_refusal = last_refusal_;
    return s;
}

// ---- the outside
// ------------------------------------------------------------------------------------------

PartnerLink::PartnerLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PartnerLink::~PartnerLink() { stop(ByeWhy::Stop, "stopped"); }

Expected<std::unique_ptr<PartnerLink>> PartnerLink::open(Engine& engine, const Config& config) {
    const PartnerEntry& entry = *config.partner;
    auto pairing = pairing::load(entry.credentials);
    if (!pairing) return std::unexpected(std::move(pairing.error()).in("partner"));
    PartnerConfig shim = entry.shim;
    auto self = identity_of(config.engine, *pairing);
    if (!self) return std::unexpected(std::move(self.error()).in("partner"));
    shim.self = std::move(*self);
    for (const AcdConfig& acd : config.engine.acds) shim.acds.push_back(acd.acd);
    auto own = StoreReader::open(config.engine.store_path);
    if (!own) return std::unexpected(std::move(own.error()));
    auto impl = std::make_unique<Impl>(engine, entry, *pairing, std::move(shim), std::move(*own));
    if (auto ok = impl->open(); !ok) return std::unexpected(std::move(ok.error()).in("partner"));
    impl->start();
    return std::unique_ptr<PartnerLink>(new PartnerLink(std::move(impl)));
}

void PartnerLink::stop(ByeWhy why, const std::string& text) { impl_->stop(why, text); }
void PartnerLink::set_condition(partner::ServerCondition condition) {
    impl_->set_condition(std::move(condition));
}
PartnerLinkStatus PartnerLink::status() const { return impl_->status(); }
Nanos PartnerLink::heartbeat() const noexcept { return impl_->heartbeat(); }
std::vector<Compared> PartnerLink::compared() const { return impl_->compared(); }
AccountAnswerPtr PartnerLink::ask_account(const AccountQuestion& q) { return impl_->ask_account(q); }
RowsAnswerPtr PartnerLink::ask_rows(const RowsQuestion& q) { return impl_->ask_rows(q); }

}  // namespace twinlink::daemon
