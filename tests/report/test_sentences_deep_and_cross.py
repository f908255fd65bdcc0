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
        "permutation importance": [0.3, 0.2, 0.1],
        "ablation": [0.03, 0.02, 0.001],
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


def test_the_answer():
    board = pd.DataFrame(
        {
            "name": ["dcn.best", "dcn.dnn", "dcn.stacked"],
            "value": [0.92, 0.95, 0.96],
            "low": [0.91, 0.94, 0.95],
            "high": [0.93, 0.96, 0.97],
        }
    )
    text = sentences.answer(board, ENDS, BY_SEED, MEASURES, num_folds=5)
    assert text == (
        "**In short.** Trained to the last epoch, which is what the document reports, its networks "
        "rank `dcn.stacked`, `dcn.low_rank` and `dcn.dnn`, from best to worst; stopped by "
        "validation the order is `dcn.dnn`, `dcn.low_rank` and `dcn.stacked`. The largest cross "
        "weights join `movie_id` and `user_id` (mean over 2 seeds). Both permutation importance "
        "and ablation put `movie_id` first. On the test rows of `official` the best of the "
        "document's networks, `dcn.dnn`, has an RMSE of 0.950 stars; `dcn.best`, ours, has "
        "**0.920** (95% interval 0.910 to 0.930), mean over 5 folds."
    )
    other = MEASURES.assign(ablation=[0.001, 0.02, 0.03])
    text = sentences.answer(board, ENDS, BY_SEED, other, num_folds=5)
    assert "Permutation importance puts `movie_id` first, ablation `star`." in text
    same = ENDS.assign(**{"chosen epoch": ENDS["last epoch"] - 0.1})
    text = sentences.answer(board, same, BY_SEED, MEASURES, num_folds=5)
    assert "stopped by validation the order is the same." in text


def test_seconds_are_those_of_the_two_highest_ranks():
    by_rank = pd.DataFrame({"rank": [256, 1, 64], "seconds": [30.4, 9.0, 20.0]})
    text = sentences.describe_seconds(by_rank)
    assert text.startswith("The full matrix took 30 s to train and rank 64 20 s")


def test_a_data_set_may_have_no_film_graph():
    assert "left out" in sentences.describe_features(has_credits=False)
    assert "film graph. Of several people we" in sentences.describe_features(has_credits=True)


def test_the_order_may_turn_when_training_stops_early():
    gains = make_gains(dcn_stacked__dnn=0.02, dcn_low_rank__dnn=0.001)
    assert sentences.describe_ends(ENDS, gains) == (
        "Training to the last epoch costs 0.060 to 0.100 stars. Stopped by validation, the order "
        "is `dcn.dnn`, `dcn.low_rank`, `dcn.stacked` instead of `dcn.stacked`, `dcn.low_rank`, "
        "`dcn.dnn`. At the chosen epoch, from one network to the next on the same rows:\n\n"
        "- `dcn.stacked` → `dcn.dnn`: the error falls by **0.0200** stars (95% interval 0.0100 to "
        "0.0300).\n"
        "- `dcn.low_rank` → `dcn.dnn`: the error falls by **0.0010** stars (95% interval -0.0090 "
        "to 0.0110, statistically indistinguishable from zero)."
    )
    same = ENDS.assign(**{"chosen epoch": ENDS["last epoch"] - 0.1})
    text = sentences.describe_ends(same, gains)
    assert text.startswith(
        "Training to the last epoch costs 0.100 stars. Stopped by validation, the order is the "
        "same: `dcn.stacked`, `dcn.low_rank`, `dcn.dnn`."
    )


def test_the_pair_that_the_document_names_has_a_rank():
    text = sentences.describe_pairs(BY_SEED, {"correlation": 0.5, "same_top": 0.5})
    assert "has rank **1** of 3 by the mean over seeds, and 1 and 2 by single seeds." in text
    assert "is 0.50; 50% of the seeds agree on the first pair." in text
    single = sentences.describe_pairs(BY_SEED[[0]], {"correlation": float("nan"), "same_top": 1.0})
    assert single == (
        "The pair that the document names, user and movie, has rank **1** of 3. One seed cannot "
        "show how much of this is chance."
    )
    only = sentences.describe_pairs(BY_SEED.head(1), {"correlation": 1.0, "same_top": 1.0})
    assert only == "These data have two features, so there is one pair."


