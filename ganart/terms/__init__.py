"""Terms of both players' losses, one a file: regularizers, auxiliary tasks, consistency."""

from typing import Any

from ganart.parts import parts_of
from ganart.play import DiscriminatorOutput, Pair, Play, Term, output_of

__all__ = ["DiscriminatorOutput", "Pair", "Play", "Term", "output_of"]

_FOUND = parts_of(__name__)
globals().update(_FOUND)
__all__ += [name for name in _FOUND if name not in __all__]


def __getattr__(name: str) -> Any:  # for type checkers, which cannot look into files
    raise AttributeError(f"{__name__} has no part {name}. There are: {', '.join(sorted(_FOUND))}")
