"""Phrases that the sentences of several chapters share."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from reelbook.data.names import count

INDISTINGUISHABLE = "statistically indistinguishable from zero"


def list_rows(table: pd.DataFrame) -> list[Any]:
    """The rows with their columns as attributes, of the type that each holds."""
    return list(table.itertuples(index=False))


def give_interval(row: Any, *, digits: int = 4) -> str:
    """A signed 95% interval, such as "+0.0010 to +0.0030", and whether it holds zero.

    Args:
        row: has `low`, `high` and `clear`, as a row of `compare.compare_models`.
        digits: decimals.
    """
    interval = f"{row.low:+.{digits}f} to {row.high:+.{digits}f}"
    return interval if row.clear else f"{interval}, {INDISTINGUISHABLE}"


def give_size(row: Any, *, digits: int = 4, unit: str = " stars") -> str:
    """The size of a difference and its interval, both with the sign of the size.

    Such as "**0.0127** stars (95% interval -0.0058 to 0.0371, statistically ...)".

    Args:
        row: has `value` of either sign, `low`, `high` and `clear`.
        digits: decimals.
        unit: what follows the figure.
    """
    low, high = (row.low, row.high) if row.value > 0 else (-row.high, -row.low)
    zero = "" if row.clear else f", {INDISTINGUISHABLE}"
    interval = f"95% interval {low:.{digits}f} to {high:.{digits}f}{zero}"
    return f"**{abs(row.value):.{digits}f}**{unit} ({interval})"


def tell_fall(row: Any) -> str:
    """By how much an error falls or rises: "falls by **0.0100** stars (95% interval ...)".

    Args:
        row: has `value` (positive for a fall), `low`, `high` and `clear`.
    """
    return f"{'falls' if row.value > 0 else 'rises'} by {give_size(row)}"


def give_estimate(row: Any, *, unit: str = "") -> str:
    """A figure in bold with its 95% interval, of a row with `value`, `low` and `high`."""
    return f"**{row['value']:.3f}**{unit} (95% interval {give_bounds(row)})"


def give_scope(number: int, noun: str) -> str:
    """What a figure is the mean over: "mean over 5 folds", or "one fold"."""
    return f"one {noun}" if number == 1 else f"mean over {count(number, noun)}"


def give_stars(stars: float, *, digits: int = 6) -> str:
    """Stars, whole or not, with their noun: "1 star", "3.5 stars"."""
    return f"{stars:.{digits}g} {'star' if stars == 1 else 'stars'}"


def cut_name(name: str, length: int = 34) -> str:
    """A name in at most so many letters; an ellipsis stands for what is cut."""
    return name if len(name) <= length else f"{name[: length - 1].rstrip()}…"


def give_range(values: Iterable[float], *, digits: int = 4) -> str:
    """The smallest to the largest value, or the one that all of them round to."""
    numbers = list(values)
    lowest, highest = (f"{number:.{digits}f}" for number in (min(numbers), max(numbers)))
    return lowest if lowest == highest else f"{lowest} to {highest}"


def give_bounds(row: Any, *, digits: int = 3) -> str:
    """The 95% interval of a figure, such as "0.912 to 0.931", of a row with `low` and `high`."""
    return f"{row['low']:.{digits}f} to {row['high']:.{digits}f}"


def join_words(words: Sequence[str]) -> str:
    """The words as an enumeration: "a", "a and b", "a, b and c"; nothing for none."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def quote_models(names: Iterable[str]) -> list[str]:
    """The names of models as Markdown shows code."""
    return [f"`{name}`" for name in names]


def make_list(sentences: Iterable[str]) -> str:
    """Sentences as a bulleted list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)