def test_with_one_seed_no_difference_between_seeds_is_told():
    """Before, seeds that nobody had tried spanned 0.0000 stars."""
    text = sentences.describe_measures(MEASURES, LEFT_OUT.assign(clear=True, value=0.1), noise=0)
    assert text.endswith(
        "One seed cannot show how much of this is chance. Leaving out movie_id or user_id or star "
        "raises the error clearly."
    )
    gains = make_gains(dcn_rank_4__stacked=0.02)
    text = sentences.describe_ranks(gains, [4], num_inputs=256, noise=0)
    assert text.endswith("0.0300). One seed cannot show how much of this is chance.")
    scales = pd.Series([0.1, 0.2, 0.4], index=MEASURES.index)
    assert "zip" not in sentences.describe_scales(scales, MEASURES)
    zips = {"star": "user_zip_code"}
    text = sentences.describe_scales(scales.rename(zips), MEASURES.rename(index=zips))
    assert "say the same, as a user and his or her zip code do, chance decides" in text


def test_measures_that_agree():
    text = sentences.describe_measures(MEASURES, LEFT_OUT, noise=0.01)
    assert text == (
        "From most to least important:\n\n"
        "- Norm of the weights: movie_id, user_id, star.\n"
        "- Permutation importance: movie_id, user_id, star.\n"
        "- Ablation: movie_id, user_id, star.\n\n"
        "The three orders agree. Rank correlations: weights and permutation +1.00, weights and "
        "ablation +1.00, permutation and ablation +1.00. The errors of full networks that differ "
        "in the seed alone span 0.0100 stars. Leaving out movie_id or user_id raises "
        "the error by more than that, with an interval above zero; no other ablation does."
    )


def test_measures_that_disagree_and_features_that_stand_in_for_each_other():
    measures = MEASURES.assign(**{"permutation importance": [0.1, 0.2, 0.3]})
    text = sentences.describe_measures(measures, LEFT_OUT.assign(clear=False), noise=0.01)
    assert "The three orders **differ**. Rank correlations: weights and permutation -1.00" in text
    assert text.endswith("the other features stand in for the missing one.")


def test_a_measure_that_is_the_same_for_all_correlates_with_nothing():
    text = sentences.describe_measures(
        MEASURES.assign(**{"permutation importance": 0.1}), LEFT_OUT, noise=0.1
    )
    assert "Rank correlations: weights and ablation +1.00. The errors" in text
    single = sentences.describe_measures(MEASURES.head(1), LEFT_OUT.head(1), noise=0.1)
    assert "The three orders agree. The errors of full networks" in single


def test_the_sizes_of_the_embeddings_say_why_norms_mislead():
    scales = pd.Series([0.1, 0.2, 0.4], index=MEASURES.index)
    text = sentences.describe_scales(scales, MEASURES)
    assert "the embeddings of star are 4.0 times as large as those of movie_id; the rank" in text
    assert "norms of the weights is -1.00. Doubling" in text
    text = sentences.describe_scales(scales * 0 + 0.1, MEASURES)
    assert "those of movie_id. Doubling" in text


def test_the_highest_and_the_lowest_rank_are_held_against_the_full_one():
    gains = make_gains(dcn_rank_4__stacked=0.02, dcn_rank_64__stacked=-0.001)
    text = sentences.describe_ranks(gains, [4, 64], num_inputs=256, noise=0.003)
    assert text == (
        "From rank 64 to the full matrix of rank 256 the error rises by **0.0010** stars (95% "
        "interval -0.0090 to 0.0110, statistically indistinguishable from zero). From rank 4 to "
        "the full matrix of rank 256 the error falls by **0.0200** stars (95% interval 0.0100 to "
        "0.0300). Seeds alone make a difference of up to 0.0030."
    )
    single = sentences.describe_ranks(gains.head(1), [4], num_inputs=256, noise=0.003)
    assert single.count("From rank") == 1


@pytest.mark.parametrize(
    ("gain", "text"),
    [(0.02, "**pays**"), (-0.02, "**does harm**"),
     (0.001, "**does not clearly pay**")],
)  # fmt: skip
def test_the_cross_layer_pays_where_its_gain_is_clear(gain, text):
    gains = make_gains(dcn_dnn__stacked=gain, dcn_dnn__parallel=0.5, dcn_stacked__best=0.03)
    told = sentences.describe_board_gains(gains)
    assert text in told
    assert told.endswith("the error falls by **0.0300** stars (95% interval 0.0200 to 0.0400).")
