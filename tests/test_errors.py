"""What is said of a name that does not exist."""

import pytest

from ganart.errors import did_you_mean, nearest_name

VERBS = ["train", "sweep", "generate", "regenerate", "evaluate"]


@pytest.mark.parametrize(("asked", "nearest"), [("trian", "train"), ("generat", "generate"), ("xyz", None), ("", None)])
def test_the_nearest_name_is_one_that_resembles_what_was_asked(asked, nearest):
    assert nearest_name(asked, iter(VERBS)) == nearest


def test_a_hint_has_its_prefix_and_is_nothing_where_no_name_is_near():
    assert did_you_mean("trian", VERBS, prefix="ganart ") == " Did you mean ganart train?"
    assert did_you_mean("trian", VERBS) == " Did you mean train?"
    assert did_you_mean("xyz", VERBS, prefix="ganart ") == ""
