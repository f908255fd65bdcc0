"""What was understood of a person's own ratings, and the options that correct it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from reelbook.data.names import get_options_path
from reelbook.data.own import read_options, write_options
from reelbook.data.roles import RATING_ROLES
from reelbook.errors import ReelbookError
from reelbook.paths import format_path


def change_options(path: Path, changes: dict[str, Any]) -> Path:
    """Keep what a person decides beside the data, with what was decided before; gives the file.

    Args:
        path: of the data.
        changes: fields of `own.Options`; columns as `user=2,item=title`.

    Raises:
        ReelbookError: columns that are not written so.
    """
    if "columns" in changes:
        pairs = [part.partition("=") for part in changes["columns"].split(",")]
        if not all(role and column for role, _, column in pairs):
            raise ReelbookError(
                f"--columns {changes['columns']}: write ROLE=COLUMN, with commas between; the "
                f"roles are {', '.join(RATING_ROLES)}."
            )
        changes = changes | {"columns": {role.strip(): col.strip() for role, _, col in pairs}}
    return write_options(path, dataclasses.replace(read_options(path), **changes))


def describe_understood(folder: Path) -> str:
    """A screenful on prepared tables of one's own: what was read as what, and what was left out.

    Args:
        folder: of the tables.
    """
    record = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    lines = [f"{record['path']}, read as"]
    lines += [f"  {subject:<9} {text}" for subject, text in record["understood"].items()]
    first = record["first_rows"]
    widths = {role: max(map(len, [role, *texts])) for role, texts in first.items()}
    lines += ["first rows", "  " + "  ".join(role.ljust(widths[role]) for role in first)]
    for row in zip(*first.values(), strict=True):
        texts = zip(row, widths.values(), strict=True)
        lines.append("  " + "  ".join(text.ljust(width) for text, width in texts).rstrip())
    if record["note"]:
        lines.append(record["note"])
    if (bad_rows := folder / "bad_rows.txt").exists():
        lines.append(f"rows that cannot be read: {format_path(bad_rows)}")
    options = get_options_path(Path(record["path"]))
    lines.append(
        f"Not so? Change it by --columns, --repeated and --skip-bad-rows, or in {options}."
    )
    return "\n".join(lines)
