"""Libraries that talk too much: what they say goes to log.txt, where it can be read, instead of the terminal."""

from __future__ import annotations

import logging
import warnings

from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.console import console

HINTS = (
    r".*does not have many workers.*",
    r".*`isinstance\(treespec, LeafSpec\)`.*",
    r".*You are using a CUDA device.*Tensor Cores.*",
    r".*this is a plain list of losses.*",
    r".*GPU available but not used.*",
    r".*module\(s\) in eval mode at the start of training.*",
)
"""Lightning's advice about things that ganart has decided."""


def libraries() -> None:
    """Send Lightning's notices to the log file only, and let one process speak for all."""
    console.quiet = not is_first_process()
    logging.raiseExceptions = False  # not a traceback for each line that a full disk has no room for
    for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for hint in HINTS:
        warnings.filterwarnings("ignore", hint)


def is_first_process() -> bool:
    """Whether this process is the one that speaks and writes in its training; `relaunch.take_rank` settles it."""
    return getattr(rank_zero_only, "rank", 0) == 0
