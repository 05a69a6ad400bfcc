#!/usr/bin/env python3
"""Rules about the tree that no compiler checks: who may include whom, sizes, tests that would never run, left-overs.

usage: check_structure.py [--build-dir BUILD]   (with a build: also what the programs link)
Prints one line per finding, `path:line: text`; exit status 1 when one of them is an error. Warnings do not fail.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

TORCH = re.compile(r"^(torch|ATen|c10)/")
RPC = re.compile(r"^(google/protobuf|grpcpp|grpc|spdlog)/|\.pb\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')
ROOM = re.compile(r"seedbed_room\(\s*(\w+)(.*?)\)", re.DOTALL)

# Lines that a file should stay below; twice that is an error.
SIZE_BUDGET = {".h": 250, ".cc": 500, ".py": 500, ".sh": 250}

# What must not be in the repository: package hosts and folders of one machine.
MACHINE = re.compile(
    "|".join(["pypi[.]org", "pythonhosted", "deb[.]debian[.]org", "npmjs", "/opt/pypi"] + [f"(?<![\\w.])/{name}/" for name in ("work", "farm", "root", "tmp/w")])
)


def tracked():
    """Files of the repository, new ones included, as paths below ROOT."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [pathlib.PurePosixPath(name) for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


class Tree:
    """The tracked files and, for C++ ones, what they include."""

    def __init__(self):
        self.files = tracked()
        self.cpp = [path for path in self.files if path.suffix in (".h", ".cc")]
        self.includes = {path: self._includes(path) for path in self.cpp}
        self.rooms = {}  # name -> (public rooms, private rooms), as declared in CMake
        self.rooms_in = {}  # folder -> names of the rooms declared there
        self._read_rooms()

    def lines(self, path):
        return (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines()

    def _includes(self, path):
        """[(line number, name)]"""
        return [(number, match[1]) for number, line in enumerate(self.lines(path), 1) if (match := INCLUDE.match(line))]

    def _read_rooms(self):
        for path in self.files:
            if path.name != "CMakeLists.txt":
                continue
            for name, body in ROOM.findall((ROOT / path).read_text(encoding="utf-8")):
                public_text, _, private_text = body.partition("PRIVATE_DEPS")
                self.rooms[name] = set(re.findall(r"seedbed::(\w+)", public_text)), set(re.findall(r"seedbed::(\w+)", private_text))
                self.rooms_in.setdefault(path.parent, set()).add(name)

    def room_folder(self, path):
        """The nearest folder above `path` that declares rooms; None when there is none."""
        return next((folder for folder in path.parents if folder in self.rooms_in), None)

    def visible_rooms(self, folder):
        """What files of the folder may include: the dependencies of its rooms, and what those make public."""
        reached = set(self.rooms_in[folder])
        todo = [dependency for room in reached for kind in self.rooms[room] for dependency in kind]
        while todo:
            current = todo.pop()
            if current not in reached:
                reached.add(current)
                todo += self.rooms.get(current, (set(), set()))[0]
        return reached

    def reach(self, path, seen=None):
        """(path, line, name) of every include that `path` reaches through headers of ours."""
        seen = set() if seen is None else seen
        for number, name in self.includes.get(path, []):
            yield path, number, name
            header = pathlib.PurePosixPath(name)
            if header in self.includes and header not in seen:
                seen.add(header)
                yield from self.reach(header, seen)


def check_rooms(tree):
    """An include from another room needs a dependency on it (or on one of the rooms in its folder) in CMake."""
    for path in tree.cpp:
        folder = tree.room_folder(path)
        if folder is None or path.parts[0] == "tests":
            continue
        visible = tree.visible_rooms(folder)
        for number, name in tree.includes[path]:
            others = tree.rooms_in.get(tree.room_folder(pathlib.PurePosixPath(name)), set())
            if others and not others & visible:
                yield path, number, f"includes {name}, but {folder}/CMakeLists.txt depends on none of {', '.join(sorted(others))}"


# (folder of the including file, except below these, forbidden includes, why)
FORBIDDEN = [
    ("core/", (), re.compile(r"^(grpcpp|grpc|google/protobuf|spdlog|server|client)/|\.pb\.h$"), "core knows neither protobuf, gRPC, logging, server nor client"),
    ("server/", ("server/worker/",), re.compile(r"^core/(?!base/|graph/|tasks/)"), "of core, the server knows base, graph and the task headers only"),
    ("server/", ("server/worker/",), re.compile(r"^(torch|ATen|c10|opencv2)/"), "seedbedd links neither LibTorch nor OpenCV"),
    ("client/", (), re.compile(r"^(server/|core/(?!base/|report/)|torch/|ATen/|c10/|opencv2/)"), "of core, the client knows base and report only"),
    ("client/lib/", (), re.compile(r"^client/cli/"), "the client library does not know the CLI"),
    ("", ("core/nn/", "core/train/", "core/ascent/", "tests/"), TORCH, "LibTorch's headers stay in core/nn, core/train and core/ascent"),
]


def check_forbidden_includes(tree):
    for path in tree.cpp:
        for folder, exceptions, pattern, why in FORBIDDEN:
            if not str(path).startswith(folder) or str(path).startswith(exceptions):
                continue
            for number, name in tree.includes[path]:
                if pattern.search(name):
                    yield path, number, f"includes {name}: {why}"


def check_torch_apart(tree):
    """LibTorch brings headers of protobuf and fmt of its own, which shadow Debian's."""
    for path in tree.cpp:
        reached = list(tree.reach(path))
        if any(TORCH.search(name) for _, _, name in reached):
            for at, number, name in reached:
                if RPC.search(name):
                    yield path, 1, f"one translation unit with LibTorch and {name} (included by {at}:{number})"


def check_torch_free_headers(tree):
    for path in tree.cpp:
        if path.suffix == ".h" and str(path).startswith("core/tasks/"):
            for at, number, name in tree.reach(path):
                if TORCH.search(name) or name.startswith("opencv2/"):
                    yield path, 1, f"task headers are free of LibTorch and OpenCV, but {at}:{number} includes {name}"


def check_sizes(tree):
    for path in tree.files:
        budget = SIZE_BUDGET.get(path.suffix)
        count = len(tree.lines(path)) if budget else 0
        if budget and count > budget and not str(path).startswith("proto/google/"):
            severity = "" if count > 2 * budget else "warning: "
            yield path, 1, f"{severity}{count} lines; the budget is {budget}"


def check_lines(tree):
    """Things that may not stand in a line."""
    rules = [
        (re.compile(r"\bsleep_for\b|\bsleep_until\b|\busleep\("), "tests/unit/", "unit tests do not sleep: use FakeClock"),
        (re.compile(r"absl::Mutex\b"), "", "use seedbed::Mutex (core/base/mutex.h)"),
        (re.compile(r"\bstd::(recursive_|shared_|timed_)?mutex\b"), "", "use seedbed::Mutex (core/base/mutex.h)"),
        (re.compile(r"DISABLED_|GTEST_SKIP\(\)\s*;"), "tests/", "a test that is skipped says why"),
    ]
    for path in tree.cpp:
        for number, line in enumerate(tree.lines(path), 1):
            code = line.split("//")[0]
            for pattern, folder, why in rules:
                if pattern.search(code) and str(path).startswith(folder) and str(path) != "core/base/mutex.h":
                    yield path, number, why


def check_leftovers(tree):
    for path in tree.files:
        if path.suffix in (".png", ".jpg", ".safetensors") or str(path).startswith("tests/lint/"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(r"\b(TODO(?!\(#\d+\):)|FIXME|XXX)\b", line) and path.name != ".clang-tidy":
                yield path, number, "write TODO(#issue): text, or do it"
            if MACHINE.search(line):
                yield path, number, "names a folder of one machine or a package host"


def check_tests_registered(tree):
    for path in tree.cpp:
        if path.name.endswith("_test.cc"):
            listing = ROOT / path.parent / "CMakeLists.txt"
            if not listing.exists() or path.name not in listing.read_text(encoding="utf-8"):
                yield path, 1, f"never runs: {path.parent}/CMakeLists.txt does not list it"


def check_readme_commands(tree):
    """Every `./run VERB` that a page names exists."""
    verbs = set(re.findall(r"^verb_(\w+)\(\)", "\n".join(line for path in tree.files if path.suffix == ".sh" or path.name == "run" for line in tree.lines(path)), re.MULTILINE))
    for path in tree.files:
        if path.suffix == ".md":
            for number, line in enumerate(tree.lines(path), 1):
                for verb in re.findall(r"\./run (\w+)", line):
                    if verb not in verbs | {"help"}:
                        yield path, number, f"./run has no verb '{verb}'"


def check_pins(_tree):
    """LibTorch and the Python peer it is compared with are the same version."""
    pin = re.search(r"^torch_version=(\S+)", (ROOT / "deploy/bootstrap/libtorch.sh").read_text(), re.MULTILINE)[1]
    if f"torch=={pin}+cpu" not in (ROOT / "tests/parity/requirements.txt").read_text():
        yield pathlib.PurePosixPath("tests/parity/requirements.txt"), 1, f"torch is not {pin}, the version in deploy/bootstrap/libtorch.sh"


def check_programs(build):
    """Server and CLI must start fast and stay small: no LibTorch, no OpenCV."""
    for program in ("seedbedd", "seedbed"):
        binary = build / "bin" / program
        if binary.exists():
            libraries = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
            for library in re.findall(r"lib(?:torch|c10|opencv)\S*", libraries):
                yield pathlib.PurePosixPath("bin") / program, 1, f"links {library}"


CHECKS = [
    check_rooms,
    check_forbidden_includes,
    check_torch_apart,
    check_torch_free_headers,
    check_sizes,
    check_lines,
    check_leftovers,
    check_tests_registered,
    check_readme_commands,
    check_pins,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=pathlib.Path)
    arguments = parser.parse_args()
    tree = Tree()
    findings = [finding for check in CHECKS for finding in check(tree)]
    if arguments.build_dir:
        findings += check_programs(arguments.build_dir)
    errors = 0
    for path, line, text in findings:
        errors += not text.startswith("warning:")
        print(f"{path}:{line}: {text}")
    print(f"structure: {len(tree.files)} files, {errors} errors, {len(findings) - errors} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
