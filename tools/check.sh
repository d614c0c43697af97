#!/bin/sh
# The checks, cheapest first: fast (no lab), all (what CI runs), prove (the long form).
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
say() { printf '\n== %s\n' "$*"; }
say "format"; $bin/ruff format --check .
say "lint"; $bin/ruff check .
say "types"; $bin/mypy
say "unit tests, architecture, documents"
$bin/python -m pytest -n 2 -m "not lab and not prove" tests
[ "$1" = fast ] && exit 0
say "lab tests: real processes, real PostgreSQL"
$bin/python -m pytest -m "lab and not prove" tests scenarios
[ "$1" = all ] && exit 0
say "the long form"
$bin/python -m pytest -m prove tests scenarios
