"""Discovery of the public classes of packages with one part per file, so that a new file edits no other."""

from __future__ import annotations

import importlib
import pkgutil
import sys


def parts_of(package: str) -> dict[str, type]:
    """Import the modules of `package` and return the public classes that they define, by name.

    Two classes of one name are asserted against: the later file would hide the earlier one.
    """
    found: dict[str, type] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(sys.modules[package].__path__)):
        home = f"{package}.{module}"
        for name, value in vars(importlib.import_module(home)).items():
            if isinstance(value, type) and value.__module__ == home and not name.startswith("_"):
                assert name not in found, f"{name} is defined by two modules of {package}"
                found[name] = value
    return found
