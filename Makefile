# Every command is one line here; `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
ARGS ?=

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  echo "Installing with uv (the first time takes about half a minute) ..." && \
	  uv venv -q --allow-existing --python $(PYTHON) .venv && \
	  uv pip install -q --python $(BIN)/python -r requirements.lock && \
	  uv pip install -q --python $(BIN)/python --no-deps -e . ; \
	else \
	  echo "Installing with pip (the first time takes about a minute) ..." && \
	  $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e . ; \
	fi
	@touch $(READY)

.PHONY: install
install: $(READY) ## Create .venv with everything in it

.PHONY: demo
demo: $(READY) ## Twelve people live a quarter of check-ins, in about a minute and a half
	@$(BIN)/perennial demo $(ARGS)

.PHONY: chaos
chaos: $(READY) ## Twenty quarters and as many short stories under faults, each of which must end as its calm twin
	@$(BIN)/perennial demo --chaos 1 --chaos-runs 20 $(ARGS)

.PHONY: start
start: $(READY) ## The same on the real clock, with Temporal's UI; goes on where it was
	@$(BIN)/perennial start $(ARGS)

.PHONY: test
test: $(READY) ## The whole suite, on real servers
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: check
check: $(READY) ## Format, lint, types, import contract
	@$(BIN)/ruff format --check --quiet . || { echo "Run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary .
	@$(BIN)/lint-imports --no-cache | tail -n 3

.PHONY: format
format: $(READY) ## Put the code into its form
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: words
words: $(READY) ## Bring the translations up to what the sources say, and list what waits for words
	@$(BIN)/python -m config.languages

.PHONY: screenshots
screenshots: $(READY) ## A picture of every page and letter, into docs/screenshots
	@$(BIN)/perennial screenshots $(ARGS)

.PHONY: lock
lock: ## Write requirements.lock anew from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --upgrade -q -o requirements.lock

.PHONY: clean
clean: ## Take away .venv and what runs have left
	@rm -rf .venv .perennial build *.egg-info .mypy_cache .ruff_cache .hypothesis
