"""What jobs of a multirun are called, and how a command finds the folder it ran in before."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ganart.command_line.arguments import CONSTANT_KEYS, flags_first, with_constants_named
from ganart.command_line.run_dirs import with_folder_of_same_command
from ganart.config.naming import what_differs
from ganart.files.paths import conf_dir


@pytest.mark.parametrize(
    ("overrides", "constant", "name"),
    [
        (["loss=hinge", "seed=1"], [], "loss-hinge_seed-1"),
        (["experiment=mnist", "loss=hinge", "seed=1"], ["experiment"], "loss-hinge_seed-1"),
        (["optimizer.generator.lr=0.001"], [], "lr-0.001"),
        (
            ["optimizer.generator.lr=1e-3", "optimizer.discriminator.lr=2e-3"],
            [],
            "generator.lr-1e-3_discriminator.lr-2e-3",
        ),
        (["seed=1", "callback.scores.seed=2"], [], "seed-1_scores.seed-2"),
        (["penalty=[r1,r2]"], [], "penalty-r1+r2"),
        (["penalty=[]"], [], "penalty-none"),
        (["optimizer@optimizer.generator=sgd"], [], "generator-sgd"),
        (["dataset.root='/data/my art.zip'"], [], "root-data-my-art.zip-c2ac"),
        (["~callback.doctor"], [], "without-doctor"),
        (["x=-1"], [], "x--1"),
        (["x=1e-05"], [], "x-1e-05"),
        (["experiment=mnist"], ["experiment"], "job"),
    ],
)
def test_a_job_is_called_by_what_differs(overrides, constant, name):
    assert what_differs(overrides, constant) == name


def test_values_that_look_alike_in_a_name_are_told_apart():
    for pair in (("/a/b", "a-b"), ("'a b'", "a-b"), ("-1", "1")):
        assert len({what_differs([f"x={value}"]) for value in pair}) == 2


def test_names_can_be_typed_after_run_and_are_not_endless():
    values = ",".join(f"factor{n}" for n in range(60))
    names = [what_differs([f"dataset.condition=[{values}]", f"seed={seed}"]) for seed in (1, 2)]
    assert len(set(names)) == 2
    for name in names:
        assert len(name) <= 120
        assert not set(name) & set(" ,=[](){}'\"$/\\")


def test_hydra_learns_what_is_the_same_in_all_jobs():
    told = with_constants_named(
        ["--multirun", "loss=hinge,minimax", "experiment=mnist", "optimizer@optimizer.generator=sgd"]
    )
    assert told[-1] == f"{CONSTANT_KEYS}=['experiment','optimizer@optimizer.generator']"
    assert with_constants_named(["loss=hinge,minimax"]) == ["loss=hinge,minimax"]
    assert with_constants_named(["loss=hinge", "loss=hinge,minimax"]) == ["loss=hinge", "loss=hinge,minimax"]
    assert with_constants_named(["--config-name", "study", "loss=a,b"]) == ["--config-name", "study", "loss=a,b"]
    assert with_constants_named(["loss=[hinge"]) == ["loss=[hinge"]  # Hydra says what is wrong with it


@pytest.fixture
def ran_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    single, multi = Path("runs/tiny/one"), Path("runs/tiny/many_sweep")
    for folder in (single, multi):
        folder.mkdir(parents=True)
    OmegaConf.save(["loss=hinge", "seed=1"], single / "overrides.yaml")
    OmegaConf.save({"hydra": {"overrides": {"task": ["seed=1,2", "loss=hinge"]}}}, multi / "multirun.yaml")


@pytest.mark.usefixtures("ran_before")
def test_the_same_command_finds_its_folder_again():
    found = with_folder_of_same_command(["seed=1", "loss=hinge", "resume=auto"])
    assert found[-1] == "hydra.run.dir='runs/tiny/one'"
    found = with_folder_of_same_command(["--multirun", "loss=hinge", "seed=1,2", "resume=auto"])
    assert found[-1] == "hydra.sweep.dir='runs/tiny/many_sweep'"


@pytest.mark.usefixtures("ran_before")
@pytest.mark.parametrize(
    "arguments",
    [
        ["loss=hinge", "seed=2", "resume=auto"],
        ["loss=hinge", "seed=1,2", "resume=auto"],
        ["-m", "loss=hinge", "seed=1", "resume=auto"],
        ["loss=hinge", "seed=1", "resume=auto", "hydra.run.dir=elsewhere"],
        ["--config-dir", "mine", "--config-name", "paper", "loss=hinge", "seed=1", "resume=auto"],
    ],
)
def test_another_command_begins_anew(arguments):
    assert with_folder_of_same_command(arguments) == arguments


def test_a_multirun_that_no_longer_says_where_its_data_lie_is_found_by_its_runs(ran_before):
    multi = Path("runs/tiny/many_sweep")
    OmegaConf.save({"hydra": {"overrides": {"task": ["seed=1,2", "dataset.root=art"]}}}, multi / "multirun.yaml")
    command = ["--multirun", "dataset.root=/home/me/art", "seed=1,2", "resume=auto"]
    assert with_folder_of_same_command(command) == command
    (multi / "seed=1").mkdir()
    OmegaConf.save(["seed=1", "dataset.root=/home/me/art"], multi / "seed=1/overrides.yaml")
    assert with_folder_of_same_command(command)[-1] == "hydra.sweep.dir='runs/tiny/many_sweep'"
    other = ["--multirun", "dataset.root=/home/you/art", "seed=1,2", "resume=auto"]
    assert with_folder_of_same_command(other) == other


def test_slurm_starts_as_many_tasks_as_a_run_has_devices():
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        overrides = ["hydra/launcher=slurm", "trainer=ddp", "trainer.devices=4", "trainer.num_nodes=2"]
        launcher = compose("train", overrides, return_hydra_config=True).hydra.launcher
    assert (launcher.nodes, launcher.tasks_per_node, launcher.gpus_per_node) == (2, 4, 4)


def test_lightning_takes_the_processes_that_slurm_or_torchrun_started_for_its_own(monkeypatch):
    """What decides whether it would start further ones: simulated, as there is no cluster here."""
    from lightning_fabric.plugins.environments import SLURMEnvironment, TorchElasticEnvironment

    slurm = {
        "SLURM_NTASKS": "8",
        "SLURM_JOB_NAME": "ganart",
        "SLURM_PROCID": "5",
        "SLURM_LOCALID": "1",
        "SLURM_NODEID": "1",
    }
    for key, value in {**slurm, "SLURM_JOB_ID": "17", "SLURM_NTASKS_PER_NODE": "4", "SLURM_NNODES": "2"}.items():
        monkeypatch.setenv(key, value)
    assert SLURMEnvironment.detect()
    environment = SLURMEnvironment()
    assert environment.creates_processes_externally
    environment.validate_settings(num_devices=4, num_nodes=2)
    with pytest.raises(ValueError, match="ntasks-per-node"):
        environment.validate_settings(num_devices=2, num_nodes=2)
    assert (environment.world_size(), environment.global_rank(), environment.local_rank()) == (8, 5, 1)
    for key, value in {
        "RANK": "3",
        "LOCAL_RANK": "1",
        "WORLD_SIZE": "4",
        "GROUP_RANK": "1",
        "LOCAL_WORLD_SIZE": "2",
    }.items():
        monkeypatch.setenv(key, value)
    for key in ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID"):
        monkeypatch.setenv(key, "1")
    assert TorchElasticEnvironment.detect()
    assert TorchElasticEnvironment().creates_processes_externally


def test_flags_may_stand_anywhere():
    given = [
        "seed=1",
        "--cfg",
        "job",
        "loss=hinge",
        "--info",
        "~callback.doctor",
        "--config-dir",
        "mine",
        "--info",
        "all",
    ]
    flags = ["--cfg", "job", "--info", "--config-dir", "mine", "--info", "all"]
    assert flags_first(given) == [*flags, "seed=1", "loss=hinge", "~callback.doctor"]
