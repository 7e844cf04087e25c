// The store as commands see it: opened by the rules of the command line, read in one snapshot, damage
// collected.
//
// One thread. Read only. Invariant: what damage hid is always told (finish()).
#pragma once

#include "tools/common/time_text.hpp"
#include "tools/twinlink/commands.hpp"

#include <twinlink/store_reader.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace twinlink::cli {

/// The store's folder: --store, else TWINLINK_STORE, else the default.
[[nodiscard]] std::string store_path(const Arguments&, const Rim&);

/// A switch, as reports name it.
struct AcdContext {
    Acd acd;
    std::string name;  ///< empty where it never said
    std::string release;
    int offset_minutes = 0;  ///< its local time; UTC where it never said

    [[nodiscard]] std::string title() const;  ///< "ACD 1 Lisbon"
};
/// What is known of `acd` in those records.
[[nodiscard]] AcdContext context_of(Acd acd, std::span<const AcdRecord> acds);

/// Text of a fixed field, up to its first NUL, made safe.
template <std::size_t N>
[[nodiscard]] std::string text_of(const std::array<char, N>& field) {
    const std::string_view all(field.data(), N);
    return tools::clean(all.substr(0, all.find('\0')));
}

class StoreSource {
public:
    /// Refuses (nothing changed) where there is no store that this program can read.
    [[nodiscard]] static Result<StoreSource> open(const std::filesystem::path& path);

    [[nodiscard]] const StoreSnapshot& snapshot() const noexcept { return snapshot_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] bool locked() const noexcept { return reader_.locked(); }

    /// The last step of every command that read: adds what was damaged, and refuses what a writer overtook.
    [[nodiscard]] Result<Answer> finish(Answer answer) const;

private:
    StoreSource(std::string path, StoreReader reader, StoreSnapshot snapshot);

    std::string path_;
    StoreReader reader_;
    StoreSnapshot snapshot_;
    std::unique_ptr<std::vector<std::string>> damage_;
};

/// Refuses a store that its check or scrub could not begin with. What is to be done depends on whether it is
/// damaged: a path that is wrong or not ours to read says nothing of that.
[[nodiscard]] std::unexpected<Refusal> refuse_unread(const std::filesystem::path& path, const Error& why);

/// --acd and --epoch, checked against the streams that there are.
struct StreamFilter {
    std::optional<Acd> acd;
    std::optional<Epoch> epoch;

    [[nodiscard]] static Result<StreamFilter> of(const Arguments&, std::span<const StreamRecord> streams);
    [[nodiscard]] bool takes(const StreamRecord& s) const noexcept {
        return (!acd || acd->value == s.acd) && (!epoch || epoch->value == s.epoch);
    }
};

/// --from, --to, --interval as typed; nothing where absent.
[[nodiscard]] Result<std::optional<tools::TypedTime>> time_option(const Arguments&, const Rim&, OptionId id);

/// --acd, --from and --to: what most commands that read can be narrowed to. Times as typed are of the ACD, so
/// they wait for its offset.
struct TimeChoice {
    std::optional<Acd> acd;
    std::optional<tools::TypedTime> from;
    std::optional<tools::TypedTime> to;

    [[nodiscard]] static Result<TimeChoice> of(const Arguments&, const Rim&);
    [[nodiscard]] bool takes(Acd of) const noexcept { return !acd || *acd == of; }
    /// Is `begin` in the time asked for?
    [[nodiscard]] bool begins_in(u64 begin, int offset_minutes) const noexcept {
        return !(from && begin < from->at(offset_minutes)) && !(to && begin >= to->at(offset_minutes));
    }
    /// Is any of [begin, end]? 0 is not known, and reaches as far as it may.
    [[nodiscard]] bool touches(u64 begin, u64 end, int offset_minutes) const noexcept {
        return !(to && begin >= to->at(offset_minutes)) &&
               (!from || end == 0 || end >= from->at(offset_minutes));
    }
};

}  // namespace twinlink::cli
