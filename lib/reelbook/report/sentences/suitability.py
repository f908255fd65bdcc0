"""The computed sentences of the chapter on what data allow."""

import math

import pandas as pd

from reelbook.data.names import count
from reelbook.report.sentences.phrases import join_words, make_list
from reelbook.report.suitability import habits as rules
from reelbook.report.suitability.habits import Habits
from reelbook.report.suitability.order import Order
from reelbook.report.suitability.resolution import FEW_USERS, Resolution
from reelbook.report.suitability.shape import RARE, Scale, Shape
from reelbook.report.suitability.verdicts import (
    AMBER,
    GREEN,
    LIGHTS,
    MEANINGS,
    RED,
    Verdict,
    rate_chapters,
)

SHOWN = 10  # values: a scale of more is not listed
LIKELY = {GREEN: "Likely", AMBER: "Perhaps", RED: "Hardly"}  # that a deep model pays
FEW = f"With fewer than {FEW_USERS} tested users, no interval can be trusted."
NO_STARS = "There are no stars: a row only says who took what."
NO_TIMES = "There are no times, so nothing can be said of order."


def describe_shape(shape: Shape) -> str:
    """Size, density, quartiles and tail."""
    of_users, of_movies = (
        f"{low:g}, {middle:g} and {high:g}"
        for low, middle, high in (shape.per_user, shape.per_movie)
    )
    return (
        f"**{shape.density:.2%}** of the pairs of a user and a movie hold a rating. The quartiles "
        f"are {of_users} ratings per user and {of_movies} per movie. **{shape.top_10:.0%}** of the "
        f"ratings go to the most rated tenth of the movies and {shape.top_1:.0%} to the top "
        f"hundredth (Gini coefficient {shape.gini:.2f}); {shape.rare:.0%} of the movies have fewer "
        f"than {RARE} ratings."
    )


def describe_scale(scale: Scale | None) -> str:
    """Which values ratings take, and how far the scale is used."""
    if scale is None:
        return NO_STARS
    number = len(scale.shares)
    text = f"Ratings take **{count(number, 'value')}**"
    if number <= SHOWN:
        values = [f"{value:g} ({share:.1%})" for value, share in scale.shares.items()]
        text += f": {', '.join(values)}."
    else:
        low, high, most = scale.shares.index[0], scale.shares.index[-1], scale.shares.idxmax()
        text += (
            f" from {low:g} to {high:g}. The most frequent is {most:g}, with "
            f"{scale.shares.max():.1%}."
        )
    if number > 1:
        text += (
            f" Their entropy is {scale.entropy:.2f} bits; if all values were equally frequent, it "
            f"would be {math.log2(number):.2f}."
        )
    if scale.constant is not None:
        text += (
            f" {scale.constant:.1%} of the users with two ratings or more always give the same "
            "value."
        )
    return text


def describe_order(order: Order | None) -> str:
    """Ties, short histories, and whether successive ratings are alike."""
    if order is None:
        return NO_TIMES
    text = (
        f"**{order.tied:.1%}** of the ratings share their time with another one of the same user, "
        f"and {order.within_a_day:.0%} of the users gave all of theirs within a day."
    )
    if (found := order.correlation) is None:
        return (
            f"{text} Successive ratings cannot be compared: that takes different stars from at "
            f"least {FEW_USERS} users who rated at different times."
        )
    alike = "more alike than" if found.value > 0 else "less alike than"
    clear = alike if found.clear else "statistically indistinguishable from those"
    return (
        f"{text} The residuals of successive ratings are **{clear}** in random order: their "
        f"correlation is {found.value:+.3f} (95% interval {found.low:+.3f} to {found.high:+.3f})."
    )


def describe_habits(habits: Habits) -> str:
    """Users and movies that stand out, an item a habit."""
    users = "user gives" if habits.prolific == 1 else "users give"
    texts = [f"{habits.prolific:,} {users} far more ratings than the others."]
    if habits.constant is not None:
        texts.append(
            f"{count(habits.constant, 'user')} gave {rules.ENOUGH} ratings or more, all with the "
            "same value."
        )
    if habits.fast is None:
        texts.append("Without times, bursts cannot be seen.")
    else:
        texts += [
            f"{count(habits.fast, 'user')} gave {rules.FAST} ratings or more within a minute; the "
            f"maximum is {habits.most_a_minute:,}.",
            f"{count(habits.bursts or 0, 'movie')} with {rules.ENOUGH} ratings or more got half "
            f"of them or more on one day that has less than {rules.QUIET:.0%} of all ratings.",
        ]
    return make_list(texts)


