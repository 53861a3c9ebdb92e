"""The results of an audit as facts for audit.json, a table, and lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from rich.table import Table
from torch import Tensor
from torch.nn.functional import normalize

from ganart import __version__
from ganart.datasets.base import PictureSet
from ganart.metrics import Comparison, Features
from ganart.metrics.authenticity import Authenticity
from ganart.numbers import counted
from ganart.originality.auditor import CLOSE, Audit, Auditor
from ganart.originality.model import copying_score, novelty_ratio
from ganart.originality.spaces import FeatureSpace, Space

MOST_LISTED = 10


def facts(
    found: Audit, auditor: Auditor, data: PictureSet, pictures: np.ndarray, names: Sequence[str]
) -> dict[str, Any]:
    """Return the content of audit.json: verdicts, measures over all pictures, protocol, and each picture."""
    return {
        "verdicts": dict(Counter(finding.verdict for finding in found.findings)),
        "model": {name: _model(space, found, auditor, pictures) for name, space in auditor.spaces.items()},
        "protocol": {
            "n_pictures": len(found.findings),
            "n_works": len(auditor.works),
            "n_held_out": auditor.num_held_out,
            "held_out": auditor.calibrated_on,
            "duplicates_left_out": auditor.left_out,
            "threshold": auditor.threshold,
            "false_alarms": auditor.false_alarms,
            "blind": auditor.blind,
            "seed": auditor.seed,
            "close": CLOSE,
            "spaces": {name: space.forgets for name, space in auditor.spaces.items()},
            "features": next(
                (s.network.protocol() for s in auditor.spaces.values() if isinstance(s, FeatureSpace)), None
            ),
            "dataset": data.name,
            "dataset_hash": data.hash,
            "ganart": __version__,
            "torch": torch.__version__,
        },
        "pictures": [
            {
                "name": name,
                "verdict": finding.verdict,
                "percentile": finding.percentile,
                "spaces": {
                    space: {
                        "percentile": row.percentile,
                        "nearest": [
                            {"file": auditor.files[position], "distance": round(distance, 5)}
                            for position, distance in zip(row.positions, row.distances, strict=True)
                        ],
                    }
                    for space, row in finding.by_space.items()
                },
            }
            for name, finding in zip(names, found.findings, strict=True)
        ],
    }


def _model(space: Space, found: Audit, auditor: Auditor, pictures: np.ndarray) -> dict[str, float | None]:
    """Return the measures over all pictures in one space: novelty ratio and, for features, C_T and authenticity."""
    fake, usual = found.distances[space.name], auditor.usual[space.name]
    numbers: dict[str, float | None] = {"novelty_ratio": novelty_ratio(fake, usual[:, 0])}
    if isinstance(space, FeatureSpace):
        seen, held_out = (space.seen(side) for side in (pictures, auditor.held_out))
        sides = (normalize(side) for side in (seen, held_out, space.works))
        numbers["copying_score"] = copying_score(fake, usual[:, 0], *sides)
        numbers["authenticity"] = _authenticity(seen, space.works)
    return numbers


def _authenticity(seen: Tensor, works: Tensor) -> float:
    """Return the score `authenticity` of `ganart evaluate`, against all training images."""
    real, fake = (Features(side, *(torch.empty(len(side), 0) for _ in range(3))) for side in (works, seen))
    return Authenticity().compute(Comparison(real, fake))[0].value


def table(facts: dict[str, Any]) -> Table:
    """Return a table of the measures over all pictures, one row per space."""
    sheet = Table()
    sheet.add_column("space")
    for name in ("copies", "novelty ratio", "C_T", "authentic"):
        sheet.add_column(name, justify="right")
    threshold = facts["protocol"]["threshold"]
    for name, numbers in facts["model"].items():
        copies = sum(row["spaces"][name]["percentile"] < threshold for row in facts["pictures"])
        score, authentic = numbers.get("copying_score"), numbers.get("authenticity")
        sheet.add_row(
            name,
            str(copies),
            f"{numbers['novelty_ratio']:.2f}",
            "" if score is None else f"{score:.1f}",
            "" if authentic is None else f"{authentic:.0f} %",
        )
    return sheet


def lines(facts: dict[str, Any], found: Audit) -> list[str]:
    """Return the verdicts as sentences, and the copies by name, at most ten."""
    protocol = facts["protocol"]
    sentences = [
        f"{found.count('copy')} copies, {found.count('close')} close and {found.count('own')} own of "
        f"{counted(protocol['n_pictures'], 'picture')}. A copy is nearer to a training picture, or closer to one "
        f"than to others, in any space, than {100 - protocol['threshold']:g} % of {protocol['n_held_out']:,} reference "
        f"images ({protocol['held_out']}); so are {protocol['false_alarms']:.1%} of the reference images themselves."
    ]
    if protocol["blind"]:
        sentences.append(
            f"In {' and '.join(protocol['blind'])} reference images themselves are as close as copies: the data hold "
            "nearly equal pictures, and changed copies may go unnoticed there. Look at the sheets."
        )
    if protocol["duplicates_left_out"]:
        sentences.append(
            f"{protocol['duplicates_left_out']} test pictures were left out: the training pictures hold them too."
        )
    copies = [row for row in facts["pictures"] if row["verdict"] == "copy"]
    for row in copies[:MOST_LISTED]:
        space, seen = min(row["spaces"].items(), key=lambda item: item[1]["percentile"])
        sentences.append(
            f"  {row['name']}: {seen['nearest'][0]['file']} ({space}, percentile {seen['percentile']:.2g})"
        )
    return sentences + [f"  … and {len(copies) - MOST_LISTED} more"] * (len(copies) > MOST_LISTED)
