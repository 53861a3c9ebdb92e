"""What every part has to keep, whoever wrote it: each test runs over all options of the group that its module names.

`pytest tests/conformance --config-dir my_conf --allow-targets mypackage` tests the parts of a folder of one's own.
"""

import pytest
import torch
from registered import Registry


def pytest_addoption(parser):
    group = parser.getgroup("ganart")
    group.addoption("--config-dir", help="a folder of groups of your own, whose parts are tested instead of ganart's")
    group.addoption("--allow-targets", help="packages that these parts are from, with commas")


def registry_of(config) -> Registry:
    """In a run of all tests this file is read too late for its options to be known."""
    return Registry.of(config.getoption("--config-dir", None), config.getoption("--allow-targets", None))


def pytest_generate_tests(metafunc):
    if "option" in metafunc.fixturenames:
        registry = registry_of(metafunc.config)
        options = registry.options(metafunc.module.GROUP)
        assert options or registry.config_dir, f"conf/{metafunc.module.GROUP} has no files"
        metafunc.parametrize("option", options)
    if "disease" in metafunc.fixturenames:
        diseases = registry_of(metafunc.config).diseases()
        metafunc.parametrize("disease", diseases, ids=[disease.key for disease in diseases])


@pytest.fixture(scope="session")
def registry(request) -> Registry:
    return registry_of(request.config)


@pytest.fixture(autouse=True)
def same_draws():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
