"""The repository as the rules see it: every file with its text, C++ with comments and strings blanked out.

Files come from walking the folder, so that a tarball and a clone give the same answer; builds and caches are
left out.
Lines and columns survive blanking, so a rule may search `code` and report a line of the file.
"""

import re
from pathlib import Path

IGNORED_FOLDERS = re.compile(r"^(\.git|build.*|out|__pycache__|\.cache|node_modules)$")
CPP = {".cpp", ".hpp", ".h", ".c", ".cc"}

# One alternative per thing whose inside is not code; raw strings first, their delimiter must match.
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'",
    re.S,
)


def _blank(match):
    text = match.group(0)
    kept = re.sub(r"[^\n]", " ", text)
    # The quotes stay, so that an #include "..." is still seen as one.
    return text[0] + kept[1:-1] + text[-1] if text[0] in "\"'" else kept


class File:
    """One file: `path` relative to the root with slashes, `text`, `lines`, and for C++ `code`."""

    def __init__(self, root, path):
        full = root / path
        self.path = path.as_posix()
        self.name = path.name
        self.folder = path.parent.as_posix()
        self.suffix = path.suffix
        self.executable = bool(full.stat().st_mode & 0o100)
        raw = full.read_bytes()
        self.binary = b"\0" in raw[:8192]
        self.text = "" if self.binary else raw.decode("utf-8", errors="replace")
        self.lines = self.text.splitlines()
        self.is_cpp = self.suffix in CPP
        self.is_shell = self.suffix == ".sh" or bool(re.match(r"#!/(usr/bin/env |bin/)(ba)?sh\b", self.text))
        self.is_python = self.suffix == ".py" or self.text.startswith("#!/usr/bin/env python3")
        self.is_cmake = self.name == "CMakeLists.txt" or self.suffix == ".cmake"
        self.is_code = (
            self.is_cpp or self.is_shell or self.is_python or self.is_cmake or self.suffix == ".lua"
        )
        self.code = NOT_CODE.sub(_blank, self.text) if self.is_cpp else self.text

    def find(self, pattern, text=None):
        """Yields (line number, match) for each match of a compiled pattern in `text` (default: the code)."""
        text = self.code if text is None else text
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, match

    def includes(self):
        """Yields (line number, what is included, with its brackets or quotes)."""
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"][^>"]+[>"])', line)
            if match:
                yield number, match.group(1)


class Tree:
    """All files below `root`, sorted by path."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = [File(self.root, path) for path in sorted(self._walk(self.root))]
        self.by_path = {file.path: file for file in self.files}

    def _walk(self, folder):
        for entry in folder.iterdir():
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if not IGNORED_FOLDERS.match(entry.name):
                    yield from self._walk(entry)
            elif entry.suffix != ".pyc" and entry.name != "compile_commands.json":
                yield entry.relative_to(self.root)

    def cpp(self, *folders):
        """C++ files in these top folders (all when none is named)."""
        return [file for file in self.files if file.is_cpp and (not folders or within(file.path, *folders))]


def within(path, *folders):
    """Does `path` lie in one of these folders?"""
    return any(path.startswith(folder.rstrip("/") + "/") for folder in folders)
