import pandas as pd
import pytest

from reelbook.report.sentences import deep_and_cross as sentences

ENDS = pd.DataFrame(
    {
        "model": ["dcn.stacked", "dcn.low_rank", "dcn.dnn"],
        "last epoch": [1.01, 1.02, 1.03],
        "chosen epoch": [0.95, 0.94, 0.93],
    }
)
BY_SEED = pd.DataFrame(
    {0: [3.0, 2.0, 1.0], 1: [2.0, 3.0, 1.0]},
    index=["movie_id x user_id", "movie_id x star", "user_id x star"],
)
MEASURES = pd.DataFrame(
    {
        "norm of the weights": [3.0, 2.0, 1.0],
        "permuted": [0.3, 0.2, 0.1],
        "left out": [0.03, 0.02, 0.001],
    },
    index=["movie_id", "user_id", "star"],
)
LEFT_OUT = pd.DataFrame({"value": [0.03, 0.02, 0.001], "clear": [True, True, True]})


def make_gains(**values):
    """What `compare_models` gives, clear where the value is above 0.01."""
    rows = [
        (name.replace("__", " → dcn.").replace("dcn_", "dcn."), value, value - 0.01, value + 0.01)
        for name, value in values.items()
    ]
    table = pd.DataFrame(rows, columns=["name", "value", "low", "high"])
    return table.assign(clear=table["value"].abs() > 0.01)


def test_what_the_page_says_of_its_results():
    board = pd.DataFrame(
        {"name": ["dcn.best", "dcn.dnn", "dcn.stacked"], "value": [0.92, 0.95, 0.96]}
    )
    assert sentences.list_glued(board, ENDS, BY_SEED, MEASURES) == {
        "best_rmse": "0.920",
        "document_rmse": "0.950",
        "document_model": "dcn.dnn",
        "last_order": "dcn.stacked, dcn.low_rank, dcn.dnn",
        "chosen_order": "dcn.dnn, dcn.low_rank, dcn.stacked",
        "top_pair": "movie_id x user_id",
        "same_top": "50%",
        "top_permuted": "movie_id",
        "top_left_out": "movie_id",
    }


def test_seconds_are_those_of_the_two_highest_ranks():
    by_rank = pd.DataFrame({"rank": [256, 1, 64], "seconds": [30.4, 9.0, 20.0]})
    assert sentences.list_seconds(by_rank) == {
        "seconds_full": "30", "seconds_quarter": "20", "highest_rank": "64",
    }  # fmt: skip


def test_a_data_set_may_have_no_film_graph():
    assert "left out" in sentences.describe_features(has_credits=False)
    assert "film graph. Of several people" in sentences.describe_features(has_credits=True)


def test_the_order_may_turn_when_training_stops_early():
    gains = make_gains(dcn_stacked__dnn=0.02, dcn_low_rank__dnn=0.001)
    assert sentences.describe_ends(ENDS, gains) == (
        "Training to the end costs 0.060 to 0.100 stars. Stopped by validation the order is "
        "another: `dcn.dnn`, `dcn.low_rank`, `dcn.stacked` in place of `dcn.stacked`, "
        "`dcn.low_rank`, `dcn.dnn`. By how much the second of two lies below the first there, on "
        "the same rows, with 95% interval:\n\n"
        "- dcn.stacked → dcn.dnn: +0.0200 (+0.0100 to +0.0300).\n"
        "- dcn.low_rank → dcn.dnn: +0.0010 (-0.0090 to +0.0110, indistinguishable from zero)."
    )
    same = ENDS.assign(**{"chosen epoch": ENDS["last epoch"] - 0.1})
    text = sentences.describe_ends(same, gains)
    assert text.startswith(
        "Training to the end costs 0.100 stars. Stopped by validation the order is the same: "
        "`dcn.stacked`, `dcn.low_rank`, `dcn.dnn`."
    )


def test_the_pair_that_the_document_names_has_a_rank():
    text = sentences.describe_pairs(BY_SEED, {"correlation": 0.5, "same_top": 0.5})
    assert "has rank **1** of 3 in the mean, and 1, 2 in the seeds." in text
    assert "a correlation of 0.50" in text
    assert "50% of the seeds share the most common first pair." in text


def test_measures_that_agree():
    text = sentences.describe_measures(MEASURES, LEFT_OUT, noise=0.01)
    assert text == (
        "From most to least important. norm of the weights: movie_id, user_id, star. permuted: "
        "movie_id, user_id, star. left out: movie_id, user_id, star. The three agree. Rank "
        "correlations: weights and permutation +1.00, weights and leaving out +1.00, permutation "
        "and leaving out +1.00. Trainings of the whole network that differ in the seed only spread "
        "by 0.0100. More than that, and beyond the interval, is lost without movie_id and user_id."
    )


def test_measures_that_disagree_and_features_that_stand_in_for_each_other():
    measures = MEASURES.assign(permuted=[0.1, 0.2, 0.3])
    text = sentences.describe_measures(measures, LEFT_OUT.assign(clear=False), noise=0.01)
    assert "The three **disagree**. Rank correlations: weights and permutation -1.00" in text
    assert text.endswith("No feature is missed by more than that: the others stand in for each.")


def test_a_measure_that_is_the_same_for_all_correlates_with_nothing():
    text = sentences.describe_measures(MEASURES.assign(permuted=0.1), LEFT_OUT, noise=0.1)
    assert "Rank correlations: weights and leaving out +1.00. Trainings" in text
    single = sentences.describe_measures(MEASURES.head(1), LEFT_OUT.head(1), noise=0.1)
    assert "The three agree. Trainings of the whole network" in single


def test_the_sizes_of_the_embeddings_say_why_norms_mislead():
    scales = pd.Series([0.1, 0.2, 0.4], index=MEASURES.index)
    text = sentences.describe_scales(scales, MEASURES)
    assert "The embeddings of star are 4.0 times as large as those of movie_id, and the" in text
    assert "norm of the weights is -1.00. Doubling" in text
    text = sentences.describe_scales(scales * 0 + 0.1, MEASURES)
    assert "those of movie_id. Doubling" in text


@pytest.mark.parametrize(
    ("ranks", "text"),
    [
        (
            [4, 64],
            "Against rank 64 of 256 the full matrix lowers the error by +0.0010 stars (95% "
            "interval -0.0090 to +0.0110, indistinguishable from zero), against rank 4 by "
            "+0.0200. Seeds alone spread by 0.0030.",
        ),
        (
            [4],
            "Against rank 4 of 256 the full matrix lowers the error by +0.0200 stars (95% "
            "interval +0.0100 to +0.0300). Seeds alone spread by 0.0030.",
        ),
    ],
)
def test_ranks(ranks, text):
    values = {4: 0.02, 64: 0.001}
    gains = make_gains(**{f"dcn_rank_{rank}__stacked": values[rank] for rank in ranks})
    assert sentences.describe_ranks(gains, ranks, num_inputs=256, noise=0.003) == text


@pytest.mark.parametrize(
    ("gain", "text"),
    [(0.02, "**pays**"), (-0.02, "**does not pay beyond chance**"),
     (0.001, "**does not pay beyond chance**")],
)  # fmt: skip
def test_the_cross_layer_pays_where_its_gain_is_clear(gain, text):
    gains = make_gains(dcn_dnn__stacked=gain, dcn_dnn__parallel=0.5, dcn_stacked__best=0.03)
    told = sentences.describe_board_gains(gains)
    assert text in told
    assert told.endswith("`dcn.best` bring +0.0300 (+0.0200 to +0.0400).")
