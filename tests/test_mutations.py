"""The list of changes of the code that tests have to notice: each can still be made, and names tests that exist."""

import importlib.util

from documents import ROOT

SPEC = importlib.util.spec_from_file_location("mutations", ROOT / "scripts/mutations.py")
LISTED = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(LISTED)


def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def test_every_change_applies_to_the_code_as_it_is():
    changes = [(file, *change) for (file, _), rows in LISTED.MUTATIONS.items() for change in rows]
    assert not [(file, old) for file, old, new in changes if text_of(file).count(old) != 1 or new == old]


def test_every_change_names_tests_that_are_there():
    names = {name for _, tests in LISTED.MUTATIONS for name in tests.split()}
    missing = [name for name in names if not (ROOT / name.partition("::")[0]).exists()]
    functions = [name.split("::") for name in names if "::" in name]
    missing += [test for file, test in functions if f"def {test.partition('[')[0]}(" not in text_of(file)]
    assert not missing
