"""What the canonical tables tell of users and movies: ages, occupations, states, genres.

Document B used the data set as TensorFlow Datasets (TFDS) `movie_lens` gives it. Its codes for
occupations and genres are rebuilt here, so that the document's tables can be rebuilt too.
"""

import functools
from collections import Counter, defaultdict

import pandas as pd
import zipcodes

from reelbook.data.tables import Dataset, clean_users, has_plain_zip_code
from reelbook.models.features.ids import AGES, bucketize_age

AGE_LABELS = ["under 18", "18-24", "25-34", "35-44", "45-49", "50-55", "56+"]  # of AGES
# TFDS movie_lens, `user_occupation_label`: the position in the list is the label.
OCCUPATION_LABELS = [
    "academic/educator", "artist", "clerical/admin", "customer service", "doctor/health care",
    "entertainment", "executive/managerial", "farmer", "homemaker", "lawyer", "librarian",
    "other/not specified", "programmer", "retired", "sales/marketing", "scientist",
    "self-employed", "student", "technician/engineer", "tradesman/craftsman", "unemployed",
    "writer",
]  # fmt: skip
# Where TFDS' label has another name than the publisher's text.
OCCUPATION_RENAMES = {
    "administrator": "clerical/admin", "doctor": "doctor/health care",
    "healthcare": "doctor/health care", "educator": "academic/educator",
    "engineer": "technician/engineer", "technician": "technician/engineer",
    "executive": "executive/managerial", "marketing": "sales/marketing",
    "salesman": "sales/marketing", "none": "other/not specified", "other": "other/not specified",
    "K-12 student": "student", "college/grad student": "student",
}  # fmt: skip

# TFDS movie_lens, `movie_genres` (document B, section 3): the position in the list is the label.
GENRE_LABELS = [
    "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "Unknown", "War", "Western", "no genres listed",
]  # fmt: skip
GENRE_RENAMES = {"Children's": "Children", "unknown": "Unknown"}


def name_age_groups(ages: pd.Series) -> pd.Series:
    """Name of the age group of each age, as a categorical in the order of ages."""
    names = bucketize_age(ages).map(dict(zip(AGES, AGE_LABELS, strict=True)))
    return names.astype(pd.CategoricalDtype(AGE_LABELS, ordered=True))


def group_occupations(occupations: pd.Series) -> pd.Series:
    """The publisher's occupations under TFDS' 22 names, which ml-100k and ml-1m share."""
    names = {name: OCCUPATION_RENAMES.get(name, name) for name in occupations.unique()}
    return occupations.map(names).astype("str")


def label_occupations(occupations: pd.Series) -> pd.Series:
    """TFDS' integer label of each occupation; -1 for one that TFDS does not know."""
    labels = {name: label for label, name in enumerate(OCCUPATION_LABELS)}
    known = {
        name: labels.get(OCCUPATION_RENAMES.get(name, name), -1) for name in occupations.unique()
    }
    return occupations.map(known).astype("int64")


def label_genres(genres: list[str]) -> list[int]:
    """TFDS' integer labels of a movie's genres, in the publisher's order."""
    return [GENRE_LABELS.index(GENRE_RENAMES.get(genre, genre)) for genre in genres]


def find_states(zip_codes: pd.Series) -> pd.Series:
    """US state (two letters) of each zip code or zip+4; missing where there is none.

    A code that the Postal Service has withdrawn since counts for the state of most codes with the
    same first three digits, which stand for one sorting centre.
    """
    by_code, by_centre = _get_state_tables()
    codes = zip_codes.where(zip_codes.str.fullmatch(r"[0-9]{5}(-[0-9]{4})?")).str[:5]
    return codes.map(by_code).fillna(codes.str[:3].map(by_centre)).astype("str")


def explode_genres(movies: pd.DataFrame) -> pd.DataFrame:
    """One row a movie and genre: movie_id, genre. A movie without genres has no row."""
    exploded = movies[["movie_id", "genres"]].explode("genres").dropna()
    return exploded.rename(columns={"genres": "genre"}).astype({"genre": "str"})


def join_tables(dataset: Dataset, *, cleaned: bool = False) -> pd.DataFrame:
    """One row a rating with all that is known of its user and movie, in the order of the ratings.

    Args:
        dataset: the canonical tables.
        cleaned: leave out the users whose zip code is not plain, as document B does (section 4b);
            97,914 rows of ml-100k stay. Where nobody has such a code all rows do.

    Returns:
        The columns of the three tables and age_group, occupation_group and state of the user.
        Texts are categories, of which a row holds no more than the number.
    """
    users = clean_users(dataset.users) if cleaned else dataset.users
    users = users.assign(
        age_group=name_age_groups(users["age"]),
        occupation_group=group_occupations(users["occupation"]),
        state=find_states(users["zip_code"]),
    )
    texts = ["gender", "occupation", "zip_code", "occupation_group", "state"]
    users = users.astype(dict.fromkeys(texts, "category"))
    movies = dataset.movies.astype({"title": "category"})
    joined = dataset.ratings.merge(users, on="user_id", how="inner", validate="many_to_one")
    return joined.merge(movies, on="movie_id", how="inner", validate="many_to_one")


def clean_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Joined rows without those that `join_tables` leaves out where it cleans."""
    plain = has_plain_zip_code(rows["zip_code"])
    return rows if plain.all() or not plain.any() else rows[plain].reset_index(drop=True)


@functools.cache
def _get_state_tables() -> tuple[dict[str, str], dict[str, str]]:
    """State by zip code, and by the first three digits of one."""
    by_code = {record["zip_code"]: record["state"] for record in zipcodes.list_all()}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for code, state in sorted(by_code.items()):
        counts[code[:3]][state] += 1
    return by_code, {centre: states.most_common(1)[0][0] for centre, states in counts.items()}
