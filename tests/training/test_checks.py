import importlib
import sys

import pytest
import torch
from hydra import compose, initialize_config_dir

from ganart.config.build import build_network
from ganart.errors import UserError
from ganart.files.paths import conf_dir
from ganart.training.checks import check


def composed(*overrides: str):
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        return compose("train", overrides=["name=test", "run_folder=nowhere", *overrides])


def complaint(*overrides: str, world_size: int | None = 1) -> str:
    cfg = composed(*overrides)
    with pytest.raises(UserError) as error:
        check(cfg, world_size=world_size)
    return str(error.value)


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["penalty=[]"],
        ["loss=wasserstein", "penalty=[wgan_gp]"],
        ["loss=wasserstein", "penalty=[weight_clipping]"],
        ["gradient_clip.generator=1"],
        ["callback.samples.every_images=0"],
        ["~callback.scores", "metric=[]"],
        ["callback=[]"],
        ["trainer.max_time=00:01:00:00"],
        ["trainer.max_steps=5"],
        ["architecture=mlp", "batch_size=2"],
        ["batch_size=96", "accumulate=3"],
        ["dataset=image_folder", "dataset.root=pictures"],
    ],
    ids=" ".join,
)
def test_a_configuration_that_can_be_passes(overrides):
    assert check(composed(*overrides)) is None


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["dataset=image_folder"], "dataset.root has no value"),
        (["total_images=0"], "total_images=0 "),
        (["total_images=2e5"], "total_images=200000.0 "),
        (["batch_size=-1"], "batch_size=-1 "),
        (["discriminator_steps=0"], "discriminator_steps=0 "),
        (["accumulate=0"], "accumulate=0 "),
        (["accumulate=x"], "accumulate=x "),
        (["optimizer.discriminator.lr=0"], "optimizer.discriminator.lr=0 "),
        (["optimizer.generator.lr=-0.1"], "optimizer.generator.lr=-0.1 "),
        (["gradient_clip.discriminator=0"], "gradient_clip.discriminator=0 "),
        (["gradient_clip.generator=-1"], "gradient_clip.generator=-1 "),
        (["loss=wasserstein", "penalty=[]"], "loss Wasserstein without a penalty"),
        (["callback.samples.every_images=-1"], "callback.samples.every_images=-1 "),
        (["callback.checkpoint.every_images=1.5"], "callback.checkpoint.every_images=1.5 "),
        (["metric=[]"], "callback.scores has no metric"),
        (["batch_size=7", "accumulate=2"], "batch_size=7 cannot be dealt"),
        (["seed=-1"], "seed=-1 "),
        (["seed=1.5"], "seed=1.5 "),
        (["seed=99999999999999999999"], "seed=99999999999999999999 "),
        (["batch_size=128", "total_images=64"], "batch_size=128 is more than the run is to see"),
        (["optimizer.generator.lr=nan"], "optimizer.generator.lr=nan "),
        (["optimizer.discriminator.lr=inf"], "optimizer.discriminator.lr=inf "),
        (["optimizer.generator.betas=[0,1.5]"], "optimizer.generator: Invalid beta parameter"),
        (["penalty.r1.gamma=-1"], "penalty.r1.gamma=-1 "),
        (["penalty=[wgan_gp]", "penalty.wgan_gp.weight=x"], "penalty.wgan_gp.weight=x "),
        (["penalty=[weight_clipping]", "penalty.weight_clipping.limit=0"], "penalty.weight_clipping.limit=0 "),
        (["penalty.r2.every=0"], "penalty.r2.every=0 "),
        (["ema.every=0"], "ema.every=0 "),
        (["ema.half_life_images=-1"], "ema.half_life_images=-1 "),
        (["schedule=linear", "schedule.decay_images=0"], "schedule.decay_images=0 "),
        (["schedule=constant", "schedule.warmup_images=-1"], "schedule.warmup_images=-1 "),
        (["architecture.generator.latent_dim=0"], "architecture.generator.latent_dim=0 "),
        (["architecture.generator.latent_dim=-3"], "architecture.generator.latent_dim=-3 "),
        (["architecture=mlp", "batch_size=1"], "architecture.generator: it has batch normalization"),
        (["architecture=mlp", "batch_size=4", "accumulate=4"], "Try batch_size=32"),
        (["trainer.max_time=1h"], "trainer.max_time=1h must be DD:HH:MM:SS"),
        (["trainer.max_time=abc"], "trainer.max_time=abc must be DD:HH:MM:SS"),
        (["trainer.max_steps=0"], "trainer.max_steps=0 "),
        (["trainer.precision=12"], "trainer: Precision '12' is invalid"),
        (["trainer=cpu", "trainer.devices=0"], "trainer: "),
        (["callback.doctor.ignore=[measles]"], "measles"),
        (["logger=[wandb]", "logger.wandb.mode=offline", "logger.wandb.project=a/b"], "logger.wandb.project=a/b"),
        (["logger=[wandb]", "logger.wandb.mode=ofline"], "logger.wandb.mode=ofline is not one of"),
    ],
    ids=str,
)
def test_a_problem_is_found_and_named_alone(overrides, told):
    message = complaint(*overrides)
    assert message.startswith("1 problem in this configuration")
    assert told in message
    assert len(message.splitlines()) == 2


