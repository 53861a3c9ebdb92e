"""Cost of evaluating: all scores together against one torchmetrics FID with the same features, and a second evaluation.

    python scripts/bench_evaluation.py [--images 1000] [--repeats 3]

The features are those of the FID Inception with random weights, which cost what the real ones cost. torchmetrics looks
at real and generated pictures; so does the first evaluation, with all nine scores; the second finds the real side in
the cache. Floors, which torchmetrics does not give, are timed by themselves. The runs alternate; medians are printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from omegaconf import OmegaConf
from torch import Tensor
from torchmetrics.image.fid import FrechetInceptionDistance

from ganart.config.build import build
from ganart.datasets.base import Manifest, PictureSet
from ganart.features import Inception
from ganart.files.paths import conf_dir
from ganart.metrics import Score, Scorer

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
METRICS = ("fid", "fid_infinity", "kid", "is", "precision_recall")
METRICS += ("density_coverage", "mifid", "authenticity", "vendi")


def random_weights(file: Path) -> None:
    from torch_fidelity import feature_extractor_inceptionv3 as fidelity

    fidelity.load_state_dict_from_url = lambda *_, **__: {}
    own = fidelity.FeatureExtractorInceptionV3.load_state_dict
    fidelity.FeatureExtractorInceptionV3.load_state_dict = lambda self, state: None
    network = fidelity.FeatureExtractorInceptionV3("x", ["2048"])
    fidelity.FeatureExtractorInceptionV3.load_state_dict = own
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    torch.save(network.state_dict(), file)


def picture_set(images: np.ndarray) -> PictureSet:
    count = len(images)
    names = [f"{number}.png" for number in range(count)]
    manifest = Manifest(names, names, [[32, 32]] * count, [[]] * count, [False] * count, [], "none")
    return PictureSet("random", "key", "0", (), images, np.zeros((count, 0), np.int64), manifest)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def torchmetrics_alone(network: Inception, images: Tensor, fakes: Tensor) -> None:
    metric = FrechetInceptionDistance(feature=network.network, normalize=False).to(DEVICE)
    for side, real in ((images, True), (fakes, False)):
        for batch in side.split(250):
            metric.update(batch.permute(0, 3, 1, 2).to(DEVICE), real=real)
    float(metric.compute())


def one_round(network: Inception, scores: dict[str, Score], images: np.ndarray, fakes: Tensor) -> dict[str, float]:
    """Seconds of each part, from an empty cache."""
    pictures, count = picture_set(images), len(images)
    nothing = torch.empty(count, 0, dtype=torch.int64)
    first, second = (Scorer(network, scores, num_images=count, split="all") for _ in range(2))

    def evaluate() -> None:
        first.evaluate(first.look(lambda numbers: (fakes[numbers], nothing[numbers]), count))

    first.store.prepare(pictures, DEVICE)
    return {
        "torchmetrics": seconds(lambda: torchmetrics_alone(network, torch.from_numpy(images), fakes)),
        "real side": seconds(lambda: first.store.real("all", count)),
        "floors": seconds(lambda: first.prepare(pictures, DEVICE)),
        "generated side": seconds(evaluate),
        "again": seconds(lambda: second.prepare(pictures, DEVICE)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    images = np.random.default_rng(0).integers(0, 256, (arguments.images, 32, 32, 3), dtype=np.uint8)
    fakes = torch.from_numpy(np.random.default_rng(1).integers(0, 256, images.shape, dtype=np.uint8))
    scores = {name: build(OmegaConf.load(conf_dir() / "metric" / f"{name}.yaml")[name]) for name in METRICS}
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, "weights.pth")
        random_weights(weights)
        network = Inception(weights=str(weights), sha256=None)
        network.prepare(picture_set(images))
        network.to(DEVICE)
        for repeat in range(arguments.repeats):
            os.environ["GANART_CACHE"] = str(Path(folder, f"cache{repeat}"))
            rounds.append(one_round(network, scores, images, fakes))
    medians = {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}
    alone, everything = medians["torchmetrics"], medians["real side"] + medians["generated side"]
    print(f"{arguments.images} pictures a side, {torch.get_num_threads()} threads, medians of {arguments.repeats}")
    print(f"one torchmetrics FID alone             {alone:8.1f} s")
    print(f"all nine scores, the first time        {everything:8.1f} s   {everything / alone:.2f} ×")
    print(f"all nine scores, a second time         {medians['generated side'] + medians['again']:8.1f} s")
    print(f"  floors of all of them, once          {medians['floors']:8.1f} s")
    print(f"  real side, the first time            {medians['real side']:8.1f} s")
    share = medians["again"] / medians["real side"]
    print(f"  real side and floors, a second time  {medians['again']:8.2f} s   {share:.2%} of the first")


if __name__ == "__main__":
    main()
