"""Intervals of many comparisons at once: a file of its own, which no training imports."""

import numpy as np

from reelbook.metrics.bootstrap import LEVEL


def bound_all(samples: np.ndarray) -> np.ndarray:
    """Half the widths of intervals that hold all figures at once in 95% of cases (figures,).

    c s_k, with s_k the standard deviation of figure k over the draws, and c the 95% quantile of
    max_k |d*_k - d_k| / s_k (sup-t: Montiel Olea and Plagborg-Møller 2019, section 2). A draw
    without a figure (NaN) says nothing of it; a figure that never varies has no width.

    Args:
        samples: (1 + resamples, figures), the first as measured.
    """
    moved = np.abs(samples[1:] - samples[0])
    spread = np.nanstd(samples[1:], axis=0, ddof=1)
    scaled = np.divide(moved, spread, out=np.zeros_like(moved), where=spread > 0)
    return spread * float(np.quantile(np.nanmax(scaled, axis=1), LEVEL))
