"""Differences between groups of users: each group against the rest, as it is and at equal activity.

Rows are drawn with their users (`bootstrap`), so a user's rows stay together, and a user may have
rows in several groups.
"""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from reelbook.metrics.bootstrap import draw_users

Finish = Callable[[np.ndarray], np.ndarray]


def resample_sums(
    users: np.ndarray, cells: np.ndarray, values: np.ndarray, *, num_cells: int
) -> np.ndarray:
    """What the cells hold: as measured, and in 1,000 draws of the users.

    Args:
        users: id of each row (rows,).
        cells: cell of each row, from 0 (rows,).
        values: what was measured (rows, columns).
        num_cells: number of cells.

    Returns:
        (1 + resamples, cells, 1 + columns): the number of rows and the sum of each column; the
        first is as measured.
    """
    found, places = np.unique(users, return_inverse=True)
    shape = len(found), num_cells
    columns = [np.ones(len(users)), *np.asarray(values, "float64").T]
    # Sparse: a user has rows in few cells. Values of a user and a cell are added up.
    tables = [sparse.csr_array((column, (places, cells)), shape=shape) for column in columns]
    by_user = sparse.hstack(tables, format="csr")
    blocks = [by_user.sum(axis=0)[None]]
    for draws in draw_users(len(found)):
        offsets = np.arange(len(draws))[:, None] * len(found)
        weights = np.bincount((draws + offsets).ravel(), minlength=draws.size)
        blocks.append(weights.reshape(draws.shape) @ by_user)
    sums = np.concatenate(blocks)
    return sums.reshape(len(sums), len(columns), num_cells).transpose(0, 2, 1)


def compute_levels(sums: np.ndarray, finish: Finish) -> np.ndarray:
    """f(m_g) of each group, with m_g the mean of its rows: (resamples, groups, columns).

    Args:
        sums: (resamples, groups, strata, 1 + columns), as `resample_sums` gives them.
        finish: f, from means to figures, such as the root of mean squares.
    """
    whole = sums.sum(axis=2)
    with np.errstate(invalid="ignore"):  # a draw may hold nobody of a group
        return finish(whole[..., 1:] / whole[..., :1])


def compute_gaps(sums: np.ndarray, finish: Finish) -> np.ndarray:
    """By how much each group differs from the rest: (resamples, groups, columns).

    With n_gs the rows of group g in stratum s, m_gs their mean and m'_gs that of all other rows of
    the stratum, f(sum_s w_gs m_gs) - f(sum_s w_gs m'_gs), where w_gs = n_gs / sum_s n_gs: the rest
    gets the strata of the group (direct standardisation). Strata that only one of the two has are
    left out of both. With one stratum this is the plain difference, and NaN where a group has no
    row.

    Args:
        sums: (resamples, groups, strata, 1 + columns), as `resample_sums` gives them.
        finish: f, as in `compute_levels`.
    """
    others = 1 - np.eye(sums.shape[1])
    rest = np.einsum("gh,rhsc->rgsc", others, sums, optimize=True)
    shared = (sums[..., :1] > 0) & (rest[..., :1] > 0)
    weights = np.where(shared, sums[..., :1], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights /= weights.sum(axis=2, keepdims=True)
        means = [
            (weights * np.where(shared, part[..., 1:] / part[..., :1], 0.0)).sum(axis=2)
            for part in (sums, rest)
        ]
        return finish(means[0]) - finish(means[1])
