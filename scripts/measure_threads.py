"""Train beside a busy process: with every core, and with as many threads as are fastest at the start.

python scripts/measure_threads.py [overrides of `ganart train` …]

Three trainings one after the other: alone with `trainer.threads=auto`, then beside a process that keeps torch busy
with all cores, once with `trainer.threads=CORES` and once with `auto`. Prints a table of images/s.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from ganart.machine.threads import cores
from ganart.runs.folder import RunFolder

SMALL = ["total_images=6000", "trainer.accelerator=cpu", "~callback.scores", "trainer.max_time=00:00:01:00"]
BUSY = """
import torch
x, kernel = torch.randn(32, 64, 32, 32), torch.randn(64, 64, 3, 3)
print("busy", flush=True)
while True:
    torch.nn.functional.conv2d(x, kernel)
"""


@contextmanager
def busy_process():
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            yield
        finally:
            other.kill()


def trained(folder: Path, threads: str, overrides: list[str]) -> tuple[float, int]:
    """Images a second of training, and the number of threads that it was trained with."""
    command = [sys.executable, "-m", "ganart", "train", *SMALL, f"trainer.threads={threads}", *overrides]
    subprocess.run([*command, f"hydra.run.dir={folder}"], check=True, stdout=subprocess.DEVNULL)
    run = RunFolder(folder)
    return run.summary["images_seen"] / run.summary["seconds_training"], run.config.trainer.threads


def main() -> None:
    overrides, number = sys.argv[1:], str(cores())
    print("| beside a busy process | trainer.threads | threads | images/s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for busy, threads in ((False, number), (False, "auto"), (True, number), (True, "1"), (True, "auto")):
            folder = Path(place) / f"{busy}-{threads}"
            if busy:
                with busy_process():
                    rate, used = trained(folder, threads, overrides)
            else:
                rate, used = trained(folder, threads, overrides)
            print(f"| {'yes' if busy else 'no'} | {threads} | {used} | {rate:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
