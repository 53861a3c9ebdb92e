"""Sweeps on a PostgreSQL server: begun by several processes at once, away for a while, a process killed."""

import getpass
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from laboratory import DCGAN, TINY
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from ganart.sweeping.objective import Objective
from ganart.sweeping.sampler import SeededByTrial
from ganart.sweeping.study import Study

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'ganart[sweep-postgresql]'")
pytestmark = pytest.mark.slow

USER = "ganart"


def program(name):
    places = [*os.environ["PATH"].split(os.pathsep), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))]
    return shutil.which(name, path=os.pathsep.join(places))


class Server:
    """A PostgreSQL of its own: a folder, a port, and a user that may run it, which root may not."""

    def __init__(self, folder):
        self.data, self.as_user = folder / "data", []
        if getpass.getuser() == "root":
            if not shutil.which("runuser") or subprocess.run(["id", "postgres"], capture_output=True).returncode:
                pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it as")
            shutil.chown(folder, "postgres")
            self.as_user = ["runuser", "-u", "postgres", "--"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.called("initdb", "-A", "trust", "-U", USER, "-D", self.data)

    def called(self, name, *arguments):
        command = [*self.as_user, program(name), *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60, cwd=self.folder)

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.called("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self):
        self.called("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def new_base(self):
        """The address of an empty data base."""
        name = f"base{time.monotonic_ns()}"
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres", autocommit=True) as base:
            base.execute(f"CREATE DATABASE {name}")
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"


@pytest.fixture(scope="module")
def server():
    if not program("initdb"):
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="ganart-postgresql-"))
    server = Server(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def opened(folder, url):
    sampler = SeededByTrial(lambda seed: RandomSampler(seed=seed), 0)
    return Study.open(folder, url, (Objective("fid", lower_is_better=True),), sampler, name="together")


def work(folder, url, n_trials, barrier, seconds=0.05):
    """A process at work on a study, whose trainings take `seconds`."""
    barrier.wait()
    study = opened(folder, url)
    study.agree_on({"loss": "hinge"})
    while claim := study.claim(n_trials, lambda trial: [f"lr={trial.suggest_float('lr', 0, 1)}"]):
        with study.held(claim):
            time.sleep(seconds)
            study.tell(claim.trial, TrialState.COMPLETE, [claim.trial.number])


def together(number, *arguments):
    """Let `number` processes work that begin at the same moment; returns them when they have ended."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(number)
    processes = [context.Process(target=work, args=(*arguments, barrier)) for _ in range(number)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)
    return processes


def test_processes_that_begin_together_on_an_empty_data_base_all_work(server, tmp_path):
    url = server.new_base()
    processes = together(4, tmp_path, url, 12)
    assert [process.exitcode for process in processes] == [0] * 4
    trials = opened(tmp_path, url).trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 12


def sweep(folder, url, n_trials):
    command = [sys.executable, "-m", "ganart", "sweep", *TINY, *DCGAN, "name=tiny", "pruner=none", "sampler=random"]
    command += [f"n_trials={n_trials}", f"storage={url}", f"hydra.run.dir={folder}"]
    environment = os.environ | {"GANART_CACHE": str(folder.parent / "cache"), "COLUMNS": "200"}
    return subprocess.Popen(
        [*command, "optimizer.generator.lr=tag(log,interval(1e-5,1e-3))"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def numbers_of(folder):
    return sorted(int(file.parent.name) for file in folder.glob("trials/*/summary.json"))


def until(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_server_that_is_away_and_a_process_that_is_killed_cost_nothing(server, tmp_path):
    """Two sweeps begin together; the server is away for ten seconds, and one of them is killed; then one goes on."""
    folder, url, n_trials = tmp_path / "study", server.new_base(), 6
    processes = [sweep(folder, url, n_trials) for _ in range(2)]
    until(lambda: len(numbers_of(folder)) >= 1)
    server.stop()
    time.sleep(10)
    server.start()
    processes[1].send_signal(signal.SIGKILL)
    said = [process.communicate(timeout=600)[0] for process in processes]
    assert processes[0].returncode == 0, said[0][-3000:]
    last = sweep(folder, url, n_trials)  # takes up what the killed one may have left
    said.append(last.communicate(timeout=600)[0])
    assert last.returncode == 0, said[2][-3000:]
    assert "Traceback" not in "".join(said)
    facts = json.loads((folder / "study.json").read_text())
    assert [trial["state"] for trial in facts["trials"]] == ["complete"] * n_trials
    assert len({trial["folder"] for trial in facts["trials"]}) == n_trials
    assert len({tuple(trial["overrides"]) for trial in facts["trials"]}) == n_trials
    assert len(numbers_of(folder)) == n_trials
    assert f"({n_trials + 1} of {n_trials})" not in "".join(said)
