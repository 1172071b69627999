# Everything a person or a CI runs here. `make` alone lists it.
# What is made stays inside the checkout: the environment in .venv, the rest in .local (both ignored by git).

VENV := .venv
LOCAL := .local
# Many tests wait for processes: one more at a time than there are processors.
PYTEST_WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1 )))
# More words for pytest or the benchmark: make test ARGS='-k ignore'
ARGS :=

# Taken as it was typed, so that any folder name works.
override DIR := $(value DIR)
# music, books or video; unset, make scan guesses.
KIND :=
export DIR KIND LOCAL VENV

.DEFAULT_GOAL := help
.PHONY: help setup scan test check format bench bench-api bench-queue storms model schema pictures chaos lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: ## Make the environment in .venv from the lock file (only when something changed)
	@sh tools/setup.sh

scan: setup ## Scan DIR=/path/to/media (KIND=music|books|video), or without DIR generated samples of each
	@sh tools/scan.sh

test: setup ## Run all tests (ARGS='-k word' to choose)
	@PYTEST_WORKERS=$(PYTEST_WORKERS) sh tools/test.sh $(ARGS)

check: setup ## Lint, format, types, import rules, the licence table
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/python tools/licences.py --check

format: setup ## Let ruff put the code in order
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bench: setup ## Measure music, books and videos, beside what is installed of other scanners (ARGS=--help)
	@$(VENV)/bin/python -m bench.run $(ARGS)

bench-queue: setup ## Measure what the queue costs and how quickly it answers
	@$(VENV)/bin/python -m bench.queue $(ARGS)

bench-api: setup ## Measure how quickly HTTP answers beside a scan, and what event streams cost
	@$(VENV)/bin/python -m bench.api $(ARGS)

storms: setup ## Watch a folder through 500 random storms of changes, and compare with full scans
	@SHELFREAD_STORMS=$${SHELFREAD_STORMS:-500} $(VENV)/bin/python -m pytest -n $(PYTEST_WORKERS) tests/watch/test_storms.py $(ARGS)

model: setup ## Play 6 000 random steps of a library over time, beside a reference
	@SHELFREAD_MODEL_STEPS=$${SHELFREAD_MODEL_STEPS:-6000} $(VENV)/bin/python -m pytest -s tests/scan/test_over_time_model.py $(ARGS)

schema: setup ## Try every route with many more good and odd values than the tests do, on both databases
	@SHELFREAD_SCHEMA_TRIES=$${SHELFREAD_SCHEMA_TRIES:-100} $(VENV)/bin/python -m pytest -n 2 tests/api/test_schema.py $(ARGS)

pictures: setup ## Run the tests with a browser, and make pictures of all pages in .local/pictures
	@SHELFREAD_TEST_PICTURES=1 sh tools/test.sh -m browser $(ARGS)

chaos: setup ## Break the queue on purpose, on both databases (ARGS='--faults 1300 --seed 1 --save')
	@$(VENV)/bin/python -m bench.chaos $(ARGS)

lock: ## Resolve the lock files anew (ARGS=--upgrade takes newer versions)
	@sh tools/lock.sh $(ARGS)

clean: ## Remove the environment, the samples and caches; keeps the catalogue in .local/state
	@rm -rf $(VENV) $(LOCAL)/pytest $(LOCAL)/pictures $(LOCAL)/browser.log $(LOCAL)/sample $(LOCAL)/sample.new $(LOCAL)/sample-books $(LOCAL)/sample-books.new $(LOCAL)/sample-videos $(LOCAL)/sample-videos.new $(LOCAL)/lock-venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
