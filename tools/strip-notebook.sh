#!/usr/bin/env bash
# A notebook without outputs, counts and what an editor leaves: for lint, for pre-commit, and as the
# filter through which git reads notebooks, so that a save in JupyterLab changes nothing that is
# committed. Options of nbstripout and files may follow; without any it goes from stdin to stdout.
set -euo pipefail
nbstripout=$(dirname "$0")/../.venv/bin/nbstripout
[ $# -gt 0 ] || [ -x "$nbstripout" ] || exec cat # git goes on where the environment was deleted
exec "$nbstripout" --keep-id --extra-keys "metadata.papermill cell.metadata.papermill cell.metadata.execution metadata.language_info" "$@"
