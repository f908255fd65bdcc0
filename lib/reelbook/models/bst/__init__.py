"""The family bst: transformers over a user's past ratings.

`family` says what is fitted and how, `network` has the equations, `layers` what they are made of.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "family": [
            "DOCUMENT_MODELS",
            "MODELS",
            "build",
            "build_for",
            "compute_mean",
            "fit",
            "make_rows",
        ]
    },
)
