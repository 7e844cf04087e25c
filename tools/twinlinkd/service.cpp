// See service.hpp.
#include "tools/twinlinkd/service.hpp"

#include "tools/twinlinkd/crashes.hpp"

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <tuple>

namespace twinlink::daemon {
namespace {

using Json = nlohmann::ordered_json;

/// What fits the partner's protocol.
constexpr std::size_t kTextMax = 90;
/// What is read of the file of state: many times what it can hold.
constexpr std::size_t kStateMax = std::size_t{1} << 20;

std::unexpected<Error> os_failure(const std::string& doing) {
    return failure(doing + ": " + std::strerror(errno));
}

Json json_of(const SafeMode& s) {
    return {{"since", s.since}, {"quarantined", s.quarantined}, {"why", s.why}};
}
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// fsync of a file or folder by name.
bool synced(const std::filesystem::path& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return good;
}

/// What was said, as it was written down; none: nothing ever was. Errors: that cannot be told.
Expected<std::optional<std::string>> read_state(const std::filesystem::path& file) {
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return std::nullopt;
    std::string text;
    ssize_t n = fd < 0 ? -1 : 1;
    for (std::array<char, 4096> part; n > 0 && text.size() < kStateMax;) {
        n = ::read(fd, part.data(), part.size());
        if (n > 0) text.append(part.data(), static_cast<std::size_t>(n));
    }
    const int error = errno;
    if (fd >= 0) close(fd);
    if (n < 0) return failure(std::strerror(error));
    return text;
}

/// A file of state that makes no sense is kept under another name, which this gives.
std::filesystem::path put_aside(const std::filesystem::path& file) {
    std::filesystem::path damaged = file;
    damaged += ".damaged";
    std::error_code ignored;
    std::filesystem::rename(file, damaged, ignored);
    return damaged;
}

/// The word in front, taken off.
std::string_view next_word(std::string_view& words) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    return word;
}

}  // namespace

std::filesystem::path state_folder(const std::string& store_path) {
    std::filesystem::path folder = store_path;
    if (!folder.has_filename()) folder = folder.parent_path();  // named with a slash at its end
    folder += ".state";
    return folder;
}

Expected<void> write_whole(const std::filesystem::path& file, std::string_view text) {
    const std::filesystem::path folder = file.parent_path();
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return os_failure("making " + folder.string());
    std::filesystem::path temporary = file;
    temporary += ".new";
    const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return os_failure("writing " + temporary.string());
    const bool written =
        write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
    const int error = errno;
    close(fd);
    errno = error;
    if (!written) return os_failure("writing " + temporary.string());
    if (rename(temporary.c_str(), file.c_str()) != 0) return os_failure("replacing " + file.string());
    if (!synced(folder))
        spdlog::warn("{} is written, but a power cut may undo that: {}", file.string(), std::strerror(errno));
    return {};
}

std::string_view name(Power power) noexcept {
    switch (power) {
        case Power::Online: return "online";
        case Power::OnBattery: return "on-battery";
        case Power::LowBattery: return "low-battery";
    }
    return "?";
}

Expected<void> enter_safe_mode(const std::string& store_path, const SafeMode& safe_mode) {
    const auto file = state_folder(store_path) / "service.json";
    const auto text = read_state(file);
    Json json = text && *text ? Json::parse(**text, nullptr, false) : Json();
    SafeMode told = safe_mode;
    if (!json.is_object()) {
        json = {{"maintenance", nullptr}, {"collection_off", Json::array()}, {"safe_mode", nullptr}};
        if (!text || *text)
            told.why += "; what people had said of this server cannot be read and is in " +
                        put_aside(file).string() + ": say maintenance and collection again";
    }
    json["safe_mode"] = told.since == 0 ? Json() : json_of(told);
    return write_whole(file, text_of(json));
}

