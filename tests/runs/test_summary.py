"""What is shown of scores: order, caveats, protocols."""

from rich.console import Console

from ganart.metrics import Result
from ganart.metrics.results import LabelRow, LabelTable
from ganart.runs import summary


def result(name, value=2.0, floor=1.0, std=None, lower=True, **protocol):
    counts = {"n_real": 500, "n_fake": 500, "n_floor": 500, "features": "x"}
    return Result(name, value, std, floor, lower, counts | protocol, name.partition("_")[0])


def shown(thing) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_with_few_pictures_the_kernel_distance_comes_first_and_a_caveat_says_why():
    rows = [result("fd_x", std=0.25), result("is_x", lower=False), result("kd_x")]
    assert [row.name for row in summary.in_order(rows)] == ["kd_x", "fd_x", "is_x"]
    (caveat,) = summary.caveats(rows)
    assert "fd_x of 500 pictures is too high" in caveat
    assert "real pictures get 1 at 500" in caveat
    many = [result(row.name, n_fake=10_000) for row in rows]
    assert [row.name for row in summary.in_order(many)] == ["fd_x", "is_x", "kd_x"]
    assert summary.caveats(many) == []


def test_the_table_has_deviation_floor_and_ratio_and_says_where_the_floor_is_of_fewer():
    text = shown(summary.table([result("fd_x", std=0.25), result("kd_x", n_floor=50)]))
    fd, kd = (next(line for line in text.splitlines() if name in line) for name in ("fd_x", "kd_x"))
    assert "2 ± 0.25" in fd
    assert "2.0" in fd.split("│")[-2]
    assert "1 (of 50)" in kd
    assert kd.split("│")[-2].strip() == ""


def test_what_all_protocols_share_is_said_once_and_the_rest_by_score():
    rows = [
        result("fd_x", weights_hash="a" * 64),
        result("kd_x", weights_hash="a" * 64, subsets=5),
        result("fd_y", n_fake=7),
    ]
    shared, *own = summary.protocol_lines(rows[:2])
    assert shared == "protocol: n_real=500, n_fake=500, n_floor=500, features=x, weights_hash=aaaaaaaaaaaa…"
    assert own == ["  kd_x: subsets=5"]
    assert summary.protocol_lines(rows[::2])[1:] == [
        "  fd_x: n_fake=500, weights_hash=aaaaaaaaaaaa…",
        "  fd_y: n_fake=7",
    ]
    assert summary.protocol_lines([]) == []


def test_a_class_without_numbers_has_empty_cells():
    rows = [LabelRow("calm", 10, 12, 0.5, 0.6, 0.123, 0.9), LabelRow("odd", 10, 0, 0.5, None, None, None)]
    text = shown(summary.label_table(LabelTable("style", 0.1, 0.75, rows)))
    assert "shares differ by 10.0%, 75.0% are recognised as asked for" in text
    assert "60.0%" in text
    assert "None" not in text