@pytest.mark.parametrize(
    ("batch_size", "accumulate", "world_size", "suggested"),
    [(7, 2, 1, 8), (100, 1, 8, 96), (3, 2, 4, 16), (130, 4, 8, 128)],
)
def test_a_batch_that_cannot_be_dealt_comes_with_the_nearest_that_can(batch_size, accumulate, world_size, suggested):
    message = complaint(f"batch_size={batch_size}", f"accumulate={accumulate}", world_size=world_size)
    assert f"batch_size={batch_size} cannot be dealt" in message
    assert f"Try batch_size={suggested}." in message
    check(composed(f"batch_size={suggested}", f"accumulate={accumulate}"), world_size=world_size)


def test_the_devices_that_share_a_batch_are_those_of_the_trainer():
    message = complaint("trainer=cpu", "trainer.devices=3", "batch_size=32", world_size=None)
    assert "batch_size=32 cannot be dealt to 3 device(s)" in message


def test_a_batch_of_one_picture_a_device_is_refused_where_it_is_normalized():
    message = complaint("architecture=mlp", "batch_size=4", world_size=4)
    assert "it has batch normalization" in message
    assert "Try batch_size=32" in message


@pytest.mark.parametrize(
    ("overrides", "works"),
    [
        (["architecture=dcgan"], True),
        (["architecture=dcgan", "dataset.height=16", "dataset.width=16"], True),
        (["architecture=resize_conv"], True),
        (["architecture=mlp"], False),
        (["architecture=mlp", "architecture.generator.batch_norm=false"], True),
        (
            [
                "architecture=mlp",
                "architecture.generator.batch_norm=false",
                "architecture.discriminator.batch_norm=true",
            ],
            False,
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("accumulate", [1, 4])
def test_one_picture_at_a_time_is_refused_where_a_layer_cannot_normalize_it(overrides, works, accumulate):
    overrides = [*overrides, f"batch_size={accumulate}", f"accumulate={accumulate}"]
    cfg = composed(*overrides, "dataset.condition=[]")
    networks = {name: build_network(node) for name, node in cfg.architecture.items()}
    size = cfg.dataset.height, cfg.dataset.width
    labels = torch.zeros(1, 0, dtype=torch.long)

    def play():
        networks["generator"](torch.randn(1, networks["generator"].latent_dim), labels)
        networks["discriminator"](torch.randn(1, 3, *size), labels)

    if works:
        play()
        check(cfg, world_size=1)
    else:
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            play()
        assert "batch normalization of single values" in complaint(*overrides)


def test_a_value_that_follows_a_wrong_one_is_not_told_too():
    assert complaint("total_images=0", "schedule=linear").count("=0 ") == 1


@pytest.mark.parametrize("package", ["wandb", "tensorboard"])
def test_the_package_of_a_logger_that_is_missing_is_named_before_anything_is_read(monkeypatch, package):
    from importlib.util import find_spec

    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: None if name == package else find_spec(name))
    assert f"pip install {package}" in complaint(f"logger=[{package}]")


def test_all_problems_are_told_at_once():
    message = complaint(
        "dataset=image_folder",
        "total_images=0",
        "batch_size=7",
        "accumulate=2",
        "optimizer.generator.lr=0",
        "gradient_clip.discriminator=-1",
        "loss=wasserstein",
        "penalty=[]",
        "callback.samples.every_images=-1",
        "metric=[]",
    )
    assert message.startswith("8 problems in this configuration")
    parts = [
        "dataset.root",
        "total_images",
        "gradient_clip.discriminator",
        "optimizer.generator.lr",
        "loss Wasserstein",
    ]
    parts += ["callback.samples.every_images", "callback.scores", "batch_size=7"]
    lines = message.splitlines()[1:]
    assert [line.split(".")[0].strip() for line in lines] == list("12345678")
    assert all(part in line for part, line in zip(parts, lines, strict=True))


@pytest.mark.parametrize(
    "override",
    ["optimizer.generator.lr=fast", "optimizer.generator.lr=null", "gradient_clip.generator=much"],
)
def test_words_in_the_place_of_numbers_are_told_to_the_user(override):
    assert override.partition("=")[0] in complaint(override)


# ------------------------------------------------------------------------------------------ parts of the user's own

OWN = """
import torch
from pytorch_lightning import Callback
from ganart.losses import NonSaturating

built = []

class Watch(Callback):
    def __init__(self, *, every_images=0):
        built.append(self)

class Player(torch.nn.Module):
    def __init__(self, *, width, latent_dim=4, label_sizes=()):
        super().__init__()
        if width < 1:
            raise ValueError(f"width={width} must be at least 1.")
        self.latent_dim = latent_dim
        self.places = torch.linspace(0, 1, 3).numpy()  # needs memory
        self.dense = torch.nn.Linear(latent_dim, width)

class Told(torch.nn.Module):
    def __init__(self, *, latent_dim=4, label_sizes=()):
        super().__init__()
        self.latent_dim = latent_dim
        if len(label_sizes) != 2:
            raise ValueError("this one is for style and subject")
        self.tables = torch.nn.ModuleList(torch.nn.Embedding(size, 4) for size in label_sizes)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A package of the user's own."""
    (tmp_path / "own_parts_of_a_test.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("own_parts_of_a_test")
    del sys.modules["own_parts_of_a_test"]


def named(key, **values):
    arguments = ",".join([f"_target_:own_parts_of_a_test.{key}", *(f"{k}:{v}" for k, v in values.items())])
    return f"{{{arguments}}}"


ALLOWED = "allow_targets=[own_parts_of_a_test]"


def player(name, **values):
    return [f"~architecture.{name}", f"+architecture.{name}={named('Player', **values)}"]


def test_what_a_users_own_parts_do_not_take_is_told_with_all_other_problems(own):
    message = complaint(
        ALLOWED,
        "total_images=0",
        f"+callback.watch={named('Watch', every_picture=1)}",
        *player("generator", widht=3),
        *player("discriminator", width=0),
    )
    assert message.startswith("4 problems in this configuration")
    wrong_key = "unexpected keyword argument 'every_picture'. It takes: every_images."
    assert f"callback.watch: own_parts_of_a_test.Watch: got an {wrong_key}" in message
    assert "architecture.generator: own_parts_of_a_test.Player: missing a required argument: 'width'" in message
    assert "It takes: width, latent_dim." in message
    assert "architecture.discriminator.width=0 must be at least 1." in message
    assert not own.built  # who knows what else it does


def test_a_users_own_parts_that_can_be_pass(own):
    told = [f"~architecture.{name}" for name in ("generator", "discriminator")]
    told += [f"+architecture.{name}={named('Told')}" for name in ("generator", "discriminator")]
    check(composed(ALLOWED, *told), world_size=1)
    check(composed(ALLOWED, f"+callback.watch={named('Watch')}", *player("generator", width=3)), world_size=1)


def test_a_users_own_part_that_is_not_allowed_is_told_with_all_other_problems(own):
    message = complaint("total_images=0", f"+callback.watch={named('Watch')}", *player("generator", width=3))
    assert message.startswith("3 problems in this configuration")
    assert message.count("allow_targets=[own_parts_of_a_test]") == 2
