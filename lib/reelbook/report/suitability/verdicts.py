"""The traffic light: what the measures say of each kind of model, by stated thresholds.

A light is that of its worst reason. The thresholds are rules of thumb: they say where to look, and
the chapters themselves say what is there.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from reelbook.report.suitability.cold import FEW
from reelbook.report.suitability.measures import Measures
from reelbook.report.suitability.resolution import FEW_USERS, Resolution
from reelbook.report.suitability.shape import RARE

GREEN, AMBER, RED = LIGHTS = ("green", "amber", "red")  # from good to bad
MEANINGS = {
    GREEN: "can show something",
    AMBER: "can show something, with care",
    RED: "can show little",
}

FLAT = 0.9  # of the ratings: if so many are equal, guessing that value is hard to beat
# Half-widths as shares of the RMSE. On ml-100k the best model lies 7% below biases
# (book/golden.yml): a third of that must show, and beyond all of it nothing does.
STARS_APART = (0.02, 0.07)
# As shares of popularity's nDCG@10: on ml-100k the best model has nearly twice as much.
LISTS_APART = (0.1, 0.3)
COLD = 0.2  # of the test ratings: then what is predicted for the unknown decides the figures
# Ratings of half of the users. MovieLens keeps users of 20 or more (Harper and Konstan 2015);
# published comparisons mostly keep those of 5 or more.
HISTORY = (20, 5)
LONG_TAIL = 0.5  # of the movies are rare
TOP_HEAVY = 0.8  # of the ratings are on a tenth of the movies: popularity alone is strong
# Shares of ratings without a place of their own in time (Woolridge et al. 2021).
TIED = (0.5, 0.9)
ONE_SITTING = 0.5  # of the users were there for a day
# A residual that is known by a correlation r leaves sqrt(1 - r^2) of the error: 0.5% less at 0.1.
CORRELATION = 0.1
RARE_TESTED = 0.1  # of the test ratings are of movies with fewer than FEW ratings
# Ratings. Below a million simple models have matched deep ones where both got the same care
# (Ferrari Dacrema et al. 2019, Rendle et al. 2020, and this book on ml-100k). At twenty million
# Mult-VAE and EASE lead in turn (Liang et al. 2018, Steck 2019).
DEEP = (20_000_000, 1_000_000)


class Reason(NamedTuple):
    """One finding: its light, and a sentence."""

    light: str
    text: str


class Verdict(NamedTuple):
    """What the data say of a kind of model."""

    subject: str
    chapters: tuple[str, ...]  # that are about it, by number
    reasons: list[Reason]

    @property
    def light(self) -> str:
        """The light of the worst reason."""
        return self.worst.light

    @property
    def worst(self) -> Reason:
        """The worst reason, the first of several."""
        return max(self.reasons, key=lambda reason: LIGHTS.index(reason.light))


BLOCKED = Reason(RED, "The models of this chapter predict stars, and rating models are red.")


def judge_data(measures: Measures, traits: Collection[str]) -> list[Verdict]:
    """A verdict on each kind of model.

    Args:
        measures: of the data set.
        traits: of the data set.
    """
    stars = Verdict("rating models", ("02", "06", "08"), _judge_stars(measures))
    blocked = [BLOCKED] if stars.light == RED else []
    sequences = Verdict("sequence models", ("03",), [*blocked, *_judge_sequences(measures)])
    features = Verdict("side features", ("04",), [*blocked, *_judge_features(measures, traits)])
    return [
        stars,
        Verdict("lists", ("05", "06", "07", "08"), _judge_lists(measures)),
        sequences,
        features,
        Verdict("deep models", (), _judge_deep(measures, [sequences, features])),
    ]


def _judge_stars(measures: Measures) -> list[Reason]:
    stars, scale = measures.stars, measures.scale
    if scale is None:
        return [Reason(RED, "There are no stars to predict.")]
    if stars is None:
        return [Reason(RED, "There are too few ratings to hold any out.")]
    if (share := scale.shares.max()) >= FLAT:
        return [Reason(RED, f"{share:.0%} of the ratings have the same value.")]
    structure = (
        Reason(
            GREEN,
            f"There is structure to find: biases of users and movies lower the RMSE of the mean by "
            f"{stars.gain:.3f}, to {stars.value:.3f} stars.",
        )
        if stars.clear
        else Reason(RED, "Biases of users and movies do not clearly lower the RMSE of the mean.")
    )
    cold = measures.cold.set_index("protocol")["either"]["official"]
    is_cold = cold >= COLD
    unknown = f"{cold:.0%} of the test ratings are of users or movies without a training rating."
    return [
        structure,
        _judge_resolution(stars, STARS_APART, "RMSE"),
        *([Reason(AMBER, unknown)] if is_cold else []),
    ]


def _judge_lists(measures: Measures) -> list[Reason]:
    if measures.lists is None:
        return [Reason(RED, "There are too few ratings per user to hold any out.")]
    shape, median = measures.shape, measures.shape.per_user[1]
    reasons = [
        Reason(
            _grade_size(median, HISTORY),
            f"Half of the users have at least {median:.0f} ratings to learn from.",
        ),
        _judge_resolution(measures.lists, LISTS_APART, "nDCG@10 of popularity"),
    ]
    if shape.rare >= LONG_TAIL:
        text = f"{shape.rare:.0%} of the movies have fewer than {RARE} ratings"
        reasons.append(Reason(AMBER, f"{text}; models that know only ids learn little about them."))
    if shape.top_10 >= TOP_HEAVY:
        text = f"{shape.top_10:.0%} of the ratings go to a tenth of the movies"
        reasons.append(Reason(AMBER, f"{text}, so a list of the most popular is hard to beat."))
    return reasons


def _judge_resolution(found: Resolution, limits: tuple[float, float], of: str) -> Reason:
    """Whether test rows can tell models apart; an interval over few users says nothing."""
    if found.users < FEW_USERS:
        return Reason(RED, f"With fewer than {FEW_USERS} tested users, no interval can be trusted.")
    if found.value <= 0:
        return Reason(RED, f"The {of} is zero.")
    share = found.half_width / found.value
    told = f"{found.half_width:.3f}, {share:.1%} of the {of}."
    return Reason(_grade(share, *limits), f"The half-width of a 95% interval is {told}")


def _judge_sequences(measures: Measures) -> list[Reason]:
    order = measures.order
    if order is None:
        return [Reason(RED, "There are no times, so there is no order.")]
    reasons = [
        Reason(
            RED if order.tied >= TIED[1] else AMBER if order.tied >= TIED[0] else GREEN,
            f"{order.tied:.0%} of the ratings share their time with another one of the same user.",
        )
    ]
    if order.within_a_day >= ONE_SITTING:
        text = f"{order.within_a_day:.0%} of the users gave all their ratings within a day"
        reasons.append(Reason(AMBER, f"{text}, so timestamps hardly say when they watched."))
    if (found := order.correlation) is None:
        text = "These ratings do not allow measuring whether the order carries anything."
        return [*reasons, Reason(AMBER, text)]
    if not found.clear:
        text = (
            "The correlation of successive residuals is statistically indistinguishable from zero."
        )
        return [*reasons, Reason(RED, text)]
    gain = 1 - (1 - found.value**2) ** 0.5
    return [
        *reasons,
        Reason(
            GREEN if abs(found.value) >= CORRELATION else AMBER,
            f"The residuals of successive ratings correlate at {found.value:.2f}: knowing the one "
            f"before would lower the error by {gain:.1%}.",
        ),
    ]


def _judge_features(measures: Measures, traits: Collection[str]) -> list[Reason]:
    known = [trait for trait in ("genres", "people", "credits") if trait in traits]
    if not known:
        return [Reason(RED, "Nothing is known about users and movies except who rated what.")]
    if measures.cold.empty:
        return [Reason(RED, "There are too few ratings to hold any out.")]
    few = measures.cold["few"].iloc[0]
    return [
        Reason(
            GREEN if few >= RARE_TESTED else AMBER,
            f"{few:.1%} of the test ratings are of movies with fewer than {FEW} training ratings, "
            "where features say what ratings do not yet say.",
        )
    ]


def _judge_deep(measures: Measures, others: list[Verdict]) -> list[Reason]:
    number = measures.shape.counts["ratings"]
    light = _grade_size(number, DEEP)
    size = {
        RED: f"few: below {DEEP[1]:,}, simple models have matched deep ones that got the same care",
        AMBER: f"not many: below {DEEP[0]:,}, simple models have often matched deep ones",
        GREEN: "so many that simple and deep models take turns in the lead",
    }[light]
    helped = [verdict.subject for verdict in others if verdict.light == GREEN]
    text = f"There is more to use than ids: the light is green for {' and '.join(helped)}."
    return [
        Reason(
            light,
            f"{number:,} ratings are {size}.",
        ),
        Reason(GREEN, text)
        if helped
        else Reason(AMBER, "Neither order nor side features promise more than ids do."),
    ]


def _grade(value: float, green: float, amber: float) -> str:
    """The light of a value that should be small: up to `green`, up to `amber`, or beyond."""
    return GREEN if value <= green else AMBER if value <= amber else RED


def _grade_size(size: float, least: tuple[int, int]) -> str:
    """The light of a size that should be large: from the first on, from the second on, or below."""
    return _grade(-size, -least[0], -least[1])


def rate_chapters(verdicts: list[Verdict]) -> dict[str, str]:
    """The best light of each chapter, by its number."""
    best: dict[str, str] = {}
    order: Callable[[str], int] = LIGHTS.index
    for verdict in verdicts:
        for chapter in verdict.chapters:
            best[chapter] = min(best.get(chapter, RED), verdict.light, key=order)
    return dict(sorted(best.items()))
