// The page of a gap report into its file, and what is said of that. See gap_report.hpp.
//
// The file is there whole or as it was before: it is written beside its place and then renamed.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/gap_page.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace twinlink::cli {
namespace {

using namespace tools;

/// Who may read the page: everybody; it is a report.
constexpr mode_t kPageMode = 0644;

/// Writes all of `text` to the open file, down to the disk; 0 or the error.
int write_whole(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n == 0 ? ENOSPC : errno;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return ::fchmod(fd, kPageMode) != 0 || ::fsync(fd) != 0 ? errno : 0;
}

Expected<void> replace_file(const std::string& path, std::string_view text) {
    std::string beside = path + ".XXXXXX";
    const int fd = ::mkstemp(beside.data());
    if (fd < 0) return failure(std::generic_category().message(errno));
    int error = write_whole(fd, text);
    if (::close(fd) != 0 && error == 0) error = errno;
    if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
    if (error == 0) return {};
    ::unlink(beside.c_str());
    return failure(std::generic_category().message(error));
}

}  // namespace

Result<Answer> write_page(const GapReport& report, Answer answer, const Arguments& arguments,
                          const Rim& rim) {
    Document& document = answer.document;
    const std::string path = arguments.text(OptionId::HtmlFile);
    if (path.empty()) return refuse(ExitCode::Usage, "--html: the name of a file is missing.");
    const auto store = std::get<std::string>(document.facts.front().second);
    const std::string page = page_of(report, document, store, rim.wall_ns());
    if (const auto written = replace_file(path, page); !written)
        return refuse(ExitCode::Problem, fmt::format("cannot write {}: {}. What was there is unchanged", path,
                                                     written.error().text));
    document.fact("html", path);
    document.fact("html_bytes", u64{page.size()});
    document.fact("html_alone", report.alone.empty() ? Value{} : Value{report.alone});
    for (Listing& table : document.tables) table.seen_by = For::Machines;
    const auto gaps = std::ranges::find(document.facts, "gaps_chosen", &std::pair<std::string, Value>::first);
    document.opening.push_back(
        {fmt::format("{}: {} of {}, {} KiB", path, plural(std::get<u64>(gaps->second), "gap"),
                     report.pair() ? "both servers" : "this server",
                     with_separators((page.size() + 1'023) / 1'024)),
         Style::Plain});
    if (!report.alone.empty())
        document.opening.push_back({"It covers this server alone: " + report.alone + ".", Style::Warning});
    return answer;
}

}  // namespace twinlink::cli
