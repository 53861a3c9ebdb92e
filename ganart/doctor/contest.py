"""Diseases of the contest: one player has left the other behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ganart.doctor.disease import Disease
from ganart.doctor.history import History
from ganart.doctor.keys import faster, stronger_penalty, turned
from ganart.doctor.strength import is_steep, overshoots, penalties_outweigh


@dataclass(frozen=True)
class DiscriminatorWins(Disease):
    """The discriminator tells almost every picture rightly and surely, and the generator can only guess why.

    With the non-saturating loss D(real) → 1 and D(fake) → 0; with a relativistic or hinge loss the probabilities say
    nothing, but `told_apart` goes to 1 with all of them. Above 0.95 the discriminator's loss is a twentieth of what
    ignorance costs: six healthy trainings stayed between 0 and 0.82.
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
    """The discriminator cannot tell real from generated pictures although anybody could.

    Not to tell them apart is the goal of the game; it is a disease where the score says that the pictures are far from
    the data and come no closer. A discriminator whose loss is half as much again as that of ignorance, window after
    window, is outplayed whatever the score: it does not follow what the generator does. Where penalties that are too
    large or a learning rate that is too high explain it, those are named instead.
    """

    name: ClassVar[str] = "discriminator gives up"
    needs: ClassVar[tuple[str, ...]] = ("told_apart", "penalties", "slope", "gap")

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
