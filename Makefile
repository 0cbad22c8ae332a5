# The project's commands. Everything lands in .venv and .tools inside the checkout.
# Written for GNU make 3.81 (macOS) and later, and for paths with spaces.

.DEFAULT_GOAL := help
BIN := .venv/bin
JOBS ?= 2
ARGS ?=
PYTEST = QT_QPA_PLATFORM=offscreen $(BIN)/pytest -n $(JOBS)

SEED ?= 1
RUNS ?= 100000
KILLS ?= 2000
EXAMPLES ?= 2000

.PHONY: help setup demo run test test-all simulate crash fuzz lint format bench weeks lock sounds \
        screenshots clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo '  Options for the program go into ARGS: make demo ARGS=--headless'

setup: ## put the whole product into .venv (quick when nothing is to do)
	@sh scripts/setup.sh

demo: setup ## sell on the simulator, with the real till
	@$(BIN)/blinkpos demo $(ARGS)

run: setup ## open the till for a real Blink account
	@$(BIN)/blinkpos run $(ARGS)

test: lint ## format, lint, types, import rules and tests
	$(PYTEST) -m 'not long' $(ARGS)

test-all: test ## the same, then the long matrices, then fifty tills by themselves
	$(PYTEST) -m long --ignore=tests/load
	$(PYTEST) -m long -n 0 -rP tests/load

simulate: setup ## run the engine through faults on virtual time: SEED=1 RUNS=100000
	@$(BIN)/python -m tests.simulation --seed $(SEED) --runs $(RUNS)

crash: setup ## kill the real program at every step, again and again: KILLS=2000 SEED=1
	@$(BIN)/python -m tests.crash --kills $(KILLS) --seed $(SEED) --jobs $(JOBS)

fuzz: setup ## feed the core, the client and the cache with nonsense: EXAMPLES=2000
	FUZZ_EXAMPLES=$(EXAMPLES) $(PYTEST) --timeout 0 tests/fuzz $(ARGS)

lint: setup ## what `make test` checks before the tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy blinkpos_desktop tests scripts benchmarks
	$(BIN)/lint-imports --no-logo

format: setup ## let ruff format and fix the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: setup ## measure the stated times (ARGS=--quick in a minute)
	@$(BIN)/python benchmarks/run.py $(ARGS)

weeks: setup ## twenty thousand sales at the real till: what grows (ARGS="--sales 1000")
	@$(BIN)/python -m benchmarks.weeks $(ARGS)

lock: ## write the lock files anew (ARGS=--upgrade for new versions)
	@sh scripts/setup.sh lock $(ARGS)

screenshots: setup ## take every screen in every state: build/screens (ARGS="tip invoice" for some)
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.ui.screens $(ARGS)

sounds: setup ## make assets/sounds anew
	@$(BIN)/python scripts/make_sounds.py

clean: ## remove what was built (.venv and .tools stay)
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find blinkpos_desktop tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
