import math

import torch
from torch import nn
from torch.testing import assert_close

from ganart.layers.conditioning import one_hot
from ganart.layers.heads import AuxiliaryClassifier, Plain, Projection


def test_projection_head_is_linear_plus_inner_product_over_the_root_of_the_dimension():
    head = Projection(nn.Linear(9, 1), 9, [3, 5])
    features, labels = torch.randn(2, 9), one_hot(torch.tensor([[1, 4], [-1, 2]]), [3, 5])
    first, second = (table.weight / math.sqrt(2) for table in head.embedding.tables)
    vectors = torch.stack([first[1] + second[4], second[2]])
    expected = features @ head.linear.weight[0] + head.linear.bias + torch.einsum("nd,nd->n", features, vectors) / 3
    assert_close(head(features, labels).logits, expected)


def test_projection_of_unknown_labels_is_the_plain_head():
    linear = nn.Linear(9, 1)
    features, unknown = torch.randn(2, 9), torch.zeros(2, 8)
    assert_close(Projection(linear, 9, [3, 5])(features, unknown).logits, Plain(linear, 9)(features, unknown).logits)


def test_without_labels_the_projection_head_is_the_plain_one():
    linear, features, nothing = nn.Linear(9, 1), torch.randn(4, 9), torch.empty(4, 0)
    head, plain = Projection(linear, 9, []), Plain(linear, 9)
    assert head.state_dict().keys() == plain.state_dict().keys()
    assert torch.equal(head(features, nothing).logits, plain(features, nothing).logits)


def test_the_auxiliary_classifier_gives_class_logits_a_factor_and_a_logit_that_no_label_changes():
    head = AuxiliaryClassifier(nn.Linear(9, 1), 9, [3, 5])
    features = torch.randn(2, 9)
    output = head(features, one_hot(torch.tensor([[1, 4], [-1, 2]]), [3, 5]))
    assert [logits.shape for logits in output.class_logits] == [(2, 3), (2, 5)]
    assert_close(output.class_logits[1], features @ head.classifiers[1].weight.T + head.classifiers[1].bias)
    assert torch.equal(output.logits, head(features, torch.zeros(2, 8)).logits)
