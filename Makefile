# `make` prints the verbs. README explains `make book` and `make test`; the rest is for people who change the book.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LAB := $(VENV)/.lab

LAB_OPTIONS ?=

export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help
.PHONY: help setup book serve lab pdf epub release test lint check lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv from requirements.lock

# The stamp is written last, so that an interrupted set-up starts over. uv is only the faster installer: pip does the same.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	@if $(BIN)/python -m pip install --quiet uv==$(UV_VERSION); then \
	  install="$(BIN)/uv pip install --quiet --python $(BIN)/python"; \
	else \
	  install="$(BIN)/python -m pip install --quiet"; \
	fi; \
	$$install --require-hashes -r requirements.lock && \
	$$install --no-deps --no-build-isolation -e .
	@touch $@

book: $(READY) ## run the notebooks and build the site into _build/html
	$(BIN)/scaling-book build

serve: book ## build, then preview on 127.0.0.1
	$(BIN)/scaling-book serve

lab: $(LAB) ## open the notebooks in JupyterLab, which is installed into .venv at first
	$(BIN)/jupyter-lab $(LAB_OPTIONS) notebooks

# JupyterLab is not in the lock; what it shares with the lock keeps the locked versions.
$(LAB): $(READY)
	grep -oE '^[A-Za-z0-9][^\\]*' requirements.lock > $(VENV)/constraints.txt
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt jupyterlab
	@touch $@

pdf: $(READY) ## print the whole book into _build/book.pdf (needs Chromium or Chrome)
	$(BIN)/scaling-book pdf

epub: $(READY) ## write the whole book into _build/book.epub
	$(BIN)/scaling-book epub

release: $(READY) ## site archive, PDF, EPUB, results and checksums in dist/release
	$(BIN)/scaling-book release

test: $(READY) ## run the fast tests
	$(BIN)/pytest -q -n auto -m "not slow"

lint: $(READY) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint $(READY) ## lint, then every test, slow ones too
	$(BIN)/pytest -q -n auto

lock: $(READY) ## resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	  --extra test --extra dev --upgrade pyproject.toml -o requirements.lock

clean: ## remove what builds and tests made (not .venv, not downloaded data)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find scaling_utils tests -name __pycache__ -type d -prune -exec rm -rf {} +
