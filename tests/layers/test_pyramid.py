from itertools import pairwise

import pytest

from ganart.errors import UserError
from ganart.layers.pyramid import pyramid

SIDES = [8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256]  # (4 … 7) · 2ᵏ


@pytest.mark.parametrize("side", SIDES)
def test_every_side_from_8_to_256_that_doubling_reaches_is_reached(side):
    plan = pyramid(side, side, 512, 1)
    assert 4 <= plan.start[0] == plan.start[1] <= 7
    assert plan.start[0] * 2 ** len(plan.channels) == side


def test_all_other_sides_are_refused_and_what_the_message_suggests_can_be_reached():
    for side in set(range(1, 300)) - set(SIDES):
        with pytest.raises(UserError) as error:
            pyramid(side, side, 64, 64)
        message = str(error.value)
        assert f"{side}×{side}" in message
        assert f"one of {', '.join(map(str, SIDES))}," in message
        suggested = {
            part.split("=")[0]: int(part.split("=")[1].rstrip(",")) for part in message.split() if "dataset." in part
        }
        plan = pyramid(suggested["dataset.height"], suggested["dataset.width"], 64, 64)
        assert abs(plan.start[0] * 2 ** len(plan.channels) - side) == min(abs(s - side) for s in SIDES)


@pytest.mark.parametrize(("height", "width"), [(30, 57), (28, 30), (256, 8), (9, 255), (65, 82), (100, 300)])
def test_suggestion_for_unreachable_rectangles_can_be_reached(height, width):
    try:
        pyramid(height, width, 64, 64)
    except UserError as error:
        words = [part for part in str(error).split() if "dataset." in part]
        pyramid(*(int(word.split("=")[1].rstrip(",")) for word in words), 64, 64)
    else:
        assert (height, width) == (256, 8)


@pytest.mark.parametrize(
    ("height", "width", "start", "channels"),
    [
        (28, 28, (7, 7), (256, 128)),
        (32, 32, (4, 4), (256, 128, 64)),
        (64, 64, (4, 4), (256, 128, 64, 32)),
        (48, 64, (6, 8), (256, 128, 64)),
        (64, 48, (8, 6), (256, 128, 64)),
        (128, 96, (8, 6), (256, 128, 64, 32)),
        (256, 256, (4, 4), (256, 128, 64, 32, 32, 32)),
        (8, 256, (4, 128), (256,)),
    ],
)
def test_levels_halve_their_channels_down_to_the_least(height, width, start, channels):
    plan = pyramid(height, width, 256, 32)
    assert plan.start == start
    assert plan.channels == channels
    assert plan.start_features == channels[0] * start[0] * start[1]
    assert list(plan.upwards()) == list(pairwise(channels))
    assert list(plan.downwards()) == list(pairwise(channels[::-1]))


@pytest.mark.parametrize(("height", "width"), [(28, 30), (64, 68), (32, 260), (4, 4), (8, 512), (26, 26)])
def test_sizes_that_doubling_cannot_reach_are_refused(height, width):
    with pytest.raises(UserError, match=f"{height}×{width} pictures cannot be reached by doubling"):
        pyramid(height, width, 64, 32)
