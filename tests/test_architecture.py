"""docs/architecture.md: every name in it exists, and its floors are those of the import contract."""

import ast
import re
import tomllib

from documents import ROOT, blocks

DOCUMENT = ROOT / "docs" / "architecture.md"
LEAST_NAMES = 40  # a change of the document's notation must not empty the test


def is_defined(name):
    """Return whether a dotted `name` below ganart is a module, or a class, function, method or constant of one."""
    place, *inner = ROOT / "ganart", *name.split(".")
    while inner and (place / inner[0]).is_dir():
        place /= inner.pop(0)
    if inner and (place / f"{inner[0]}.py").is_file():
        place /= f"{inner.pop(0)}.py"
    if not inner:
        return True
    body = ast.parse(place.read_text(encoding="utf-8")).body if place.is_file() else []
    for part in inner:
        found = [node for node in body if part in names_of(node)]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True


def names_of(node):
    """Return the names that a statement defines."""
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [getattr(node, "name", None)]


def test_every_name_exists():
    rooms = {path.stem for path in (ROOT / "ganart").iterdir()}
    spans = re.findall(r"`([a-z_]+(?:\.\w+)+)`", DOCUMENT.read_text(encoding="utf-8"))
    names = {span for span in spans if span.split(".")[0] in rooms}
    assert len(names) >= LEAST_NAMES
    assert sorted(name for name in names if not is_defined(name)) == []
    assert not is_defined("gan.GAN.judged")


def test_every_folder_exists():
    folders = set(re.findall(r"`((?:ganart|conf)/\w+/)`", DOCUMENT.read_text(encoding="utf-8")))
    assert len(folders) >= 20
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_floors_are_those_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    [figure] = blocks(DOCUMENT, "text")
    rows = [
        re.split(r"\s{2,}", line[14:].strip())[0] for line in figure.text.splitlines() if not line.startswith(" --")
    ]
    assert rows == layers
