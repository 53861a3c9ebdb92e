"""The scorer on tiny pictures and a feature network that anybody can compute by hand."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from ganart import __version__
from ganart.features import FeatureNetwork
from ganart.metrics import FrechetDistance, InceptionScore, KernelDistance, Result, Scorer

CPU = torch.device("cpu")


class Quarters(FeatureNetwork):
    """The mean of each quarter of the picture, in [0, 1]; logits are three sums of them. It counts what it has seen."""

    name = "quarters"
    num_features = 4

    def __init__(self, version: int = 1) -> None:
        super().__init__()
        self.version = version
        self.prepared = 0
        self.seen: list[int] = []

    def prepare(self, pictures):
        self.prepared += 1

    def forward(self, pictures):
        assert pictures.dtype == torch.uint8
        self.seen.append(len(pictures))
        features = torch.nn.functional.adaptive_avg_pool2d(pictures.float().mean(3)[:, None], 2).flatten(1) / 255
        return features, 5 * features @ torch.tensor([[1.0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]])

    def protocol(self):
        return {"features": "quarters", "weights_hash": f"v{self.version}"}


class Fid(Quarters):
    def score_name(self, metric):
        return metric


def random_pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def quarters_of(pictures: np.ndarray) -> np.ndarray:
    return pictures.astype(np.float64).reshape(-1, 2, 2, 2, 2, 3).mean((2, 4, 5)).reshape(-1, 4) / 255


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(s + t - 2 * sqrtm(s @ t).real))


def paint(seeds):
    """One picture a seed, darker than the data."""
    return torch.from_numpy(np.concatenate([random_pictures(1, 1000 + seed) // 2 for seed in seeds]))


def scorer_of(features=None, num_images=1000, batch_size=16, **settings) -> Scorer:
    scores = {
        "fid": FrechetDistance(),
        "kid": KernelDistance(subsets=5, subset_size=20),
        "is": InceptionScore(splits=4),
    }
    return Scorer(features or Quarters(), scores, num_images=num_images, batch_size=batch_size, **settings)


@pytest.fixture
def pictures(make_pictures):
    return make_pictures(random_pictures(80), is_test=[n % 2 == 1 for n in range(80)])


@pytest.fixture
def fewer_test_pictures(make_pictures):
    return make_pictures(random_pictures(60), is_test=[n >= 40 for n in range(60)])


def test_distance_and_floor_are_those_of_the_pictures(pictures):
    scorer = scorer_of()
    scorer.prepare(pictures, CPU)
    fid = scorer.score(paint)[0]
    train, test = quarters_of(pictures.images[::2]), quarters_of(pictures.images[1::2])
    fakes = quarters_of(paint(range(40)).numpy())
    assert fid.value == pytest.approx(frechet(train, fakes), rel=1e-4)
    assert fid.floor == pytest.approx(frechet(train, test), rel=1e-4)
    assert fid.times_floor == pytest.approx(fid.value / fid.floor)
    assert fid.times_floor > 1


def test_names_say_what_the_features_are(pictures):
    for features, names in ((Quarters(), ["fd_quarters", "kd_quarters", "is_quarters"]), (Fid(), ["fid", "kid", "is"])):
        scorer = scorer_of(features)
        scorer.prepare(pictures, CPU)
        assert [result.name for result in scorer.score(paint)] == names


def test_protocol_says_what_makes_two_scores_comparable(fewer_test_pictures):
    scorer = scorer_of(seed=3)
    scorer.prepare(fewer_test_pictures, CPU)
    expected = {
        "n_real": 40,
        "n_fake": 40,
        "n_floor": 20,
        "split": "train",
        "dataset_hash": fewer_test_pictures.hash,
        "seed": 3,
        "ganart": __version__,
        "features": "quarters",
        "weights_hash": "v1",
    }
    assert expected.items() <= scorer.protocol.items()
    assert "4×4" in scorer.protocol["resize"]
    fid, kid, inception_score = scorer.score(paint)
    assert fid.protocol == scorer.protocol
    assert kid.protocol == scorer.protocol | {"subsets": 5, "subset_size": 20}
    assert inception_score.protocol == scorer.protocol | {"splits": 4}


def test_times_floor_is_told_at_equal_counts_only(pictures, fewer_test_pictures):
    for data, comparable in ((pictures, True), (fewer_test_pictures, False)):
        scorer = scorer_of()
        scorer.prepare(data, CPU)
        fid, kid, inception_score = scorer.score(paint)
        assert fid.floor is not None
        assert (fid.times_floor is not None) == (kid.times_floor is not None) == comparable
        assert inception_score.times_floor is None  # more is better: no distance


@pytest.mark.parametrize("floor", [None, 0.0])
def test_without_a_floor_there_is_no_ratio(floor):
    assert Result("fid", 2.0, None, floor, True, {"n_floor": 5, "n_real": 5}).times_floor is None


def test_floor_at_fewer_pictures_takes_as_many_of_both_sides(fewer_test_pictures):
    scorer = scorer_of()
    scorer.prepare(fewer_test_pictures, CPU)
    floor = scorer.score(paint)[0].floor
    test = quarters_of(fewer_test_pictures.images[40:])
    train = scorer._real[0][:20].double().numpy()  # a fair twenty of the forty
    assert floor == pytest.approx(frechet(train, test), rel=1e-4)
    all_train = {tuple(row.round(4)) for row in quarters_of(fewer_test_pictures.images[:40])}
    chosen = {tuple(row.round(4)) for row in train}
    assert len(chosen) == 20
    assert chosen <= all_train


def test_no_test_pictures_no_floor(make_pictures):
    scorer = scorer_of()
    scorer.prepare(make_pictures(random_pictures(30)), CPU)
    assert scorer.protocol["n_floor"] == 0
    assert [result.floor for result in scorer.score(paint)] == [None, None, None]


def test_num_images_limits_both_sides(pictures):
    features = Quarters()
    scorer = scorer_of(features, num_images=24)
    painted = []
    scorer.prepare(pictures, CPU)
    scorer.score(lambda seeds: painted.extend(seeds) or paint(seeds))
    assert painted == list(range(24))
    assert scorer.protocol["n_real"] == scorer.protocol["n_fake"] == scorer.protocol["n_floor"] == 24


def test_a_warm_cache_gives_the_same_scores_without_looking_at_real_pictures_again(pictures):
    cold = Quarters()
    first = scorer_of(cold)
    first.prepare(pictures, CPU)
    assert sum(cold.seen) == 80  # both splits
    expected = [(r.value, r.std, r.floor) for r in first.score(paint)]

    warm = Quarters()
    second = scorer_of(warm)
    second.prepare(pictures, CPU)
    assert warm.prepared == 1
    assert warm.seen == []
    assert [(r.value, r.std, r.floor) for r in second.score(paint)] == expected
    assert sum(warm.seen) == 40  # the painted ones


@pytest.mark.parametrize("change", ["features", "count", "seed", "pictures"])
def test_cache_is_not_used_for_anything_else(pictures, make_pictures, change):
    scorer_of().prepare(pictures, CPU)
    features = Quarters(version=2 if change == "features" else 1)
    data = (
        make_pictures(random_pictures(80, 5), is_test=[n % 2 == 1 for n in range(80)])
        if change == "pictures"
        else pictures
    )
    other = scorer_of(features, num_images=30 if change == "count" else 1000, seed=int(change == "seed"))
    other.prepare(data, CPU)
    assert sum(features.seen) == 2 * other.num_images


def test_scores_do_not_depend_on_the_batch_size_or_on_when_they_are_taken(pictures, monkeypatch, tmp_path):
    results = []
    for batch_size, seed in ((16, 1), (7, 2), (1000, 3)):
        monkeypatch.setenv("GANART_CACHE", str(tmp_path / f"batches{batch_size}"))
        scorer = scorer_of(batch_size=batch_size)
        scorer.prepare(pictures, CPU)
        torch.manual_seed(seed)
        results.append([number for r in scorer.score(paint) for number in (r.value, r.std) if number is not None])
    assert len(results[0]) == 5
    assert results[1] == pytest.approx(results[0], rel=1e-4)
    assert results[2] == pytest.approx(results[0], rel=1e-4)


def test_scoring_leaves_the_global_generators_alone(pictures):
    torch.manual_seed(5)
    np.random.seed(5)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    scorer = scorer_of()
    scorer.prepare(pictures, CPU)
    scorer.score(paint)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


def test_progress_counts_every_picture_once(pictures):
    scorer, told = scorer_of(), []
    scorer.prepare(pictures, CPU)
    scorer.score(paint, advance=told.append)
    assert sum(told) == 40


def test_ranks_paint_every_seed_once(pictures):
    scorer, painted = scorer_of(num_images=25), []
    scorer.prepare(pictures, CPU)

    class Recorded(FrechetDistance):
        """Several processes in one: nothing to synchronize with."""

        def reset(self, *arguments, synchronize):
            super().reset(*arguments, synchronize=False)

    scorer.scores = {"fid": Recorded()}
    for rank in range(3):
        scorer.score(lambda seeds: painted.extend(seeds) or paint(seeds), rank=rank, world_size=3)
    assert sorted(painted) == list(range(25))


def test_first_cached_features_are_a_fair_sample_of_all():
    # The cache is shuffled once more: its first half must not be the first half of the data.
    order = np.random.default_rng(1).permutation(1000)[:500]
    assert abs(order.mean() - 499.5) < 4 * 289 / np.sqrt(500)
