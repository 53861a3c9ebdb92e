# make demo: train the default recipe on this machine.   make test: the quick tests.   make test-slow: the others.
# make mutations: small changes of the code, one at a time, each of which a test is to notice (scripts/try_mutations.py).
# make docs: write the tables of parts in the documents from conf/.   make check: style, types, imports, and those tables.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# One process a core, each with one thread (tests/conftest.py); a module's tests stay together, for they share its fixtures.
PYTEST := $(BIN)/python -m pytest -q --dist loadscope --numprocesses auto --maxprocesses 4

.PHONY: demo test test-slow mutations docs check clean

demo: .venv/.installed
	@$(BIN)/ganart train hydra.run.dir=runs/demo/$$(date +%Y-%m-%d_%H-%M-%S)

test: .venv/.tests-installed
	@$(PYTEST) -m 'not slow'

test-slow: .venv/.tests-installed
	@$(PYTEST) -m slow

mutations: .venv/.tests-installed
	@$(BIN)/python scripts/try_mutations.py --workers 2

docs: .venv/.installed
	@$(BIN)/python scripts/make_docs.py

check: .venv/.dev-installed
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/make_docs.py --check

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("ganart needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12") if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing ganart into .venv (torch is large: a minute or a few)"
	@$(BIN)/python -m pip install -q -c constraints.txt -e . && touch $@

.venv/.tests-installed: .venv/.installed
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[test]' && touch $@

.venv/.dev-installed: .venv/.tests-installed
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]' && touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
