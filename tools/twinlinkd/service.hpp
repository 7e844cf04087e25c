// What people have said of this server: that it is in maintenance, which ACDs it shall not collect; and that
// it is in safe mode, until people have seen it. Main thread, cold.
//
// Kept over restarts in a folder beside the store, STORE.state, so that it outlives the store too; told to
// the engine, which records it among the link exceptions, and to the partner. Invariant: what is in force is
// in the file, or the answer to whoever asked for it said that it is not.
#pragma once

#include "tools/twinlinkd/partner_link.hpp"

#include <twinlink/engine.hpp>

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <map>
#include <string>

namespace twinlink::daemon {

/// The folder beside a store in which the daemon keeps what is not the store's.
[[nodiscard]] std::filesystem::path state_folder(const std::string& store_path);
/// Replaces a file whole, durably, mode 0600; makes its folder (0700) where there is none.
Expected<void> write_whole(const std::filesystem::path& file, std::string_view text);

/// The daemon put its store aside, because that was damaged or after a loop of crashes, and goes on with a
/// fresh one.
struct SafeMode {
    u64 since = 0;            ///< server's wall clock, ns; 0 = it is not
    std::string quarantined;  ///< where the store is now
    std::string why;
};
/// Writes it down for the Service that follows, before anything is open; since 0: that it is not.
Expected<void> enter_safe_mode(const std::string& store_path, const SafeMode& safe_mode);

/// What the UPS says. Not kept over a boot: when the machine comes up, there is power.
enum class Power : u8 { Online, OnBattery, LowBattery };
[[nodiscard]] std::string_view name(Power power) noexcept;

/// As it was written down; since 0: it is not in safe mode, or that cannot be read.
[[nodiscard]] SafeMode read_safe_mode(const std::string& store_path);

class Service {
public:
    /// Takes up what was said before. `engine` must outlive it. A file that cannot be read is put aside under
    /// another name: problem() says so.
    Service(Engine& engine, const Config& config);
    /// From here on the partner is told too; null: there is none.
    void set_partner(PartnerLink* partner);

    struct Maintenance {
        u64 since = 0;     ///< server's wall clock, ns; 0 = not in maintenance
        std::string text;  ///< what people said of it
    };
    [[nodiscard]] const Maintenance& maintenance() const noexcept { return maintenance_; }
    /// ACDs that are not collected, and since when.
    [[nodiscard]] const std::map<u16, u64>& off() const noexcept { return off_; }
    [[nodiscard]] Power power() const noexcept { return power_; }
    [[nodiscard]] u64 power_since() const noexcept { return power_since_; }
    [[nodiscard]] const SafeMode& safe_mode() const noexcept { return safe_mode_; }
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

    /// "maintenance [on|off [TEXT]]", "collection [on|off acd=N]", "safe-mode [off]" and "ups
    /// [online|on-battery|low-battery]": does it, and tells
    /// how things are then.
    [[nodiscard]] std::string answer(const std::string& question, u64 wall);
    [[nodiscard]] static bool asks(std::string_view question) noexcept;
    [[nodiscard]] nlohmann::ordered_json json() const;

private:
    /// `unreadable`: why there is no text.
    void load(const std::string& text, const std::string& unreadable);
    Expected<void> obey(const std::string& question, u64 wall);
    Expected<void> set_maintenance(std::string_view words, u64 wall);
    Expected<void> set_collection(std::string_view words, u64 wall);
    Expected<void> set_power(std::string_view word, u64 wall);
    [[nodiscard]] Expected<void> save() const;
    void tell() const;

    Engine& engine_;
    std::vector<Acd> acds_;
    std::filesystem::path file_;
    PartnerLink* partner_ = nullptr;
    Maintenance maintenance_;
    SafeMode safe_mode_;
    Power power_ = Power::Online;
    u64 power_since_ = 0;  ///< server's wall clock, ns; 0 = since always
    std::map<u16, u64> off_;
    std::string problem_;
};

}  // namespace twinlink::daemon
