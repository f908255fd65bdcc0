"""What claims are judged by: facts measured on the data and in finished runs."""

import functools
import math
from typing import Any

import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.report import demographics
from reelbook.report.claims import NotMeasuredError
from reelbook.report.exploration import (
    compare_occupations,
    compute_statistics,
    count_days,
    count_genre_characters,
    count_genres,
    count_ratings,
    count_stars,
    summarize_zip_codes,
)
from reelbook.report.inside.importance import rank_pairs, read_blocks
from reelbook.report.tables import select_figures
from reelbook.runs.store import read_run

# The Californian zip code that document B looked at: 35 ratings, all of them by a student.
DOCUMENT_ZIP_CODE = "94708"


def measure_facts(dataset: Dataset, results: pd.DataFrame) -> dict[str, Any]:
    """What the rules of `book/claims.yml` may name: counts on the data, and figures of runs.

    Args:
        dataset: the canonical tables; the counts, for claims B1 to B8, are of its cleaned rows.
        results: the rows of results.csv.

    Returns:
        Values by name, and two functions that raise NotMeasuredError where this plan has no such
        run: `figure(model, protocol, metric="rmse")`, the mean over folds and seeds on test rows,
        and `cross_ranks(model, protocol, pair)`, the pair's rank by weights in each run.
    """
    return {
        **_count_rows(dataset),
        "figure": functools.partial(_average_figure, results),
        "cross_ranks": functools.partial(_rank_pair, results),
    }


def _count_rows(dataset: Dataset) -> dict[str, float | str | list]:
    rows = demographics.join_tables(dataset, cleaned=True)
    days = count_days(rows).sort_values("ratings", ascending=False, kind="stable")
    genders = count_ratings(rows, "gender").set_index("gender")
    ages = count_ratings(rows, "age_group")
    occupations = count_ratings(rows, ["age_group", "occupation"])
    stars = count_stars(rows).sort_values("ratings", ascending=False).drop_duplicates("gender")
    favorite = stars.set_index("gender")["rating"]
    states = count_ratings(rows, "state")
    california = compare_occupations(rows, "CA").set_index("occupation")
    codes = summarize_zip_codes(rows, "CA").set_index("zip_code")
    most, second = days["ratings"].head(2)
    genres = count_genres(rows)
    characters = count_genre_characters(rows)
    return {
        "b1_rows": len(rows),
        "b1_table": compute_statistics(rows).to_numpy().tolist(),
        "b2_busiest_day": str(days["day"].iloc[0]),
        "b2_count": int(most),
        "b2_lead_over_second": float(most / second - 1) if second else math.inf,
        "b3_men": int(genders["ratings"].get("M", 0)),
        "b3_women": int(genders["ratings"].get("F", 0)),
        "b3_ratings_per_man": float(genders["ratings_per_user"].get("M", 0)),
        "b3_ratings_per_woman": float(genders["ratings_per_user"].get("F", 0)),
        "b4_age_groups": ages["age_group"].astype(str).tolist(),
        "b4_counts": ages["ratings"].tolist(),
        "b5_age_group": str(occupations["age_group"].iloc[0]),
        "b5_occupation": str(occupations["occupation"].iloc[0]),
        "b5_count": int(occupations["ratings"].iloc[0]),
        "b5_count_of_second": int(occupations["ratings"].get(1, 0)),
        "b6_men_give_most": float(favorite.get("M", 0)),
        "b6_women_give_most": float(favorite.get("F", 0)),
        "b7_states": states["state"].head(5).tolist(),
        "b7_rank_of_texas": [*states["state"], "TX"].index("TX") + 1,
        "b7_student_share_in_california": float(california["share_there"].get("student", 0)),
        "b7_student_share_everywhere": float(california["share_everywhere"].get("student", 0)),
        "b7_zip_code": DOCUMENT_ZIP_CODE,
        "b7_ratings_of_zip_code": int(codes["ratings"].get(DOCUMENT_ZIP_CODE, 0)),
        "b8_genres": genres["genre"].head(6).tolist(),
        "b8_counts": genres["ratings"].head(6).tolist(),
        "b8_genres_by_character": characters["genre"].head(3).tolist(),
    }


def _average_figure(
    results: pd.DataFrame, model: str, protocol: str, metric: str = "rmse"
) -> float:
    rows = select_figures(results, model, protocol, metric)
    if rows.empty:
        raise NotMeasuredError(f"no run of {model} on {protocol} has {metric}")
    return float(rows["value"].mean())


def _rank_pair(results: pd.DataFrame, model: str, protocol: str, pair: str) -> list[int]:
    found = results.query("model == @model and protocol == @protocol")["run_id"].unique()
    if len(found) == 0:
        raise NotMeasuredError(f"no run of {model} on {protocol} has cross weights")
    ranked = [list(rank_pairs(read_blocks(read_run(run_id))).index) for run_id in found]
    return [pairs.index(pair) + 1 for pairs in ranked]
