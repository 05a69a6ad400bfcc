#!/usr/bin/env python3
"""clang-tidy and clang's thread-safety analysis over our sources, in one parse of each file, on all cores.

A file that passed is not looked at again until it, a header of ours that it includes, its compile command, or the configuration changes:
what passed is remembered by content hash under the cache folder. usage: tidy.py BUILD-FOLDER CACHE-FOLDER [FILE...]
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("core", "server", "client", "tests")
TIDY = str(ROOT / ".deps/lint/bin/clang-tidy")
INCLUDE = re.compile(r'^\s*#include\s+"([^"]+)"', re.MULTILINE)


@functools.lru_cache(maxsize=None)
def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.lru_cache(maxsize=None)
def includes(path):
    """Files of this repository that `path` includes itself; a generated header stands for its .proto."""
    found = []
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        proto = ROOT / "proto" / re.sub(r"(\.grpc)?\.pb\.h$", ".proto", name)
        found += [candidate for candidate in (ROOT / name, path.parent / name, proto) if candidate.is_file()][:1]
    return found


def closure(path):
    """`path` and all files of ours that it reaches through includes."""
    reached, todo = set(), [path]
    while todo:
        current = todo.pop()
        if current not in reached:
            reached.add(current)
            todo += includes(current) if current.suffix in (".h", ".cc") else []
    return reached


def cache_key(path, command, version):
    files = "".join(f"{file.relative_to(ROOT)} {digest(file)}\n" for file in sorted(closure(path)))
    return hashlib.sha256("\0".join([version, command, digest(ROOT / ".clang-tidy"), files]).encode()).hexdigest()


def check(path, build):
    """(passed, what it said, seconds)"""
    begin = time.monotonic()
    arguments = ["-Wthread-safety", "-fno-openmp", "-Wno-unused-command-line-argument", "-Wno-unknown-warning-option", "-Wno-ignored-gch", "-Wno-deprecated-declarations"]
    extra = [f"--extra-arg={argument}" for argument in arguments]
    done = subprocess.run([TIDY, "-p", str(build), "--quiet", *extra, str(path)], capture_output=True, text=True, check=False)
    said = done.stdout if done.returncode == 0 or done.stdout.strip() else done.stderr
    return done.returncode == 0, said, time.monotonic() - begin


def sources(build):
    """Our translation units with their compile commands."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS and path.exists():
            yield path, entry["command"]


def main(build, cache, only):
    cache.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    todo = {}
    for path, command in sources(build):
        stamp = cache / cache_key(path, command, version)
        if not stamp.exists() and (not only or str(path.relative_to(ROOT)) in only):
            todo[path] = stamp
    print(f"clang-tidy: {len(todo)} files to check", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("SB_JOBS", os.cpu_count()))) as pool:
        running = {pool.submit(check, path, build): path for path in sorted(todo)}
        for number, future in enumerate(concurrent.futures.as_completed(running), 1):
            path = running[future]
            passed, said, seconds = future.result()
            print(f"[{number}/{len(todo)}] {path.relative_to(ROOT)} {seconds:.0f} s{'' if passed else ': FAILED'}", flush=True)
            if passed:
                todo[path].touch()
            else:
                failed += 1
                print(said, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]))
