"""ganart: the GAN laboratory for art.

The Python interface (docs/python.md): `load` a run and generate, `train` a run, `score` pictures, `compose` a
configuration, `build` its parts, `build_gan` for your own Trainer. The command line is `ganart.cli`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ganart.api.compose import build, build_gan, compose
    from ganart.api.runs import Pictures, TrainedRun, load, train
    from ganart.api.scoring import score
    from ganart.errors import TrainingDivergedError, UserError
    from ganart.gan import GAN

__all__ = [
    "GAN",
    "Pictures",
    "TrainedRun",
    "TrainingDivergedError",
    "UserError",
    "build",
    "build_gan",
    "compose",
    "load",
    "score",
    "train",
]

_HOMES = {
    "GAN": "ganart.gan",
    "Pictures": "ganart.api.runs",
    "TrainedRun": "ganart.api.runs",
    "TrainingDivergedError": "ganart.errors",
    "UserError": "ganart.errors",
    "build": "ganart.api.compose",
    "build_gan": "ganart.api.compose",
    "compose": "ganart.api.compose",
    "load": "ganart.api.runs",
    "score": "ganart.api.scoring",
    "train": "ganart.api.runs",
}
"""The module of each name, imported at first access, so that `import ganart` stays fast."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ganart' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
