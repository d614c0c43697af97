# `make drill` runs the first drill on the embedded lab; `make test` is what CI runs.
.DEFAULT_GOAL := help
RUN := .venv/bin/
SOURCES := src tests scenarios experiments loadtests conftest.py

.PHONY: help setup drill test check prove bench lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: ## make .venv from the hashed locks (the other targets do it by themselves)
	@tools/setup.sh

drill: setup ## lose Mumbai on the embedded lab, and see what the customers saw
	@$(RUN)drdrill run experiments/aurora-global-region-loss.yaml

check: setup ## format, lint, types, unit tests: the fast part, without the lab
	@tools/check.sh fast

test: setup ## everything that CI runs
	@tools/check.sh all

prove: setup ## the long form: repetitions and kill tests
	@tools/check.sh prove

bench: setup ## what the instrument costs, as ratios, side by side in one run; leave the machine alone meanwhile
	@$(RUN)python -m benchmarks

lock: setup ## renew requirements.lock from pyproject.toml
	.venv/bootstrap/bin/uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group dev -o requirements.lock --upgrade

clean: ## remove what set-up and tests made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis allure-results
