#!/usr/bin/env bash
# What CI checks of the code. Run by `make lint`, by pre-commit and by the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
ruff check .
ruff format --check .
mypy
PYTHONPATH=lib lint-imports
tools/strip-notebook.sh --verify notebooks/*.ipynb
