"""A split: which ratings train, which choose, which are only ever predicted.

It holds row positions in `dataset.ratings`, and checks itself when it is made: its three parts are
non-empty and share no row.
"""

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from reelbook.errors import ReelbookError

PARTS = ("train", "validation", "test")


class Rules(NamedTuple):
    """Who may choose by what, and what competes: what a protocol says beside its rows."""

    validation_trains: bool = True  # the model that is tested learned from validation rows, too
    reports_test_epochs: bool = False  # the test figure of each epoch is told, as a document does
    ends_windows: bool = False  # each row is the target of a window, as document A splits
    only_new_movies: bool = False  # movies that anyone rated before are in no list


@dataclass(frozen=True, eq=False)
class Split:
    """Row positions (int64, ascending) of the three parts of a data set under a protocol.

    Attributes:
        protocol: name of the protocol, a key of `PROTOCOLS`.
        fold: 1 to 5 where the protocol has folds, else None.
        seed: what drew the random parts.
        rules: see `Rules`.
    """

    protocol: str
    fold: int | None
    seed: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        fold = "" if self.fold is None else f", fold {self.fold}"
        where = f"split {self.protocol}{fold}, seed {self.seed}"
        for part, size in self.sizes.items():
            if size == 0:
                raise ReelbookError(
                    f"{where}: the {part} part is empty; use more ratings or another share."
                )
        rows = np.concatenate([getattr(self, part) for part in PARTS])
        if np.bincount(rows).max() > 1:
            raise ReelbookError(f"{where}: a rating stands in two parts; make it by make_split.")

    @property
    def known(self) -> np.ndarray:
        """Rows of training and validation together, ascending."""
        return np.sort(np.concatenate([self.train, self.validation]))  # np.union1d hashes: slow

    @property
    def sizes(self) -> dict[str, int]:
        """Number of ratings in each part."""
        return {part: len(getattr(self, part)) for part in PARTS}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows of the three parts: equal if and only if they are the same."""
        digest = hashlib.sha256()
        for part in PARTS:
            digest.update(part.encode() + np.asarray(getattr(self, part), "<i8").tobytes())
        return digest.hexdigest()
