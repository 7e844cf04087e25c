"""What the rules look for, and the exceptions from them. Add a line here rather than a rule there.

Every exception carries its reason; one that no longer excuses anything is itself reported.
"""

# Who may include whom, by top folder. include/ is seen through <twinlink/...>, which all may use.
MAY_INCLUDE = {
    "include": set(),
    "engine": {"engine"},
    "drivers": {"drivers"},
    "tools": {"engine", "drivers", "tools"},
    "tests": {"engine", "drivers", "tools", "tests"},
    "bench": {"engine", "drivers", "tools", "bench"},
}

# Libraries that one folder keeps to itself: name, what it looks like, where it lives, why.
KEPT = [
    ("DPDK", r"\brte_\w+|<rte_", ("drivers/dpdk",), "only drivers/dpdk* knows DPDK"),
    ("LMDB", r"\bmdb_\w+|\bMDB_\w+|<lmdb\.h>", ("engine/store", "store/"), "only engine/store knows LMDB"),
]

# Threads, clocks and sleeping, which belong to the rim: what it looks like, what to do instead.
RIM_ONLY = [
    (r"\bstd::(jthread|thread|async|this_thread)\b|\bpthread_create\b|<thread>", "threads start at the rim"),
    (r"\b\w+_clock::now\b|\bclock_gettime\b|\bgettimeofday\b|\bstd::time\s*\(|\btime\s*\(\s*(NULL|nullptr|0)\s*\)"
     r"|\brte_(get_)?(rdtsc|tsc|timer)_?\w*\s*\(", "time is a parameter (Now, Nanos)"),
    (r"\b(u|nano)?sleep\s*\(|\bclock_nanosleep\b|\bsleep_(for|until)\b|\brte_delay_\w+", "nothing here sleeps; return to the rim"),
]
RIM_FOLDERS = ("include", "engine", "drivers")

# Banned calls: where, what it looks like, what to use.
EVERYWHERE = ("include", "engine", "drivers", "tools", "bench", "tests")
PRODUCT = ("include", "engine", "drivers", "tools")
PURE = ("include", "engine", "drivers")
HOT = ("include", "engine/wire", "engine/link", "engine/fold", "drivers")
BANNED = [
    (EVERYWHERE, r"(?<![\w.>])(std::)?(strcpy|strcat|strncpy|strncat|stpcpy|gets)\s*\(", "std::string, or memcpy with a checked length"),
    (EVERYWHERE, r"(?<![\w.>])(std::)?v?sprintf\s*\(", "fmt::format_to, or snprintf"),
    (("include", "engine", "drivers", "tools"), r"(?<![\w.>])(std::)?(ato[ifl]l?|strto(l|ll|ul|ull|d|f|ld)|sto(i|l|ll|ul|ull|d|f))\s*\(", "std::from_chars, and look at what it returns"),
    (EVERYWHERE, r"(?<![\w.>:])(std::)?(rand|srand|drand48)\s*\(|\bstd::random_device\b", "a generator with a printed seed, handed in"),
    (EVERYWHERE, r"(?<![\w.>])(std::)?(strtok|localtime|gmtime|ctime|asctime)\s*\(", "the re-entrant form (localtime_r), or fmt"),
    (EVERYWHERE, r"(?<![\w.>])(std::)?tmpnam\s*\(|(?<![\w.>])(mktemp|tempnam)\s*\(", "mkdtemp or mkstemp"),
    (EVERYWHERE, r"\bstd::endl\b", r"'\n'"),
    (EVERYWHERE, r"(?<!<)\bNULL\b", "nullptr"),
    (EVERYWHERE, r"\bstd::(bind|auto_ptr)\b", "a lambda, std::unique_ptr"),
    (EVERYWHERE, r"^[ \t]*typedef\b", "using"),
    (EVERYWHERE, r"\b(alloca|setjmp|longjmp)\s*\(", "a bounded array; std::expected"),
    # A private constructor needs unique_ptr(new T) or shared_ptr(new T); placement new owns nothing.
    (EVERYWHERE, r"^(?!.*(unique|shared)_ptr).*(?<!operator )\bnew\b(?!\s*\()", "a container or std::make_unique"),
    (EVERYWHERE, r"(?<!= )(?<!operator )\bdelete\b", "a container or std::unique_ptr"),
    (PRODUCT, r"(?<![\w.>:])(std::)?system\s*\(|\bpopen\s*\(", "posix_spawn with a list of arguments"),
    (PURE, r"\bthrow\b", "bad input is counted, an expected failure is Expected<T>, a programmer error asserts"),
    (PURE, r"\bstd::(cout|cerr|clog)\b|(?<![\w.>])(std::)?f?printf\s*\(|(?<![\w.>])(std::)?f?puts\s*\(", "return it; printing is the rim's"),
    (PURE, r"(?<![\w.>:])(std::)?_?exit\s*\(", "return an Error; leaving is the rim's"),
    (PURE, r"(?<![\w.>])(?<!> )(std::)?(malloc|calloc|realloc|free)\s*\(", "memory sized once, at construction"),
    (PURE, r"\bgetenv\s*\(", "configuration comes in as a parameter"),
    (HOT, r"\bstd::(\w+_)?mutex\b|\bstd::condition_variable\b", "one owner a thread, rings between them"),
]

