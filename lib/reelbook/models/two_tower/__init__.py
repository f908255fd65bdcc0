"""The family two_tower: a vector for a user, one for a movie, and their product.

`family` has document B's models, `towers` and `features` what they are made of, `best` our own.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "family": [
            "MODELS",
            "build",
            "embed_catalogue",
            "fit",
            "make_loss",
            "make_rows",
            "make_score",
        ]
    },
)
