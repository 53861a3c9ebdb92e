"""Discovery of the public classes of packages with one part per file, so that a new file edits no other."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from typing import Any


def parts_of(package: str, kind: type = object) -> dict[str, type]:
    """Import the modules of `package` and return the public classes that they define and that are a `kind`, by name.

    They come in the order of their modules and, in a module, of their definitions. Two classes of one name are asserted
    against: the later file would hide the earlier one.
    """
    found: dict[str, type] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(sys.modules[package].__path__)):
        home = f"{package}.{module}"
        for name, value in vars(importlib.import_module(home)).items():
            is_its_own = isinstance(value, type) and value.__module__ == home
            if is_its_own and issubclass(value, kind) and not name.startswith("_"):
                assert name not in found, f"{name} is defined by two modules of {package}"
                found[name] = value
    return found


def export(package: str, kind: type = object) -> Callable[[str], Any]:
    """Let `package` and its `__all__` have the `parts_of` it, and return what answers for a name that it has not.

    A package assigns that to its `__getattr__`, which also tells type checkers that there is more than they can read.
    """
    found, namespace = parts_of(package, kind), vars(sys.modules[package])
    namespace.update(found)
    namespace["__all__"] += [name for name in found if name not in namespace["__all__"]]

    def refuse(name: str) -> Any:
        raise AttributeError(f"{package} has no part {name}. There are: {', '.join(sorted(found))}")

    return refuse
