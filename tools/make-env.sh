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

echo "make env: installing $(grep -c == requirements.txt) packages into .venv, once; about a minute with uv, three with pip"
uv=$(mktemp)
log=$(mktemp)
trap 'rm -f "$uv" "$log"' EXIT
rm -rf .venv
"$python" -m venv .venv || {
  echo "make env: $python cannot make a virtual environment. On Debian: apt install python3-venv" >&2
  exit 1
}
pip=(.venv/bin/python -m pip install --disable-pip-version-check)
export PIP_REQUIRE_VIRTUALENV=1 # a guard against installing anything elsewhere

# Both install the same pins from the same hashes. uv is quicker; pip goes where uv cannot reach an index.
install_by_uv() {
  awk '/^[a-z]/ {own = /^uv==/} own && !/#/' requirements.txt > "$uv"
  "${pip[@]}" --quiet --require-hashes --requirement "$uv" &&
    .venv/bin/uv pip install --python .venv/bin/python --compile-bytecode --require-hashes --requirements requirements.txt \
      $([ -t 2 ] || echo --quiet)
}
install_by_pip() {
  "${pip[@]}" --require-hashes --requirement requirements.txt 2>&1 | tee "$log" |
    awk '/^Collecting/ {printf "\r  %d downloaded", ++n; fflush()} /^Installing/ {printf ", installing"; fflush()} END {print ""}'
}
if ! install_by_uv; then
  echo "make env: uv failed, see above; trying pip" >&2
  if ! install_by_pip; then
    tail -n 15 "$log" >&2
    echo "make env: pip failed, see above. Nothing outside .venv was touched; run again to retry." >&2
    exit 1
  fi
fi
"${pip[@]}" --quiet --no-deps --no-build-isolation --editable .
# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would compile it all anew.
.venv/bin/python -m compileall -q lib
# What TensorFlow's C++ code prints goes to the terminal, not in red into the notebooks that a person runs.
mkdir -p .venv/etc/ipython
echo "c.IPKernelApp.capture_fd_output = False" > .venv/etc/ipython/ipython_kernel_config.py
cat requirements.txt tools/make-env.sh > .venv/made-from
