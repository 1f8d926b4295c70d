# Every target sets up what it needs first; with nothing to do that takes well under a second.
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: help setup demo dev test test-browser faults silence bench-audit check migrate clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## install what is missing: Python environment, LiveKit and Temporal servers, web app, database
	@$(or $(PYTHON),python3) -m workers.stack.bootstrap

demo: setup ## place a real call and check what the caller heard; HOLD=1 leaves it up, CHAOS=1 kills servers in mid-call
	@$(BIN)/python -m workers demo $(if $(filter 1,$(HOLD)),--hold) $(if $(filter 1,$(CHAOS)),--chaos)

dev: setup ## the stack with one merged log, until Ctrl-C; ARGS="--auto-ports --data .dev/second"
	@$(BIN)/python -m workers dev $(ARGS)

test: setup ## the test suite; ARGS="-m 'not stack' -k name"
	@$(BIN)/python -m pytest -m "not faults and not silence" $(ARGS)

test-browser: setup ## the console's pages in a headless Chromium; pictures of them go to .dev/screenshots
	@$(BIN)/python -m pytest tests/browser $(ARGS)

faults: setup ## kill every part of the stack in every state of a call, and print the table; ARGS="-k livekit"
	@$(BIN)/python -m pytest tests/faults $(ARGS)

bench-audit: setup ## how long a million entries of the audit trail take to verify; ARGS="--entries 100000"
	@$(BIN)/python -m bench.audit $(ARGS)

silence: setup ## let every service that a call needs fail in every way, and print the longest silences
	@$(BIN)/python -m pytest tests/live/test_live_silence.py $(ARGS)

check: setup ## style, strict types, import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

migrate: setup ## bring the database of the records up to date
	@$(BIN)/python -m migrations

clean: ## remove databases and logs; keeps the Python environment and the built servers
	@$(or $(PYTHON),python3) -m workers.stack.bootstrap --clean
