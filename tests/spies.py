"""Callbacks that the DDP tests put into child processes by configuration, as a user would."""

import hashlib
from pathlib import Path

import torch
from pytorch_lightning import Callback


class Witness(Callback):
    """Writes what each process saw and came to into the run folder: hashes of its batches, its weights and rate."""

    def __init__(self):
        self.batches = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.batches.append([hashlib.sha256(image.numpy().tobytes()).hexdigest() for image in batch.images])

    def on_train_end(self, trainer, pl_module):
        file = Path(trainer.default_root_dir) / f"witness{trainer.global_rank}.pt"
        seen = {"batches": self.batches, "weights": pl_module.state_dict()}
        torch.save({**seen, "rates": trainer.optimizers[0].defaults["lr"]}, file)


class Poison(Callback):
    """Makes the second process alone meet with what is not finite."""

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.global_rank == 1 and pl_module.rounds == 3:
            torch.nn.init.constant_(next(pl_module.discriminator.parameters()), float("nan"))
