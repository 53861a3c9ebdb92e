"""The verb `ganart generate`: one picture per seed, each with its origin, and a contact sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from ganart.command_line.arguments import asks, values_in, with_output, with_seeds_quoted
from ganart.config.messages import reports_user_errors
from ganart.errors import UserError
from ganart.files.paths import conf_dir, free_name, from_here, shell, shown
from ganart.names import to_hydra
from ganart.numbers import counted

if TYPE_CHECKING:
    import numpy as np

    from ganart.generation.painter import Painter, Recipe
    from ganart.generation.provenance import Size
    from ganart.originality import Auditor
    from ganart.runs.folder import RunFolder

MOST_ON_SHEET = 400
MOST_LISTED = 10
AUDITED_TOGETHER = 256
GATES = ("none", "warn", "refuse")


@reports_user_errors
def generate_one(cfg: DictConfig) -> None:
    """Generate pictures of the seeds and labels in `cfg` with the generator of its run."""
    from ganart.codecs.image import FORMATS
    from ganart.datasets.reading.settings import one_of
    from ganart.generation.painter import Painter, device_of
    from ganart.generation.recipes import plan, seeds_in, size_in
    from ganart.runs.folder import RunFolder

    ending, size = FORMATS[one_of("format", str(cfg.format), FORMATS)], size_in(cfg.size, cfg.filter)
    if cfg.audit not in GATES:
        raise UserError(f"audit={cfg.audit}: it is one of {', '.join(GATES)}.")
    run, allow = RunFolder.open(cfg.run), tuple(cfg.allow_targets)
    which = cfg.run if Path(cfg.run).expanduser().is_file() else cfg.checkpoint
    painter = Painter(run, run.checkpoint(which), cfg.average, device_of(cfg.device), allow)
    labels = OmegaConf.to_container(cfg.labels, resolve=True)
    recipes = plan(painter.factors, seeds_in(str(cfg.seeds)), cast(dict[str, Any], labels), cfg.truncation)
    note_classes_without_training(run, recipes)
    auditor = None
    if cfg.audit != "none":
        from ganart.originality.prepared import auditor_of

        data = run.pictures(moved=cfg.dataset, allow=allow)
        auditor = auditor_of(cfg.features, data, painter.device, cfg.threshold, allow=allow)
    folder = Path(HydraConfig.get().runtime.output_dir)
    generate(painter, recipes, folder, auditor, refuse=cfg.audit == "refuse", size=size, ending=ending)


main = hydra.main(config_path=str(conf_dir()), config_name="generate", version_base="1.3")(generate_one)


def note_classes_without_training(run: RunFolder, recipes: Sequence[Recipe]) -> None:
    """Print a note on requested classes that no training image has."""
    from ganart.console import remark

    asked = dict.fromkeys(label for recipe in recipes for label in recipe.labels.items())
    never_seen = [f"{factor}={name}" for factor, name in asked if run.never_seen(factor, name)]
    if never_seen:
        remark("note", "yellow", f"no training picture has {', '.join(never_seen[:MOST_LISTED])}: not learnt")


def generate(
    painter: Painter,
    recipes: list[Recipe],
    folder: Path,
    auditor: Auditor | None = None,
    *,
    refuse: bool = False,
    size: Size | None = None,
    ending: str = ".png",
) -> None:
    """Write the pictures of `recipes` and a contact sheet into `folder`; with an auditor, origins hold its verdicts.

    Args:
        painter: the generator.
        recipes: one per picture.
        folder: the output folder.
        auditor: detects copies of training images; None for no audit.
        refuse: True leaves out the copies.
        size: the size to resample to; None for the generator's.
        ending: the suffix of the files, which determines the format.

    Raises:
        UserError: before anything is generated, if a file of another recipe would be overwritten; or if all pictures
            are copies and left out.
    """
    from ganart.codecs.image import save_picture
    from ganart.console import console
    from ganart.generation.provenance import refuse_to_overwrite
    from ganart.generation.recipes import caption_of, names_of

    named = list(zip(names_of(recipes, painter.factors), recipes, strict=True))
    planned = ((folder / f"{name}{ending}", painter.origin(recipe, folder)) for name, recipe in named)
    refuse_to_overwrite(planned, size, f"Give another folder: {shell(f'hydra.run.dir={from_here(free_name(folder))}')}")
    folder.mkdir(parents=True, exist_ok=True)
    painter.keep_checkpoint()
    on_sheet: list[tuple[np.ndarray, str]] = []
    copies: list[str] = []
    written = 0
    for name, recipe, pixels, verdict in audited(painter, named, auditor):
        is_copy = bool(verdict) and verdict["audit"]["verdict"] == "copy"
        if is_copy:
            copies.append(f"{name}: {verdict['audit']['nearest']}")
        if is_copy and refuse:
            continue
        finished = size.resample(pixels) if size else pixels
        about = verdict | (size.as_origin(finished) if size else {})
        save_picture(finished, folder / f"{name}{ending}", painter.origin(recipe, folder) | about)
        written += 1
        if len(on_sheet) < MOST_ON_SHEET:
            on_sheet.append((pixels, caption_of(recipe)))
    if copies:
        report_copies(copies, refuse)
    if not on_sheet:
        raise UserError(
            "No picture is left: all of them are copies of training pictures. Train on more data or for less long, or "
            "look at them with audit=warn."
        )
    sheet = write_contact_sheet(on_sheet, folder)
    left_out = f" (the first {len(on_sheet)})" if len(on_sheet) < written else ""
    place = shown(folder, is_folder=True)
    console.say(f"{counted(written, 'picture')} in {place}, together on {shown(sheet)}{left_out}")


def write_contact_sheet(captioned: Sequence[tuple[np.ndarray, str]], folder: Path) -> Path:
    """Write pictures, uint8 [H, W, C], with their captions as one sheet into `folder`; return the file."""
    import numpy as np

    from ganart.grids import grid, save_sheet

    pictures, captions = zip(*captioned, strict=True)
    columns = min(8 if len(captioned) <= 64 else 16, len(captioned))
    file = folder / "contact_sheet.png"
    save_sheet(grid(np.stack(pictures), columns, captions=captions), file)
    return file


def audited(
    painter: Painter, named: list[tuple[str, Recipe]], auditor: Auditor | None
) -> Iterator[tuple[str, Recipe, np.ndarray, dict[str, Any]]]:
    """Generate the pictures of named recipes; yield name, recipe, pixels uint8 [H, W, C] and entry for the audit.

    They are audited in chunks, because an auditor compares many pictures faster than one after the other.
    """
    import numpy as np

    from ganart.console import progress

    with progress("generating", len(named)) as advance:
        for start in range(0, len(named), AUDITED_TOGETHER):
            chunk = named[start : start + AUDITED_TOGETHER]
            pictures = []
            for _, recipe in chunk:
                pictures.append(painter.paint(recipe))
                advance(1)
            verdicts = verdicts_of(auditor, np.stack(pictures)) if auditor else [{}] * len(chunk)
            for (name, recipe), pixels, verdict in zip(chunk, pictures, verdicts, strict=True):
                yield name, recipe, pixels, verdict


def report_copies(copies: list[str], refuse: bool) -> None:
    """Print which pictures, `NAME: nearest training picture`, are copies, and whether they were written."""
    from ganart.console import console

    outcome = "were not written" if refuse else "are written, and say so"
    listed = "\n  ".join([*copies[:MOST_LISTED], *["…"] * (len(copies) > MOST_LISTED)])
    console.say(f"{len(copies)} pictures are copies of training pictures and {outcome}:\n  {listed}")


def verdicts_of(auditor: Auditor, pictures: np.ndarray) -> list[dict[str, Any]]:
    """Return the entries for the audit in the origins of pictures, uint8 [N, H, W, C]."""
    return [
        {
            "audit": {
                "verdict": finding.verdict,
                "percentile": finding.percentile,
                "nearest": auditor.files[finding.nearest.positions[0]],
                "threshold": auditor.threshold,
                "spaces": list(auditor.spaces),
            }
        }
        for finding in auditor.audit(pictures).findings
    ]


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Add the output folder, in the run folder, and write `labels.…` as Hydra can read them."""
    if asks(arguments):
        return arguments
    if not values_in(arguments).get("run"):
        raise UserError("Which generator? Name a run folder: ganart generate runs/… seeds=0-63")
    prepared = [_as_hydra_reads(a) if a.startswith("labels.") else a for a in with_seeds_quoted(arguments)]
    return with_output(prepared, "generated")


def _as_hydra_reads(label: str) -> str:
    """Write `labels.FACTOR=CLASS` with ++, as a new key, and with the factor encoded for Hydra's grammar."""
    key, equals, value = label.removeprefix("labels.").partition("=")
    return f"++labels.{to_hydra(key)}{equals}{value}"
