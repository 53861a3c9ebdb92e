import math

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu

from ganart.datasets.procedural_art import ProceduralArt
from ganart.features import Module
from ganart.metrics import Authenticity, Scorer
from ganart.originality import Auditor, FeatureSpace, Outlines, Tones, findings
from ganart.originality.auditor import closeness, percentile_of
from ganart.originality.model import copying_score, mann_whitney_z, novelty_ratio


@pytest.fixture(scope="module")
def painted():
    dataset = ProceduralArt(num_pictures=700, height=16, width=16)
    return np.stack([picture.pixels for picture in dataset.decode()])


def auditor_for(data, **settings) -> Auditor:
    auditor = Auditor([Tones(), Outlines()], **settings)
    auditor.prepare(data)
    return auditor


def test_closeness_is_the_nearest_over_the_mean_of_the_next_five():
    distances = torch.tensor([[1.0, 2, 3, 4, 5, 6, 100], [0, 2, 2, 2, 2, 2, 2]])
    assert closeness(distances).tolist() == [1 / 4, 0]
    assert closeness(torch.tensor([[3.0]])).tolist() == [3]
    assert closeness(torch.tensor([[0.0, 0, 0]])).tolist() == [0]


def test_percentiles_are_shares_of_held_out_images_that_are_closer():
    usual = torch.tensor([5.0, 1, 3, 2, 4])
    assert percentile_of(torch.tensor([0.5, 1.0, 2.5, 9.0]), usual).tolist() == [0, 0, 40, 100]


def test_planted_copies_are_called_so_and_held_out_images_hardly_ever(painted, make_pictures):
    is_test = np.arange(500) >= 300
    auditor = auditor_for(make_pictures(painted[:500], is_test=is_test.tolist()))
    assert auditor.calibrated_on == "test pictures"
    for copies in (painted[:40], painted[:40, :, ::-1]):
        assert auditor.audit(np.ascontiguousarray(copies)).count("copy") >= 38
    held_out = auditor.audit(painted[500:])
    assert held_out.count("copy") <= 0.08 * 200
    assert held_out.count("own") > 0.8 * 200


def test_a_finding_names_the_original(painted, make_pictures):
    auditor = auditor_for(make_pictures(painted[:500], is_test=[n % 2 == 1 for n in range(500)]))
    finding = auditor.audit(painted[20:21]).findings[0]
    assert finding.verdict == "copy"
    assert finding.percentile == 0
    assert auditor.files[finding.nearest.positions[0]] == "0020.png"
    assert finding.nearest.distances[0] < 1e-2
    assert finding.by_space.keys() == {"tones", "outlines"}


def test_the_threshold_decides(painted, make_pictures):
    data = make_pictures(painted[:500], is_test=[n % 2 == 1 for n in range(500)])
    strict, lax = (auditor_for(data, threshold=t).audit(painted[500:]) for t in (0.01, 30.0))
    assert strict.count("copy") < lax.count("copy")
    assert lax.count("copy") == sum(finding.percentile < 30 for finding in lax.findings)


def test_without_test_pictures_the_works_are_held_out_images_to_each_other(painted, make_pictures):
    auditor = auditor_for(make_pictures(painted[:200]))
    assert auditor.calibrated_on == "training pictures, each without itself"
    assert auditor.num_held_out == 200
    assert auditor.audit(painted[:20]).count("copy") >= 18
    assert auditor.audit(painted[200:400]).count("copy") < 20


def test_test_pictures_that_the_works_hold_too_are_no_held_out_images(painted, make_pictures):
    images = np.concatenate([painted[:300], painted[300:450], painted[:50]])
    auditor = auditor_for(make_pictures(images, is_test=[False] * 300 + [True] * 200))
    assert auditor.left_out >= 50
    assert auditor.num_held_out == 200 - auditor.left_out
    assert auditor.audit(painted[:40]).count("copy") >= 38  # in spite of a quarter of repeated test pictures


def test_what_held_out_images_have_is_measured_once(painted, make_pictures, monkeypatch):
    from ganart.originality import auditor as module

    data = make_pictures(painted[:300], is_test=[n % 2 == 1 for n in range(300)])
    first = auditor_for(data)
    monkeypatch.setattr(module, "nearest_works", None)
    second = auditor_for(data)
    assert torch.equal(first.usual["tones"], second.usual["tones"])


def test_a_data_set_of_three_works_can_be_audited(painted, make_pictures):
    auditor = auditor_for(make_pictures(painted[:3]))
    finding = auditor.audit(painted[:1]).findings[0]
    assert len(finding.nearest.positions) == 3


def test_novelty_ratio_is_a_ratio_of_medians():
    assert novelty_ratio(torch.tensor([1.0, 2, 9]), torch.tensor([4.0, 4, 8])) == 0.5


def test_mann_whitney_is_worked_by_hand():
    # 1, 4 against 2, 3: wins 0 + 2 of 4: exactly chance. 5, 6 against 1, 2, 3: all six; z = 3 / √(6·6/12).
    assert mann_whitney_z(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 3.0])) == 0
    assert mann_whitney_z(torch.tensor([5.0, 6.0]), torch.tensor([1.0, 2.0, 3.0])) == pytest.approx(3 / 3**0.5)
    assert mann_whitney_z(torch.tensor([1.0, 1.0]), torch.tensor([1.0, 1.0])) == 0  # ties count half


