// See second_fault.hpp.
#include "tests/crash/second_fault.hpp"

#include "tests/crash/workload.hpp"
#include "tests/store/store_rig.hpp"

namespace twinlink::crash {

std::string fault_error(const std::filesystem::path& path, const faults::Fault& fault, bool& struck) {
    const std::string before = rig::content_of(path / "data.mdb");
    StoreConfig config;
    config.map_bytes = server_config().map_bytes;
    faults::arm(fault);
    auto store = Store::open(path, config, Nanos{1});
    struck = faults::disarm();
    const bool silent = !store && store.error().text.empty();
    store = failure("closed");
    if (silent) return "was refused without a word";
    if (rig::content_of(path / "data.mdb") != before)
        return "was changed by an opening in which a call failed";
    return "";
}

}  // namespace twinlink::crash
