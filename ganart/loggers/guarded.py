"""A wrapper for loggers that may fail, for instance on a network error, without ending the training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from pytorch_lightning.loggers import Logger

from ganart.console import console
from ganart.loggers.base import ExperimentLogger

SECONDS_TO_LOSE = 60.0
"""Once failed calls have taken this many seconds in total, the logger is no longer called."""

log = logging.getLogger(__name__)


def passed_on(method: str) -> Callable[..., Any]:
    """Return a method that calls `method` of the wrapped logger, if it has one."""

    def call(self: Guarded, *arguments: Any, **named: Any) -> Any:
        return self.call(method, *arguments, **named)

    return call


class Guarded(ExperimentLogger):
    """Forwards all calls to `logger`; prints its first failure, and the training continues.

    `key` is its name in the configuration. Loggers of other packages get numbers, but no images.
    """

    def __init__(self, key: str, logger: Logger) -> None:
        super().__init__()
        self.key = key
        self.logger = logger
        self._seconds_lost = 0.0
        self._has_failed = False

    def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method or return an attribute of the wrapped logger; None if it is missing or fails."""
        if self._seconds_lost > SECONDS_TO_LOSE:
            return None
        begun = time.monotonic()
        try:
            found = getattr(self.logger, method, None)
            return found(*arguments, **named) if callable(found) else found
        except Exception as error:
            self._seconds_lost += time.monotonic() - begun
            self._tell(error)
            return None

    def _tell(self, error: Exception) -> None:
        """Print the first failure; write the details of each to log.txt."""
        log.warning("logger.%s: %s", self.key, error, exc_info=error)
        if not self._has_failed:
            self._has_failed = True
            reason = str(error).strip() or type(error).__name__
            hint = self.logger.after_failure if isinstance(self.logger, ExperimentLogger) else ""
            message = f"{self.key:<9} failed, and training goes on without it: {reason.rstrip('.')}. {hint}"
            console.say(message.rstrip())

    @property
    def name(self) -> Any:
        return self.call("name")

    @property
    def version(self) -> Any:
        return self.call("version")

    @property
    def save_dir(self) -> Any:
        return self.call("save_dir")

    def __getattr__(self, attribute: str) -> Any:
        """Return an attribute of the wrapped logger, such as `experiment`, which Lightning and some callbacks use."""
        try:
            return getattr(self.__dict__["logger"], attribute)
        except AttributeError:
            raise
        except Exception as error:
            self._tell(error)
            raise AttributeError(f"logger.{self.key} has no {attribute}: {error}") from error

    log_metrics = passed_on("log_metrics")
    log_hyperparams = passed_on("log_hyperparams")
    log_graph = passed_on("log_graph")
    save = passed_on("save")
    finalize = passed_on("finalize")
    after_save_checkpoint = passed_on("after_save_checkpoint")
    log_pictures = passed_on("log_pictures")
    log_moving_picture = passed_on("log_moving_picture")
    log_rows = passed_on("log_rows")
    log_dataset = passed_on("log_dataset")
    log_run_folder = passed_on("log_run_folder")
    expect_scores = passed_on("expect_scores")
    log_protocols = passed_on("log_protocols")
    go_on_from = passed_on("go_on_from")
    close = passed_on("close")
