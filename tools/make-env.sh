#!/usr/bin/env bash
# Make .venv from the lock with nothing but python3 and pip; do nothing where it is made already.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

# Outputs that JupyterLab saves into a notebook are no change to git; see .gitattributes.
if [ -e .git ] && command -v git >/dev/null && ! git config --get filter.reelbook.clean >/dev/null; then
  git config filter.reelbook.clean tools/strip-notebook.sh || true
fi

# The copy is written last: it says that the environment is whole and from what it was made.
cat requirements.txt tools/make-env.sh | cmp --silent - .venv/made-from 2>/dev/null && exit 0

command -v "$python" >/dev/null || {
  echo "make env: no $python found. Install Python 3.11 to 3.13, or name one: make env PYTHON=..." >&2
  exit 1
}
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || {
  echo "make env: $("$python" --version) found, but TensorFlow 2.21 needs 3.11 to 3.13. Name one: make env PYTHON=python3.11" >&2
  exit 1
}
[ "$(uname -s)" = Linux ] || echo "make env: the lock is for Linux (and WSL); see the README for other systems." >&2

echo "make env: installing $(grep -c == requirements.txt) packages into .venv, once; about two minutes"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf .venv
"$python" -m venv .venv || {
  echo "make env: $python cannot make a virtual environment. On Debian: apt install python3-venv" >&2
  exit 1
}
# PIP_REQUIRE_VIRTUALENV guards against installing anything elsewhere.
if ! PIP_REQUIRE_VIRTUALENV=1 .venv/bin/python -m pip install --disable-pip-version-check \
  --require-hashes --requirement requirements.txt 2>&1 | tee "$log" |
  awk '/^Collecting/ {printf "\r  %d downloaded", ++n; fflush()} /^Installing/ {printf ", installing"; fflush()} END {print ""}'; then
  tail -n 15 "$log" >&2
  echo "make env: pip failed, see above. Nothing outside .venv was touched; run again to retry." >&2
  exit 1
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# What TensorFlow's C++ code prints goes to the terminal, not in red into the notebooks that a person runs.
mkdir -p .venv/etc/ipython
echo "c.IPKernelApp.capture_fd_output = False" > .venv/etc/ipython/ipython_kernel_config.py
cat requirements.txt tools/make-env.sh > .venv/made-from
