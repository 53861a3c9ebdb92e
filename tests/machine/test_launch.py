"""What a scheduler's or launcher's variables mean for a run, and which folder each process gets."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from laboratory import DCGAN, TINY
from omegaconf import OmegaConf
from pytorch_lightning.plugins.environments import SLURMEnvironment, TorchElasticEnvironment
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.console import console
from ganart.errors import UserError
from ganart.files.paths import conf_dir
from ganart.machine.launch import Launch, launch_of, num_processes
from ganart.runs.output import Folder, created
from ganart.training.lightning import is_first_process
from ganart.training.processes import OwnProcesses, environment_of, take_rank

SRUN = {
    "SLURM_JOB_ID": "17",
    "SLURM_STEP_ID": "0",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_NTASKS": "4",
    "SLURM_NTASKS_PER_NODE": "4",
    "SLURM_PROCID": "3",
    "SLURM_LOCALID": "3",
    "SLURM_NODEID": "0",
}
BATCH = {"SLURM_JOB_ID": "17", "SLURM_NTASKS": "4", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "tonight",
    "WORLD_SIZE": "2",
    "LOCAL_WORLD_SIZE": "2",
    "RANK": "1",
    "LOCAL_RANK": "1",
    "MASTER_ADDR": "localhost",
    "MASTER_PORT": "29500",
}
LEFT_OVER = {"RANK": "3", "LOCAL_RANK": "3", "WORLD_SIZE": "8", "MASTER_ADDR": "far.away", "MASTER_PORT": "1"}
MPIRUN = {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "2", "PMI_RANK": "2", "PMI_SIZE": "4"}
STRANGE = [SRUN, BATCH, LEFT_OVER, MPIRUN, {"JSM_NAMESPACE_SIZE": "4", "JSM_NAMESPACE_RANK": "2"}]
STRANGE += [{**SRUN, **LEFT_OVER}, {**SRUN, "SLURM_NTASKS": "many"}, {"TORCHELASTIC_RUN_ID": "x", **LEFT_OVER}]
STRANGE[-1]["WORLD_SIZE"] = "1"


def trainer(devices=1, num_nodes=1):
    return OmegaConf.create({"devices": devices, "num_nodes": num_nodes})


@pytest.fixture
def variables(monkeypatch):
    """Put variables into the environment, and take a rank that Lightning may have read from them."""
    monkeypatch.setattr(rank_zero_only, "rank", 3)
    monkeypatch.setattr(console, "quiet", True)

    def put(values):
        for key, value in values.items():
            monkeypatch.setenv(key, value)

    return put


@pytest.mark.parametrize("values", STRANGE, ids=lambda values: " ".join(values)[:60])
def test_a_process_that_is_alone_in_its_training_speaks_whatever_the_variables_say(variables, values):
    variables(values)
    take_rank(trainer())
    assert is_first_process()
    assert not console.quiet
    environment = environment_of(trainer())
    assert isinstance(environment, OwnProcesses)
    assert (environment.global_rank(), environment.local_rank(), environment.node_rank()) == (0, 0, 0)


@pytest.mark.parametrize("values", [BATCH, LEFT_OVER, {**SRUN, "SLURM_NTASKS": "1", "SLURM_STEP_NUM_TASKS": "1"}])
def test_a_process_that_nothing_has_started_with_others_starts_them_itself(variables, values):
    variables(values)
    take_rank(trainer(devices=2))
    environment = environment_of(trainer(devices=2))
    assert is_first_process()
    assert not environment.creates_processes_externally
    assert (environment.local_rank(), environment.main_address) == (0, "127.0.0.1")
    assert environment.main_port == environment.main_port != 1


@pytest.mark.parametrize(
    ("values", "settings", "rank", "kind"),
    [
        (SRUN, {"devices": 4}, 3, SLURMEnvironment),
        (SRUN, {"devices": "auto"}, 3, SLURMEnvironment),
        (
            {**SRUN, "SLURM_NNODES": "2", "SLURM_NTASKS_PER_NODE": "2"},
            {"devices": 2, "num_nodes": 2},
            3,
            SLURMEnvironment,
        ),
        (TORCHRUN, {"devices": 2}, 1, TorchElasticEnvironment),
        (TORCHRUN, {"devices": "0,1"}, 1, TorchElasticEnvironment),
        ({**SRUN, **TORCHRUN}, {"devices": 2}, 1, TorchElasticEnvironment),
    ],
)
def test_processes_that_train_one_run_together_have_their_ranks(variables, values, settings, rank, kind):
    variables(values)
    take_rank(trainer(**settings))
    assert rank_zero_only.rank == rank
    assert console.quiet
    assert isinstance(environment_of(trainer(**settings)), kind)


@pytest.mark.parametrize(
    ("values", "settings", "words"),
    [
        (
            SRUN,
            {"devices": 2},
            r"srun has started 4 processes.* to have 2.*trainer\.devices=4 .*its? own|own",
        ),
        (TORCHRUN, {"devices": 1}, r"torchrun has started 2 processes.*trainer\.devices=2"),
        (TORCHRUN, {"devices": 2, "num_nodes": 2}, "to have 4"),
        (MPIRUN, {"devices": 4}, r"mpirun has started 4.*trainer\.devices=1"),
        ({k: v for k, v in SRUN.items() if k != "SLURM_NTASKS_PER_NODE"}, {"devices": 4}, "--ntasks-per-node=4"),
    ],
)
def test_a_launch_of_another_size_is_refused_in_words(variables, values, settings, words):
    variables(values)
    with pytest.raises(UserError, match=words):
        launch_of(trainer(**settings))


@pytest.mark.parametrize(
    ("devices", "nodes", "expected"),
    [(1, 1, 1), (4, 2, 8), ("2", 1, 2), ("0,3", 1, 2), ("1,", 1, 1), ([0, 1], 2, 4), ("auto", 1, None), (-1, 2, None)],
)
def test_the_processes_of_a_run_are_counted_as_lightning_counts_them(devices, nodes, expected):
    assert num_processes(trainer(devices, nodes)) == expected


def test_a_single_process_is_no_launch():
    for values in ({}, {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "1"}, {**SRUN, "SLURM_STEP_NUM_TASKS": "1"}, BATCH):
        assert Launch.find(values) is None


# ------------------------------------------------------------------------------------------ folders


@pytest.fixture
def settled(tmp_path, monkeypatch):
    """The run folder, or with multirun=True the multirun's, of a command of this year."""
    monkeypatch.chdir(tmp_path)

    def call(*overrides, multirun=False, verb="train"):
        kind = "sweep" if multirun else "run"
        new = [f"hydra.{kind}.dir=runs/${{hydra:runtime.choices.dataset}}/${{now:%Y}}"] if verb == "train" else []
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            config = compose(verb, [*new, *overrides], return_hydra_config=True)
        place = Folder()
        (place.on_multirun_start if multirun else place.on_run_start)(config)
        return config.hydra[kind].dir

    return call


