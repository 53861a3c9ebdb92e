import os

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from ganart.config import build, build_network, targets_in
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
        "ganart.paths.os.system",
        "ganart.paths.os.mkdir",
        "ganart.config.instantiate",
        "ganart.config.get_object",
        "ganart.config.re.compile",
        "ganart.ema.copy.deepcopy",
        "ganart.penalties.r1.dataclass",
        "torch.nn.functional.torch.load",
        "torch.nn.functional.torch.hub.load",
        "torch.optim.lr_scheduler.types.FunctionType",
        "ganart.losses",  # a module
        "ganart.hardware.cpu_has_bfloat16.__wrapped__.__globals__",
    ],
)
def test_detours_through_what_an_allowed_module_imported_are_refused(target):
    with pytest.raises(UserError, match=r"is not a class of an allowed package|cannot be found"):
        build(node(_target_=target, _partial_=True))


def test_a_refused_target_is_not_called(tmp_path):
    for target in ("os.mkdir", "ganart.paths.os.mkdir"):
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
    counter = node(_target_="collections.Counter", a=2)
    with pytest.raises(UserError, match=r"allow_targets=\[collections\]"):
        build(counter)
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
    with pytest.raises(UserError, match=r"^penalty: every=0"):
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
    assert discriminator(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, dtype=torch.long)).shape == (1,)


@pytest.mark.parametrize(
    "target", ["ganart.losses.Hinge", "torch.nn.init.zeros_", "torch.optim.Adam", "ganart.config.build"]
)
def test_build_network_refuses_everything_but_networks(target):
    with pytest.raises(
        UserError,
        match=r"is not a network|is not a class|outside of .*\(ganart.networks., torch.nn.\)",
    ):
        build_network(node(_target_=target))


def test_build_network_refuses_what_is_not_a_network_inside_one():
    with pytest.raises(UserError, match=r"torchvision\.datasets\.FakeData is outside"):
        build_network(
            OmegaConf.create(
                {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "torchvision.datasets.FakeData"}]}
            )
        )


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
