"""Diseases of balance: one player outperforms the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ganart.doctor.disease import Disease
from ganart.doctor.history import History
from ganart.doctor.keys import faster, stronger_penalty, turned
from ganart.doctor.strength import is_steep, overshoots, penalties_outweigh


@dataclass(frozen=True)
class DiscriminatorWins(Disease):
    """The discriminator classifies nearly all images with high confidence, and the generator's gradient vanishes.

    With the non-saturating loss D(real) → 1 and D(fake) → 0; with a relativistic or hinge loss these probabilities mean
    nothing, but `told_apart` approaches 1 with all losses. At 0.95 the discriminator's loss is a twentieth of the
    constant-logit loss; in six healthy runs `told_apart` stayed between 0 and 0.82.
    """

    name: ClassVar[str] = "discriminator wins"
    needs: ClassVar[tuple[str, ...]] = ("told_apart",)

    least: float = 0.95

    def signs(self, history: History) -> str | None:
        now = history.now
        if now["told_apart"] < self.least:
            return None
        says = f"Its loss is {now['told_apart']:.1%} of the way from guessing to certainty"
        if "players/d_real" in now and "players/d_fake" in now:
            says += f" (D(real) {now['players/d_real']:.2f}, D(fake) {now['players/d_fake']:.2f})"
        norms = history.series("players/gradient_norm_generator")
        if norms and norms[-1] < max(norms) / 3:
            says += f", and the generator's gradient has fallen from {max(norms):.2g} to {norms[-1]:.2g}"
        return f"{says}: the generator learns that its pictures are wrong and no longer how."

    def remedies(self, history: History) -> list[str]:
        return [
            *faster(history, "generator", "discriminator"),
            *stronger_penalty(history),
            "loss=relativistic penalty=[r1,r2]",
        ]


@dataclass(frozen=True)
class DiscriminatorGivesUp(Disease):
    """The discriminator does not distinguish real from generated images, although they differ.

    At the optimum of the game it cannot distinguish them; it is a disease while the score is far from its floor and
    does not improve. Whatever the score, it is also one if the discriminator's loss is 1.5 times the constant-logit
    loss, window after window: it does not follow the generator. If too large penalties or a too high learning rate
    explain it, those are diagnosed instead.
    """

    name: ClassVar[str] = "discriminator gives up"
    needs: ClassVar[tuple[str, ...]] = ("told_apart", "ignorance", "penalties", "slope", "gap")

    most: float = 0.02
    outplayed: float = -0.5
    far: float = 3.0
    progress: float = 0.95

    def signs(self, history: History) -> str | None:
        now = history.now["told_apart"]
        if now > self.most or penalties_outweigh(history) or overshoots(history) or is_steep(history.snapshots[-1]):
            return None
        if now < self.outplayed:
            return (
                f"Its loss is {1 - now:.1f} times what knowing nothing costs: it takes generated pictures for real "
                "ones and does not catch up."
            )
        scores, floors = history.series("score"), history.series("times_floor")
        if len(scores) < 2 or scores[-1] < self.progress * scores[-2] or (floors and floors[-1] < self.far):
            return None
        return (
            f"It does not tell real from generated pictures (its loss is {1 - now:.2f} of what knowing nothing costs), "
            f"and yet the score does not get better: {scores[-2]:.3g}, then {scores[-1]:.3g}."
        )

    def remedies(self, history: History) -> list[str]:
        return [
            *faster(history, "discriminator", "generator"),
            "discriminator_steps=2",
            *turned(history, 0.1, *history.penalties),
        ]
