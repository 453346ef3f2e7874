# Two commands for a bare machine with Python >= 3.11 and make:
#   make demo   diagnose bundled real data, print the verdict, write report.html and diagnosis.json
#   make test   format, lint, types, import contracts and the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow lint types contracts unit format clean

$(VENV)/.run-stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev-stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(VENV)/.run-stamp $@

demo: $(VENV)/.run-stamp
	$(BIN)/crossphase demo

test: lint types contracts unit

lint: $(VENV)/.dev-stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev-stamp
	$(BIN)/mypy

contracts: $(VENV)/.dev-stamp
	$(BIN)/lint-imports

unit: $(VENV)/.dev-stamp
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(VENV)/.dev-stamp
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

format: $(VENV)/.dev-stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
