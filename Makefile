# Everything needs only Python ≥ 3.11 and make; the first target to run makes .venv with pinned packages.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
OUT := out
PARTS := harness model_cases model_peers
BENCHMARKS := $(filter-out $(PARTS:%=benchmarks/%.py),$(wildcard benchmarks/*.py))

.PHONY: help run test lint format types layers docs bench check clean

help:
	@echo "make run     fit a real table and minimise two functions; pictures go to $(OUT)/"
	@echo "make test    the tests, with the doctests and the examples of README and docs"
	@echo "make lint    ruff          make types   pyright       make layers  import-linter"
	@echo "make docs    the manual, in docs/_build/html"
	@echo "make bench   the benchmarks, as Markdown tables"
	@echo "make check   lint, types, layers, docs and test"
	@echo "make clean   remove what was made here"

# Each stamp is done once, and anew when its pins change.
.venv/run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fallline needs Python 3.11 or later")'
	@echo "Setting up .venv: about a minute from nothing."
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(PIP) --requirement requirements/run.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

.venv/dev: requirements/dev.txt .venv/run
	@echo "Adding the tools of tests, checks and documents."
	@$(PIP) --requirement requirements/dev.txt
	@touch $@

run: .venv/run
	@mkdir -p $(OUT)
	$(BIN)/fallline fit examples/data/diamonds.csv.gz --target price --plot $(OUT)/diamonds.png
	$(BIN)/fallline minimize "theta**2" --start 3 --learning-rate 0.3 --tolerance 1e-5 --max-iterations 20 --steps --plot $(OUT)/theta_squared.png
	$(BIN)/fallline minimize "(1 - x)**2 + 100*(y - x**2)**2" --start x=-1.2 --start y=1 --plot $(OUT)/rosenbrock.png
	@echo "Pictures: $(OUT)/diamonds.png $(OUT)/theta_squared.png $(OUT)/rosenbrock.png"

test: .venv/dev
	$(BIN)/python -m pytest -q --numprocesses auto --maxprocesses 4

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: .venv/dev
	$(BIN)/basedpyright

layers: .venv/dev
	$(BIN)/lint-imports

docs: .venv/dev
	$(BIN)/python -m sphinx -E -W --keep-going -q -b html docs docs/_build/html
	@echo "The manual: docs/_build/html/index.html"

.venv/bench: requirements/bench.txt .venv/dev
	@while read -r name; do case "$$name" in ""|\#*) ;; *) $(PIP) --constraint requirements/dev.txt "$$name" || $(PIP) --no-deps "$$name" \
	    || echo "$$name: not installed, left out." ;; esac; done < requirements/bench.txt
	@touch $@

bench: .venv/bench
	@for program in $(BENCHMARKS); do $(BIN)/python $$program || exit 1; done

check: lint types layers docs test

clean:
	rm -rf .venv $(OUT) docs/_build docs/generated build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
