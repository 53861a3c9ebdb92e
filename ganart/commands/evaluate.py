"""The verb `ganart evaluate`: scores of a trained generator or a folder of pictures, with their protocols."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ganart.command_line.arguments import asks, values_in, with_output
from ganart.config.messages import reports_user_errors
from ganart.errors import UserError
from ganart.files.paths import conf_dir, shown, unplaced

if TYPE_CHECKING:
    from ganart.features import FeatureNetwork
    from ganart.metrics import Evaluation, Score, Scorer
    from ganart.metrics.feature_store import Paint


@reports_user_errors
def evaluate_one(cfg: DictConfig) -> float | None:
    """Score the run or folders that `cfg` names; return the first score."""
    return evaluate(cfg, Path(HydraConfig.get().runtime.output_dir))


main = hydra.main(config_path=str(conf_dir()), config_name="evaluate", version_base="1.3")(evaluate_one)


def evaluate(cfg: DictConfig, folder: Path) -> float | None:
    """Score the run or folders that `cfg` names, write summary.json into `folder`, and return the first score.

    Raises:
        UserError: if it cannot be scored.
    """
    begun = time.monotonic()
    evaluation, subject = _of_run(cfg) if cfg.run is not None else _of_folders(cfg)
    _conclude(evaluation, subject, folder, time.monotonic() - begun)
    return evaluation.results[0].value if evaluation.results else None


def _of_run(cfg: DictConfig) -> tuple[Evaluation, dict[str, Any]]:
    from ganart.generation.painter import Painter, device_of
    from ganart.generation.scored import Generated, sample_of
    from ganart.runs.checkpoints import read_checkpoint
    from ganart.runs.folder import RunFolder

    run, allow = RunFolder.open(cfg.run), tuple(cfg.allow_targets)
    checkpoint = run.checkpoint(cfg.run if Path(cfg.run).expanduser().is_file() else cfg.checkpoint)
    painter = Painter(run, checkpoint, cfg.average, device_of(cfg.device), allow)
    pictures = run.pictures(moved=cfg.dataset, allow=allow)
    scorer = _scorer(cfg, cfg.split)
    scorer.prepare(pictures, painter.device)
    condition = tuple(factor.name for factor in painter.factors)
    paint = Generated(partial(painter.paint_all, truncation=cfg.truncation), pictures, condition, sample_of(cfg.seed))
    subject = {
        "run": unplaced(run.path),
        "checkpoint": checkpoint.name,
        "images_seen": read_checkpoint(checkpoint)["ganart"]["images_seen"],
    }
    painted = {"weights": "average" if cfg.average else "raw", "truncation": cfg.truncation}
    return _look_and_score(scorer, paint, scorer.num_images, painted), subject


def _of_folders(cfg: DictConfig) -> tuple[Evaluation, dict[str, Any]]:
    from ganart.api.scoring import score_pictures
    from ganart.datasets.side_by_side import settings_of, side_by_side

    real, fake = side_by_side(cfg.real, cfg.fake, settings_of(cfg.pictures, cfg.dataset))
    subject = {"real": unplaced(cfg.real), "fake": unplaced(cfg.fake), "fake_hash": fake.hash}
    return score_pictures(cfg, real, fake, *_parts(cfg)), subject


def _parts(cfg: DictConfig) -> tuple[FeatureNetwork, dict[str, Score]]:
    from ganart.config.build import build

    return build(cfg.features, allow=cfg.allow_targets), build(cfg.metric, allow=cfg.allow_targets)


def _scorer(cfg: DictConfig, split: str) -> Scorer:
    from ganart.metrics import Scorer

    return Scorer(*_parts(cfg), num_images=cfg.num_images, split=split, batch_size=cfg.batch_size, seed=cfg.seed)


def _look_and_score(scorer: Scorer, paint: Paint, count: int, painted: dict[str, Any]) -> Evaluation:
    from ganart.console import progress, working

    with progress("looking at generated pictures", count) as advance:
        fake = scorer.look(paint, count, advance=advance)
    with working("comparing"):
        return scorer.evaluate(fake, **painted)


def _conclude(evaluation: Evaluation, subject: dict[str, Any], folder: Path, seconds: float) -> None:
    """Save the scores, and print them."""
    from ganart.console import console, remark
    from ganart.runs import summary

    folder.mkdir(parents=True, exist_ok=True)
    facts = {"subject": subject, **evaluation.as_dict(), "seconds": round(seconds, 1)}
    summary.write(folder / "summary.json", facts)
    console.print(summary.table(evaluation.results))
    for line in [
        *summary.caveats(evaluation.results),
        *evaluation.caveats,
        *summary.protocol_lines(evaluation.results),
    ]:
        console.say(line, style="dim")
    for table in evaluation.tables:
        console.print(summary.label_table(table))
    remark("saved", "green", f"{shown(folder / 'summary.json')} ({seconds:.0f} s)")


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Add the output folder, in the run folder or below evaluations/."""
    if asks(arguments):
        return arguments
    run, real, fake = (values_in(arguments).get(key) for key in ("run", "real", "fake"))
    if bool(run) == bool(real or fake) or bool(real) != bool(fake):
        raise UserError(
            "What is to be scored? Name a run folder, ganart evaluate runs/…, or two folders of pictures, "
            "ganart evaluate real=FOLDER fake=FOLDER"
        )
    return with_output(arguments, "evaluations")
