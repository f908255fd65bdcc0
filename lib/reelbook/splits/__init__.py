"""The splits room: which ratings train, which choose, which are only ever predicted.

The protocols, and document A's windows; each split asserts that it does not leak. It may import the
data.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "inner": ["make_inner_split"],
        "protocols": ["NUM_FOLDS", "PROTOCOLS", "make_split"],
        "split": ["PARTS", "Split"],
        "windows": ["build_windows", "find_windows", "measure_leak", "split_windows"],
    },
)
