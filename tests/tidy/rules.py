"""The rules. Each is a function from a tree to (path, line, message), named as the function, with dashes."""

import re

import lists
from tree import within

RULES = {}


def rule(function):
    """Registers a rule under its name."""
    RULES[function.__name__.replace("_", "-")] = function
    return function


@rule
def dependencies(tree):
    """include <- engine, include <- drivers; engine and drivers do not know each other."""
    for file in tree.cpp(*lists.MAY_INCLUDE):
        top = file.path.split("/")[0]
        for line, what in file.includes():
            target = what[1:-1]
            if ".." in target.split("/"):
                yield file.path, line, f"{what}: include from the root, not by .."
            first = target.split("/")[0]
            if first in lists.MAY_INCLUDE and "/" in target and first not in lists.MAY_INCLUDE[top]:
                yield file.path, line, f"{top} must not include {first}: {what}"


@rule
def kept(tree):
    """A library that one folder, and its tests, keep to themselves."""
    for _, pattern, homes, why in lists.KEPT:
        pattern = re.compile(pattern)
        for file in tree.cpp():
            if not file.path.removeprefix("tests/").startswith(homes):
                for line, match in file.find(pattern):
                    yield file.path, line, f"{match.group(0)}: {why}"


@rule
def rim(tree):
    """Threads, clocks and sleeping belong to tools, tests and bench."""
    for pattern, instead in lists.RIM_ONLY:
        pattern = re.compile(pattern)
        for file in tree.cpp(*lists.RIM_FOLDERS):
            for line, match in file.find(pattern):
                yield file.path, line, f"{match.group(0).strip()}: {instead}"


@rule
def calls(tree):
    """Banned calls, with what to use."""
    for folders, pattern, instead in lists.BANNED:
        pattern = re.compile(pattern, re.M)
        for file in tree.cpp(*folders):
            for line, match in file.find(pattern):
                yield file.path, line, f"{match.group(0).strip()}: use {instead}"


@rule
def leftovers(tree):
    """Work that was put off."""
    pattern = re.compile(lists.LEFTOVERS)
    for file in tree.files:
        for line, match in file.find(pattern, file.text):
            yield file.path, line, f"{match.group(0)}: do it, or drop it"


@rule
def words(tree):
    """Words that must not appear."""
    for pattern, why in lists.WORDS:
        pattern = re.compile(pattern)
        for file in tree.files:
            for line, match in file.find(pattern, file.text):
                yield file.path, line, f"{match.group(0)}: {why}"


@rule
def glossary(tree):
    """One word for one thing."""
    for folders, pattern, word in lists.SYNONYMS:
        pattern = re.compile(pattern, re.I)
        for file in tree.cpp(*folders):
            for line, match in file.find(pattern):
                yield file.path, line, f"{match.group(0)}: our word is {word}"


@rule
def pragma_once(tree):
    """In every header, and nowhere else."""
    for file in tree.cpp():
        has = re.search(r"^#pragma once$", file.code, re.M) is not None
        if has != (file.suffix in (".hpp", ".h")):
            yield file.path, 1, "a header has #pragma once, a source has not"


@rule
def using_namespace(tree):
    """A header forces no names on its reader; inside a function it may."""
    pattern = re.compile(r"^using namespace\b[^;]*;", re.M)
    for file in tree.cpp():
        if file.suffix in (".hpp", ".h"):
            for line, match in file.find(pattern):
                yield file.path, line, f"{match.group(0).strip()} in a header"


@rule
def opening(tree):
    """Every file opens with what it is."""
    for file in tree.files:
        if not file.is_code or not file.text.strip():
            continue
        lines = file.lines[1:] if file.text.startswith("#!") else file.lines
        # A list of a few sources for the build needs no words.
        short = file.is_cmake and len(lines) <= 5
        if not short and not re.match(r'//|/\*|#(?!include|pragma)|--|"""', lines[0] if lines else ""):
            yield file.path, 1, "opens with a few lines on what it is"


@rule
def line_length(tree):
    """Up to 110 columns; scripts and build files have more room."""
    for file in tree.files:
        if file.is_code:
            for number, line in enumerate(file.lines, 1):
                limit = lists.LINE_MAX if file.is_cpp else lists.SCRIPT_LINE_MAX
                if len(line) > limit and "http" not in line:
                    yield file.path, number, f"{len(line)} columns, {limit} are the limit"


@rule
def file_length(tree):
    """100 to 300 lines are the aim, 500 the limit."""
    for file in tree.files:
        if file.is_code and len(file.lines) > lists.FILE_LINES_MAX:
            yield file.path, 1, f"{len(file.lines)} lines, the limit is {lists.FILE_LINES_MAX}: split by noun"


