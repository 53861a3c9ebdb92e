"""A saved W&B workspace for a study: its sections in order, runs coloured by what they are, seeds in one band.

    pip install 'ganart[wandb]'
    python scripts/wandb_workspace.py ENTITY PROJECT STUDY [SCORE]

STUDY is the group of the runs: the name of the multirun's or the sweep's folder. SCORE is fd_classifier if not given.
"""

from __future__ import annotations

import sys

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws

CLOCK = "images_seen"
PLAYERS = ("players/discriminator_loss", "players/generator_loss", "players/d_real", "players/d_fake")
PLAYERS += ("players/gradient_norm_discriminator", "players/gradient_norm_generator")
MACHINE = ("machine/images_per_second", "machine/memory_gb")


def workspace(entity: str, project: str, study: str, score: str = "fd_classifier") -> ws.Workspace:
    """The dashboard of `study`, not saved yet: building it needs no network."""
    lines = {name: wr.LinePlot(title=name, x=CLOCK, y=[name]) for name in (*PLAYERS, *MACHINE)}
    trend = wr.LinePlot(title=f"{score}, by seeds", x=CLOCK, y=[f"trend/{score}"], groupby=wr.Config("loss._target_"))
    ends = [wr.BarPlot(title=f"{score} at the end", metrics=[wr.SummaryMetric(f"scores/{score}")])]
    found = wr.ParallelCoordinatesPlot(
        columns=[
            wr.ParallelCoordinatesPlotColumn(wr.Config("optimizer.discriminator.lr"), log=True),
            wr.ParallelCoordinatesPlotColumn(wr.Config("optimizer.generator.lr"), log=True),
            wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(f"scores/{score}")),
        ]
    )
    sections = [
        ws.Section("Scores", panels=[trend, *ends, found], is_open=True),
        ws.Section("Pictures", panels=[wr.MediaBrowser(media_keys=["samples/grid", "samples/walk"])], is_open=True),
        ws.Section("Nearest works", panels=[wr.MediaBrowser(media_keys=["nearest/works"])]),
        ws.Section("Players", panels=[lines[name] for name in PLAYERS]),
        ws.Section("Penalties", panels=[wr.LinePlot(title="penalties", x=CLOCK, metric_regex="penalties/.*")]),
        ws.Section("Doctor", panels=[wr.LinePlot(title="doctor", x=CLOCK, metric_regex="doctor/.*")]),
        ws.Section("Speed and memory", panels=[lines[name] for name in MACHINE]),
    ]
    return ws.Workspace(
        entity=entity,
        project=project,
        name=study,
        sections=sections,
        settings=ws.WorkspaceSettings(x_axis=CLOCK),
        runset_settings=ws.RunsetSettings(filters=f"Metric('group') == '{study}'"),
    )


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    print(workspace(*sys.argv[1:]).save().url)
