"""The metrics room: from predictions or scores to figures, their intervals, paired comparisons.

Functions over whole arrays; no model is known here. It may import splits and data.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["catalogue", "graded", "lists", "ranking", "ratings", "registry"],
    submod_attrs={
        "bootstrap": ["compute_interval"],
        "catalogue": [
            "Score",
            "compare_rankings",
            "estimate_ranking",
            "evaluate_ranking",
            "rank_catalogue",
        ],
        "lists": ["compute_by_user"],
        "metric": ["Metric"],
        "ratings": [
            "compare_paired",
            "compute_rmse",
            "estimate_metric",
            "evaluate_ratings",
        ],
    },
)