SafeMode read_safe_mode(const std::string& store_path) {
    const auto text = read_state(state_folder(store_path) / "service.json");
    const Json json = text && *text ? Json::parse(**text, nullptr, false) : Json();
    const auto safe = json.is_object() ? json.find("safe_mode") : json.end();
    if (!json.is_object() || safe == json.end() || !safe->is_object()) return {};
    SafeMode mode;
    if (const auto since = safe->find("since"); since != safe->end() && since->is_number_unsigned())
        mode.since = since->get<u64>();
    if (const auto where = safe->find("quarantined"); where != safe->end() && where->is_string())
        mode.quarantined = where->get<std::string>();
    if (const auto why = safe->find("why"); why != safe->end() && why->is_string())
        mode.why = why->get<std::string>();
    return mode;
}

Service::Service(Engine& engine, const Config& config)
    : engine_(engine), file_(state_folder(config.engine.store_path) / "service.json") {
    for (const AcdConfig& acd : config.engine.acds) acds_.push_back(acd.acd);
    const auto text = read_state(file_);
    if (text && !*text) return;  // nothing was ever said
    load(text ? **text : "", text ? "" : text.error().text);
    tell();
}

void Service::load(const std::string& text, const std::string& unreadable) {
    try {
        const Json json = Json::parse(text);
        if (const Json& m = json.at("maintenance"); !m.is_null())
            maintenance_ = {m.at("since").get<u64>(), m.at("text").get<std::string>()};
        if (const auto safe = json.find("safe_mode"); safe != json.end() && !safe->is_null())
            safe_mode_ = {safe->at("since").get<u64>(), safe->at("quarantined").get<std::string>(),
                          safe->at("why").get<std::string>()};
        const auto power = json.find("power");
        if (power != json.end() && power->at("boot").get<std::string>() == boot_id()) {
            // Low a moment ago, and here again: it is charged, or goes on until it is told once more.
            if (power->at("state").get<std::string>() != name(Power::Online)) power_ = Power::OnBattery;
            power_since_ = power->at("since").get<u64>();
        }
        for (const Json& off : json.at("collection_off"))
            off_[off.at("acd").get<u16>()] = off.at("since").get<u64>();
    } catch (const Json::exception& e) {
        maintenance_ = {};
        safe_mode_ = {};
        power_ = Power::Online;
        off_.clear();
        const auto damaged = put_aside(file_);
        problem_ = file_.string() + " cannot be read (" + (unreadable.empty() ? e.what() : unreadable) +
                   "): whether this server is in maintenance " +
                   "and what it collects is not known, so all is collected; say it again with `twinlink " +
                   "maintenance` and `twinlink collection`. What was there is in " + damaged.string();
    }
}

void Service::set_partner(PartnerLink* partner) {
    partner_ = partner;
    tell();
}

void Service::tell() const {
    engine_.set_condition(LinkEventKind::Maintenance, Nanos{maintenance_.since});
    engine_.set_condition(LinkEventKind::SafeMode, Nanos{safe_mode_.since});
    const bool battery = power_ != Power::Online;
    engine_.set_condition(LinkEventKind::OnBattery, Nanos{battery ? power_since_ : 0});
    engine_.set_short_commits(battery);
    for (const Acd acd : acds_) {
        const auto off = off_.find(acd.value);
        engine_.set_collecting(acd, Nanos{off == off_.end() ? 0 : off->second});
    }
    if (partner_ == nullptr) return;
    partner::ServerCondition condition;
    condition.since = maintenance_.since;
    condition.text = maintenance_.text;
    if (maintenance_.since != 0) condition.flags |= partner::kInMaintenance;
    if (safe_mode_.since != 0) condition.flags |= partner::kInSafeMode;
    if (battery) condition.flags |= partner::kOnBattery;
    if (power_ == Power::LowBattery) condition.flags |= partner::kLowBattery;
    for (const Acd acd : acds_)
        if (off_.contains(acd.value)) condition.off.push_back(acd);
    partner_->set_condition(std::move(condition));
}

Json Service::json() const {
    Json off = Json::array();
    for (const auto& [acd, since] : off_) off.push_back({{"acd", acd}, {"since", since}});
    Json maintenance = nullptr;
    if (maintenance_.since != 0) maintenance = {{"since", maintenance_.since}, {"text", maintenance_.text}};
    Json safe_mode = nullptr;
    if (safe_mode_.since != 0) safe_mode = json_of(safe_mode_);
    const bool battery = power_ != Power::Online;
    const bool room_is_short = engine_.space_level() >= SpaceLevel::Short;
    return {{"maintenance", maintenance},
            {"collection_off", off},
            {"safe_mode", safe_mode},
            {"power", {{"state", name(power_)}, {"since", power_since_}, {"boot", boot_id()}}},
            {"backups_wait", battery || room_is_short},
            {"backups_wait_why", battery         ? "the server is on battery"
                                 : room_is_short ? "room for the store is short"
                                                 : ""}};
}

