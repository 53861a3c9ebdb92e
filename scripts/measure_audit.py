"""How well the audit catches planted copies, and how often it accuses pictures that are none.

    python scripts/measure_audit.py [--pictures 200] [dataset=… dataset.root=… …]

Copies are made of training pictures drawn at random; half of the test pictures calibrate, the other half are accused
or not. Prints a row a kind of copy: the share that is called a copy, in all spaces together and in each alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from PIL import Image, ImageEnhance

from ganart.config.build import build
from ganart.datasets import cache
from ganart.datasets.base import PictureSet
from ganart.errors import NoLabelsError
from ganart.features import Classifier
from ganart.files.paths import conf_dir
from ganart.originality import Auditor, FeatureSpace, Outlines, Tones


def per_picture(change: Callable[[Image.Image, np.random.Generator], Image.Image]) -> Callable[..., np.ndarray]:
    def changed(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        images = [Image.fromarray(picture.squeeze()) for picture in pictures]
        return np.stack([np.asarray(change(image, rng)).reshape(pictures.shape[1:]) for image in images])

    return changed


def cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    scale = rng.uniform(0.8, 0.95)
    width, height = (scale * side for side in image.size)
    left, top = (rng.uniform(0, side - part) for side, part in zip(image.size, (width, height), strict=True))
    return image.resize(image.size, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))


def recoloured(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    if image.mode == "RGB":
        hue, saturation, value = image.convert("HSV").split()
        shift = int(rng.integers(40, 216))
        image = Image.merge("HSV", (hue.point(lambda x: (x + shift) % 256), saturation, value)).convert("RGB")
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.7, 1.3))
    return ImageEnhance.Contrast(image).enhance(rng.uniform(0.7, 1.3))


def noisy(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(pictures + rng.normal(0, 8, pictures.shape), 0, 255).astype(np.uint8)


KINDS: dict[str, Callable[..., np.ndarray]] = {
    "exact": lambda pictures, rng: pictures,
    "mirrored": lambda pictures, rng: pictures[:, :, ::-1],
    "noisy (σ = 8 of 255)": noisy,
    "cropped to 80–95 %": per_picture(cropped),
    "cropped and mirrored": lambda pictures, rng: KINDS["cropped to 80–95 %"](pictures, rng)[:, :, ::-1],
    "re-coloured": per_picture(recoloured),
}


def halves(pictures: PictureSet, rng: np.random.Generator) -> tuple[PictureSet, np.ndarray]:
    """The data with half of the test pictures taken away, and those."""
    test = rng.permutation(pictures.test.rows)
    away = np.sort(test[: len(test) // 2])
    keep = np.setdiff1d(np.arange(len(pictures.images)), away)
    manifest = pictures.manifest
    columns = {
        name: [getattr(manifest, name)[row] for row in keep]
        for name in ("files", "sha256", "sizes", "labels", "is_test")
    }
    kept = type(manifest)(**columns, skipped=[], licence=manifest.licence)
    images, labels = pictures.images[keep], pictures.labels[keep]
    rest = PictureSet(pictures.name, pictures.key, pictures.pixels_sha256, pictures.factors, images, labels, kept)
    return rest, pictures.images[away]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200, help="copies of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_args()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        cfg = compose("train", arguments.overrides)
    whole = cache.load(build(cfg.dataset))
    rng = np.random.default_rng(arguments.seed)
    pictures, held_out = halves(whole, rng)
    spaces = [Tones(), Outlines()]
    try:
        network = Classifier()
        network.prepare(whole)
        spaces.append(FeatureSpace(network, torch.device("cpu")))
    except NoLabelsError:
        print("no labels: no features")
    auditor = Auditor(spaces, seed=arguments.seed)
    begun = time.perf_counter()
    auditor.prepare(pictures)
    print(f"{whole.name}: {len(pictures.train):,} works, {auditor.num_held_out:,} held_out ({auditor.calibrated_on}), ")
    print(
        f"{auditor.left_out} test pictures left out as duplicates; calibrated in {time.perf_counter() - begun:.1f} s\n"
    )
    print(f"| {'pictures':<26} | called copies | {' | '.join(auditor.spaces)} |")
    print("|---|---|" + "---|" * len(auditor.spaces))
    originals = pictures.train.pictures(np.sort(rng.permutation(len(pictures.train))[: arguments.pictures]))
    begun = time.perf_counter()
    for kind, make in KINDS.items():
        show(kind, auditor, np.ascontiguousarray(make(originals, rng)))
    show("held-out real pictures", auditor, held_out[: 5 * arguments.pictures])
    print(f"\n{time.perf_counter() - begun:.1f} s")


def show(kind: str, auditor: Auditor, pictures: np.ndarray) -> None:
    findings = auditor.audit(pictures).findings
    shares = [np.mean([f.by_space[name].percentile < auditor.threshold for f in findings]) for name in auditor.spaces]
    caught = np.mean([finding.verdict == "copy" for finding in findings])
    print(f"| {kind:<26} | {caught:.1%} | {' | '.join(f'{share:.1%}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main()
