"""Terms of both players' losses, one a file: regularizers, auxiliary tasks, consistency."""

from ganart.parts import export
from ganart.play import DiscriminatorOutput, Pair, Play, Term, output_of

__all__ = ["DiscriminatorOutput", "Pair", "Play", "Term", "output_of"]

__getattr__ = export(__name__)
