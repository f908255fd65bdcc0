"""The computed sentences of the chapter that recommends to people."""

from collections.abc import Sequence

NAMED = 5  # movies that the text names


def describe_user(user_id: int, rated: Sequence[str]) -> str:
    """How many movies a user has rated, and which ones with most stars.

    Args:
        user_id: of the user.
        rated: names of the rated movies, the best first.
    """
    return (
        f"User {user_id} has rated {len(rated)} movies. Among those with most stars: "
        f"{', '.join(rated[:NAMED])}."
    )
