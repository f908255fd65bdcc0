"""Lists of recommendations, as a terminal shows them and as a file keeps them."""

from pathlib import Path

import pandas as pd

from reelbook.files import replace_when_whole
from reelbook.recommend.recommender import POPULAR

FORMULA = tuple("=+-@\t\r")  # a cell that begins so is run by spreadsheets


def format_lists(lists: pd.DataFrame) -> str:
    """Lists for a terminal: a line a movie, and below it what it is there for.

    Stars are left out where they cannot differ: of data that say only who took what.
    """
    lines = []
    has_stars = (lists["low"] < lists["high"]).any()
    for row in lists.to_dict("records"):
        if row["rank"] == 1 and "user_id" in row:
            lines.append(f"User {row['user_id']}")
        stars = f"  {row['stars']:.1f} stars ({row['low']:.1f} to {row['high']:.1f})"
        lines.append(f"{row['rank']:>3}. {row['name']}{stars if has_stars else ''}")
        if row["because"]:
            why = row["because"] if row["because"] == POPULAR else f"because of {row['because']}"
            lines.append(f"     {why}")
    return "\n".join(lines)


def write_lists(lists: pd.DataFrame, path: Path) -> None:
    """Write lists as CSV, with three digits."""
    texts = {column: guard_texts(lists[column]) for column in ("name", "because")}
    with replace_when_whole(path) as file:
        lists.assign(**texts).to_csv(file, index=False, lineterminator="\n", float_format="%.3f")


def guard_texts(texts: pd.Series) -> list[str]:
    """Texts for a CSV file: an apostrophe keeps spreadsheets from running a title as a formula."""
    return [f"'{text}" if text.startswith(FORMULA) else text for text in texts]
