"""Digests of source code for cache keys, which change with the code but not with comments and docstrings."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterable
from functools import cache
from importlib.machinery import ModuleSpec


@cache
def code_digest(*modules: str, imports: bool = False) -> str:
    """Return a SHA-256 over the code of `modules`, without comments, docstrings and layout.

    Args:
        modules: dotted names. A module without source, for example of a notebook, counts by its name alone.
        imports: True to include, recursively, the imported modules of the same package.
    """
    codes = {name: _code(name) for name in (_with_imports(modules) if imports else modules)}
    return hashlib.sha256(repr(sorted(codes.items())).encode()).hexdigest()


def _with_imports(modules: tuple[str, ...]) -> list[str]:
    found, waiting = set(modules), list(modules)
    while waiting:
        name = waiting.pop()
        package = name.rpartition(".")[0]
        near = imported_by(name, package) if package else set()
        waiting += near - found
        found |= near
    return sorted(found)


def imported_by(module: str, package: str) -> set[str]:
    """Return the names of the modules below `package` that the source of `module` imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(relative, module.rpartition(".")[0]) if node.level else relative
            names.add(base)
            if _is_below(base, package) and _is_package(base):
                names |= {f"{base}.{alias.name}" for alias in node.names}
    return {name for name in names if _is_below(name, package) and name != package and _spec(name) is not None}


def _is_below(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def _is_package(name: str) -> bool:
    spec = _spec(name)
    return spec is not None and spec.submodule_search_locations is not None


def _spec(module: str) -> ModuleSpec | None:
    """Return the spec of `module` without importing it; None if there is none."""
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None


def _code(module: str) -> str:
    """Return the normalised source of `module`, without comments, docstrings and layout."""
    tree = ast.parse(_source(module))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [statement for statement in body if not _is_prose(statement)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_prose(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring, also of an attribute."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _source(module: str) -> str:
    """Return the source of `module`; empty if it has none."""
    spec = _spec(module)
    try:
        return (spec.loader.get_source(module) if spec and spec.loader else None) or ""  # type: ignore[attr-defined]
    except (ImportError, AttributeError, OSError):
        return ""


def modules_of(parts: Iterable[object]) -> tuple[str, ...]:
    """Return the modules of the classes of `parts`, without those of libraries, whose code has versions."""
    names = {type(part).__module__ for part in parts}
    return tuple(sorted(name for name in names if name.partition(".")[0] not in LIBRARIES))


LIBRARIES = ("torch", "torchvision", "torchmetrics", "torch_fidelity")