def describe_repeated(note: str) -> str:
    """What became of pairs that stood twice in the files, from the note of the data set."""
    told = [part.removeprefix("left out: ") for part in note.split("; ") if "repeated" in part]
    if not told:
        return "No user rated a movie twice."
    return f"Before anything was counted, {join_words(told)} were set aside."


def describe_cold(cold: pd.DataFrame, left_out: list[str]) -> str:
    """Under which protocol most test ratings are cold, and which cannot split the data."""
    faults = "".join(f"\n\nLeft out: {fault}" for fault in left_out)
    if cold.empty:
        return f"No protocol can split these ratings.{faults}"
    rows = cold.sort_values("either", kind="stable").to_dict("records")
    least, most = rows[0], rows[-1]
    if most["either"] == least["either"]:
        return f"Under each protocol {most['either']:.1%} of the test ratings are cold.{faults}"
    return (
        f"The share of cold test ratings is largest under **{most['protocol']}**, "
        f"{most['either']:.1%}, and smallest under {least['protocol']}, "
        f"{least['either']:.1%}.{faults}"
    )


def describe_resolution(stars: Resolution | None, lists: Resolution | None) -> str:
    """What structure there is, and how far two models must differ for that to show."""
    texts = []
    if stars is not None:
        texts.append(
            f"Biases have an RMSE of {stars.value:.3f} stars, **{abs(stars.gain):.3f} "
            f"{'above' if stars.gain < 0 else 'below'}** the mean of all ratings."
        )
        texts.append(
            f"With {stars.users:,} tested users, the smallest detectable difference between models "
            f"as unlike as biases and users' means is **{stars.half_width:.3f} stars**."
            if stars.users >= FEW_USERS
            else FEW
        )
    if lists is not None:
        texts.append(
            f"Popularity has an nDCG@10 of {lists.value:.3f}; with {lists.users:,} tested users, "
            f"its 95% interval reaches {lists.half_width:.3f} to either side."
            if lists.users >= FEW_USERS
            else FEW
        )
    return " ".join(dict.fromkeys(texts)) or "There are too few ratings to hold any out."


def describe_reasons(verdicts: list[Verdict]) -> str:
    """The reasons behind each light, an item each."""
    return "\n\n".join(
        f"**{verdict.subject.capitalize()}: {verdict.light}**\n\n"
        + make_list(f"{reason.light}: {reason.text}" for reason in verdict.reasons)
        for verdict in verdicts
    )


def answer(verdicts: list[Verdict]) -> str:
    """The short answer of the chapter."""
    by_light = {
        light: [verdict.subject for verdict in verdicts if verdict.light == light]
        for light in LIGHTS
    }
    lights = [f"{light} for {join_words(names)}" for light, names in by_light.items() if names]
    deep = next(verdict for verdict in verdicts if verdict.subject == "deep models")
    return (
        f"**In short.** The light is **{'; '.join(lights)}**. {describe_chapters(verdicts)} Is a "
        f"deep model likely to pay? {LIKELY[deep.light]}. {deep.worst.text}"
    )


def describe_chapters(verdicts: list[Verdict]) -> str:
    """Which chapters will tell something on these data."""
    rated = rate_chapters(verdicts)
    texts = []
    for light, meaning in MEANINGS.items():
        if found := [chapter for chapter, own in rated.items() if own == light]:
            texts.append(f"{join_words(found)} {meaning}")
    return f"Of the chapters, {'; '.join(texts)}."


def table_verdicts(verdicts: list[Verdict]) -> pd.DataFrame:
    """A row a kind of model: question, light, what it means, chapters."""
    rows = [(v.subject, v.light, MEANINGS[v.light], ", ".join(v.chapters) or "-") for v in verdicts]
    return pd.DataFrame(rows, columns=["kind of model", "light", "on these data", "chapters"])
