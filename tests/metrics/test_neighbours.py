import numpy as np
import pytest
import torch
from sides import gaussian

from ganart.metrics import neighbours
from ganart.metrics.neighbours import distances, nearest


def brute_force(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    return np.linalg.norm(queries[:, None].astype(np.float64) - references[None], axis=2)


@pytest.mark.parametrize("bytes_at_once", [2**28, 4 * 30 * 4])
@pytest.mark.parametrize("same", [False, True])
def test_nearest_are_those_of_all_pairs(monkeypatch, bytes_at_once, same):
    monkeypatch.setattr(neighbours, "BYTES_AT_ONCE", bytes_at_once)  # all rows at once, or four
    references = gaussian(0, 30, 6, 100.0)  # far from the origin: what squares would lose
    queries = references if same else gaussian(1, 17, 6, 100.0)
    expected = brute_force(queries, references)
    if same:
        np.fill_diagonal(expected, np.inf)
    found, positions = nearest(torch.from_numpy(queries), torch.from_numpy(references), 4, same=same)
    order = expected.argsort(axis=1)[:, :4]
    assert np.array_equal(positions.numpy(), order)
    np.testing.assert_allclose(found, np.take_along_axis(expected, order, 1), rtol=1e-4)


def test_a_copy_is_at_distance_zero():
    references = torch.from_numpy(gaussian(0, 50, 300, 1000.0))
    found, positions = nearest(references[20:25], references, 1)
    assert found.flatten().tolist() == [0] * 5
    assert positions.flatten().tolist() == [20, 21, 22, 23, 24]


def test_blocks_cover_every_row_once(monkeypatch):
    monkeypatch.setattr(neighbours, "BYTES_AT_ONCE", 4 * 10 * 3)
    queries, references = torch.from_numpy(gaussian(0, 8, 4)), torch.from_numpy(gaussian(1, 10, 4))
    blocks = list(distances(queries, references))
    assert [rows.stop - rows.start for rows, _ in blocks] == [3, 3, 2]
    whole = torch.cat([block for _, block in blocks]).numpy()
    np.testing.assert_allclose(whole, brute_force(queries.numpy(), references.numpy()), rtol=1e-4)


def test_each_distance_is_that_of_the_picture_at_its_position():
    """Groups of three, 1e4 from the centre and 0.01 wide: inner products in float32 cannot put them in order."""
    centres = np.repeat(gaussian(0, 20, 4) * 1e4, 3, axis=0)
    references = (centres + 0.01 * gaussian(1, 60, 4)).astype(np.float32)
    queries = (centres[::3] + 0.01 * gaussian(2, 20, 4)).astype(np.float32)
    found, positions = nearest(torch.from_numpy(queries), torch.from_numpy(references), 3)
    exact = np.take_along_axis(brute_force(queries, references), positions.numpy(), 1)
    np.testing.assert_allclose(found, exact, rtol=1e-3, atol=1e-3)
    assert (np.diff(found.numpy(), axis=1) >= 0).all()
