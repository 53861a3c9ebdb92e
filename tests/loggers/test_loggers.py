"""What is logged is read back from where it was logged."""

import json
import os
from pathlib import Path

import pytest
from laboratory import DCGAN, TINY, compose_tiny, train_tiny
from offline_wandb import wandb_records

from ganart.config.build import build
from ganart.errors import UserError
from ganart.loggers import CSVLogger, Guarded, WandbLogger


def history_of(records):
    """The rows of the history; what has parts, a picture say, as a dictionary of them."""
    rows = []
    for items in (r.history.item for r in records if r.HasField("history")):
        row = {}
        for item in items:
            first, *rest = item.nested_key or [item.key]
            value = json.loads(item.value_json)
            row[first] = row.get(first, {}) | {rest[0]: value} if rest else value
        rows.append(row)
    return rows


@pytest.fixture(scope="module")
def offline(lab):
    """What W&B has kept of a run, offline: the run folder, and its records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(lab / "cache"))
        wandb = ("logger=[wandb]", "logger.wandb.mode=offline", "logger.wandb.log_model=true")
        run = train_tiny(lab / "run", *wandb, "logger.wandb.tags=[first,tiny]", "callback.scores.every_images=80")
    return run, list(wandb_records(run.path))


def test_wandb_offline_holds_the_configuration(offline):
    _, records = offline
    config = {item.key or item.nested_key[0]: item.value_json for r in records for item in r.run.config.update}
    config |= {item.key: item.value_json for r in records for item in r.config.update}
    assert json.loads(config["total_images"]) == 160
    assert json.loads(config["loss"])["_target_"].endswith("Relativistic")
    (begun,) = (r.run for r in records if r.HasField("run") and r.run.tags)
    assert list(begun.tags) == ["first", "tiny"]
    assert (begun.display_name, begun.job_type) == ("tiny", "train")


def test_wandb_offline_holds_everything_in_its_section_on_the_axis_of_images(offline):
    _, records = offline
    history = history_of(records)
    for kind, at in (("trend", {80, 160}), ("scores", {160})):
        assert {row["images_seen"] for row in history if f"{kind}/fd_classifier" in row} == at
    assert {row["images_seen"] for row in history if "samples/grid" in row} == {0, 80, 160}
    assert all("images_seen" in row for row in history)
    names = {name for row in history for name in row}
    expected = "players/d_real players/d_fake players/generator_loss players/gradient_norm_generator penalties/r1"
    expected += " machine/images_per_second machine/memory_gb scores/is_classifier scores/fd_classifier_floor"
    assert names >= set(expected.split())
    assert {name.partition("/")[0] for name in names if "/" in name} == {
        "players",
        "penalties",
        "machine",
        "trend",
        "scores",
        "samples",
        "nearest",
    }
    metrics = {r.metric.name or r.metric.glob_name: r.metric for r in records if r.HasField("metric")}
    assert metrics["*"].step_metric == "images_seen"
    for kind in ("trend", "scores"):
        assert metrics[f"{kind}/fd_classifier"].summary.min
        assert metrics[f"{kind}/is_classifier"].summary.max


def test_wandb_offline_holds_protocols_and_ends_the_run(offline):
    _, records = offline
    summary = {item.key or item.nested_key[0]: item.value_json for r in records for item in r.summary.update}
    protocol = json.loads(summary["scores/fd_classifier/protocol"])
    assert (protocol["n_fake"], protocol["weights"]) == (100, "average")
    assert any(r.HasField("exit") for r in records)  # finished, so that the next job of a multirun is another run


def test_wandb_offline_holds_pictures_the_walk_and_a_table_of_classes(offline):
    run, records = offline
    last = {name: value for row in history_of(records) for name, value in row.items()}
    kept = run.path / "wandb"
    for name, kind in (("samples/grid", "image-file"), ("nearest/works", "image-file"), ("samples/walk", "video-file")):
        assert last[name]["_type"] == kind
        assert list(kept.rglob(Path(last[name]["path"]).name))
    assert last["samples/grid"]["caption"] == "160 images seen"
    (table,) = kept.rglob(Path(last["scores/by_style"]["path"]).name)
    content = json.loads(table.read_text())
    assert content["columns"][:2] == ["class", "n_real"]
    assert len(content["data"]) == 8


def test_wandb_offline_holds_the_way_from_the_data_to_checkpoints_and_pictures(offline):
    run, records = offline
    artifacts = [r.artifact for r in records if r.HasField("artifact")]
    artifacts += [r.request.log_artifact.artifact for r in records if r.request.HasField("log_artifact")]
    assert {artifact.type for artifact in artifacts} >= {"dataset", "pictures", "model"}
    (data,) = (artifact for artifact in artifacts if artifact.type == "dataset")
    facts = json.loads(data.metadata)
    assert facts["manifest_hash"] == json.loads((run.path / "summary.json").read_text())["manifest_hash"]
    pictures = {entry.path for a in artifacts if a.type == "pictures" for entry in a.manifest.contents}
    assert pictures == {"images_000000160.png", "walk.gif", "nearest.png"}


def test_two_jobs_of_a_multirun_are_two_runs_of_one_group(ganart, tmp_path):
    several = ("--multirun", "seed=1,2", f"hydra.sweep.dir={tmp_path}/many", "~callback.scores", "name=tiny")
    status, text = ganart("train", *TINY, *DCGAN, *several, "logger=[wandb]", "logger.wandb.mode=offline")
    assert status == 0, text
    begun = [r.run for seed in (1, 2) for r in wandb_records(tmp_path / f"many/seed-{seed}") if r.HasField("run")]
    assert {run.run_group for run in begun} == {"many"}
    assert {run.display_name for run in begun} == {"seed-1", "seed-2"}
    assert len({run.run_id for run in begun}) == 2


def test_a_training_goes_on_when_wandb_fails(tmp_path, monkeypatch, capsys):
    import wandb

    def fails(*_, **__):
        raise wandb.errors.CommError("the network is gone")

    monkeypatch.setattr(wandb.sdk.wandb_run.Run, "log", fails)
    run = train_tiny(tmp_path / "run", "logger=[wandb]", "logger.wandb.mode=offline", "~callback.scores")
    assert run.has_finished
    told = capsys.readouterr().out
    assert told.count("training goes on") == 1
    assert "the network is gone" in told
    assert "wandb sync" in told


def test_a_run_that_wandb_cannot_begin_is_kept_offline(tmp_path, monkeypatch, capsys):
    import wandb

    begin = wandb.init

    def only_offline(*args, mode=None, **named):
        if mode != "offline":
            raise wandb.errors.CommError("no route to the server")
        return begin(*args, mode=mode, **named)

    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setattr(wandb, "init", only_offline)
    run = train_tiny(tmp_path / "run", "logger=[wandb]", "~callback.scores")
    assert run.has_finished
    assert capsys.readouterr().out.count("no route to the server") == 1
    assert history_of(list(wandb_records(run.path)))


def test_wandb_disabled_leaves_nothing(tmp_path):
    run = train_tiny(tmp_path / "run", "logger=[wandb]", "logger.wandb.mode=disabled", "~callback.scores")
    assert not list(run.path.rglob("*.wandb"))


def test_wandb_online_without_a_key_names_the_three_ways_out(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"wandb login[\s\S]*mode=offline[\s\S]*mode=disabled"):
        WandbLogger(folder=tmp_path)
    with pytest.raises(UserError, match="online, offline, disabled"):
        WandbLogger(folder=tmp_path, mode="ofline")


def test_tensorboard_holds_numbers_and_pictures_by_images_seen(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train_tiny(tmp_path / "run", "logger=[tensorboard]")
    events = EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("players/discriminator_loss")] == [32, 64, 96, 128, 160]
    assert [event.step for event in events.Images("samples/grid")] == [0, 80, 160]
    assert events.Scalars("scores/fd_classifier")[0].value > 0
    (table,) = events.Tensors("scores/by_style/text_summary")
    assert b"| class | n_real |" in table.tensor_proto.string_val[0]
    assert (run.path / "metrics.csv").exists()  # always


def test_csv_adds_columns_and_joins_rows_of_one_moment(tmp_path):
    logger = CSVLogger(folder=tmp_path)
    logger.log_metrics({"a": 1.0}, step=10)
    logger.log_metrics({"a": 2.0}, step=20)
    logger.log_metrics({"b": 3.0}, step=20)
    assert (tmp_path / "metrics.csv").read_text().split() == ["images_seen,a,b", "10,1.0,", "20,2.0,3.0"]


def begun_by(folder: Path, *overrides: str):
    """What W&B is told when a run begins, without beginning one."""
    logger = build(compose_tiny(folder, "logger=[wandb]", *overrides).logger.wandb)
    return logger._wandb_init


def test_wandbs_own_variables_count_where_the_command_says_nothing(tmp_path, monkeypatch):
    variables = {"MODE": "offline", "PROJECT": "theirs", "ENTITY": "team", "NAME": "first"}
    for name, value in {**variables, "RUN_GROUP": "many", "TAGS": "a,b"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    told = begun_by(tmp_path)
    assert {name: told[name] for name in ("mode", "project", "entity", "name", "group", "tags")} == {
        "mode": "offline",
        "project": "theirs",
        "entity": "team",
        "name": "first",
        "group": "many",
        "tags": ["a", "b"],
    }
    given = [f"logger.wandb.{key}=own" for key in ("project", "entity", "name", "group")]
    told = begun_by(tmp_path, *given, "logger.wandb.tags=[mine]", "logger.wandb.mode=disabled")
    assert {told[name] for name in ("project", "entity", "name", "group")} == {"own"}
    assert (told["tags"], told["mode"]) == (["mine"], "disabled")


@pytest.mark.parametrize(
    ("name", "value", "mode"),
    [("DISABLED", "true", "disabled"), ("MODE", "dryrun", "offline"), ("MODE", "disabled", "disabled")],
)
def test_wandb_is_switched_by_its_own_variables(tmp_path, monkeypatch, name, value, mode):
    monkeypatch.setenv(f"WANDB_{name}", value)
    assert begun_by(tmp_path)["mode"] == mode


def test_a_wandb_that_stays_here_leaves_the_environment_of_the_next_job_alone(tmp_path):
    before = dict(os.environ)
    train_tiny(tmp_path / "run", "logger=[wandb]", "logger.wandb.mode=offline", "total_images=16", "~callback.scores")
    assert os.environ.get("WANDB_MODE") == before.get("WANDB_MODE")


@pytest.mark.parametrize("project", ["a/b", "what?", "x" * 129, "50%"])
def test_a_project_that_wandb_refuses_is_told_before_training(tmp_path, project):
    with pytest.raises(UserError, match=r"logger.wandb.project=.*Invalid project name"):
        WandbLogger(folder=tmp_path, project=project, mode="offline")


def test_wandb_that_cannot_begin_at_all_is_left_out(tmp_path, monkeypatch, capsys):
    import wandb

    def away(*_, **__):
        raise wandb.errors.CommError("no route to the server")

    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setattr(wandb, "init", away)
    run = train_tiny(tmp_path / "run", "logger=[wandb]", "total_images=16", "~callback.scores")
    assert run.has_finished
    assert "training goes on without it" in capsys.readouterr().out


def test_a_logger_that_fails_slowly_is_left_alone_after_a_while(monkeypatch):
    from ganart.loggers import guarded

    class Slow(CSVLogger):
        asked = 0

        def log_metrics(self, metrics, step=None):
            self.asked += 1
            raise TimeoutError("away")

    seconds = iter(range(0, 100000, 25))
    monkeypatch.setattr(guarded.time, "monotonic", lambda: next(seconds))
    logger = Slow(folder="nowhere")
    around = Guarded("slow", logger)
    for step in range(10):
        around.log_metrics({}, step)
    assert logger.asked == 3  # 25 seconds each, of sixty


def test_protocols_stand_beside_the_rows_from_which_they_hold_and_go_with_them(tmp_path):
    def row(logger, seen, way):
        logger.log_protocols({"trend/fid": {"weights_hash": way, "accuracy": float("nan")}})
        logger.log_metrics({"trend/fid": 1.0}, step=seen)

    def held():
        return [
            (one["images_seen"], one["protocol"]["weights_hash"]) for one in json.loads(file.read_text())["trend/fid"]
        ]

    file, logger = tmp_path / "protocols.json", CSVLogger(folder=tmp_path)
    logger.go_on_from(-1)
    for seen, way in ((10, "a"), (20, "a"), (30, "b"), (40, "b")):
        row(logger, seen, way)
    logger.log_metrics({"loss": 1.0}, step=50)
    assert held() == [(10, "a"), (30, "b")]
    again = CSVLogger(folder=tmp_path)
    again.go_on_from(20)
    assert held() == [(10, "a")]
    row(again, 30, "c")
    assert held() == [(10, "a"), (30, "c")]
    file.write_text('{"trend/fid": 3}')
    row(again, 40, "d")
    assert held() == [(40, "d")]
    CSVLogger(folder=tmp_path).go_on_from(-1)
    assert json.loads(file.read_text()) == {}


def test_a_run_writes_down_how_its_trends_were_taken(offline):
    run, _ = offline
    (held,) = json.loads((run.path / "protocols.json").read_text())["trend/fd_classifier"]
    assert held["images_seen"] == 80
    assert held["protocol"]["latents"] == "of the trend"
    assert len(held["protocol"]["weights_hash"]) == 64
