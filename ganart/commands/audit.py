"""The verb `ganart audit`: copies of training images among generated pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ganart.command_line.arguments import asks, values_in, with_output, with_seeds_quoted
from ganart.config.messages import reports_user_errors
from ganart.errors import UserError
from ganart.files.json_files import write_json
from ganart.files.paths import conf_dir, shown, unplaced

if TYPE_CHECKING:
    import numpy as np

    from ganart.datasets.base import PictureSet
    from ganart.originality import Audit, Auditor


@reports_user_errors
def audit_one(cfg: DictConfig) -> None:
    """Audit the run or folder that `cfg` names, into the output folder."""
    audit(cfg, Path(HydraConfig.get().runtime.output_dir))


main = hydra.main(config_path=str(conf_dir()), config_name="audit", version_base="1.3")(audit_one)


def audit(cfg: DictConfig, folder: Path) -> None:
    """Audit the run or folder that `cfg` names; write audit.json and sheets into `folder`.

    Raises:
        UserError: if it cannot be audited.
    """
    from ganart.generation.painter import device_of
    from ganart.originality.prepared import auditor_of, looking

    if not 0 < cfg.threshold < 100:
        raise UserError(f"threshold={cfg.threshold}: it is a percentile, above 0 and below 100, e.g. threshold=1.")
    data, pictures, names, subject = _of_run(cfg) if cfg.run is not None else _of_folders(cfg)
    auditor = auditor_of(
        cfg.features, data, device_of(cfg.device), cfg.threshold, seed=cfg.seed, allow=tuple(cfg.allow_targets)
    )
    with looking(auditor, "holding them against the training pictures") as advance:
        found = auditor.audit(pictures, advance=advance)
    _conclude(found, auditor, data, pictures, names, subject, folder, cfg.num_sheets)


def _of_run(cfg: DictConfig) -> tuple[PictureSet, np.ndarray, list[str], dict[str, Any]]:
    import numpy as np

    from ganart.console import progress
    from ganart.generation.painter import Painter, device_of
    from ganart.generation.recipes import names_of, plan, seeds_in
    from ganart.runs.checkpoints import read_checkpoint, sha256_of
    from ganart.runs.folder import RunFolder

    run, allow = RunFolder.open(cfg.run), tuple(cfg.allow_targets)
    of_run = cfg.dataset if cfg.pictures is None else {key: cfg.dataset[key] for key in ("root", "labels")}
    data = run.pictures(moved=of_run, allow=allow)
    if cfg.pictures is not None:
        pictures, names = _read(cfg.pictures, data, run.config.dataset, cfg.dataset)
        return data, pictures, names, {"run": unplaced(run.path), "pictures": unplaced(cfg.pictures)}
    checkpoint = run.checkpoint(cfg.run if Path(cfg.run).expanduser().is_file() else cfg.checkpoint)
    painter = Painter(run, checkpoint, cfg.average, device_of(cfg.device), allow)
    recipes = plan(painter.factors, seeds_in(str(cfg.seeds)), {}, cfg.truncation)
    with progress("generating", len(recipes)) as advance:
        painted = []
        for recipe in recipes:
            painted.append(painter.paint(recipe))
            advance(1)
    subject = {
        "run": unplaced(run.path),
        "checkpoint": checkpoint.name,
        "checkpoint_sha256": sha256_of(checkpoint),
        "weights": "average" if cfg.average else "raw",
        "truncation": cfg.truncation,
        "images_seen": read_checkpoint(checkpoint)["ganart"]["images_seen"],
        "seeds": str(cfg.seeds),
    }
    return data, np.stack(painted), names_of(recipes, painter.factors), subject


def _of_folders(cfg: DictConfig) -> tuple[PictureSet, np.ndarray, list[str], dict[str, Any]]:
    from ganart.datasets.side_by_side import settings_of, side_by_side

    how = settings_of(cfg.size, cfg.dataset)
    data, others = side_by_side(cfg.works, cfg.pictures, how, keys=("works", "pictures", "size"))
    subject = {"works": unplaced(cfg.works), "pictures": unplaced(cfg.pictures)}
    return data, others.images, others.manifest.files, subject


def _read(folder: str, data: PictureSet, dataset: DictConfig, asked: DictConfig) -> tuple[np.ndarray, list[str]]:
    """Return the pictures in `folder`, resized as those of `data` and read as `asked`, and their file names."""
    import numpy as np

    from ganart.datasets.side_by_side import read_folder, settings_of

    how = {"height": data.height, "width": data.width, "channels": data.channels}
    how |= {key: dataset[key] for key in ("resize", "filter", "background") if key in dataset}
    others = read_folder("pictures", folder, settings_of(how, asked))
    return np.asarray(others.images), others.manifest.files


def _conclude(
    found: Audit,
    auditor: Auditor,
    data: PictureSet,
    pictures: np.ndarray,
    names: Sequence[str],
    subject: dict[str, Any],
    folder: Path,
    num_sheets: int,
) -> None:
    """Save the findings and sheets, and print a summary."""
    from ganart.console import console, remark
    from ganart.grids import save_sheet
    from ganart.originality import findings
    from ganart.originality.sheet import sheets

    folder.mkdir(parents=True, exist_ok=True)
    facts = findings.facts(found, auditor, data, pictures, names)
    write_json(folder / "audit.json", {"subject": subject, **facts}, indent=1)
    for number, sheet in enumerate(sheets(pictures, names, found.findings, data.train, auditor.files, num_sheets), 1):
        save_sheet(sheet, folder / f"sheet_{number}.png")
    console.print(findings.table(facts))
    for line in findings.lines(facts, found):
        console.say(line)
    remark("saved", "green", f"{shown(folder, is_folder=True)}: audit.json and sheets, the nearest first")


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Add the output folder, in the run folder or below audits/."""
    if asks(arguments):
        return arguments
    run, works, pictures = (values_in(arguments).get(key) for key in ("run", "works", "pictures"))
    if bool(run) == bool(works) or (works and not pictures):
        raise UserError(
            "What is to be audited? Name a run folder, ganart audit runs/…, or the training pictures and others, "
            "ganart audit works=FOLDER pictures=FOLDER"
        )
    return with_output(with_seeds_quoted(arguments), "audits")
