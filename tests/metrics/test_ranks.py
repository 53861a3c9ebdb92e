"""Two real processes, uneven counts: the same numbers as one, bit for bit."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, os, sys
import numpy as np
import torch

sys.path[:0] = [{tests!r}, {here!r}]
from conftest import make_pictures
from test_scorer import paint, prepared, random_pictures
from ganart.metrics import FrechetDistance, KernelDistance, PrecisionRecall, Scorer

rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
if world_size > 1:
    torch.distributed.init_process_group("gloo")
scorer = prepared(make_pictures(random_pictures(80), is_test=[n % 2 == 1 for n in range(80)]), batch_size=7)
scorer.scores = scorer.scores | {{"pr": PrecisionRecall()}}
fake = scorer.look(paint, 25, rank=rank, world_size=world_size)
evaluation = scorer.evaluate(fake, weights="average")
print(json.dumps([[row.name, row.value, row.std, row.floor] for row in evaluation.results]))
if world_size > 1:
    torch.distributed.destroy_process_group()
"""


def run(world_size: int, cache: Path) -> list[list]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = Path(__file__).parent
    script = SCRIPT.format(tests=str(here.parent), here=str(here))
    environ = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(world_size)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=os.environ | environ | {"RANK": str(rank), "GANART_CACHE": str(cache), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(world_size)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * world_size
    return [json.loads(output.splitlines()[-1]) for output in outputs]


@pytest.mark.slow
def test_all_processes_get_what_one_alone_gets(tmp_path):
    (alone,) = run(1, tmp_path / "one")
    first, second = run(2, tmp_path / "two")
    assert first == second == alone
    assert len(alone) == 5