Expected<void> Service::save() const { return write_whole(file_, text_of(json())); }

// ---- what is asked for
// ----------------------------------------------------------------------------------------

bool Service::asks(std::string_view question) noexcept {
    const std::string_view word = question.substr(0, question.find(' '));
    return word == "maintenance" || word == "collection" || word == "safe-mode" || word == "ups";
}

std::string Service::answer(const std::string& question, u64 wall) {
    Json json{{"schema", 1}};
    if (const auto done = obey(question, wall); !done) json["error"] = done.error().text;
    json["service"] = this->json();
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Expected<void> Service::obey(const std::string& question, u64 wall) {
    std::string_view words = question;
    const std::string_view what = next_word(words);
    if (words.empty()) return {};
    const auto before = std::tuple(maintenance_, off_, safe_mode_, power_, power_since_);
    Expected<void> done;
    if (what == "maintenance") done = set_maintenance(words, wall);
    if (what == "collection") done = set_collection(words, wall);
    if (what == "ups") done = set_power(words, wall);
    if (what == "safe-mode" && words != "off") done = failure("safe-mode is \"off\" or nothing");
    if (what == "safe-mode" && words == "off") safe_mode_ = {};
    if (done && what == "ups") {
        // Power is what it is, whether it can be written down or not.
        tell();
        done = save();
        if (!done)
            return std::unexpected(
                std::move(done.error()).in("it is so, and would be forgotten at a restart"));
        return {};
    }
    if (done) done = save();
    if (!done) {
        std::tie(maintenance_, off_, safe_mode_, power_, power_since_) = before;
        return std::unexpected(std::move(done.error()).in("nothing was changed"));
    }
    tell();
    return {};
}

/// "on [TEXT]" or "off". On again keeps when it began.
Expected<void> Service::set_maintenance(std::string_view words, u64 wall) {
    const std::string_view state = next_word(words);
    if (state == "off" && words.empty()) {
        maintenance_ = {};
        return {};
    }
    if (state != "on") return failure("maintenance is \"on [TEXT]\" or \"off\"");
    if (words.size() > kTextMax) return failure("a text of more than " + std::to_string(kTextMax) + " bytes");
    if (!std::ranges::all_of(words, [](char c) { return c >= ' ' && c <= '~'; }))
        return failure("a text with other than printable ASCII characters");
    if (maintenance_.since == 0) maintenance_.since = wall;
    if (!words.empty()) maintenance_.text = words;
    return {};
}

Expected<void> Service::set_power(std::string_view word, u64 wall) {
    for (const Power power : {Power::Online, Power::OnBattery, Power::LowBattery}) {
        if (word != name(power)) continue;
        if ((power == Power::Online) != (power_ == Power::Online)) power_since_ = wall;
        power_ = power;
        return {};
    }
    return failure("ups is \"online\", \"on-battery\" or \"low-battery\"");
}

/// "on acd=N" or "off acd=N".
Expected<void> Service::set_collection(std::string_view words, u64 wall) {
    const std::string_view state = next_word(words);
    constexpr std::string_view kAcd = "acd=";
    u16 number = 0;
    const bool shaped =
        (state == "on" || state == "off") && words.starts_with(kAcd) &&
        std::from_chars(words.data() + kAcd.size(), words.data() + words.size(), number).ptr ==
            words.data() + words.size();
    if (!shaped) return failure("collection is \"on acd=N\" or \"off acd=N\"");
    if (std::ranges::find(acds_, Acd{number}) == acds_.end())
        return failure("ACD " + std::to_string(number) + " is not configured here");
    if (state == "on")
        off_.erase(number);
    else
        off_.try_emplace(number, wall);
    return {};
}

}  // namespace twinlink::daemon
