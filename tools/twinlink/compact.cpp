// `twinlink store compact`: a store written anew without its free pages, while no server has it open.
#include "engine/store/compact.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

namespace twinlink::cli {

using namespace tools;

Result<Answer> run_store_compact(const Arguments& arguments, const Rim& rim) {
    const std::string path = arguments.text(OptionId::Directory);
    const auto done = compact(path, [&](std::string_view step) {
        if (rim.err_is_terminal) rim.err(fmt::format("{} ...\n", step));
    });
    if (!done)
        return refuse(
            ExitCode::Problem,
            fmt::format("{}. Stop twinlinkd and whatever reads the store, see that its disk has room "
                        "for a copy of what is in use (twinlink store info), and try again",
                        done.error().text));
    Answer answer;
    Document& document = answer.document;
    document.command = "store compact";
    document.fact("store", path);
    document.fact("bytes_before", done->bytes_before);
    document.fact("bytes_after", done->bytes_after);
    document.fact("values", done->values);
    document.opening.push_back({"Store in " + path, Style::Title});
    document.opening.push_back(
        {fmt::format("  {:<12}  {} bytes", "before", with_separators(done->bytes_before)), Style::Plain});
    document.opening.push_back(
        {fmt::format("  {:<12}  {} bytes", "after", with_separators(done->bytes_after)), Style::Plain});
    document.opening.push_back(
        {fmt::format("  {:<12}  {}, compared one by one", "values", with_separators(done->values)),
         Style::Plain});
    document.closing.push_back({"Done. Start twinlinkd again.", Style::Good});
    return answer;
}

}  // namespace twinlink::cli
