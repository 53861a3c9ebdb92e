import os
from typing import ClassVar

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from ganart.config import build as config
from ganart.config.build import build, build_dataset, build_network, targets_in
from ganart.datasets.base import Dataset
from ganart.errors import UserError
from ganart.losses import Hinge
from ganart.penalties import R1


def node(**entries):
    return OmegaConf.create(entries)


# ---------------------------------------------------------------------------------------------- what may be named


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "torch.load",
        "torch.hub.load",
        "builtins.eval",
        "builtins.exec",
        "subprocess.run",
        "hydra.utils.call",
        "os",
        "",
    ],
)
def test_targets_outside_of_the_allowed_packages_are_refused(target):
    with pytest.raises(UserError, match="is outside of what a configuration may build"):
        build(node(_target_=target, _partial_=True))


@pytest.mark.parametrize(
    "target",
    [
        "ganart.files.paths.os.system",
        "ganart.files.paths.os.mkdir",
        "ganart.config.build.instantiate",
        "ganart.config.build.get_object",
        "ganart.config.build.re.compile",
        "ganart.ema.copy.deepcopy",
        "ganart.penalties.r1.dataclass",
        "torch.nn.functional.torch.load",
        "torch.nn.functional.torch.hub.load",
        "torch.optim.lr_scheduler.types.FunctionType",
        "ganart.losses",  # a module
        "ganart.machine.hardware.cpu_has_bfloat16.__wrapped__.__globals__",
    ],
)
def test_detours_through_what_an_allowed_module_imported_are_refused(target):
    with pytest.raises(UserError, match=r"is not a class of an allowed package|cannot be found"):
        build(node(_target_=target, _partial_=True))


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "subprocess.run",
        "builtins.eval",
        "torch.load",
        "numpy.load",
        "torchvision.datasets.LSUN",
        "pickle.loads",
        "os",
        "..x",
        "pytorch_lightning.callbacks.ModelCheckpoint",
    ],
)
def test_nobody_is_told_to_allow_what_is_no_package_of_their_own(target):
    with pytest.raises(UserError, match="outside of what") as told:
        build(node(_target_=target))
    assert "allow_targets" not in str(told.value)


def test_a_refused_target_is_not_called(tmp_path):
    for target in ("os.mkdir", "ganart.files.paths.os.mkdir"):
        with pytest.raises(UserError):
            build(node(_target_=target, _args_=[str(tmp_path / "made")]))
    assert not (tmp_path / "made").exists()


def test_prefixes_end_at_a_dot():
    with pytest.raises(UserError, match="outside of what"):
        build(node(_target_="ganart_evil.thing"))
    with pytest.raises(UserError, match="outside of what"):
        build(node(_target_="collectionsx.Counter"), allow=["collections"])


@pytest.mark.parametrize(
    "inner",
    [
        {"margin": {"_target_": "os.getcwd"}},
        {"margin": [1, {"a": {"_target_": "os.getcwd"}}]},
        {"_args_": [{"_target_": "os.getcwd"}]},
    ],
)
def test_targets_are_refused_at_any_depth(inner):
    with pytest.raises(UserError, match=r"_target_=os\.getcwd is outside"):
        build(OmegaConf.create({"a": [{"_target_": "ganart.losses.Hinge", **inner}]}))


def test_interpolated_targets_are_refused():
    cfg = OmegaConf.create(
        {"loss": {"_target_": "${evil}"}, "evil": "os.getcwd", "copy": "${hidden}", "hidden": {"_target_": "os.getcwd"}}
    )
    for name in ("loss", "copy"):
        with pytest.raises(UserError, match=r"_target_=os\.getcwd is outside"):
            build(cfg[name])
        with pytest.raises(UserError, match=r"_target_=os\.getcwd is outside"):
            build(cfg)


def test_plain_dictionaries_are_looked_through_like_nodes():
    with pytest.raises(UserError, match="outside of what"):
        build({"_target_": "os.getcwd"})


def test_user_may_allow_a_package_of_their_own():
    with pytest.raises(UserError, match=r"allow_targets=\[mypackage\]"):
        build(node(_target_="mypackage.Loss"))
    counter = node(_target_="collections.Counter", a=2)
    assert build(counter, allow=["collections"]) == {"a": 2}
    assert build(counter, allow=["collections."]) == {"a": 2}


