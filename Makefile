# Every target makes its own environment first; only Python 3.11 or newer, make and a package index are needed.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
WORKERS ?= 2
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all fuzz check format shots bench graph locks docs clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Volver needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make environments. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.run: requirements/run.txt requirements/demo.txt pyproject.toml | $(VENV)/bin/uv
	@echo "Installing Volver into $(VENV) …"
	@$(UV) pip install --quiet --python $(PY) --require-hashes -r requirements/run.txt
	@$(UV) pip install --quiet --python $(PY) --require-hashes --no-deps -r requirements/demo.txt
	@$(UV) pip install --quiet --python $(PY) --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing what the tests need …"
	@$(UV) pip install --quiet --python $(PY) --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.dev ## Make the environment for working on Volver

DEMO ?= simulation
demo: $(VENV)/.run ## Build a simulated shop and open its console (make demo DEMO=completejourney: real orders of a grocer)
	@$(VENV)/bin/volver demo --from $(DEMO)

test: $(VENV)/.dev ## Run all tests but the slow ones (about fifteen minutes on two cores)
	@$(PY) -m pytest -q -rs -n $(WORKERS) --dist loadfile -m "not slow"

test-all: $(VENV)/.dev ## Run all tests, long simulations too, on examples drawn anew
	@$(PY) -m pytest -q -rs -n $(WORKERS) --dist loadfile --hypothesis-profile thorough

N ?= 1000
FROM ?= 0
fuzz: $(VENV)/.dev ## Read N files that nobody should write (make fuzz N=10000); findings stay in .fuzz/
	@$(PY) -m tests.fuzz $(N) --from $(FROM)

check: $(VENV)/.dev ## Check format, lint, types, borders and house rules
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache
	@$(PY) -m pytest -q tests/test_house.py

format: $(VENV)/.dev ## Format the code
	@$(VENV)/bin/ruff format --quiet . && $(VENV)/bin/ruff check --fix --quiet .

shots: $(VENV)/.dev ## Write screenshots of every page to shots/
	@$(PY) -m tests.browser.shots

bench: $(VENV)/.dev ## Run the benchmarks and print their ratios
	@$(PY) benchmarks/import.py && $(PY) benchmarks/value.py && $(PY) benchmarks/million.py

docs: $(VENV)/.dev ## Run the code in README and docs
	@$(PY) -m pytest -q tests/test_docs.py

graph: $(VENV)/.dev ## Print how the rooms import one another
	@$(PY) -m tests.import_graph

locks: $(VENV)/bin/uv ## Resolve the dependencies again
	@$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra pandas --extra sheets pyproject.toml -o requirements/run.txt
	@$(UV) pip compile -q --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements/dev.txt

clean: ## Remove the environment and the demo shop
	@rm -rf $(VENV) demo-shop shots
