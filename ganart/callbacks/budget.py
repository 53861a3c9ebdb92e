"""How long one command may train."""

from __future__ import annotations

from typing import Any

from pytorch_lightning.callbacks import Timer


class TimeBudget(Timer):
    """Lightning's timer, for each command anew: resuming a run that its time has ended trains for that time again."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Forget how long earlier commands took."""
