#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the arrows of the house: who may include whom, by the #include lines.

Arrows point down only. Third-party headers stay in the folder that wraps them.
Included files are named "layer/file.h". No cycles, neither of folders nor of files.
Run with a folder to check another tree than src/.
"""

import pathlib
import re
import sys

MAY_INCLUDE = {
    "base": [],
    "batch": ["base"],
    "io": ["base"],
    "db": ["base"],
    "format": ["base", "batch"],
    "expr": ["base", "batch"],
    "transform": ["base", "batch", "expr"],
    "quality": ["base", "batch", "expr", "format"],
    "extract": ["base", "batch", "io", "db", "format"],
    "load": ["base", "batch", "io", "db", "format"],
    "notify": ["base", "io"],
    "pipeline": ["base", "batch", "io", "db", "format", "expr", "transform", "quality", "extract", "load", "notify"],
    "lambda": ["pipeline", "io", "format", "base"],
    "cli": ["lambda", "pipeline", "base"],
}
ONLY_IN = {
    "sqlite3.h": ["db"],
    "libpq-fe.h": ["db"],
    "sql.h": ["db"],
    "sqlext.h": ["db"],
    "sqlucode.h": ["db"],
    "yaml.h": ["pipeline"],
    "zlib.h": ["io"],
    "zstd.h": ["io"],
    "curl/": ["io"],
    "expat.h": ["io"],
    "openssl/": ["base"],
    "xxhash.h": ["base"],
    "pcre2.h": ["base"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def breaches_of(root, path, known):
    layer = path.relative_to(root).parts[0]
    if layer not in MAY_INCLUDE:
        yield f"{path}: the folder {layer} is in no layer"
        return
    for ours, theirs in INCLUDE.findall(path.read_text()):
        for header, folders in ONLY_IN.items():
            if (ours or theirs).startswith(header) and layer not in folders:
                yield f"{path}: {ours or theirs} may only be included in {', '.join(folders)}"
        if not ours:
            continue
        target = ours.split("/")[0]
        if "/" not in ours or target not in MAY_INCLUDE:
            yield f'{path}: "{ours}" is not written as "layer/file.h"'
        elif target != layer and target not in MAY_INCLUDE[layer]:
            yield f"{path}: {layer} may not include {target} ({ours})"
        elif (root / ours) not in known and not ours.endswith(".inc"):
            yield f"{path}: there is no {ours}"


def cycle_in(graph):
    """One cycle as a list of names, or None."""
    done = set()
    for start in graph:
        path, stack = [], [(start, iter(graph[start]))]
        while stack:
            node, edges = stack[-1]
            if node not in path:
                path.append(node)
            following = next(edges, None)
            if following is None:
                stack.pop()
                done.add(path.pop())
            elif following in path:
                return path[path.index(following):] + [following]
            elif following in graph and following not in done:
                stack.append((following, iter(graph[following])))
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "src")
    files = sorted(path for path in root.rglob("*") if path.suffix in (".c", ".h"))
    if not files:
        sys.exit(f"{root}: no C files")
    known = set(files)
    breaches = [breach for path in files for breach in breaches_of(root, path, known)]
    graph = {
        str(path.relative_to(root)): [ours for ours, _ in INCLUDE.findall(path.read_text()) if ours]
        for path in files
    }
    cycle = cycle_in(graph) or cycle_in(MAY_INCLUDE)
    if cycle:
        breaches.append("cycle: " + " -> ".join(cycle))
    print("\n".join(breaches) or f"{len(files)} files keep to their layers")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
