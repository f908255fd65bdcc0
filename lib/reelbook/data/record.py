"""What `data.json` notes of the tables of a data set, read without the tables."""

import json
from typing import Any

from reelbook.data import sources
from reelbook.data.names import find_path, name_dataset, stamp_files
from reelbook.paths import get_data_dir


def read_record(dataset: str) -> dict[str, Any] | None:
    """What was noted of the tables; None if there is nothing, or their source has changed since.

    Args:
        dataset: see `reelbook.data.store.load`.

    Raises:
        ReelbookError: an unknown name, or REELBOOK_DATA names something that cannot be used.
    """
    path = find_path(dataset)
    named = sources.find_named(dataset) if dataset in sources.DATASET_LAYOUTS else None
    try:
        text = (get_data_dir(name_dataset(dataset)) / "data.json").read_text(encoding="utf-8")
        record: dict[str, Any] = json.loads(text)
        stamp = named.sha256 if named else stamp_files(path) if path else record["source_sha256"]
        return record if stamp == record["source_sha256"] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
