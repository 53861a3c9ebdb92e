"""A data base that is away for a while, or that two processes open for the first time at once."""

import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from ganart.sweeping import storage as storages
from ganart.sweeping.storage import Patient, StorageAwayError, open_storage, with_driver, without_password


def away():
    try:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly\nThis means"))
    except OperationalError as cause:
        error = StorageInternalError("An exception is raised during the commit.")
        error.__cause__ = cause
        return error


@pytest.fixture
def waited(monkeypatch):
    seconds = []
    monkeypatch.setattr(storages.time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def flaky():
    """A storage whose calls fail as often as `errors` has entries."""

    class Flaky(InMemoryStorage):
        errors = []  # noqa: RUF012

        def create_new_study(self, *args, **named):
            if self.errors:
                raise self.errors.pop()
            return super().create_new_study(*args, **named)

    Flaky.errors = []
    return Flaky()


def test_a_call_is_repeated_until_the_data_base_is_there_again(flaky, waited):
    patient = Patient(flaky, "postgresql://base")
    flaky.errors += [away() for _ in range(5)]
    study = patient.create_new_study([StudyDirection.MINIMIZE], "x")
    assert patient.get_study_name_from_id(study) == "x"
    assert waited == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert sum(waited) > 10


def test_after_a_minute_it_is_told_in_a_sentence_and_where_to_go_on(flaky, waited):
    flaky.errors += [away() for _ in range(99)]
    with pytest.raises(
        StorageAwayError, match=r"storage=postgresql://base has been away for a minute: .*server closed"
    ) as told:
        Patient(flaky, "postgresql://base").create_new_study([StudyDirection.MINIMIZE])
    assert "same command goes on" in str(told.value)
    assert 60 <= sum(waited) <= 90


def test_what_no_waiting_mends_is_raised_at_once(flaky, waited):
    flaky.errors += [KeyError("no such trial")]
    with pytest.raises(KeyError):
        Patient(flaky, "x").create_new_study([StudyDirection.MINIMIZE])
    assert waited == []


def test_every_call_of_a_storage_is_repeated(flaky):
    own = {name for name in vars(Patient) if not name.startswith("_")}
    assert own >= {name for name in dir(storages.BaseStorage) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (IntegrityError, "duplicate key value violates … pg_type_typname_nsp_index"),
        (ProgrammingError, "relation is not there"),
        (OperationalError, "(1050, \"Table 'study_directions' already exists\")"),  # MySQL
        (OperationalError, "table studies already exists"),  # SQLite
    ],
)
def test_two_processes_that_make_the_tables_at_once_do_not_end_each_other(tmp_path, monkeypatch, waited, kind, says):
    raced = [kind("CREATE TABLE", {}, Exception(says))] * 2
    make = storages.RDBStorage

    def sometimes(*args, **named):
        if raced:
            raise raced.pop()
        return make(*args, **named)

    monkeypatch.setattr(storages, "RDBStorage", sometimes)
    open_storage(tmp_path, f"sqlite:///{tmp_path}/study.db")
    assert len(waited) == 2


def test_an_address_that_is_wrong_is_told_at_once(tmp_path, waited):
    with pytest.raises(Exception, match="unable to open"):
        open_storage(tmp_path, "sqlite:////nowhere/at/all.db")
    assert waited == []


@pytest.mark.parametrize(
    ("scheme", "first", "other"),
    [("postgresql", "psycopg2", "psycopg"), ("mysql", "MySQLdb", "pymysql"), ("mariadb", "MySQLdb", "pymysql")],
)
def test_an_address_takes_the_driver_that_is_installed(monkeypatch, scheme, first, other):
    for installed, expected in (
        ({other}, f"{scheme}+{other}://a@b/c"),
        ({first, other}, f"{scheme}://a@b/c"),
        (set(), f"{scheme}://a@b/c"),
    ):
        monkeypatch.setattr(storages.importlib.util, "find_spec", lambda name, there=installed: name in there or None)
        assert with_driver(f"{scheme}://a@b/c") == expected
        assert with_driver("sqlite:///a@b/c") == "sqlite:///a@b/c"
        assert with_driver("postgresql+asyncpg://x") == "postgresql+asyncpg://x"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:se:cr@t@host:5432/base", "postgresql://me:***@host:5432/base"),
        ("postgresql+psycopg://me@host/base", "postgresql+psycopg://me@host/base"),
        ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db"),
    ],
)
def test_passwords_are_not_printed(url, shown):
    assert without_password(url) == shown
