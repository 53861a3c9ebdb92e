"""One row a run, that can be computed with."""

import csv
import json
from io import StringIO

from paper_runs import score, write_run

from ganart.reporting.rows import results_csv
from ganart.runs.read import Run


def test_rows_have_scores_cost_what_differs_and_the_protocol(tmp_path):
    runs = [
        Run(write_run(tmp_path / "a", recipe={"lr": 0.1}, scores={"fid": score(1.5, std=0.2)}, commit="abc123")),
        Run(write_run(tmp_path / "b", recipe={"lr": 0.2}, scores={"fid": score(2.5)}, seconds_training=90.0)),
    ]
    (tmp_path / "c").mkdir()
    rows = list(csv.DictReader(StringIO(results_csv([*runs, Run(tmp_path / "c")]))))
    assert [row["run"] for row in rows] == ["a", "b", "c"]
    assert [row["lr"] for row in rows] == ["0.1", "0.2", ""]
    assert [row["fid"] for row in rows] == ["1.5", "2.5", ""]
    assert [row["fid_std"] for row in rows] == ["0.2", "", ""]
    assert [row["seconds_training"] for row in rows] == ["60.0", "90.0", ""]
    assert [row["commit"] for row in rows] == ["abc123", "", ""]
    assert json.loads(rows[0]["protocol"])["n_fake"] == 2000
    assert rows[2]["state"] == "never began: there is no config.yaml"