@rule
def function_length(tree):
    """A function fits a screen. Sees bodies that end with a brace in the first column."""
    other = re.compile(r"^(namespace|struct|class|union|enum|extern)\b|=\s*(\{|\[.*)$|^TEST_SUITE")
    for file in tree.cpp():
        start = None
        for number, line in enumerate(file.code.splitlines(), 1):
            opens = re.match(r"^[\w\[:~].*\{\s*$", line) and not other.search(line)
            if start is None and opens:
                start = number
            elif line.startswith("}") and start is not None:
                length = number - start
                if length > lists.FUNCTION_LINES_MAX:
                    limit = lists.FUNCTION_LINES_MAX
                    yield file.path, start, f"{length} lines in a function, the limit is {limit}"
                start = None


@rule
def whitespace(tree):
    """No tabs, no blanks at the end of a line, a newline at the end of the file."""
    for file in tree.files:
        if not file.is_code and file.suffix != ".md":
            continue
        if file.text and not file.text.endswith("\n"):
            yield file.path, len(file.lines), "no newline at the end"
        for number, line in enumerate(file.lines, 1):
            if "\t" in line or "\r" in line or (line != line.rstrip() and file.suffix != ".md"):
                yield file.path, number, "a tab, a carriage return, or blanks at the end of the line"


@rule
def readme(tree):
    """Every folder that holds source says what it owns, or the README.md of the folder around it does."""
    folders = {file.folder for file in tree.files if file.is_code and not file.folder.startswith(".")}
    for folder in sorted(folders):
        parent, _, name = folder.rpartition("/")
        around = tree.by_path.get(f"{parent}/README.md")
        named_there = around and re.search(rf"\b{name}\b", around.text)
        if f"{folder}/README.md" not in tree.by_path and not named_there:
            yield folder, 1, "has no README.md"


@rule
def shell(tree):
    """A script stops at the first thing that goes wrong, and can be started."""
    for file in tree.files:
        if file.is_shell:
            if not re.search(r"^set -euo pipefail$", file.text, re.M):
                yield file.path, 1, "no 'set -euo pipefail'"
            if file.text.startswith("#!") and not file.executable:
                yield file.path, 1, "has a #! line and is not executable"


@rule
def dead_files(tree):
    """Sources that nothing builds, headers that nothing includes, files that nothing names."""
    builds = "\n".join(file.text for file in tree.files if file.is_cmake)
    included = {what[1:-1] for file in tree.cpp() for _, what in file.includes()}
    for file in tree.files:
        if file.name in lists.KNOWN_BY_PLACE or file.folder.startswith(".ci"):
            continue
        if file.suffix in (".cpp", ".c", ".cc"):
            if not re.search(rf"(?<![\w.-]){re.escape(file.name)}\b", builds):
                yield file.path, 1, "is in no CMakeLists.txt"
        elif file.suffix in (".hpp", ".h"):
            if file.path not in included and file.path.removeprefix("include/") not in included:
                if not (within(file.path, "include") and "include/twinlink/*.hpp" in builds):
                    yield file.path, 1, "is included nowhere"
        elif not _named(tree, file):
            yield file.path, 1, "is named nowhere: used by whom?"


def _named(tree, file):
    """Does another file name this one, or, when it is data, its folder?"""
    # A command such as `run` is too common a word: its name counts behind a slash.
    names = [file.name if file.suffix else f"/{file.name}", file.path]
    if file.suffix == ".cmake":
        names.append("/*.cmake)")
    if file.suffix == ".py":
        names.append(f"import {file.name.removesuffix('.py')}")
        names.append(f"from {file.name.removesuffix('.py')}")
    others = [other for other in tree.files if other is not file]
    if any(name in other.text for other in others for name in names):
        return True
    folder = file.folder
    while file.suffix in lists.DATA_SUFFIXES and "/" in folder:
        name = folder.rsplit("/", 1)[1]
        if any(re.search(rf"\b{re.escape(name)}\b", other.text) for other in others if other.is_code):
            return True
        folder = folder.rsplit("/", 1)[0]
    return False


@rule
def documented(tree):
    """Types and functions of the public headers say what they are; a group shares the comment above it."""
    thing = re.compile(
        r"^(?:template\s*<.*>\s*)?(?:\[\[nodiscard\]\]\s*)?(?:inline |constexpr |extern |static )*"
        r"(?:(?:struct|class|enum class|enum|union)\s+(?:alignas\(.*?\)\s*)?(?P<type>\w+)[^;]*$"
        r"|[\w:<>,&*\s]+?[\s&*](?P<function>\w+)\s*\()"
    )
    for file in tree.cpp("include"):
        told = False
        for number, (line, code) in enumerate(zip(file.lines, file.code.splitlines()), 1):
            if not line.strip():
                told = False
            elif line.startswith("//"):
                told = True
            elif not told and not line.startswith((" ", "#", "}", "namespace")) and "//" not in line:
                match = thing.match(code)
                # Specialisations of std templates and static_asserts explain themselves.
                if match and not re.match(r"static_assert|struct std::|template <", code):
                    name = match.group("type") or match.group("function")
                    yield file.path, number, f"{name} has no comment"
                if code.startswith("template"):
                    told = _next_is_known(file.lines, number)


def _next_is_known(lines, number):
    """Does a specialisation, or the definition of something declared before, follow this template line?"""
    return number < len(lines) and "::" in lines[number].split("(")[0]
