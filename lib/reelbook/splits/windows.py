"""Document A's windows over a user's ratings, and how they train, choose and test.

All arrays hold row positions in `dataset.ratings`. Windows are sorted as document A does, by time;
of many ratings in one second the publisher's order stays.
"""

import numpy as np
import pandas as pd

from reelbook.data.tables import order_by_time
from reelbook.errors import ReelbookError
from reelbook.splits.split import Rules, Split

WINDOW, STEP = 4, 2  # document A's sequences, as in the example that it follows


def build_windows(ratings: pd.DataFrame, *, length: int = WINDOW, step: int = STEP) -> np.ndarray:
    """Windows of `length` ratings of one user in time order, a new one every `step` ratings.

    Where the last window stops short of a user's last rating, one more ends there. The example adds
    it even where it repeats the window before; here every window, and every target, is there once.
    A user with fewer ratings than a window has none.

    Returns:
        Row positions, shape (windows, length), from the earliest; the last one is the target.
    """
    if length < 2 or step < 1:
        raise ReelbookError(f"Windows need a length of 2 and a step of 1, not {length} and {step}.")
    order = order_by_time(ratings)
    _, first, counts = np.unique(
        ratings["user_id"].to_numpy()[order], return_index=True, return_counts=True
    )
    last_start = counts - length  # the latest start within a user, negative where there is none
    num_regular = np.where(last_start < 0, 0, last_start // step + 1)  # (users,)
    user = np.repeat(np.arange(len(counts)), num_regular)
    place = np.arange(len(user)) - np.repeat(np.cumsum(num_regular) - num_regular, num_regular)
    starts = first[user] + place * step
    short = (last_start > 0) & (last_start % step > 0)
    starts = np.sort(np.concatenate([starts, (first + last_start)[short]]))
    return order[starts[:, None] + np.arange(length)]


def split_windows(
    ratings: pd.DataFrame,
    *,
    seed: int,
    test_share: float,
    validation_share: float,
    seal: str = "none",
) -> Split:
    """A random split of the windows: the rows of a split are its targets.

    Document A tests what is here tested or validates.

    Neighbouring windows overlap, so the rating of a test target mostly stands in the history of
    another window. `seal` says what becomes of training windows that hold one:

    - `none`: they stay, as in the document.
    - `sealed`: they are dropped. Test rows are the same, so the two can be compared in pairs.
    - `thinned`: as many windows, drawn at random, are dropped instead. What sealed loses beyond
      thinned is due to the leak and not to fewer windows.

    Args:
        ratings: the ratings of a data set.
        seed: draws the parts.
        test_share: of all windows.
        validation_share: of all windows.
        seal: see above; the protocol is `source`, `source_sealed` or `source_thinned`.

    Raises:
        ReelbookError: an unknown seal, a share out of range, or an empty part.
    """
    if seal not in ("none", "sealed", "thinned"):
        raise ReelbookError(f"Unknown seal {seal!r}; the known ones are: none, sealed, thinned.")
    for share in (test_share, validation_share, test_share + validation_share):
        if not 0 < share < 1:
            raise ReelbookError(f"A share of the windows must lie between 0 and 1, not {share!r}.")
    windows = build_windows(ratings)
    rng = np.random.default_rng(seed)
    windows = rng.permutation(windows)
    num_test, num_validation = (round(s * len(windows)) for s in (test_share, validation_share))
    test, validation, train = np.split(windows, [num_test, num_test + num_validation])
    if seal != "none":
        is_sealed = ~np.isin(train, test[:, -1]).any(axis=1)
        train = train[is_sealed] if seal == "sealed" else rng.permutation(train)[: is_sealed.sum()]
    protocol = "source" if seal == "none" else f"source_{seal}"
    train, validation, test = (np.sort(part[:, -1]) for part in (train, validation, test))
    rules = Rules(validation_trains=False, reports_test_epochs=True, ends_windows=True)
    return Split(protocol, None, seed, train, validation, test, rules)


def find_windows(ratings: pd.DataFrame, targets: np.ndarray) -> np.ndarray:
    """The window that ends in each of these rows, shape (targets, WINDOW)."""
    windows = build_windows(ratings)
    windows = windows[np.argsort(windows[:, -1])]
    places = np.searchsorted(windows[:, -1], targets).clip(max=len(windows) - 1)
    if not np.array_equal(windows[places, -1], targets):
        raise ReelbookError("Rows of this split are no targets of windows; use split_windows.")
    return windows[places]


def measure_leak(ratings: pd.DataFrame, split: Split) -> float:
    """Share of the test targets whose rating stands in a window that the model learns from."""
    learnt = find_windows(ratings, split.train)
    return float(np.isin(split.test, learnt).mean())
