"""One walk through configurations: keys, leaves, interpolations, lists."""

import pytest
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError

from ganart.config.walk import flat, leaves, walk

CFG = OmegaConf.create(
    {
        "seed": 1,
        "net": {"width": "${seed}", "layers": [8, {"kernel": 3}], "root": "???"},
        "of_net": "${net}",
        "none": None,
        "empty": {},
        7: {"x": 1.5},
    }
)


def keys(node, **how):
    return [key for key, _ in walk(node, **how)]


def test_keys_come_in_order_a_mapping_before_what_is_in_it():
    names = ["seed", "net", "net.width", "net.layers", "net.root", "of_net", "none", "empty", "7", "7.x"]
    assert keys(CFG) == names
    assert keys(OmegaConf.to_container(CFG, resolve=False)) == names


def test_an_interpolation_is_text_unless_it_is_followed():
    assert dict(walk(CFG))["net.width"] == "${seed}"
    followed = dict(walk(CFG, follow=True))
    assert followed["net.width"] == 1
    assert followed["of_net.width"] == 1
    assert followed["of_net.root"] == "???"
    with pytest.raises(InterpolationResolutionError):
        list(walk(OmegaConf.create({"a": "${nowhere:}"}), follow=True))


def test_lists_are_numbered_where_they_are_asked_for():
    assert ("net.layers.1.kernel", 3) in list(walk(CFG, lists=True))
    assert [key for key, _ in walk([{"a": 1}, 2], "hydra.", lists=True)] == ["hydra.0", "hydra.0.a", "hydra.1"]
    assert keys([{"a": 1}]) == []


def test_leaves_hold_nothing_themselves():
    plain = {"a": {"b": 1, "c": {}}, "d": [1, {"e": 2}], "f": []}
    assert dict(leaves(plain)) == {"a.b": 1, "a.c": {}, "d": [1, {"e": 2}], "f": []}
    assert dict(leaves(plain, lists=True)) == {"a.b": 1, "a.c": {}, "d.0": 1, "d.1.e": 2, "f": []}
    assert flat(OmegaConf.create({"a": {"b": "${c}"}, "c": 1})) == {"a.b": "${c}", "c": 1}


@pytest.mark.parametrize("node", [None, 3, "text", DictConfig(None), DictConfig("???")])
def test_what_holds_nothing_has_no_keys(node):
    assert keys(node, follow=True, lists=True) == []
