import math

import pytest
import torch
from torch.testing import assert_close

from ganart.layers.conditioning import Conditioned, LabelEmbedding, Unconditioned, condition_latents, one_hot


def test_classes_become_weights_and_unknown_ones_nothing():
    weights = one_hot(torch.tensor([[2, 0], [-1, 1], [-1, -1]]), [3, 2])
    assert weights.tolist() == [[0, 0, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]]
    assert weights.dtype == torch.float32
    assert one_hot(torch.empty(4, 0, dtype=torch.long), []).shape == (4, 0)


def test_weights_are_weights_already():
    blend = torch.tensor([[0.7, 0.3, 0.0]])
    assert one_hot(blend, [3]) is blend


def test_a_blend_of_classes_is_the_blend_of_their_vectors():
    embedding = LabelEmbedding([3], 4)
    (table,) = embedding.tables
    assert_close(embedding(torch.tensor([[0.7, 0.3, 0.0]]))[0], 0.7 * table.weight[0] + 0.3 * table.weight[1])


def test_embedding_is_the_sum_of_one_vector_a_factor_over_the_root_of_their_number():
    embedding = LabelEmbedding([3, 5], 4)
    first, second = (table.weight for table in embedding.tables)
    assert first.shape == (3, 4)
    assert second.shape == (5, 4)
    expected = torch.stack([first[2] + second[0], first[1] + second[4]]) / math.sqrt(2)
    assert_close(embedding(one_hot(torch.tensor([[2, 0], [1, 4]]), [3, 5])), expected)


def test_an_unknown_label_adds_nothing():
    embedding = LabelEmbedding([3, 5], 4)
    vectors = embedding(one_hot(torch.tensor([[-1, 3], [-1, -1]]), [3, 5]))
    assert_close(vectors[0], embedding.tables[1].weight[3] / math.sqrt(2))
    assert vectors[1].tolist() == [0.0] * 4


def test_an_unknown_label_teaches_the_embedding_nothing():
    embedding = LabelEmbedding([3], 4)
    embedding(one_hot(torch.tensor([[-1], [2]]), [3])).sum().backward()
    assert_close(embedding.tables[0].weight.grad, torch.tensor([[0.0] * 4, [0.0] * 4, [1.0] * 4]))


@pytest.mark.parametrize("sizes", [[7], [8, 6], [5, 4, 3]])
def test_embedding_has_unit_variance_per_coordinate(sizes):
    torch.manual_seed(0)
    embedding = LabelEmbedding(sizes, 4000)
    variances = embedding(one_hot(torch.zeros(1, len(sizes), dtype=torch.long), sizes)).var()
    assert variances.item() == pytest.approx(1, abs=0.1)  # standard error √(2/4000) = 0.022


def test_latents_and_labels_stand_side_by_side():
    condition = condition_latents(6, [3], 4)
    assert isinstance(condition, Conditioned)
    latents = torch.randn(2, 6)
    both = condition(latents, one_hot(torch.tensor([[0], [2]]), [3]))
    assert both.shape == (2, condition.out_features) == (2, 10)
    assert torch.equal(both[:, :6], latents)
    assert_close(both[:, 6:], condition.embedding.tables[0].weight[[0, 2]])


def test_without_labels_the_latents_pass_as_they_are():
    condition = condition_latents(6, [], 4)
    assert isinstance(condition, Unconditioned)
    latents = torch.randn(2, 6)
    assert condition(latents, torch.empty(2, 0, dtype=torch.long)) is latents
    assert condition.out_features == 6
