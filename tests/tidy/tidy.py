#!/usr/bin/env python3
"""Holds the house: runs every rule over the tree and prints what breaks one. Exit code 0 when nothing does.

    usage: tidy.py [ROOT [RULE...]]
"""

import sys
from pathlib import Path

import lists
from rules import RULES
from tree import Tree


def excused(name, path, exceptions):
    """The exception that covers this path under this rule, or None."""
    for key in exceptions:
        if key[0] == name and (path == key[1] or (key[1].endswith("/") and path.startswith(key[1]))):
            return key
    return None


def violations(tree, names=(), exceptions=None):
    """Yields (rule, path, line, message); with all rules run, unused exceptions too."""
    exceptions = lists.EXCEPTIONS if exceptions is None else exceptions
    used = set()
    for name in names or RULES:
        for path, line, message in RULES[name](tree):
            key = excused(name, path, exceptions)
            if key is None:
                yield name, path, line, message
            else:
                used.add(key)
    if not names:
        for name, path in sorted(set(exceptions) - used):
            yield "exceptions", "tests/tidy/lists.py", 1, f"excuses {path} from {name}, which needs no excuse"


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    tree = Tree(root)
    found = sorted(violations(tree, sys.argv[2:]), key=lambda v: (v[1], v[2], v[0]))
    for name, path, line, message in found:
        print(f"{path}:{line}: {name}: {message}")
    print(f"tidy: {len(tree.files)} files, {len(RULES)} rules, {len(found)} violations", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
