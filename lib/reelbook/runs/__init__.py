"""The runs room: load a training run or train it; its record, its files, its identity.

It may import models, metrics, splits and data.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "record": ["RESULT_COLUMNS", "Request", "RunRecord", "read_record"],
        "store": [
            "Run",
            "load_or_train",
            "load_or_train_all",
            "read_run",
            "read_runs",
        ],
    },
)
