"""Small changes of the code, one at a time, each followed by the tests that should notice it.

    python scripts/try_mutations.py                # all of scripts/mutations.py, some minutes a core
    python scripts/try_mutations.py ema gan.py     # those whose file contains one of the words
    python scripts/try_mutations.py --workers 2 --only-missed earlier.txt

A change that no test notices is a missing test. The tree is copied to a temporary folder, and never changed itself.
The tests of a change are first run without it: where they fail then, nothing can be said of it.
Exit status: 0 if every change was seen.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from shutil import copy2

Change = tuple[str, str, str, str]  # file, old, new, tests
ROOT = Path(__file__).resolve().parents[1]
SECONDS = 400  # a change that makes a loop endless is seen by that

# One process for each tree: it imports what is slow and does not change, and forks for each run of tests, whose output
# goes into a file. Most of a short run would be imports.
SERVER = """
import importlib, json, os, signal, sys
sys.path[:0] = [os.getcwd()]
for name in sys.argv[1].split(","):
    importlib.import_module(name)
import pytest

class First:
    def pytest_runtest_logreport(self, report):
        if report.failed:
            print("\\nFIRST", report.nodeid, flush=True)
    def pytest_collectreport(self, report):
        if report.failed:
            print("\\nFIRST", report.nodeid, "(not collected)", flush=True)

for line in sys.stdin:
    seconds, output, arguments = json.loads(line)
    child = os.fork()
    if child == 0:
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.alarm(seconds)
        status = 9
        try:
            import ganart
            assert ganart.__file__.startswith(os.getcwd()), ganart.__file__
            status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *arguments], plugins=[First()]))
        finally:
            sys.stdout.flush()
            os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
SLOW_IMPORTS = "torch,pytorch_lightning,torchmetrics,torch_fidelity,scipy.linalg,hydra,optuna,PIL.Image,rich.console"


def copy_of_the_tree(folder: Path) -> Path:
    """Copy all files that git knows or would take."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            copy2(ROOT / name, folder / name)
    return folder


class Tree:
    """A copy of the tree with a process that runs tests in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = copy_of_the_tree(folder)
        environment = os.environ | {
            "PYTHONPATH": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",  # two changes within a second would share it
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-c", SERVER, SLOW_IMPORTS]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._server = subprocess.Popen(command, cwd=self.folder, env=environment, text=True, **pipes)

    def first_failure(self, tests: str) -> str | None:
        """Run `tests` (paths, ids and options of pytest); return the first that fails, None if all pass."""
        output = self.folder.with_suffix(".txt")
        self._server.stdin.write(json.dumps([SECONDS, str(output), tests.split()]) + "\n")
        self._server.stdin.flush()
        status = int(self._server.stdout.readline())
        if status == 0:
            return None
        if status == -signal.SIGALRM:
            return f"no end after {SECONDS} s"
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((x.removeprefix("FIRST ") for x in lines if x.startswith("FIRST ")), "".join(lines[-1:]))

    def tried(self, file: str, old: str, new: str, tests: str) -> str | None:
        """Run `tests` with `new` in the place of `old`; return what `first_failure` does."""
        path = self.folder / file
        before = path.read_text(encoding="utf-8")
        if before.count(old) != 1:
            return f"STALE: {before.count(old)} places in {file} read {old!r}"
        path.write_text(before.replace(old, new), encoding="utf-8")
        try:
            return self.first_failure(tests)
        finally:
            path.write_text(before, encoding="utf-8")

    def end(self) -> None:
        self._server.stdin.close()
        self._server.wait()


def main() -> int:
    sys.path.insert(0, str(ROOT / "scripts"))
    from mutations import MUTATIONS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only changes of files whose path contains one of these")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only-missed", type=Path, help="only the changes that this output of an earlier call missed")
    given = parser.parse_args()
    changes = [
        (file, old, new, tests)
        for (file, tests), pairs in MUTATIONS.items()
        for old, new in pairs
        if not given.words or any(word in file for word in given.words)
    ]
    if given.only_missed:
        missed = given.only_missed.read_text(encoding="utf-8")
        changes = [change for change in changes if f"NOT SEEN  {title(*change)}\n" in missed]
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change[-1], []).append(change)
    begun, count = time.monotonic(), dict.fromkeys(("seen", "NOT SEEN", "STALE", "RED BEFORE"), 0)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.workers) as pool:
        trees: Queue[Tree] = Queue()
        for number in range(given.workers):
            trees.put(Tree(Path(folder) / str(number)))

        def try_all(tests: str) -> None:
            tree = trees.get()
            red = tree.first_failure(tests)
            for change in groups[tests]:
                failure = red or tree.tried(*change)
                kind = "RED BEFORE" if red else "NOT SEEN" if failure is None else "seen"
                kind = "STALE" if failure and failure.startswith("STALE") else kind
                count[kind] += 1
                print(f"{kind:<9} {title(*change)}\n          {failure or tests}", flush=True)
            trees.put(tree)

        list(pool.map(try_all, groups))
        for _ in range(given.workers):
            trees.get().end()
    print(f"{sum(count.values())} tried in {time.monotonic() - begun:.0f} s: {count}")
    return int(count["seen"] < sum(count.values()))


def title(file: str, old: str, new: str, tests: str) -> str:
    return f"{file}: {' '.join(old.split())} → {' '.join(new.split())}"


if __name__ == "__main__":
    sys.exit(main())
