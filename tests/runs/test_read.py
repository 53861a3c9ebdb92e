import json

import pytest
from paper_runs import sheet, write_run

from ganart.reporting.notes import class_tables, doctor_notes
from ganart.reporting.series import COLOURS, pens
from ganart.reporting.shown import commands, show
from ganart.runs.read import Run


def test_how_far_a_run_came_is_told(tmp_path):
    assert Run(write_run(tmp_path / "a")).state == "finished"
    stopped = write_run(tmp_path / "b", images_seen=400, ended_by="signal")
    assert Run(stopped).state == "stopped at 400 of 1,000 images"
    for ended_by, words in (("time", "finished by the clock"), ("pruned", "ended by its sweep")):
        run = Run(write_run(tmp_path / ended_by, images_seen=400, ended_by=ended_by))
        assert run.state == f"{words} at 400 of 1,000 images"
        assert run.has_finished
    running = write_run(tmp_path / "c", curves="images_seen,loss\n300,1\n")
    (running / "summary.json").unlink()
    assert Run(running).state.startswith("no summary yet: 300 of 1,000 images, last written 2")
    (running / "failure.json").write_text('{"reason": "The loss is not finite.\\nTry less."}')
    assert Run(running).state == "failed: The loss is not finite."
    (tmp_path / "d").mkdir()
    assert Run(tmp_path / "d").state == "never began: there is no config.yaml"
    assert [Run(tmp_path / name).has_finished for name in "abcd"] == [True, False, False, False]


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_damaged_files_are_as_good_as_none(tmp_path, content):
    run = write_run(tmp_path / "a")
    for file in ("config.yaml", "recipe.yaml", "overrides.yaml", "dataset.json", "summary.json"):
        (run / file).write_bytes(content)
    read = Run(run)
    assert (read.config, read.recipe, read.dataset, read.summary) == ({}, {}, {}, {})
    assert read.images_seen is None
    assert not read.has_finished


def test_foreign_configuration_is_not_resolved(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "swordfish")
    run = write_run(tmp_path / "a")
    (run / "recipe.yaml").write_text("token: ${oc.env:SECRET}\n")
    assert Run(run).recipe == {"token": "${oc.env:SECRET}"}


def test_sheets_come_in_order_and_of_audits_the_latest(tmp_path):
    run = write_run(tmp_path / "a", samples=(1000, 0, 200))
    sheet(run / "samples/images_final.png")
    for name in (
        "audits/1/sheet_0.png",
        "audits/2/sheet_10.png",
        "audits/2/sheet_9.png",
        "generated/1/contact_sheet.png",
    ):
        sheet(run / name)
    read = Run(run)
    assert [seen for seen, _ in read.samples] == [0, 200, 1000]
    assert [file.name for file in read.nearest_works] == ["sheet_9.png", "sheet_10.png"]
    assert len(read.contact_sheets) == 1


def test_commands_survive_a_shell(tmp_path):
    import shlex

    typed = ["loss=hinge", "dataset.root=data/o'brien & sons/$(rm -rf x)", "resume=runs/old"]
    shown = show([Run(write_run(tmp_path / "a b", overrides=typed))])
    first, *later = commands(shown).splitlines()
    assert shlex.split(first) == ["ganart", "train", *typed[:2]]
    assert [shlex.split(line)[:3] for line in later] == [
        ["ganart", verb, "run=a b"] for verb in ("generate", "evaluate")
    ]


def test_a_line_break_in_a_name_starts_no_command_of_its_own(tmp_path):
    runs = [Run(write_run(tmp_path / name)) for name in ("a\nrm -rf x", "b")]
    (tmp_path / "b/overrides.yaml").unlink()
    assert commands(show(runs)).splitlines() == [
        "# a rm -rf x",
        "ganart train",
        "# b",
        "# not known: there is no overrides.yaml",
    ]


def test_few_runs_have_a_colour_each_and_many_one_a_recipe(tmp_path):
    def write(count, seeds):
        recipes = [{"lr": i // seeds, "seed": i % seeds} for i in range(count)]
        folder = tmp_path / f"{count}_{seeds}"
        return [Run(write_run(folder / str(i), recipe=recipe)) for i, recipe in enumerate(recipes)]

    assert [pen.colour for pen in pens(write(COLOURS, 1))] == list(range(COLOURS))
    nine = pens(write(9, 3))
    assert [pen.colour for pen in nine] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert len(set(nine)) == 9
    assert len(set(pens(write(20, 1)))) == 20


def test_the_doctor_and_the_classes_are_read_and_damaged_entries_passed_over(tmp_path):
    rows = [{"class": "cubist", "share_real": 0.5, "share_fake": None, "kernel_distance": 0.1, "recall": "?"}, 7]
    per_label = {"style": {"total_variation": 0.25, "rows": rows}, "subject": {"rows": []}, "mood": 3}
    doctor = [{"disease": "style_dropped", "images_seen": 5, "says": "no cubes", "try": ["a=1"]}, "flu", {}]
    run = Run(write_run(tmp_path / "a", per_label=per_label, doctor=doctor))
    (table,) = class_tables(run)
    assert (table.factor, table.total_variation) == ("style", 0.25)
    assert (table.rows[0].name, table.rows[0].share_fake, table.rows[0].recall) == ("cubist", None, None)
    (note,) = doctor_notes(run)
    assert (note.disease, note.images_seen, note.says, note.remedies) == ("style dropped", 5, "no cubes", ["a=1"])


def test_classes_of_a_later_evaluation_stand_in(tmp_path):
    run = write_run(tmp_path / "a")
    file = run / "evaluations/1/summary.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"per_label": {"style": {"rows": [{"class": "drip"}]}}}))
    assert class_tables(Run(run))[0].rows[0].name == "drip"


@pytest.mark.parametrize("typed", ["/home/li/art", "'/home/li/my art'", "~/art"])
def test_a_page_does_not_say_where_on_whose_machine_the_files_lay(tmp_path, typed):
    run = Run(write_run(tmp_path / "a", overrides=[f"dataset.root={typed}", "loss=hinge"]))
    shown = commands(show([run]))
    assert "/li" not in shown
    assert "~" not in shown
    assert "loss=hinge" in shown
