"""Diseases of the generator, from its samples: lost variety, ignored labels, memorised training images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ganart.doctor.disease import Disease
from ganart.doctor.history import History
from ganart.doctor.keys import slower, stronger_penalty, turned

PROGRESS = 0.05
"""Least relative change of a number from one snapshot of samples to the next that counts as progress."""


def rises(history: History, name: str, least: float = 0.0) -> bool:
    """Return whether `name` grew by 5 % and by `least` since its last measurement; the first one counts as growth."""
    series = history.series(name)
    return len(series) < 2 or series[-1] - series[-2] > max(PROGRESS * abs(series[-2]), least)


def falls(history: History, name: str) -> bool:
    """Return whether `name` fell by 5 % since its last measurement; False if there are fewer than two."""
    series = history.series(name)
    return len(series) > 1 and series[-1] < (1 - PROGRESS) * series[-2]


@dataclass(frozen=True)
class GeneratorCollapses(Disease):
    """The generator produces few different images, whatever the latents.

    Two measures, each relative to training images: the Vendi score, an effective number of different images (Friedman
    and Dieng 2023), and `twins`, the nearest-neighbour ratio, which also falls if each label keeps only one image.
    Early in training variety is small too (dense layers on digits: 0.17 at first, 0.4 after 60,000 images, 0.7 at the
    end), so there is no diagnosis while the variety grows or the score improves.
    """

    name: ClassVar[str] = "generator collapses"
    needs: ClassVar[tuple[str, ...]] = ("vendi",)
    windows: ClassVar[int] = 2
    follows_others: ClassVar[bool] = True

    least_vendi: float = 0.4
    least_twins: float = 0.25

    def signs(self, history: History) -> str | None:
        now = history.now
        is_small = now["vendi"] < self.least_vendi or now.get("twins", 1) < self.least_twins
        if not is_small or rises(history, "vendi") or falls(history, "score"):
            return None
        return self._in_words(history)

    def _in_words(self, history: History) -> str:
        now = history.now
        says = f"Generated pictures have {now['vendi']:.0%} of the variety of as many training pictures (Vendi score)"
        if "twins" in now:
            says += f", and the nearest other one is at {now['twins']:.0%} of the usual distance"
        modes = [
            f"{now[name]:.1f} of {now[f'{name}_of_data']:.1f} {name.removeprefix('classes/')} classes"
            for name in now
            if name.startswith("classes/") and not name.endswith("_of_data")
        ]
        return says + (f"; what is left looks like {', '.join(modes)}." if modes else ".")

    def remedies(self, history: History) -> list[str]:
        return [
            "loss=relativistic penalty=[r1,r2]",
            *slower(history, "generator", "discriminator"),
            "discriminator_steps=2",
        ]


@dataclass(frozen=True)
class LabelsDropped(Disease):
    """The generator ignores the labels that it is conditioned on.

    `obeyed` is 1 if a classifier recognises the conditioning labels as often as the labels of training images, 0 if
    only by chance. It is reliable only if the classifier recognises training images well: `readable`, Cohen's κ with
    their labels. A generator with less than half of the classes has collapsed, which is another disease.
    """

    name: ClassVar[str] = "style dropped"
    needs: ClassVar[tuple[str, ...]] = ("vendi",)
    windows: ClassVar[int] = 2
    follows_others: ClassVar[bool] = True

    most: float = 0.2
    least_readable: float = 0.3
    least_classes: float = 0.5

    def signs(self, history: History) -> str | None:
        names = [name.removeprefix("obeyed/") for name in history.now if name.startswith("obeyed/")]
        shares = [
            f"the {name} asked for shows in {max(0.0, history.now[f'obeyed/{name}']):.0%} of pictures beyond chance"
            for name in names
            if self._is_dropped(history, name)
        ]
        return f"Labels are not obeyed: {', '.join(shares)}." if shares else None

    def _is_dropped(self, history: History, name: str) -> bool:
        now = history.now
        return (
            now[f"obeyed/{name}"] < self.most
            and now[f"readable/{name}"] >= self.least_readable
            and now[f"classes/{name}"] > self.least_classes * now[f"classes/{name}_of_data"]
            and not rises(history, f"obeyed/{name}", least=0.02)
        )

    def remedies(self, history: History) -> list[str]:
        return [
            "architecture.generator.embedding_dim=64",
            *slower(history, "generator", "discriminator"),
            "loss=relativistic penalty=[r1,r2]",
        ]


@dataclass(frozen=True)
class Memorising(Disease):
    """The generator reproduces training images.

    `copies` is 0.05 if generated images are as close to training images as those are to each other; six healthy runs
    stayed at or below that. The threshold, 0.2, is four times as much. A snapshot compares with its 1,000 to 2,000 real
    images only, so with more training images fewer copies are found; but so many are hardly ever memorised.
    """

    name: ClassVar[str] = "memorising"
    needs: ClassVar[tuple[str, ...]] = ("copies", "nearest")
    windows: ClassVar[int] = 2

    most_copies: float = 0.2

    def signs(self, history: History) -> str | None:
        now = history.now
        if now["copies"] < self.most_copies:
            return None
        return (
            f"{now['copies']:.0%} of the generated pictures are copies: as close to one training picture, beside the "
            f"next ones, as only 5% of the training pictures are (median distance {now['nearest']:.2f} of the usual)."
        )

    def remedies(self, history: History) -> list[str]:
        healthy = [
            snapshot.images_seen
            for snapshot in history.snapshots
            if snapshot.values.get("copies", 1.0) < self.most_copies / 2
        ]
        earlier = [f"total_images={healthy[-1]}"] if healthy else []
        return [*stronger_penalty(history), *earlier, *turned(history, 0.5, "optimizer.discriminator.lr")]
