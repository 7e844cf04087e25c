#!/usr/bin/env python3
"""Plants a violation of every kind into a small clean tree; exactly that rule must find it, there.

A rule without a case here fails the test too: a rule that cannot fire holds nothing.
"""

import sys
import tempfile
from pathlib import Path

from rules import RULES
from tidy import violations
from tree import Tree

HEADER = "// A thing.\n#pragma once\n"
SOURCE = '// A thing.\n#include "engine/link/thing.hpp"\n'
THING_HPP = HEADER + "#include <twinlink/thing.hpp>\n"
SCRIPT = "#!/usr/bin/env bash\n# A thing.\nset -euo pipefail\n"

# A tree that breaks no rule. The comment and the string below look like violations and are none.
CLEAN = {
    "README.md": "Run tools/go.\n",
    "CMakeLists.txt": "add_library(thing engine/link/thing.cpp drivers/dpdk_port.cpp lmdb.cpp)\n",
    "include/README.md": "twinlink: public.\n",
    "include/twinlink/thing.hpp": HEADER + "\n/// A number of things.\nstruct Thing {\n    int many;\n};\n",
    "engine/README.md": "link, store.\n",
    "engine/link/thing.hpp": THING_HPP + '// No strcpy(), sleep(1), rte_mbuf.\n',
    "engine/link/thing.cpp": SOURCE + 'auto k = "printf(new packet) 1\'0 mdb_get";\nint kMany = 1\'000;\n',
    "engine/store/lmdb.cpp": "// The store.\n#include <lmdb.h>\nint x = mdb_env_create(nullptr);\n",
    "drivers/README.md": "Ports.\n",
    "drivers/dpdk_port.cpp": "// Ports.\n#include <rte_mbuf.h>\nstruct rte_mbuf* packet;\n",
    "tools/README.md": "go: goes.\n",
    "tools/go": SCRIPT,
}

LONG_FUNCTION = "int f() {\n" + "    g();\n" * 81 + "}\n"
PUT_OFF = "TO" "DO"

