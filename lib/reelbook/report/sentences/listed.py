"""The computed sentences of the page on what lists recommend."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from reelbook.data.names import count
from reelbook.report.list_figures import keep_near
from reelbook.report.listed import BETAS, TAKEN
from reelbook.report.sentences.phrases import (
    INDISTINGUISHABLE,
    join_words,
    make_list,
    quote_models,
)


def answer(figures: pd.DataFrame, *, protocol: str) -> str:
    """The short answer of the page.

    Args:
        figures: as `list_figures.estimate` gives them, with coverage.
        protocol: of the lists.
    """
    models = figures.dropna(subset="ndcg")
    best = keep_near(figures).iloc[0]
    more = int((models["lift"] - models["± lift"] > 0).sum())
    told = (
        f"**In short.** Of {count(len(models), 'model')} on `{protocol}`, {more} clearly recommend "
        "movies that are more popular than those their users rated before. The best lists by "
        f"nDCG@10 are those of `{best.name}`: **{best['ndcg']:.3f}** (95% interval "
        f"{give_half(best, 'ndcg')}). Their movies are {tell_lift(best, 'lift')}"
    )
    if not pd.isna(best["lift niche"]) and not pd.isna(best["lift mainstream"]):
        told += (
            f": {tell_lift(best, 'lift niche', short=True)} for users with niche taste and "
            f"{tell_lift(best, 'lift mainstream', short=True)} for mainstream ones"
        )
    return f"{told}. Together these lists show {best['coverage']:.1%} of the catalogue."


def tell_lift(row: pd.Series, name: str, *, short: bool = False) -> str:
    """Such as "69% more popular than those in the profiles (95% interval 66% to 73%)"."""
    sign = 1 if row[name] >= 0 else -1
    half, value = row[f"± {name}"], abs(row[name])
    word = "more" if sign > 0 else "less"
    if short:
        return f"{value:.0%} {word}"
    low, high = value - half, value + half
    interval = f"95% interval {low:.0%} to {high:.0%}"
    return f"{value:.0%} {word} popular than those in the profiles ({interval})"


def describe_tastes(figures: pd.DataFrame) -> str:
    """In how many models the lists of niche users are lifted more than those of mainstream ones."""
    models = figures.dropna(subset=["ndcg", "lift niche", "lift mainstream"])
    if models.empty:
        return "There are too few users for groups by taste."
    gap = models["lift niche"] - models["lift mainstream"]
    clear = gap.abs() > models["± lift niche"] + models["± lift mainstream"]
    niche, other = (int((clear & side).sum()) for side in (gap > 0, gap < 0))
    return (
        f"For {niche} of {count(len(models), 'model')} the lists of niche users stand further "
        "above their profiles than those of mainstream users do, with intervals that do not "
        f"overlap; for {other} it is the reverse."
    )


def describe_exposure(figures: pd.DataFrame) -> str:
    """Which good lists show most and least of the catalogue."""
    near = keep_near(figures)
    most, least = (str(near["coverage"].agg(find)) for find in ("idxmax", "idxmin"))
    told = (
        f"Of the models with at least half of the best nDCG@10, `{most}` shows most of the "
        f"catalogue ({near['coverage'][most]:.1%}) and `{least}` least "
        f"({near['coverage'][least]:.1%}). "
        if most != least
        else f"The lists of `{most}` show {near['coverage'][most]:.1%} of the catalogue. "
    )
    own, taken = near.iloc[0], figures.loc[TAKEN]
    return (
        f"{told}The held-out movies of all users are {taken['coverage']:.1%} of it. A share of "
        f"{taken['new']:.1%} of them is new, and of the lists of `{own.name}` {own['new']:.1%}."
    )


def describe_variety(figures: pd.DataFrame) -> str:
    """How alike the movies of a list are, beside those that a user rates."""
    near, taken = keep_near(figures), figures.loc[TAKEN]
    below = int((near["distance"] + near["± distance"] < taken["distance"]).sum())
    least = str(near["distance"].idxmin())
    return (
        f"Two held-out movies of a user have a distance of {taken['distance']:.3f} on "
        f"average. Of {count(len(near), 'model')} with at least half of the best nDCG@10, the "
        f"lists of {below} hold movies clearly more alike; those of `{least}` are most alike "
        f"({near['distance'][least]:.3f})."
    )


def describe_calibration(figures: pd.DataFrame) -> str:
    """How far the genres of lists are from those of profiles."""
    near, taken = keep_near(figures), figures.loc[TAKEN]
    closest, own = str(near["miscalibration"].idxmin()), near.iloc[0]
    return (
        f"The genres of the lists of `{own.name}` are {own['miscalibration']:.3f} nats away from "
        f"those of the profiles (95% interval {give_half(own, 'miscalibration')}). "
        f"`{closest}` follows them best of the models with at least half of the best nDCG@10 "
        f"({near['miscalibration'][closest]:.3f}). Held-out movies have "
        f"{taken['miscalibration']:.3f}; they are not always ten, and a longer list can follow "
        "shares more closely."
    )


def describe_overlaps(overlaps: pd.DataFrame, figures: pd.DataFrame) -> str:
    """Which two good models agree most, and which least."""
    near = keep_near(figures).index
    own = overlaps[overlaps["first"].isin(near) & overlaps["second"].isin(near)]
    if own.empty:
        return "There is one model with good lists, so there is nothing to compare."
    most, least = (own.loc[own["jaccard"].agg(find)] for find in ("idxmax", "idxmin"))
    return (
        f"`{most['first']}` and `{most['second']}` agree most: of the movies that either lists for "
        f"a user, both list {most['jaccard']:.0%} on average. Of the models with at least half of "
        f"the best nDCG@10, `{least['first']}` and `{least['second']}` agree least "
        f"({least['jaccard']:.0%})."
    )


def describe_recall(figures: pd.DataFrame) -> str:
    """Which model leads, from all ratings alike to all movies alike."""
    models = figures.dropna(subset="ndcg")
    parts = []
    for beta in BETAS:
        name = f"recall {beta:g}"
        best = models.sort_values(name, ascending=False, kind="stable").iloc[0]
        value = f"{best[name]:.3f}, 95% interval {give_half(best, name)}"
        parts.append(f"`{best.name}` at β = {beta:g} ({value})")
    return f"The highest recall has {join_words(parts)}."


def describe_fronts(fronts: Mapping[str, list[str]], panels: Mapping[str, tuple[str, bool]]) -> str:
    """Which models stand on the frontier of each panel, the most accurate first.

    Args:
        fronts: as `list_figures.find_front` gives them, by figure.
        panels: as `list_figures.list_panels` gives them.
    """
    return make_list(
        f"{panels[name][0].capitalize()}: {join_words(quote_models(front))}"
        for name, front in fronts.items()
    )


def answer_genres(figures: pd.DataFrame, path: pd.DataFrame, model: str) -> str:
    """The short answer on genres.

    Args:
        figures: as `list_figures.estimate` gives them.
        path: the same of re-ranked lists by weight, the order by score first.
        model: whose lists these are.
    """
    best, start, end = keep_near(figures).iloc[0], path.iloc[0], path.iloc[-1]
    taken = figures.loc[[TAKEN], "miscalibration"].item()
    return (
        f"The genres of the lists of `{best.name}` are {best['miscalibration']:.2f} nats away from "
        f"those of the profiles; held-out movies are {taken:.2f} away. Re-ranked by genres, the "
        f"lists of `{model}` go from {start['miscalibration']:.2f} to "
        f"{end['miscalibration']:.2f}, at a price of {tell_price(end)}."
    )


def describe_path(path: pd.DataFrame, model: str, *, validation: float) -> str:
    """What the genres of the profile cost a model's lists.

    Args:
        path: as `list_figures.estimate` gives it, by weight, the order by score first.
        model: whose candidates these are.
        validation: its nDCG@10 on validation rows, the highest of all; NaN if none was measured.
    """
    why = (
        f"The candidates are those of `{model}`, as no model was measured on validation rows."
        if np.isnan(validation)
        else f"`{model}` has the highest nDCG@10 on validation rows ({validation:.3f})."
    )
    start, *_, end = (row for _, row in path.iterrows())
    told = (
        f"{why} From λ = {start.name} to {end.name} the miscalibration of its lists goes "
        f"from {start['miscalibration']:.3f} to {end['miscalibration']:.3f}, and the price is "
        f"{tell_price(end)}."
    )
    if len(path) > 2:
        first = path.iloc[1]
        told += (
            f" The first step, λ = {first.name}, comes to {first['miscalibration']:.3f} for "
            f"{tell_price(first)}."
        )
    return told


def tell_price(row: pd.Series) -> str:
    """Such as "0.0169 of nDCG@10 (95% interval 0.0093 to 0.0245)"."""
    zero = "" if abs(row["price"]) > row["± price"] else f", {INDISTINGUISHABLE}"
    return f"{row['price']:.4f} of nDCG@10 (95% interval {give_half(row, 'price', digits=4)}{zero})"


def give_half(row: pd.Series, name: str, *, digits: int = 3) -> str:
    """The interval of a figure with ±, such as "0.476 to 0.518"."""
    low, high = row[name] - row[f"± {name}"], row[name] + row[f"± {name}"]
    return f"{low:.{digits}f} to {high:.{digits}f}"
