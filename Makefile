# Two commands for a newcomer: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
export PORT
UI := sojourn/foundation/ui

MUTANTS := $(if $(ROOM),--room $(ROOM)) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(if $(KIND),--kind $(KIND)) $(if $(FRESH),--fresh) $(if $(WIDE),--wide) $(if $(AGAIN),--again) $(if $(RESUME),--resume)

.PHONY: help setup run test check budget mutants bench lock messages wheel clean screenshots

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: $(VENV)/run.stamp $(VENV)/assets.stamp ## the demo clinic at http://127.0.0.1:$(PORT) (Ctrl-C stops it)
	@exec $(BIN)/sojourn up --demo

setup: $(VENV)/dev.stamp $(VENV)/assets.stamp $(VENV)/browser.stamp ## everything for development and tests

test: setup ## everything, on both PostgreSQL versions and in a browser
	@$(BIN)/python -m tests.run all

check: $(VENV)/dev.stamp $(VENV)/assets.stamp ## lint, types (Python, TypeScript), import contracts and the quick tests, about a minute
	@$(BIN)/python -m tests.run quick

budget: $(VENV)/dev.stamp ## the forty slowest of the last make test into tests/budget.txt
	@$(BIN)/python -m tests.budget renew

mutants: $(VENV)/dev.stamp $(VENV)/assets.stamp ## faults planted in ROOM=care/patients, or SAMPLE=400 of all rooms: which do the tests notice
	@$(BIN)/python -m tests.mutants $(MUTANTS)

bench: setup ## the workloads, with their limits, into benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

lock: $(VENV)/dev.stamp ## make the requirement locks anew from pyproject.toml
	@$(BIN)/python -m tests.repo.lock

messages: $(VENV)/dev.stamp ## collect every string for the translators, and compile what they wrote
	@$(BIN)/python -m tests.repo.messages

wheel: $(VENV)/dev.stamp $(VENV)/assets.stamp ## a wheel that carries the compiled assets, in dist/
	@$(BIN)/python -m build --wheel --no-isolation

screenshots: setup ## the pictures under docs/screenshots, from the demo clinic
	@$(BIN)/python -m tests.screenshots

clean: ## forget the environment and the built assets (data under var/ stay)
	rm -rf $(VENV) dist build $(UI)/static/built $(UI)/frontend/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sojourn needs Python 3.11 or newer."; exit 1; }
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Sojourn needs (hash-checked)"
	@test -e $(VENV)/dev.stamp || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing what development needs (hash-checked)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/assets.stamp: $(shell find $(UI)/frontend \( -name node_modules -o -path '*/frontend/test' \) -prune -o -type f -print 2>/dev/null) \
		$(shell find sojourn -name '*.html' -o -name 'django.po') | $(VENV)/run.stamp
	@$(BIN)/python -m sojourn.foundation.ui.build
	@touch $@

$(VENV)/browser.stamp: | $(VENV)/dev.stamp
	@$(BIN)/python -m tests.browser
	@touch $@
