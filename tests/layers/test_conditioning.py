import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganart.layers.conditioning import (
    Conditioned,
    LabelEmbedding,
    PlainHead,
    ProjectionHead,
    Unconditioned,
    condition_latents,
    discriminator_head,
)


def test_embedding_is_the_sum_of_one_vector_a_factor_over_the_root_of_their_number():
    embedding = LabelEmbedding([3, 5], 4)
    first, second = (table.weight for table in embedding.tables)
    assert first.shape == (3, 4)
    assert second.shape == (5, 4)
    expected = torch.stack([first[2] + second[0], first[1] + second[4]]) / math.sqrt(2)
    assert_close(embedding(torch.tensor([[2, 0], [1, 4]])), expected)


def test_an_unknown_label_adds_nothing():
    embedding = LabelEmbedding([3, 5], 4)
    vectors = embedding(torch.tensor([[-1, 3], [-1, -1]]))
    assert_close(vectors[0], embedding.tables[1].weight[3] / math.sqrt(2))
    assert vectors[1].tolist() == [0.0] * 4


def test_an_unknown_label_teaches_the_embedding_nothing():
    embedding = LabelEmbedding([3], 4)
    embedding(torch.tensor([[-1], [2]])).sum().backward()
    assert_close(embedding.tables[0].weight.grad, torch.tensor([[0.0] * 4, [0.0] * 4, [1.0] * 4]))


@pytest.mark.parametrize("sizes", [[7], [8, 6], [5, 4, 3]])
def test_embedding_has_unit_variance_per_coordinate(sizes):
    torch.manual_seed(0)
    embedding = LabelEmbedding(sizes, 4000)
    variances = embedding(torch.zeros(1, len(sizes), dtype=torch.long)).var()
    assert variances.item() == pytest.approx(1, abs=0.1)  # standard error √(2/4000) = 0.022


def test_latents_and_labels_stand_side_by_side():
    condition = condition_latents(6, [3], 4)
    assert isinstance(condition, Conditioned)
    latents = torch.randn(2, 6)
    both = condition(latents, torch.tensor([[0], [2]]))
    assert both.shape == (2, condition.out_features) == (2, 10)
    assert torch.equal(both[:, :6], latents)
    assert_close(both[:, 6:], condition.embedding.tables[0].weight[[0, 2]])


def test_without_labels_the_latents_pass_as_they_are():
    condition = condition_latents(6, [], 4)
    assert isinstance(condition, Unconditioned)
    latents = torch.randn(2, 6)
    assert condition(latents, torch.empty(2, 0, dtype=torch.long)) is latents
    assert condition.out_features == 6


def test_projection_head_is_linear_plus_inner_product_over_the_root_of_the_dimension():
    head = discriminator_head(nn.Linear(9, 1), 9, [3, 5])
    assert isinstance(head, ProjectionHead)
    features, labels = torch.randn(2, 9), torch.tensor([[1, 4], [-1, 2]])
    first, second = (table.weight / math.sqrt(2) for table in head.embedding.tables)
    vectors = torch.stack([first[1] + second[4], second[2]])
    expected = features @ head.linear.weight[0] + head.linear.bias + torch.einsum("nd,nd->n", features, vectors) / 3
    assert_close(head(features, labels), expected)


def test_projection_of_unknown_labels_is_the_plain_head():
    linear = nn.Linear(9, 1)
    features, unknown = torch.randn(2, 9), torch.full((2, 2), -1)
    assert_close(discriminator_head(linear, 9, [3, 5])(features, unknown), PlainHead(linear)(features, unknown))


def test_without_labels_the_head_is_plain():
    head = discriminator_head(nn.Linear(9, 1), 9, [])
    assert isinstance(head, PlainHead)
    assert head(torch.randn(4, 9), torch.empty(4, 0, dtype=torch.long)).shape == (4,)
