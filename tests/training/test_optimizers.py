import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from ganart.errors import UserError
from ganart.training.optimizers import build_optimizer


def node(**changes):
    return OmegaConf.create(
        {"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.1, "betas": [0.0, 0.99], "fused": True} | changes
    )


def weights() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(2))]


def test_optimizer_is_made_when_the_parameters_are_known():
    parameters = weights()
    optimizer = build_optimizer(node(), scaled_gradients=False)(parameters)
    assert isinstance(optimizer, torch.optim.Adam)
    assert optimizer.param_groups[0]["params"] == parameters
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_integer_betas_are_accepted_and_become_floats():
    optimizer = build_optimizer(node(betas=[0, 0.99]), scaled_gradients=False)(weights())
    betas = optimizer.param_groups[0]["betas"]
    assert list(betas) == [0.0, 0.99]
    assert all(type(beta) is float for beta in betas)


@pytest.mark.parametrize(("scaled", "fused"), [(False, True), (True, False)])
def test_fused_steps_are_off_with_scaled_gradients_only(scaled, fused):
    optimizer = build_optimizer(node(), scaled_gradients=scaled)(weights())
    assert optimizer.param_groups[0]["fused"] is fused


@pytest.mark.parametrize("fused", [False, None])
def test_unfused_stays_as_it_was_with_scaled_gradients(fused):
    optimizer = build_optimizer(node(fused=fused), scaled_gradients=True)(weights())
    assert optimizer.param_groups[0]["fused"] is fused


def test_configuration_is_left_as_it_was():
    cfg = OmegaConf.create(
        {
            "rate": 0.1,
            "adam": {
                "_target_": "torch.optim.Adam",
                "_partial_": True,
                "lr": "${rate}",
                "betas": [0, 0.9],
                "fused": True,
            },
        }
    )
    before = OmegaConf.to_yaml(cfg)
    optimizer = build_optimizer(cfg.adam, scaled_gradients=True)(weights())
    assert OmegaConf.to_yaml(cfg) == before
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_optimizers_without_betas_and_fused_steps_build():
    sgd = OmegaConf.create({"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.5})
    parameters = weights()
    optimizer = build_optimizer(sgd, scaled_gradients=True)(parameters)
    (2 * parameters[0]).sum().backward()
    optimizer.step()
    assert parameters[0].tolist() == [0.0, 0.0]  # 1 − 0.5 · 2


def test_first_step_of_adam_is_the_learning_rate():
    parameters = weights()
    optimizer = build_optimizer(node(betas=[0, 0.99]), scaled_gradients=False)(parameters)
    (7 * parameters[0]).sum().backward()
    optimizer.step()
    assert parameters[0].tolist() == pytest.approx([0.9, 0.9], abs=1e-6)  # g / √g² = 1


def test_targets_outside_of_the_allowed_packages_are_refused():
    with pytest.raises(UserError, match="outside of what"):
        build_optimizer(node(_target_="mypackage.Lion"), scaled_gradients=False)
