// The control socket: one question a connection, one line in, one JSON document out.
//
// An answer may take time (the partner has to be asked first): then it is asked for again and again, and
// nobody else waits for it. Called by the main thread, which waits in poll() here between signals. A client
// that is slow, silent or speaks garbage is answered with an error or dropped after kClientSeconds; it never
// holds up the daemon or another client.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace twinlink::daemon {

class ControlSocket {
public:
    /// An answer that is not there yet: called until it gives a text. Ends by itself within kClientSeconds.
    using Later = std::function<std::optional<std::string>()>;
    using Reply = std::variant<std::string, Later>;
    using Answer = std::function<Reply(const std::string& question)>;

    /// Binds `path` with mode 0660, replacing a socket that nobody listens on any more. Errors: the folder is
    /// not there or not ours, another daemon answers there.
    static Expected<ControlSocket> open(const std::string& path);
    ControlSocket(ControlSocket&& from) noexcept;
    ControlSocket& operator=(ControlSocket&&) = delete;
    ~ControlSocket();

    /// Waits up to `timeout_ms` for questions, or for `wake_fd` to become readable, and answers what is
    /// there.
    void serve(int timeout_ms, int wake_fd, u64 now_s, const Answer& answer);

private:
    struct Client {
        int fd;
        u64 since_s;
        std::string in;
        std::string out;
        Later later;  ///< empty: the question is not whole yet, or the answer is there
    };
    ControlSocket(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    void accept_clients(u64 now_s);
    static bool talk(Client& client, const Answer& answer);
    static bool listen_to(Client& client, const Answer& answer);

    static constexpr std::size_t kClientsMax = 16;
    static constexpr std::size_t kQuestionBytesMax = 4096;
    static constexpr u64 kClientSeconds = 5;
    static constexpr int kLaterMs = 5;

    int fd_;
    std::string path_;
    std::vector<Client> clients_;
};

}  // namespace twinlink::daemon
