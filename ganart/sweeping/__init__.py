"""Hyper-parameter sweeps on Optuna: search space, objectives, workers, storage, results."""