def test_mann_whitney_is_the_z_of_the_two_sided_test_and_wins_are_counted_pair_by_pair():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.3, 1, 60), rng.normal(0, 1, 45)
    z = mann_whitney_z(torch.from_numpy(ours), torch.from_numpy(theirs))
    p = mannwhitneyu(ours, theirs, use_continuity=False, method="asymptotic").pvalue
    assert z > 0
    assert math.erfc(z / 2**0.5) == pytest.approx(p)
    ours, theirs = rng.integers(0, 5, 30).astype(np.float32), rng.integers(0, 5, 20).astype(np.float32)
    wins = sum((a > b) + 0.5 * (a == b) for a in ours for b in theirs)
    expected = (wins - 300) / (30 * 20 * 51 / 12) ** 0.5
    assert mann_whitney_z(torch.from_numpy(ours), torch.from_numpy(theirs)) == expected


@pytest.mark.parametrize(("spread", "low", "high"), [(0.02, -99, -3), (1.0, -2.5, 2.5), (8.0, 3, 99)])
def test_the_copying_score_tells_copies_from_held_out_images_and_from_noise(spread, low, high):
    generator = torch.Generator().manual_seed(0)
    works, held_out = (torch.randn(400, 6, generator=generator) for _ in range(2))
    if spread == 1.0:
        fake = torch.randn(400, 6, generator=generator)
    else:
        fake = works + spread * torch.randn(400, 6, generator=generator)
    apart = [torch.cdist(side, works).amin(1) for side in (fake, held_out)]
    score = copying_score(*apart, fake, held_out, works)
    assert low < score < high


def test_too_few_pictures_have_no_copying_score():
    few = torch.randn(5, 6)
    assert copying_score(torch.ones(5), torch.ones(5), few, few, torch.randn(40, 6)) is None


def test_copies_of_a_work_that_the_data_hold_many_times_over_are_found(painted, make_pictures):
    rng = np.random.default_rng(0)
    often = [
        np.clip(painted[:20] * rng.uniform(0.97, 1.03) + rng.normal(0, 3, painted[:20].shape), 0, 255) for _ in range(7)
    ]
    images = np.concatenate([*often, painted[20:600]]).astype(np.uint8)
    is_test = (np.arange(len(images)) >= 400).tolist()
    auditor = auditor_for(make_pictures(images, is_test=is_test))
    noisy = np.clip(painted[:20] + rng.normal(0, 6, painted[:20].shape), 0, 255).astype(np.uint8)
    assert auditor.audit(noisy).count("copy") >= 18
    assert auditor.audit(painted[600:]).count("copy") <= 0.08 * 100


def test_false_alarms_are_told_and_bought_by_the_threshold(painted, make_pictures):
    data = make_pictures(painted[:500], is_test=[n % 2 == 1 for n in range(500)])
    low, high = (auditor_for(data, threshold=t).false_alarms for t in (1.0, 10.0))
    assert 0.004 <= low <= 0.05
    assert low < high < 0.4


def test_data_that_hold_everything_nearly_twice_are_told_to_blind_the_audit(painted, make_pictures):
    auditor = auditor_for(make_pictures(painted[:300], is_test=[n % 2 == 1 for n in range(300)]))
    assert auditor.blind == []
    auditor.usual["tones"][:20, 0] = 0  # as if duplicates among the held_out had not been noticed
    assert auditor.blind == ["tones"]


@pytest.mark.parametrize("fractions", [(0.25, 0.5), (0.5, 0.25), (0.0, 0.3)])
def test_two_splits_of_the_same_pictures_are_audited_each_by_its_own_works(painted, make_pictures, fractions):
    """In one cache, as `audit run=` and `audit works=` share it."""
    for fraction in fractions:
        is_test = np.random.default_rng(int(100 * fraction)).permutation(400) < fraction * 400
        data = make_pictures(painted[:400], is_test=is_test.tolist())
        network = Module(network=torch.nn.Flatten(), name="pixels")
        network.prepare(data, torch.device("cpu"))
        space = FeatureSpace(network, torch.device("cpu"))
        auditor = Auditor([space, Tones()])
        auditor.prepare(data)
        copied = data.train.rows[:40]
        assert torch.equal(space.works, space.seen(data.train.images[data.train.rows]))
        for finding, row in zip(auditor.audit(painted[copied]).findings, copied, strict=True):
            assert finding.verdict == "copy"
            assert {auditor.files[near.positions[0]] for near in finding.by_space.values()} == {f"{row:04d}.png"}


def test_authenticity_is_that_of_evaluate(painted, make_pictures):
    """The same pictures against the same real ones: one number under one name."""
    data, pictures = make_pictures(painted[:300], is_test=[n >= 150 for n in range(300)]), painted[300:400]
    network = Module(network=torch.nn.Flatten(), name="pixels")
    network.prepare(data, torch.device("cpu"))
    auditor = Auditor([FeatureSpace(network, torch.device("cpu"))])
    auditor.prepare(data)
    facts = findings.facts(auditor.audit(pictures), auditor, data, pictures, [str(n) for n in range(100)])
    scorer = Scorer(network, {"authenticity": Authenticity()}, num_images=150)
    scorer.prepare(data, torch.device("cpu"))
    fake = scorer.look(lambda n: (torch.from_numpy(pictures[n]), torch.empty(len(n), 0, dtype=torch.int64)), 100)
    (evaluated,) = scorer.score(fake, num_real=150)
    assert 0 < evaluated.value < 100
    assert facts["model"]["features"]["authenticity"] == pytest.approx(evaluated.value)