def test_allowing_one_package_allows_no_other():
    with pytest.raises(UserError, match="outside of what"):
        build(node(_target_="os.getcwd"), allow=["collections"])


def test_targets_in_follows_lists_interpolations_and_skips_what_is_missing():
    cfg = OmegaConf.create(
        {
            "a": {"_target_": "x", "b": [{"_target_": "y"}, 3]},
            "c": "${d}",
            "d": {"_target_": "z"},
            "e": "???",
            "f": None,
        }
    )
    assert list(targets_in(cfg)) == ["x", "y", "z", "z"]


# ---------------------------------------------------------------------------------------------- what is built


def test_a_target_is_built_with_its_arguments():
    assert build(node(_target_="ganart.losses.Hinge", margin=2.5)) == Hinge(margin=2.5)


def test_extra_arguments_are_what_no_configuration_can_know():
    layer = build(node(_target_="torch.nn.Linear", in_features=2, out_features=3), bias=False)
    assert layer.weight.shape == (3, 2)
    assert layer.bias is None


def test_nested_targets_are_built_first():
    network = build(
        OmegaConf.create(
            {
                "_target_": "torch.nn.Sequential",
                "_args_": [{"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 3}],
            }
        )
    )
    assert isinstance(network[0], nn.Linear)


def test_a_mapping_without_target_gives_a_dictionary():
    built = build(OmegaConf.create({"r1": {"_target_": "ganart.penalties.R1", "gamma": 2.0}}))
    assert built == {"r1": R1(gamma=2.0)}
    assert type(built) is dict


def test_lists_arrive_as_plain_lists():
    made = build(node(_target_="torch.optim.Adam", _partial_=True, betas=[0.5, 0.9]))
    assert type(made.keywords["betas"]) is list
    assert made([nn.Parameter(torch.zeros(1))]).defaults["betas"][1] == 0.9


# ---------------------------------------------------------------------------------------------- what users are told


def test_a_misspelt_argument_is_told_to_the_user_with_its_place():
    with pytest.raises(UserError, match=r"unexpected keyword argument 'margn'"):
        build(node(_target_="ganart.losses.Hinge", margn=2))
    with pytest.raises(UserError, match=r"'margn' \(in a\.b\)"):
        build(OmegaConf.create({"a": {"b": {"_target_": "ganart.losses.Hinge", "margn": 2}}}))


def test_a_missing_argument_is_told_to_the_user():
    with pytest.raises(UserError, match="'gamma'"):
        build(node(_target_="ganart.penalties.R1"))


def test_a_users_error_from_inside_arrives_as_it_was_said():
    with pytest.raises(UserError, match=r"^every=0 is not a number"):
        build(OmegaConf.create({"r1": {"_target_": "ganart.penalties.R1", "gamma": 1.0, "every": 0}}))


@pytest.mark.parametrize("target", ["ganart.losses.Hing", "ganart.nothing.at.all", "ganart.", "ganart..losses"])
def test_a_target_that_does_not_exist_is_told_to_the_user(target):
    with pytest.raises(UserError, match="cannot be found"):
        build(node(_target_=target))


# ---------------------------------------------------------------------------------------------- networks


def test_build_network_builds_a_network():
    discriminator = build_network(
        node(_target_="ganart.networks.mlp.Discriminator", height=2, width=2, channels=1, hidden=[3], batch_norm=False),
        label_sizes=[2],
    )
    assert isinstance(discriminator, nn.Module)
    assert discriminator(torch.zeros(1, 1, 2, 2), torch.zeros(1, 2)).logits.shape == (1,)


@pytest.mark.parametrize(
    "target", ["ganart.losses.Hinge", "torch.nn.init.zeros_", "torch.optim.Adam", "ganart.config.build.build"]
)
def test_build_network_refuses_everything_but_networks(target):
    with pytest.raises(
        UserError,
        match=r"is not a network|is not a class|outside of .*\(ganart.networks., ganart.layers., torch.nn.\)",
    ):
        build_network(node(_target_=target))


def test_build_network_refuses_what_is_not_a_network_inside_one():
    with pytest.raises(UserError, match=r"torchvision\.datasets\.FakeData is outside"):
        build_network(
            OmegaConf.create(
                {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "torchvision.datasets.FakeData"}]}
            )
        )