# (rule, the file that changes, its new text, the line where it must be found)
CASES = [
    ("dependencies", "engine/link/thing.cpp", SOURCE + '#include "drivers/port.hpp"\n', 3),
    ("dependencies", "drivers/dpdk_port.cpp", '// Ports.\n#include "engine/link/thing.hpp"\n', 2),
    ("dependencies", "include/twinlink/thing.hpp", HEADER + '#include "engine/link/thing.hpp"\n', 3),
    ("dependencies", "engine/link/thing.cpp", SOURCE + '#include "../link/thing.hpp"\n', 3),
    ("kept", "engine/link/thing.cpp", SOURCE + "void* p = rte_malloc(0, 1, 0);\n", 3),
    ("kept", "engine/link/thing.cpp", SOURCE + "#include <rte_ring.h>\n", 3),
    ("kept", "engine/link/thing.cpp", SOURCE + "int x = mdb_get();\n", 3),
    ("kept", "drivers/dpdk_port.cpp", "// Ports.\n#include <lmdb.h>\n", 2),
    ("rim", "engine/link/thing.cpp", SOURCE + "auto t = std::chrono::steady_clock::now();\n", 3),
    ("rim", "engine/link/thing.cpp", SOURCE + "std::thread t;\n", 3),
    ("rim", "drivers/dpdk_port.cpp", "// Ports.\nvoid f() { usleep(1); }\n", 2),
    ("rim", "drivers/dpdk_port.cpp", "// Ports.\nunsigned long t = rte_get_tsc_cycles();\n", 2),
    ("calls", "engine/link/thing.cpp", SOURCE + "void f(char* a) { strcpy(a, b); }\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "int x = std::atoi(text);\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "long x = strtol(text, nullptr, 10);\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "void f(char* a) { sprintf(a, b); }\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "int x = rand();\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "int* x = new int;\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "void f(int* x) { delete x; }\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "void f() { throw 1; }\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "void f() { printf(text); }\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "void* p = NULL;\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "void f() { std::exit(1); }\n", 3),
    ("calls", "engine/link/thing.cpp", SOURCE + "std::mutex guard;\n", 3),
    ("leftovers", "tools/go", SCRIPT + f"# {PUT_OFF}: more\n", 4),
    ("leftovers", "README.md", f"Run tools/go. {PUT_OFF}\n", 1),
    ("words", "README.md", "Run tools/go in /" + "work/main.\n", 1),
    ("words", "tools/go", SCRIPT + "# as in shared/design\n", 4),
    ("glossary", "engine/link/thing.cpp", SOURCE + "int packet_count = 0;\n", 3),
    ("glossary", "drivers/dpdk_port.cpp", "// Ports.\nint sequence_number = 0;\n", 2),
    ("pragma-once", "engine/link/thing.hpp", "// A thing.\n#include <twinlink/thing.hpp>\n", 1),
    ("pragma-once", "engine/link/thing.cpp", SOURCE + "#pragma once\n", 1),
    ("using-namespace", "engine/link/thing.hpp", THING_HPP + "\nusing namespace std;\n", 5),
    ("opening", "engine/link/thing.cpp", '#include "engine/link/thing.hpp"\n', 1),
    ("opening", "tools/go", "#!/usr/bin/env bash\nset -euo pipefail\n", 1),
    ("line-length", "engine/link/thing.cpp", SOURCE + "// " + "long " * 25 + "line\n", 3),
    ("file-length", "engine/link/thing.cpp", SOURCE + "int x;\n" * 500, 1),
    ("function-length", "engine/link/thing.cpp", SOURCE + LONG_FUNCTION, 3),
    ("whitespace", "engine/link/thing.cpp", SOURCE + "int x; \n", 3),
    ("whitespace", "engine/link/thing.cpp", SOURCE + "\tint x;\n", 3),
    ("whitespace", "tools/go", SCRIPT + "true", 4),
    ("readme", "engine/fold/CMakeLists.txt", "# Nothing yet.\n", 1),
    ("shell", "tools/go", "#!/usr/bin/env bash\n# A thing.\nset -e\n", 1),
    ("dead-files", "engine/link/unbuilt.cpp", "// Built by nobody.\n", 1),
    ("dead-files", "engine/link/unread.hpp", HEADER, 1),
    ("dead-files", "tools/unknown", SCRIPT, 1),
    ("dead-files", "tools/tree", SCRIPT + "# A word of README.md, and no path.\n", 1),
    ("documented", "include/twinlink/thing.hpp", HEADER + "\nstruct Thing {\n};\n", 4),
    ("documented", "include/twinlink/thing.hpp", HEADER + "/// One.\nstruct T;\n\nint many(T t);\n", 6),
]


def plant(root, files):
    for path, text in files.items():
        full = Path(root, path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            full.chmod(0o755)


def found_in(files):
    with tempfile.TemporaryDirectory() as root:
        plant(root, files)
        return [(rule, path, line) for rule, path, line, _ in violations(Tree(root), exceptions={})]


def failures():
    """Yields what is wrong with the rules, as sentences."""
    for rule, path, line in found_in(CLEAN):
        yield f"the clean tree breaks {rule} at {path}:{line}"
    for rule, path, text, line in CASES:
        where = path.rsplit("/", 1)[0] if rule == "readme" else path
        found = found_in({**CLEAN, path: text})
        if found != [(rule, where, line)]:
            last = text.splitlines()[-1][:60]
            yield f"{rule}: planted in {path}:{line} {last!r}, found {found or 'nothing'}"
    for rule in sorted(set(RULES) - {case[0] for case in CASES}):
        yield f"{rule}: no case shows that it can fire"
    with tempfile.TemporaryDirectory() as root:
        plant(root, CLEAN)
        stale = list(violations(Tree(root), exceptions={("calls", "engine/link/thing.cpp"): "no reason"}))
        if [v[0] for v in stale] != ["exceptions"]:
            yield f"an exception that excuses nothing: found {stale or 'nothing'}"
        Path(root, "tools/go").chmod(0o644)
        if [v[0] for v in violations(Tree(root), exceptions={})] != ["shell"]:
            yield "shell: a script that is not executable was not found"
    with tempfile.TemporaryDirectory() as root:
        plant(root, {**CLEAN, "engine/link/thing.cpp": SOURCE + "int* x = new int;\n"})
        if list(violations(Tree(root), exceptions={("calls", "engine/link/"): "a reason"})):
            yield "an exception for a folder does not excuse what is in it"


def main():
    wrong = list(failures())
    for what in wrong:
        print(what)
    print(f"selftest: {len(CASES)} planted violations, {len(RULES)} rules, {len(wrong)} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
