"""The verb `ganart dataset`: a report on a data set, with a contact sheet and a manifest."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ganart.command_line.arguments import asks, with_constants_named
from ganart.config.messages import reports_user_errors
from ganart.files.paths import conf_dir, shown


@hydra.main(config_path=str(conf_dir()), config_name="dataset", version_base="1.3")
@reports_user_errors
def main(cfg: DictConfig) -> None:
    """Report on `cfg.dataset` into the output folder."""
    run(cfg, Path(HydraConfig.get().runtime.output_dir))


def run(cfg: DictConfig, output_dir: Path) -> None:
    """Report on `cfg.dataset`; writes report.md, report.json, contact_sheet.png and manifest.csv into `output_dir`.

    Raises:
        UserError: if the data set cannot be read.
    """
    # Imported here because `--help` needs none of it, and it takes seconds.
    from ganart.config.build import build_dataset
    from ganart.console import console, remark
    from ganart.datasets.cache import load
    from ganart.datasets.survey.contact_sheet import contact_sheet
    from ganart.datasets.survey.survey import survey, write_manifest
    from ganart.datasets.survey.text import markdown, show
    from ganart.files.json_files import write_json
    from ganart.grids import save_sheet

    pictures = load(build_dataset(cfg.dataset, allow=cfg.get("allow_targets", ())))
    report = survey(pictures)
    output_dir.mkdir(parents=True, exist_ok=True)
    (output_dir / "report.md").write_text(markdown(report), encoding="utf-8")
    write_json(output_dir / "report.json", asdict(report), indent=1)
    save_sheet(contact_sheet(pictures, report), output_dir / "contact_sheet.png")
    write_manifest(pictures, output_dir / "manifest.csv")
    show(report, console)
    place = shown(output_dir, is_folder=True)
    remark("saved", "green", f"{place}: report.md, report.json, contact_sheet.png, manifest.csv")


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Name the reports of a multirun by the overrides that differ."""
    return arguments if asks(arguments) else with_constants_named(arguments)