@pytest.mark.parametrize("multirun", [False, True])
def test_commands_of_the_same_moment_have_folders_of_their_own(settled, multirun):
    first = settled(multirun=multirun)
    assert Path(first).is_dir()
    assert Path(first).parent == Path("runs/procedural_art")
    assert [settled(multirun=multirun) for _ in range(2)] == [f"{first}_2", f"{first}_3"]


def test_many_processes_that_create_a_folder_at_once_create_one_each(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        places = list(pool.map(created, [tmp_path / "runs/tiny/now"] * 48))
    assert len(set(places)) == 48
    assert all(place.is_dir() for place in places)


def test_a_folder_that_was_given_is_left_as_it_is(settled):
    for _ in range(2):
        assert settled("hydra.run.dir=mine") == "mine"
        assert settled("hydra.sweep.dir=mine", multirun=True) == "mine"


def test_jobs_of_a_multirun_learn_its_folder(settled, tmp_path):
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", ["hydra.sweep.dir=runs/${name}/${now:%Y}"], return_hydra_config=True)
    Folder().on_multirun_start(config)
    assert config.hydra.overrides.hydra[-1] == f"hydra.sweep.dir='{config.hydra.sweep.dir}'"


@pytest.mark.parametrize(("values", "devices", "name"), [(TORCHRUN, 2, "tonight"), (SRUN, 4, "slurm-17.0")])
def test_the_processes_of_one_run_share_a_folder_and_others_do_not(settled, variables, values, devices, name):
    variables(values)
    folders = [settled(f"trainer.devices={devices}") for _ in range(2)]
    assert folders == [f"runs/procedural_art/{name}"] * 2
    if values is SRUN:
        assert len({settled() for _ in range(2)}) == 2


@pytest.mark.parametrize(
    ("values", "arguments", "words"),
    [
        ({**TORCHRUN, "TORCHELASTIC_RUN_ID": "none"}, {}, "--rdzv-id NAME"),
        (TORCHRUN, {"multirun": True}, "hydra/launcher=slurm"),
        (MPIRUN, {}, "mpirun has started 4"),
    ],
)
def test_what_cannot_share_a_folder_ends_the_command(settled, variables, values, arguments, words, capsys):
    variables(values)
    with pytest.raises(SystemExit):
        settled("trainer.devices=2", **arguments)
    assert words in " ".join(capsys.readouterr().err.split())


def test_settling_a_folder_leaves_hydra_as_it_was(settled):
    before = HydraConfig.instance().cfg
    settled()
    assert HydraConfig.instance().cfg is before


def test_tasks_of_one_slurm_job_train_each_in_its_own_folder_and_say_so(ganart, variables, tmp_path):
    """As in each task of `srun -n4 ganart train seed=$SLURM_PROCID trainer.devices=1`, in the same year."""
    variables({**SRUN, **LEFT_OVER})
    tiny = [*TINY, *DCGAN, "~callback.scores", "total_images=32", "hydra.run.dir=runs/tiny/${now:%Y}"]
    for seed in (1, 2):
        status, text = ganart("train", *tiny, f"seed={seed}")
        assert status == 0, text
        assert "players   generator" in text
        assert "ganart generate run=runs/tiny/" in text
    folders = sorted(tmp_path.glob("runs/tiny/*"))
    assert len(folders) == 2
    assert {OmegaConf.load(folder / "config.yaml").seed for folder in folders} == {1, 2}
    for folder in folders:
        assert {"summary.json", "metrics.csv", "samples"} <= {file.name for file in folder.iterdir()}
    for _ in range(2):
        assert ganart("generate", f"run={folders[0]}", "seeds=0-1")[0] == 0
    assert len(list((folders[0] / "generated").glob("*/*.png"))) == 6
