"""Storages of a study: a journal file in its folder, or a data base that may be unreachable for a while."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ganart.errors import UserError

JOURNAL = "study.journal"

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts to reach a data base: a minute in all."""

MOST_RACES = 20
"""Maximum number of attempts to create the tables of an empty data base while other processes do the same."""


class StorageAwayError(UserError):
    """The data base could not be reached for a minute."""


def open_storage(folder: Path, url: str | None) -> BaseStorage:
    """Open the journal in `folder`, or the data base at `url` with every later call retried.

    Errors of the first connection are raised at once: the address may be wrong.
    """
    if url is None:
        return JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    address = with_driver(url)
    storage = get_storage(_retry_races(lambda: RDBStorage(address, {"pool_pre_ping": True})))
    return Patient(storage, without_password(url))  # type: ignore[abstract]  # its methods are made below


def with_driver(url: str) -> str:
    """Return `url` with the second driver of `DRIVERS` named if only that one is installed."""
    scheme, separator, rest = url.partition("://")
    first, other = DRIVERS.get(scheme, ("", ""))
    if not first or importlib.util.find_spec(first) or not importlib.util.find_spec(other):
        return url
    return f"{scheme}+{other}{separator}{rest}"


DRIVERS = {"postgresql": ("psycopg2", "psycopg"), "mysql": ("MySQLdb", "pymysql"), "mariadb": ("MySQLdb", "pymysql")}
"""By scheme: SQLAlchemy's default driver and an alternative."""


def without_password(url: str) -> str:
    """Return `url` with its password masked, for printing."""
    return re.sub(r"(?<=://)([^/@]*?):[^/]*@", r"\1:***@", url)


class Patient(BaseStorage):
    """Repeats every call of `storage` while it is unreachable, for a minute; then raises `StorageAwayError`."""

    def __init__(self, storage: BaseStorage, shown: str) -> None:
        self._storage, self._shown = storage, shown

    def call_with_retries(self, name: str, *args: Any, **kwargs: Any) -> Any:
        for wait in (*WAITS, None):
            try:
                return getattr(self._storage, name)(*args, **kwargs)
            except Exception as error:
                if not is_transient(error):
                    raise
                if wait is None:
                    raise StorageAwayError(
                        f"storage={self._shown} has been away for a minute: {_first_line(error)}\nNothing is lost: "
                        "the same command goes on from the run folders when it is there again."
                    ) from error
            time.sleep(wait)
        raise AssertionError


def _repeated(name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(BaseStorage, name))
    def call(self: Patient, *args: Any, **kwargs: Any) -> Any:
        return self.call_with_retries(name, *args, **kwargs)

    return call


for _name, _method in inspect.getmembers(BaseStorage, inspect.isfunction):
    if not _name.startswith("_"):
        setattr(Patient, _name, _repeated(_name))
Patient.__abstractmethods__ = frozenset()


def is_transient(error: BaseException) -> bool:
    """Return whether repeating the call may help: the connection broke, or others hold a lock."""
    return any(
        isinstance(one, OperationalError | InterfaceError | PoolTimeoutError)
        or (isinstance(one, DBAPIError) and one.connection_invalidated)
        for one in _causes(error)
    )


def _retry_races(make: Callable[[], Any]) -> Any:
    """Retry `make`, which creates tables, if another process creates them too: `IF NOT EXISTS` is not atomic."""
    for attempt in range(MOST_RACES):
        try:
            return make()
        except Exception as error:
            if not any(map(_is_race, _causes(error))) or attempt == MOST_RACES - 1:
                raise
            time.sleep(0.1 * (attempt + 1))
    raise AssertionError


def _is_race(error: BaseException) -> bool:
    """Return whether a table or row exists already; MySQL and SQLite report that as an operational error."""
    exists = isinstance(error, OperationalError) and "already exists" in str(error.orig)
    return exists or isinstance(error, IntegrityError | ProgrammingError)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(error: BaseException) -> str:
    return [str(one).partition("\n")[0] for one in _causes(error)][-1]
