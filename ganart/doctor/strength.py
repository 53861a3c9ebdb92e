"""Diseases of wrong settings: penalties, learning rates, augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from ganart.doctor.disease import Disease
from ganart.doctor.history import History, Snapshot
from ganart.doctor.keys import stronger_penalty, turned

STEEP = 10.0
"""‖∇D‖ at which D changes by 4 logits if every value of a 32×32 RGB image changes by one of its 256 steps."""

FAR_APART = 1000.0
"""Difference of mean logits that implies a slope above 1: RGB images of 256×256 in [−1, 1] differ by at most 890."""


def is_steep(snapshot: Snapshot) -> bool:
    """Return whether ‖∇D‖ > 10 or mean logits differ by more than 1,000; healthy slopes are near 1 or below."""
    return snapshot.values.get("slope", 0.0) > STEEP or abs(snapshot.values.get("gap", 0.0)) > FAR_APART


@dataclass(frozen=True)
class LearningRateTooHigh(Disease):
    """The discriminator overshoots: its loss jumps, or it is large together with a large gradient norm.

    A jump is a threefold change between two windows whose larger loss is above twice the constant-logit loss; two jumps
    within six windows are a sign. Healthy runs have none after their first rounds. A loss that is large but steady,
    without a large gradient norm, is another disease: `DiscriminatorGivesUp`.
    """

    name: ClassVar[str] = "learning rate too high"
    needs: ClassVar[tuple[str, ...]] = ("told_apart", "slope", "gap")
    is_setting: ClassVar[bool] = True
    windows: ClassVar[int] = 1  # `overshoots` itself counts over several windows

    def signs(self, history: History) -> str | None:
        if not overshoots(history):
            return None
        losses = ", ".join(f"{1 - value:.3g}" for value in history.series("told_apart")[-LOOK_BACK:])
        return f"The discriminator's loss is out of hand: it was {losses} times what knowing nothing costs."

    def remedies(self, history: History) -> list[str]:
        return [
            *turned(history, 0.1, "optimizer.discriminator.lr", "optimizer.generator.lr"),
            "gradient_clip.discriminator=1 gradient_clip.generator=1",
        ]


LOOK_BACK = 6  # windows
JUMP = 3.0  # times the loss of the window before or after
MOST_LOSS = 2.0  # times the constant-logit loss


def overshoots(history: History) -> bool:
    """Return whether two of the last windows jump, or three have a large loss with a large gradient norm."""
    snapshots = [snapshot for snapshot in history.snapshots if "told_apart" in snapshot.values][-LOOK_BACK:]
    losses = [1 - snapshot.values["told_apart"] for snapshot in snapshots]
    pairs = [(min(pair), max(pair)) for pair in pairwise(losses)]
    jumps = sum(high > JUMP * low and high > MOST_LOSS for low, high in pairs)
    wrong = sum(is_steep(snapshot) and loss > MOST_LOSS for snapshot, loss in zip(snapshots, losses, strict=True))
    return jumps >= 2 or wrong >= 3


@dataclass(frozen=True)
class PenaltyTooSmall(Disease):
    """The discriminator becomes so steep that tiny changes of an image change its logit by much.

    A too high learning rate also makes discriminators steep, and is then diagnosed instead.
    """

    name: ClassVar[str] = "penalty too small"
    needs: ClassVar[tuple[str, ...]] = ("penalties", "slope", "gap")
    is_setting: ClassVar[bool] = True

    def signs(self, history: History) -> str | None:
        slope, gap = history.now["slope"], history.now["gap"]
        if (
            not is_steep(history.snapshots[-1])
            or 1 - history.now.get("told_apart", 1) > MOST_LOSS
            or overshoots(history)
        ):
            return None
        steep = f"its logit changes by {slope:.3g} per unit of distance between pictures, and " if slope else ""
        return f"The discriminator is too steep: {steep}its logits of real and generated pictures are {gap:.3g} apart."

    def remedies(self, history: History) -> list[str]:
        now = history.now
        # With this factor penalties are at least as large as the gap of the logits, so that steepness no longer pays.
        factor = max(10.0, abs(now["gap"]) / now["penalties"]) if now["penalties"] > 0 else 10.0
        return [*stronger_penalty(history, factor), *turned(history, 0.25, "optimizer.discriminator.lr")]


@dataclass(frozen=True)
class PenaltyTooLarge(Disease):
    """The penalties exceed all that the discriminator could gain by distinguishing real from generated images.

    A discriminator with the same logit for every image pays the constant-logit loss `ignorance`, and no R1 or R2. If it
    pays more than that in penalties without being steep, it only becomes flat, and a flat one gives no gradient to the
    generator. In healthy runs penalties are about as large as `ignorance` in the first rounds, later 0.1 to 0.5 of it.
    """

    name: ClassVar[str] = "penalty too large"
    needs: ClassVar[tuple[str, ...]] = ("penalties", "slope", "ignorance")
    is_setting: ClassVar[bool] = True

    def signs(self, history: History) -> str | None:
        if not penalties_outweigh(history):
            return None
        now = history.now
        return (
            f"Penalties cost the discriminator {now['penalties']:.3g}, and all that it could win by telling pictures "
            f"apart is {now['ignorance']:.3g}: it is busy becoming flat."
        )

    def remedies(self, history: History) -> list[str]:
        return turned(history, 0.01, *history.penalties)


MOST_SLOPE_OF_FLAT = 2.0


def penalties_outweigh(history: History) -> bool:
    now = history.now
    return now["penalties"] > now["ignorance"] and now["slope"] < MOST_SLOPE_OF_FLAT


@dataclass(frozen=True)
class AugmentationLeaks(Disease):
    """Augmentation is so frequent that it leaks into the generated images.

    Karras et al. 2020 (arXiv:2006.06676, section 2.2 and figure 4): an augmentation that leaves too few images
    unchanged is learnt as part of the data; above a probability of 0.8 in practice.
    """

    name: ClassVar[str] = "augmentation leaking"
    needs: ClassVar[tuple[str, ...]] = ("augment/strength",)
    is_setting: ClassVar[bool] = True

    most: float = 0.8

    def signs(self, history: History) -> str | None:
        strength = history.now["augment/strength"]
        if strength <= self.most:
            return None
        return f"Each augmentation changes {strength:.0%} of the pictures; the generator takes it for part of the data."

    def remedies(self, history: History) -> list[str]:
        return [*stronger_penalty(history, 4), *turned(history, 0.5, "optimizer.discriminator.lr")]
