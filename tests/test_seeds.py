import hashlib

import pytest
import torch
from scipy import stats

from ganart.seeds import latents_of, mix


def test_mix_is_the_same_in_every_process_on_every_machine():
    assert mix("round", 0, 0, 1) == 2903377316009966053  # pinned: pictures and runs hang on it
    # By its definition: the first eight bytes of BLAKE2b of the parts, without the highest bit.
    digest = hashlib.blake2b(b"('round', 0, 0, 1)", digest_size=8).digest()
    assert mix("round", 0, 0, 1) == int.from_bytes(digest, "little") // 2


def test_mix_differs_for_different_parts():
    seeds = {mix(name, a, b) for name in ("round", "label") for a in range(20) for b in range(20)}
    assert len(seeds) == 800
    assert len({mix(12, 3), mix(1, 23), mix(123), mix("12", 3), mix("12", "3"), mix("1", "23")}) == 6


def test_mix_changes_about_half_of_its_bits_when_one_number_moves_by_one():
    changed = [(mix("round", n) ^ mix("round", n + 1)).bit_count() for n in range(500)]
    assert sum(changed) / 500 == pytest.approx(31.5, abs=1)  # of 63; standard error 0.18


def test_mix_is_a_seed_that_torch_takes():
    assert all(0 <= mix("x", n) < 2**63 for n in range(1000))
    torch.Generator().manual_seed(max(mix("x", n) for n in range(1000)))


def test_latents_of_a_seed_do_not_depend_on_the_batch():
    together = latents_of([3, 7, 2**62], 16)
    assert together.shape == (3, 16)
    assert together.dtype == torch.float32
    for row, seed in zip(together, [3, 7, 2**62], strict=True):
        assert torch.equal(row, latents_of([seed], 16)[0])


def test_latents_neither_read_nor_move_the_global_generator():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = latents_of([5], 8, truncation=0.5)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(latents_of([5], 8, truncation=0.5), first)


def test_latents_are_standard_normal():
    latents = latents_of(list(range(400)), 50).flatten().numpy()
    assert stats.kstest(latents, "norm").pvalue > 0.01


@pytest.mark.parametrize("bound", [0.3, 1.0, 2.0])
def test_truncated_latents_follow_the_truncated_normal_distribution(bound):
    latents = latents_of(list(range(100)), 200, truncation=bound).flatten()
    assert latents.abs().max() <= bound
    assert stats.kstest(latents.numpy(), stats.truncnorm(-bound, bound).cdf).pvalue > 0.01


def test_truncation_draws_again_only_what_lies_beyond_the_bound():
    free, bound = latents_of([11], 500)[0], latents_of([11], 500, truncation=1.0)[0]
    inside = free.abs() <= 1
    assert 0 < inside.sum() < 500
    assert torch.equal(bound[inside], free[inside])
    assert not torch.isclose(bound[~inside], free[~inside]).any()
