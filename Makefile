# Everything a person does here: make run, make test. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development

.DEFAULT_GOAL := help
.PHONY: help run test check format bench bench-train bench-quality fuzz lock wheel clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

run: $(RUNTIME) ## install if need be, and open the prompt
	@$(BIN)/headlong

test: $(DEVELOPMENT) ## run the tests
	$(BIN)/python -m pytest

check: $(DEVELOPMENT) ## lint, format, types and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEVELOPMENT) ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(DEVELOPMENT) ## measure start-up, generation and the prompt, as ratios within one run; takes several minutes
	$(BIN)/python -m tests.benchmarks.startup
	$(BIN)/python -m tests.benchmarks.generation
	$(BIN)/python -m tests.benchmarks.step
	$(BIN)/python -m tests.benchmarks.batch
	$(BIN)/python -m tests.benchmarks.filters
	$(BIN)/python -m tests.benchmarks.mixing
	$(BIN)/python -m tests.benchmarks.storage
	$(BIN)/python -m tests.benchmarks.typing
	$(BIN)/python -m tests.benchmarks.cancel

bench-train: $(DEVELOPMENT) ## measure training beside the tutorial's fit, Keras's and PyTorch's; takes some twenty minutes
	$(BIN)/python -m tests.benchmarks.train

bench-quality: $(DEVELOPMENT) ## measure models on two protocols of real headlines; takes two hours or more
	$(BIN)/python -m tests.benchmarks.quality

fuzz: $(DEVELOPMENT) ## feed every loader spoilt files for some minutes; then time and memory of the worst
	HEADLONG_FUZZ_EXAMPLES=3000 HEADLONG_FUZZ_SECONDS=30 HEADLONG_STRESS_SECONDS=30 \
		$(BIN)/python -m pytest tests/fuzz tests/core/library/test_crash.py --hypothesis-show-statistics
	HEADLONG_SOAK_LINES=10000 $(BIN)/python -m pytest tests/repl/test_soak.py
	HEADLONG_KILLS=50 $(BIN)/python -m pytest tests/core/training/test_resuming.py -k killed
	$(BIN)/python -m tests.benchmarks.hostile

wheel: $(DEVELOPMENT) ## build a wheel into dist/
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(DEVELOPMENT) ## write the requirements locks anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml --group dev -o requirements-dev.lock

clean: ## remove the virtual environment and what tools left
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Headlong needs Python 3.11 to 3.13, and $(PYTHON) is $$($(PYTHON) --version 2>&1); \
	name another with: make run PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# What users get, with the hashes of the lock. hatchling builds the editable install below.
$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing (TensorFlow is large: this takes a few minutes the first time) ..."
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing (TensorFlow is large: this takes a few minutes the first time) ..."
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(RUNTIME)
