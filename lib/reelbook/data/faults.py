"""What is wrong with a file, line by line, so that one look at it is enough to correct it."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from reelbook.data.names import count
from reelbook.errors import ReelbookError

MOST = 10  # faults of a file that are told


class Faults:
    """The faulty lines of one file. A line counts once, with the first fault that is noted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines = np.array([], int)  # ascending; 0 stands for the file as a whole
        self._told: dict[int, str] = {}

    def add(self, wrong: pd.Series, says: str) -> None:
        """Note lines that break one rule.

        Args:
            wrong: what stands there, by line number, ascending.
            says: what is wrong with it; {} is its place in the text.
        """
        new = wrong[~wrong.index.isin(self.lines)]
        first = new.iloc[:MOST]
        self._told |= {
            line: says.format(value)
            for line, value in zip(first.index.tolist(), first, strict=True)
        }
        self.lines = np.union1d(self.lines, new.index)

    def add_line(self, line: int, says: str) -> None:
        """Note one line, or with 0 the file as a whole."""
        self.add(pd.Series([says], [line]), "{}")

    def drop(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows, by line number, without those of faulty lines."""
        return rows[~rows.index.isin(self.lines)] if len(self.lines) else rows

    def list_told(self) -> list[str]:
        """A text for each of the first faulty lines, and one that says how many more there are."""
        first = sorted(self._told)[:MOST]
        told = [f"{self._place(line)}: {self._told[line]}" for line in first]
        more = len(self.lines) - len(first)
        return told + ([f"{self.name}: and {count(more, 'more faulty line')}"] if more else [])

    def _place(self, line: int) -> str:
        return f"{self.name}, line {line}" if line else self.name


def raise_for_faults(files: Iterable[Faults]) -> None:
    """ReelbookError with the faults of all files of a set, a line each, if there are any."""
    told = [text for faults in files for text in faults.list_told()]
    if len(told) == 1:
        raise ReelbookError(told[0])
    if told:
        raise ReelbookError("faulty lines:\n" + "\n".join(f"  - {text}" for text in told))
