"""What is known of each rating's user and movie, as codes into one table of embeddings.

Each feature has its own rows in the table: the first is for what training never saw, and for what
is missing, the next are for its values. One table for all makes one lookup of a batch, several
times faster than eight.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models.features.ids import bucketize_age

CREDITS = ["director", "star"]
PEOPLE = ["user_zip_code", "user_occupation_text", "user_gender", "bucketized_user_age"]
# In the order in which document B names them (section 6b).
FEATURES = [
    "movie_id", "user_id", "user_zip_code", "user_occupation_text", *CREDITS, "user_gender",
    "bucketized_user_age",
]  # fmt: skip


@dataclass(frozen=True)
class Vocabularies:
    """The values of each feature in training rows, sorted, and where its rows in the table begin.

    Attributes:
        values: by feature.
        starts: first row of each feature, int32 (features,); there lies its unknown row.
        size: rows of the table.
    """

    values: dict[str, np.ndarray]
    starts: np.ndarray
    size: int


def list_features(dataset: Dataset) -> list[str]:
    """The features of document B that a data set has: director and star come from a film graph."""
    traits = dataset.traits
    missing = [*CREDITS * ("credits" not in traits), *PEOPLE * ("people" not in traits)]
    return [name for name in FEATURES if name not in missing]


def describe_ratings(dataset: Dataset, ratings: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """The value of each feature for each rating, in their order, missing where there is none.

    Raises:
        ReelbookError: no feature, an unknown one, or one of the film graph where there is none.
    """
    known = list_features(dataset)
    if wrong := [name for name in features if name not in known]:
        raise ReelbookError(
            f"{dataset.name} has no feature {', '.join(wrong)}; it has: {', '.join(known)}."
        )
    if not features:
        raise ReelbookError(f"No features were asked for; there are: {', '.join(known)}.")
    users = pd.DataFrame(
        {
            "user_id": dataset.users["user_id"],
            "user_zip_code": dataset.users["zip_code"],
            "user_occupation_text": dataset.users["occupation"],
            "user_gender": dataset.users["gender"],
            "bucketized_user_age": bucketize_age(dataset.users["age"]),
        }
    )
    table = ratings[["user_id", "movie_id"]].merge(users, on="user_id", how="left")
    if dataset.credits is not None:
        table = table.merge(dataset.credits, on="movie_id", how="left")
    return table[features].set_axis(ratings.index)


def find_vocabularies(table: pd.DataFrame) -> Vocabularies:
    """The vocabularies of these training rows, as `describe_ratings` gives them."""
    values = {str(name): np.unique(column.dropna()) for name, column in table.items()}
    ends = np.cumsum([len(found) + 1 for found in values.values()])
    return Vocabularies(values, np.concatenate([[0], ends[:-1]]).astype("int32"), int(ends[-1]))


def encode_table(table: pd.DataFrame, vocabularies: Vocabularies) -> np.ndarray:
    """Row in the table of embeddings of each value, int32 (rows, features).

    What is missing or not in the vocabulary has the first row of its feature.
    """
    codes = [
        pd.Index(values).get_indexer(table[name]).astype("int32") + 1
        for name, values in vocabularies.values.items()
    ]
    return np.stack(codes, axis=1) + vocabularies.starts  # (rows, features)


def measure_unknown(codes: np.ndarray, vocabularies: Vocabularies) -> dict[str, float]:
    """Share of rows that fall on the unknown row, by feature.

    Raises:
        ReelbookError: a feature whose rows all do: vocabulary and values do not fit each other.
    """
    shares = (codes == vocabularies.starts).mean(axis=0)
    for name, share in zip(vocabularies.values, shares, strict=True):
        if share == 1:
            raise ReelbookError(
                f"Feature {name}: none of the {len(codes):,} rows has a value that training knows; "
                "leave it out, or check how it is written."
            )
    return {n: float(share) for n, share in zip(vocabularies.values, shares, strict=True)}
