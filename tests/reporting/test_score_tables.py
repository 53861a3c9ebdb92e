import json
import math
import statistics

import pytest
from paper_runs import score, write_run

from ganart.reporting.score_tables import BEST, LAST, LATER, THE_LAST, measurements, over_seeds, tables
from ganart.runs.read import Run


@pytest.fixture
def runs(tmp_path):
    """Write runs with these scores each."""

    def write(*scores, **summary):
        return [Run(write_run(tmp_path / str(i), scores=each, **summary)) for i, each in enumerate(scores)]

    return write


def tables_of(runs):
    return tables(list(measurements(runs)))


def test_one_protocol_is_one_table_with_a_row_a_run_and_a_column_a_score(runs):
    each = {"fid": score(2.0), "recall": score(0.5, lower=False, neighbours=3)}
    (table,) = tables_of(runs(each, each, each))
    assert [column.name for column in table.columns] == ["fid", "recall"]
    assert [measurement.run for measurement, _ in table.rows] == [0, 1, 2]
    assert table.differs == {}
    assert table.protocol["n_fake"] == "2000"
    assert table.columns[1].own == (("neighbours", "3"),)


def test_values_whose_protocols_differ_never_share_a_column(runs):
    """Whatever entry it is, and whether it is another value or not there at all."""
    others = [{"n_fake": 10_000}, {"dataset": "lines"}, {"truncation": 0.7}, {"accuracy": {"style": 0.5}}]
    found = tables_of(runs({"fid": score(1.0)}, *({"fid": score(1.0, **other)} for other in others)))
    assert len(found) == 5
    for table in found:
        for column in table.columns:
            protocols = [row[column].protocol for _, row in table.rows if column in row]
            assert all(protocol == protocols[0] for protocol in protocols)
    assert all({"n_fake", "dataset", "truncation", "accuracy.style"} == set(table.differs) for table in found)
    assert found[3].differs["truncation"] == "0.7"
    assert found[0].differs["truncation"] == "–"


def test_a_setting_of_one_score_parts_its_columns_and_not_the_tables(runs):
    one = {"fid": score(1.0), "kid": score(1.0, subset_size=100)}
    other = {"fid": score(1.0), "kid": score(1.0, subset_size=1000)}
    (table,) = tables_of(runs(one, other))
    assert sorted(column.name for column in table.columns) == ["fid", "kid", "kid"]
    sizes = [table.own_differences(column) for column in table.columns if column.name == "kid"]
    assert sizes == [[("subset_size", "100")], [("subset_size", "1000")]]
    fid = next(column for column in table.columns if column.name == "fid")
    assert table.own_differences(fid) == []
    assert len([1 for _, row in table.rows if fid in row]) == 2


def test_an_entry_of_null_is_the_same_as_none(runs):
    assert len(tables_of(runs({"fid": score(1.0)}, {"fid": score(1.0, truncation=None)}))) == 1


@pytest.mark.parametrize(("n_fake", "order"), [(9_999, ["kid", "fid"]), (10_000, ["fid", "kid"])])
def test_kernel_distances_come_first_where_pictures_are_few(runs, n_fake, order):
    (table,) = tables_of(runs({"fid": score(1.0, n_fake=n_fake), "kid": score(1.0, n_fake=n_fake)}))
    assert [column.name for column in table.columns] == order


def test_the_best_is_the_largest_or_smallest_as_the_score_goes(runs):
    each = [{"fid": score(v), "recall": score(v, lower=False)} for v in (2.0, 1.0, 3.0)]
    (table,) = tables_of(runs(*each))
    assert {column.name: table.best(column) for column in table.columns} == {"fid": 1.0, "recall": 3.0}


def test_best_checkpoints_have_their_own_table_and_a_run_without_one_stands_there_with_its_last(tmp_path):
    best = {"checkpoint": "best.ckpt", "images_seen": 500, "scores": {"fid": score(1.0)}}
    with_best = Run(write_run(tmp_path / "a", scores={"fid": score(2.0)}, best=best))
    without = Run(write_run(tmp_path / "b", scores={"fid": score(3.0)}, best=None))
    found = {table.kind: table for table in tables_of([with_best, without])}
    values = {k: [next(iter(row.values())).value for _, row in t.rows] for k, t in found.items()}
    assert values == {LAST: [2.0, 3.0], BEST: [1.0, 3.0]}
    assert [measurement.images_seen for measurement, _ in found[BEST].rows] == [500, 1000]
    assert [measurement.note for measurement, _ in found[BEST].rows] == ["", THE_LAST]
    assert {table.kind for table in tables_of([without])} == {LAST}


def test_later_evaluations_are_told_with_checkpoint_and_time(tmp_path):
    run = write_run(tmp_path / "a", scores={"fid": score(2.0)})
    later = {"subject": {"checkpoint": "last.ckpt", "images_seen": 900}, "scores": {"fid": score(1.5)}}
    file = run / "evaluations/2026-01-02/summary.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(later))
    (measurement, row) = next(table for table in tables_of([Run(run)]) if table.kind == LATER).rows[0]
    assert (measurement.images_seen, measurement.note) == (900, "last.ckpt, 2026-01-02")
    assert next(iter(row.values())).value == 1.5


def test_means_and_deviations_over_seeds_are_those_by_hand(runs):
    (table,) = tables_of(runs(*({"fid": score(v)} for v in (1.0, 2.0, 4.0, 9.0))))
    first, second = over_seeds(table, [[0, 1, 2], [3]])
    (column,) = table.columns
    count, mean, std = first.values[column]
    assert count == 3
    assert mean == pytest.approx(7 / 3)
    assert std == pytest.approx(math.sqrt(((1 - 7 / 3) ** 2 + (2 - 7 / 3) ** 2 + (4 - 7 / 3) ** 2) / 2))
    assert std == pytest.approx(statistics.stdev([1, 2, 4]))
    assert second.values[column] == (1, 9.0, None)


def test_without_a_repeated_recipe_there_is_no_mean_and_nan_is_no_value(runs):
    (table,) = tables_of(runs({"fid": score(1.0)}, {"fid": score(math.nan)}, {"fid": score(3.0)}))
    assert over_seeds(table, [[0], [1], [2]]) == []
    (group,) = over_seeds(table, [[0, 1, 2]])
    assert group.values[table.columns[0]][:2] == (2, 2.0)


@pytest.mark.parametrize("damaged", [None, [], "text", {"fid": 3}, {"fid": {"value": "low"}}, {"fid": {"value": None}}])
def test_damaged_scores_are_no_scores(tmp_path, damaged):
    run = write_run(tmp_path / "a")
    (run / "summary.json").write_text(json.dumps({"images_seen": 1000, "scores": damaged, "best": damaged}))
    assert tables_of([Run(run)]) == []
