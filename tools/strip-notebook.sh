#!/usr/bin/env bash
# A notebook without outputs, counts and what an editor leaves: for lint, for pre-commit, and as the
# filter through which git reads notebooks, so that a save in JupyterLab changes nothing that is
# committed. Options of nbstripout and files may follow; without any it goes from stdin to stdout.
set -euo pipefail
python=$(dirname "$0")/../.venv/bin/python
[ $# -gt 0 ] || [ -x "$python" ] || exec cat # git goes on where the environment was deleted
# Without a grammar that jsonschema would compile first, for two seconds a notebook.
exec "$python" -c "import sys; sys.modules['rfc3987_syntax'] = None; from nbstripout import main; main()" \
  --keep-id --extra-keys "metadata.papermill cell.metadata.papermill cell.metadata.execution metadata.language_info" "$@"
