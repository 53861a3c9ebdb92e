"""Hyper-parameter sweeps on Optuna: what is searched, what is optimised, who tries what, and what came of it."""
