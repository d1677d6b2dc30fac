# Procura's commands. `make help` lists them; set-up happens by itself.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
export PYTHON

BIN := .venv/bin
HOUSE := $(patsubst %/__init__.py,%,$(wildcard $(addsuffix /__init__.py,iam policies oidc saml admin)))
JOBS ?= 0
UV ?= uv
COMPILE = env -u PIP_FIND_LINKS -u PIP_INDEX_URL $(UV) pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help demo test bench lint types lock clean runtime dev

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: runtime ## set up, start the sandbox country and take the guided tour (ONCE=1 ends after it)
	@$(BIN)/procura demo $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

test: dev ## run the tests (ARGS='-k word' passes options to pytest, JOBS=2 runs them side by side)
	@$(BIN)/python -m pytest $(if $(filter-out 0,$(JOBS)),-n $(JOBS) --dist loadfile) $(ARGS)

bench: dev ## measure speed against the peers (ARGS passes options)
	@$(BIN)/python -m tests.bench $(ARGS)

lint: dev ## check style and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/python -m tests.house.contracts

types: dev ## check types
	@$(BIN)/mypy $(HOUSE)

lock: ## make the lock files anew from pyproject.toml (needs uv; UPGRADE=1 takes newer versions)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group build --group test -o requirements-dev.lock
	@$(COMPILE) --group build -c requirements-dev.lock -o requirements.lock

clean: ## remove .venv/ and what the tools left (never .procura/)
	@rm -rf .venv .venv.lock .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@.ci/set-up runtime

dev:
	@.ci/set-up dev
