"""What a run says while it runs."""

from types import SimpleNamespace

import pytest

from ganart.callbacks.progress import ProgressBar, fitted
from ganart.metrics import Result


@pytest.mark.parametrize(
    ("room", "line"),
    [(12, "abc · de · f"), (11, "abc · de"), (7, "abc · f"), (2, "de"), (1, "f"), (0, "")],
)
def test_parts_that_do_not_fit_are_left_out_the_last_first(room, line):
    assert fitted(["abc", "", "de", "f"], room) == line


@pytest.mark.parametrize("score", ["fd_classifier", "density_coverage_of_art_inception"])
def test_a_line_in_a_log_has_at_most_eighty_letters(monkeypatch, score):
    bar = ProgressBar(total_images=25_000_000)
    assert bar.seconds_per_line <= 10
    bar._started, bar._began_at = 0.0, 0
    latest = {"players/discriminator_loss": -12.345, "players/generator_loss": 123.456}
    bar._numbers = SimpleNamespace(latest=latest)
    result = Result(score, 123.456, 0.5, 1.0, True, dict.fromkeys(("n_real", "n_fake", "n_floor"), 9), "fid")
    monkeypatch.setattr("ganart.callbacks.progress.console", SimpleNamespace(say=lambda *a, **k: None))
    bar.on_trend(
        SimpleNamespace(is_global_zero=True), SimpleNamespace(images_seen=12), SimpleNamespace(results=[result])
    )
    line = bar._line(SimpleNamespace(images_seen=12_345_678), 9_999.0)
    assert len(line) <= 80
    assert line.startswith("12,345,678/25,000,000 images · 1,235/s · 2:50:49 left")