# ---------------------------------------------------------------------------------------------- data sets


class Witnessed(Dataset):
    """A data set of the user's own, which tells when it is built."""

    built: ClassVar[list[str]] = []
    key = decode = factors = __len__ = lambda self: 0

    def __init__(self, name: str) -> None:
        self.built.append(name)


def no_dataset(name):
    Witnessed.built.append(name)


@pytest.mark.parametrize(
    "target",
    [
        "torchvision.datasets.MNIST",
        "torchvision.datasets.lsun.LSUNClass",
        "torchvision.datasets.ImageNet",
        "torch.nn.Linear",
        "ganart.losses.Hinge",
        "ganart.datasets.cache.load",
        "ganart.datasets.base.Factor",
    ],
)
def test_build_dataset_refuses_everything_but_data_sets_before_it_is_built(target, monkeypatch):
    monkeypatch.setattr(config, "instantiate", lambda *_, **__: pytest.fail("it was built"))
    with pytest.raises(UserError, match=r"is not a data set|is not a class|outside of .*\(ganart\.datasets\.\)"):
        build_dataset(node(_target_=target, root="."))


def test_build_dataset_refuses_a_partial_and_what_names_no_class(monkeypatch):
    monkeypatch.setattr(config, "instantiate", lambda *_, **__: pytest.fail("it was built"))
    for wrong in (
        node(_target_="ganart.datasets.image_folder.ImageFolder", _partial_=True, root="."),
        node(root="."),
        node(_target_=None),
        node(_target_=["ganart.datasets.image_folder.ImageFolder"]),
    ):
        with pytest.raises(UserError, match=r"is not a data set|nothing to build: a data set"):
            build_dataset(wrong)


TORCHVISION_SET = {"_target_": "ganart.datasets.torchvision_sets.TorchvisionSet", "name": "x", "files": "x"}
TORCHVISION_SET |= {"root": ".", "height": 4, "width": 4, "channels": 1, "factor": "digit"}


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST", "CIFAR10"])
def test_some_sets_of_torchvision_may_be_the_source_of_one_of_ours(name):
    source = {"_target_": f"torchvision.datasets.{name}", "_partial_": True}
    assert build_dataset(node(**TORCHVISION_SET, source=source)).source.func.__name__ == name


@pytest.mark.parametrize(
    "extra",
    [
        {"source": {"_target_": "torchvision.datasets.lsun.LSUNClass", "_partial_": True}},
        {"source": {"_target_": "torchvision.datasets.MNIST", "root": "."}},  # it would be read at once
        {"source": {"_target_": "torchvision.datasets.DatasetFolder", "_partial_": True}},
        {"factor": {"_target_": "torchvision.datasets.MNIST", "_partial_": True}},
    ],
)
def test_other_sets_of_torchvision_and_other_places_are_refused(extra, monkeypatch):
    monkeypatch.setattr(config, "instantiate", lambda *_, **__: pytest.fail("it was built"))
    with pytest.raises(UserError, match=r"_target_=torchvision\.datasets\.\S+ is outside"):
        build_dataset(OmegaConf.create({**TORCHVISION_SET, **extra}))


def test_a_data_set_of_ones_own_needs_leave_and_is_then_built():
    own = node(_target_=f"{__name__}.Witnessed", name="once")
    with pytest.raises(UserError, match="outside of what"):
        build_dataset(own)
    assert isinstance(build_dataset(own, allow=[__name__]), Witnessed)
    assert Witnessed.built == ["once"]
    with pytest.raises(UserError, match="is not a data set"):
        build_dataset(node(_target_=f"{__name__}.no_dataset", name="function"), allow=[__name__])


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_build_network_runs_no_code_from_files_that_a_stranger_sends(tmp_path):
    torch.save(Trap(str(tmp_path / "sprung")), tmp_path / "weights.pth")
    stranger = OmegaConf.create(
        {
            "_target_": "torchmetrics.image.fid.NoTrainInceptionV3",
            "name": "inception-v3-compat",
            "features_list": ["64"],
            "feature_extractor_weights_path": str(tmp_path / "weights.pth"),
        }
    )
    with pytest.raises(UserError):
        build_network(stranger)
    assert not (tmp_path / "sprung").exists()
