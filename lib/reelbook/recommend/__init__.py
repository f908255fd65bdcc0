"""The recommend room: lists for people, by a call, a command, a page or a SavedModel.

It may import runs and all below, and nothing of `report`.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["kept", "learning", "lists", "page", "ratings_file", "recommender", "saved_model"],
    submod_attrs={
        "learning": ["make_recommender"],
        "page": ["make_page"],
        "recommender": [
            "Recommender",
            "recommend_to_fan",
            "recommend_to_user",
            "recommend_to_users",
        ],
        "saved_model": ["export_saved_model"],
    },
)
