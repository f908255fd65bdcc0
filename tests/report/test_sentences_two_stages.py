import pandas as pd

from reelbook.metrics.metric import Metric
from reelbook.report.figures.two_stages import draw_stages, pick_ticks
from reelbook.report.sentences import two_stages as sentences

COLUMNS = ["retriever", "candidates", "order", "liked", "low", "high", "any", "disliked"]
STAGES = pd.DataFrame(
    [
        ("topn.ials", pd.NA, "score", 0.40, 0.39, 0.41, 0.50, 0.09),
        ("topn.ials", 10, "stars", 0.39, 0.38, 0.40, 0.48, 0.09),
        ("topn.ials", 10, "both", 0.41, 0.40, 0.42, 0.50, 0.09),
        ("topn.ials", 100, "stars", 0.20, 0.19, 0.21, 0.22, 0.03),
        ("topn.ials", 100, "both", 0.43, 0.42, 0.44, 0.49, 0.06),
    ],
    columns=COLUMNS,
).astype({"candidates": "Int64"})


def test_the_answer():
    gains = {
        "liked": Metric("test", "liked", 0.03, 0.02, 0.04),
        "any": Metric("test", "any", -0.01, -0.02, 0.001),
    }
    told = sentences.answer(STAGES, gains, retriever="topn.ials", size=100, num_seeds=1)
    assert told == (
        "**In short.** Validation rows prefer 100 candidates of `topn.ials`, ordered by score and "
        "stars together. With liked movies as hits that order has an nDCG@10 of **0.430** (95% "
        "interval 0.420 to 0.440), one split of `stratified`: 0.0300 more (95% interval +0.0200 to "
        "+0.0400) than the order by score alone. With every rating as a hit it has 0.490 in place "
        "of 0.500, 0.0100 less (95% interval -0.0200 to +0.0010, statistically indistinguishable "
        "from zero). Of the recommended movies that were rated, 6.0% were disliked, in place of "
        "9.0%. The order by stars alone has 0.200 with liked movies as hits."
    )


def test_what_the_lists_for_people_are_worth():
    gaps = {"liked": Metric("test", "liked", -0.004, -0.01, 0.002)}
    assert sentences.describe_used(STAGES, gaps, used=("topn.ials", 10)) == (
        "The lists for people take 10 candidates of `topn.ials`, whose weights are also the "
        "reasons that they give: 0.410 with liked movies as hits, 0.0040 less (95% interval "
        "-0.0100 to +0.0020, statistically indistinguishable from zero) than the best."
    )


def test_what_more_candidates_do():
    assert sentences.describe_sizes(STAGES, retriever="topn.ials") == (
        "From 10 to 100 candidates of `topn.ials`, the nDCG@10 with liked movies as hits goes from "
        "0.410 to 0.430 in the order by both, and from 0.390 to 0.200 by stars alone."
    )


def test_which_weights_were_chosen():
    weights = pd.DataFrame({"weight": [0.2, 0.5, 0.9]})
    assert sentences.describe_weights(weights).endswith("of 0.2 to 0.9; the median is 0.5.")


def test_the_figure_has_a_panel_a_retriever():
    other = STAGES.assign(retriever="two_tower.best")
    figure = draw_stages(pd.concat([STAGES, other]), title="More?", label="nDCG")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["topn.ials", "two_tower.best"]
    assert figure.axes[1].get_ylim()[1] > 0.44
    assert pick_ticks([10, 20, 25, 50]) == [10, 20, 50]