# Words that nothing here may contain: what it looks like, why.
WORDS = [
    (r"(?<![\w.])/(work|home|root)/", "a path of somebody's machine"),
    (r"(?<![\w.])/tmp/brief|\bshared/design\b", "a file that is not here"),
    (r"\bissues? (#?\d+|show)\b", "the repository speaks of itself alone"),
]
LEFTOVERS = r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"

# One word for one thing. Identifiers only; comments may say how others call it.
SYNONYMS = [
    (("include", "engine"), r"\b\w*(packet|datagram)\w*\b", "frame"),
    (EVERYWHERE, r"\b\w*(sequence_?(no|num|number)|seq_?(no|num|nr|number))(_|s?\b)\w*", "seq"),
    (EVERYWHERE, r"\b(\w+_)?(peer|buddy|mirror)(_server|_shim|_node)\w*\b", "partner"),
    (("include", "engine"), r"\b(\w+_)?era(_\w+)?\b|\b(\w+_)?incarnation(_\w+)?\b", "epoch"),
    (("include", "engine"), r"\b(\w+_)?pbx(_\w+)?\b", "acd"),
    (EVERYWHERE, r"\b(\w+_)?(high_water_?mark|low_water_?mark)\b", "watermark"),
    (("include", "engine"), r"\b(\w+_)?(dataset|time_?slot|timeslice)(_\w+)?\b", "row, interval"),
]

LINE_MAX = 110
SCRIPT_LINE_MAX = 150  # shell, Python and CMake have no formatter here that would keep 110 without harm
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 80

# Files that nobody needs to name: their place is their use.
KNOWN_BY_PLACE = {"README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "CMakeLists.txt",
                  "CMakePresets.json", ".clang-format", ".clang-tidy", ".gitignore", ".gitattributes"}
# Data is known by its folder's name: tests read such folders whole.
DATA_SUFFIXES = {".bin", ".pcap", ".txt", ".json", ".jsonl", ".csv", ".toml", ".xml", ".golden", ""}

# (rule, path or folder/) -> why. For `calls`, `rim` and `kept` the whole file is excused from that rule.
EXCEPTIONS = {
    ("file-length", "include/twinlink/messages.hpp"): "the whole link protocol in one place, one struct after the other",
    ("words", "tests/tidy/"): "names the words it forbids",
    ("documented", "include/twinlink/messages.hpp"): "acd_link.xml describes them, and a test holds the two together",
    ("kept", "bench/ring_bench.cpp"): "measures our rings beside DPDK's",
    ("kept", "bench/receive_feed.cpp"): "feeds the receive benchmarks by reference, faster than our sender that copies",
    ("rim", "drivers/dpdk_device.cpp"): "opening waits for the kernel to give an AF_XDP queue back; never on the way of a frame",
    ("glossary", "include/twinlink/port.hpp"): "counts packets: what came in before it is known to be a frame",
    ("line-length", "tests/tidy/lists.py"): "one line a rule",
    ("function-length", "tests/acdsim/legality.cpp"): "one switch over all call messages, a case of two or three lines each",
}
