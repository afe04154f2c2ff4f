# Everything a newcomer needs: `make run` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# An old library builds itself the old way unless told; pip shows what it fetches and how far it is.
PIP := $(BIN)/python -m pip install --disable-pip-version-check --use-pep517

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test lint format types bench messages looked lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Abonent needs Python 3.11 or newer; $$($(PYTHON) --version 2>&1) found. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh scripts/system_package.sh python3-venv \
	  || { echo "This Python cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@rm -rf $(VENV)
	@echo "Making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Could not make $(VENV)." >&2; exit 1; }

# The stamps are files, so a second `make run` does not call pip at all.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing, 1 of 2: the libraries (the first time takes some minutes)"
	@$(PIP) -r requirements.lock
	@echo "Installing, 2 of 2: abonent"
	@$(PIP) --quiet --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the test tools"
	@$(PIP) -r requirements-dev.lock
	@touch $@

install: $(VENV)/.installed ## make the virtual environment and install
install-dev: $(VENV)/.installed-dev ## the same with test and lint tools

run: $(VENV)/.installed ## start everything: database, queue, web, worker (Ctrl+C stops all)
	@exec $(BIN)/python -m abonent run $(ARGS)

test: $(VENV)/.installed-dev ## run every test
	@command -v $${CHROMIUM:-chromium} >/dev/null || sh scripts/system_package.sh chromium chromium-headless-shell \
	  || sh scripts/system_package.sh chromium \
	  || echo "No Chromium and no right to install it: the tests in a browser are skipped, each by name."
	@command -v bearerbox >/dev/null || sh scripts/system_package.sh kannel \
	  || echo "No Kannel and no right to install it: its test is skipped by name."
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(VENV)/.installed-dev ## ruff, import-linter, templates
	$(BIN)/python -m ruff check abonent tests
	$(BIN)/python -m ruff format --check abonent tests
	$(BIN)/lint-imports
	@if [ -d abonent/web/templates ]; then $(BIN)/djlint --quiet --lint abonent/web/templates; fi

format: $(VENV)/.installed-dev ## format the code
	$(BIN)/python -m ruff format abonent tests
	$(BIN)/python -m ruff check --fix --select I abonent tests

types: $(VENV)/.installed-dev ## mypy, strict
	$(BIN)/python -m mypy

bench: $(VENV)/.installed ## measure the engine (ARGS="charge --accounts 100000")
	@$(BIN)/python -m abonent bench $(ARGS)

messages: $(VENV)/.installed-dev ## bring the translation catalogues up to date
	@$(BIN)/python -m abonent messages $(ARGS)

looked: $(VENV)/.installed-dev ## leave screenshots of the pages, keystrokes and statements in looked/
	@ABONENT_LOOKED=looked $(BIN)/python -m pytest tests/browser tests/web/test_statements.py $(ARGS)

lock: $(VENV)/.installed-dev ## renew the lock files from pyproject.toml (needs pip-tools in the environment)
	$(BIN)/python -m piptools compile --quiet --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml
	$(BIN)/python -m piptools compile --quiet --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra test --extra dev --output-file requirements-dev.lock pyproject.toml

clean: ## remove the virtual environment and caches (never the data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
