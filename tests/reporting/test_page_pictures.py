import base64
import io

import numpy as np
import pytest
from paper_runs import sheet
from PIL import Image

from ganart.reporting.pictures import Budget, embedded, evenly, timeline


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_a_picture_is_made_small_and_keeps_its_shape(tmp_path):
    Image.new("RGB", (800, 400), (200, 30, 30)).save(tmp_path / "a.png")
    picture = embedded(tmp_path / "a.png", 100, "red")
    image = decoded(picture.uri)
    assert image.size == (picture.width, picture.height) == (100, 50)
    assert np.abs(np.asarray(image.convert("RGB")).mean((0, 1)) - (200, 30, 30)).max() < 4


def test_a_small_picture_is_not_enlarged_and_a_tower_is_cut_down(tmp_path):
    assert embedded(sheet(tmp_path / "small.png", 20), 100, "").width == 20
    Image.new("L", (100, 9000)).save(tmp_path / "tower.png")
    assert embedded(tmp_path / "tower.png", 50, "").height <= 100


def test_transparency_shows_paper(tmp_path):
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert np.asarray(decoded(embedded(tmp_path / "a.png", 10, "").uri).convert("RGB")).min() > 240


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n truncated"])
def test_what_is_no_picture_is_left_out(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert embedded(tmp_path / "a.png", 10, "") is None
    assert embedded(tmp_path / "missing.png", 10, "") is None


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 100])
def test_frames_are_spread_evenly_from_the_first_to_the_last(count):
    chosen = evenly(count, 8)
    assert len(chosen) == min(count, 8)
    assert chosen == sorted(set(chosen))
    if count:
        assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert not chosen[1:] or max(np.diff(chosen)) - min(np.diff(chosen)) <= 1


def test_a_timeline_says_when(tmp_path):
    samples = [(seen, sheet(tmp_path / f"{seen}.png")) for seen in range(0, 30_000, 1000)]
    frames = timeline(samples, Budget(frames=3, frame=20, sheet=20), 20)
    assert [frame.caption for frame in frames] == ["0 images", "14,000 images", "29,000 images"]


def test_more_runs_get_less_each():
    budgets = [Budget.of(n) for n in (1, 10, 60)]
    assert [b.frames * b.frame**2 for b in budgets] == sorted((b.frames * b.frame**2 for b in budgets), reverse=True)
