"""`ganart train`: compose the configuration, then train what it describes."""

from __future__ import annotations

from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ganart.complaints import tells_users
from ganart.paths import conf_dir, quoted


@hydra.main(config_path=str(conf_dir()), config_name="train", version_base="1.3")
@tells_users
def main(cfg: DictConfig) -> float | None:
    """Train one GAN as `cfg` describes it; returns its first final score, for sweeps."""
    # Composing, `--help` and `--cfg job` need none of what takes seconds to import.
    from ganart.resume import Resume
    from ganart.run_folder import RunFolder
    from ganart.training import train

    overrides = list(HydraConfig.get().overrides.task)
    resume = Resume.find(cfg.resume, overrides)
    if resume is not None:
        cfg, overrides = resume.config(cfg), resume.all_overrides
    return train(cfg, RunFolder(Path(cfg.run_folder)), overrides, resume)


def prepare_arguments(arguments: list[str]) -> list[str]:
    """A resumed run goes on in its own folder, which Hydra has to know before it makes another."""
    wanted = [argument.partition("=")[2] for argument in arguments if argument.startswith("resume=")]
    if not wanted or wanted[-1] in ("", "null") or any(argument.startswith("hydra.run.dir=") for argument in arguments):
        return arguments
    from ganart.run_folder import RunFolder

    folder = RunFolder.open(wanted[-1], key="resume").path
    return [*arguments, f"hydra.run.dir={quoted(folder)}"]
