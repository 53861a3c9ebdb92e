"""Files that any reader of JSON takes: NaN and infinity, which Python alone writes, are null."""

import json
import math

import pytest

from ganart.files.json_files import in_json, write_json
from ganart.runs import summary


def strictly(text: str):
    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_numbers_that_are_not_finite_are_null_however_deep_they_lie(tmp_path):
    facts = {"a": [1.5, math.nan, {"b": (math.inf, -math.inf, 0, True, None, "NaN")}], "山": 2}
    expected = {"a": [1.5, None, {"b": [None, None, 0, True, None, "NaN"]}], "山": 2}
    assert strictly(in_json(facts)) == expected
    write_json(tmp_path / "facts.json", facts)
    assert strictly((tmp_path / "facts.json").read_text(encoding="utf-8")) == expected


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    file = tmp_path / "facts.json"
    write_json(file, {"a": 1})
    with pytest.raises(TypeError):
        write_json(file, {"a": object()})
    assert strictly(file.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_a_score_that_came_out_as_nothing_is_null_in_the_summary(tmp_path):
    summary.write(tmp_path / "summary.json", {"scores": {"is": {"value": math.nan, "std": math.inf}}})
    assert strictly((tmp_path / "summary.json").read_text())["scores"]["is"] == {"value": None, "std": None}
