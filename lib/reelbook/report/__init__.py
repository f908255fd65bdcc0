"""The report room: from finished runs and tables to a DataFrame, a Figure, a sentence.

Boards, comparisons, claims, tables; `figures/` draws, `inside/` looks into trained models. It may
import runs and all below, and nothing of `recommend`.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=[
        "advice",
        "claims",
        "compare",
        "demographics",
        "documents",
        "exploration",
        "facts",
        "figures",
        "front_page",
        "inside",
        "inventory",
        "leaderboards",
        "rankings",
        "sentences",
        "studies",
        "suitability",
        "tables",
        "tuning",
        "two_stages",
        "unseen",
    ],
)
