import pandas as pd
import pytest

from reelbook.report.sentences import next_steps as sentences


def make_estimates(**values):
    rows = [(name.replace("__", "."), v, v - 0.01, v + 0.01) for name, v in values.items()]
    return pd.DataFrame(rows, columns=["name", "value", "low", "high"])


def make_history(values):
    return pd.DataFrame({"epoch": range(1, len(values) + 1), "validation_ndcg@10": values})


def make_solved(*ranks):
    return pd.DataFrame(ranks, columns=["rank", "rank_by_third"])


def test_the_answer():
    tables = [
        make_estimates(autoencoder__autorec=0.92, baseline__biases=0.94),
        make_estimates(
            autoencoder__multvae=0.3, topn__ease=0.35, item2vec__skipgram=0.2, item2vec__cbow=0.1
        ),
        make_estimates(content__ridge=0.15, content__popularity=0.14),
    ]
    text = sentences.answer(*tables, num_folds=5, num_seeds=1)
    assert text == (
        "**In short.** The autoencoder for ratings has a test RMSE of **0.920** stars (95% "
        "interval 0.910 to 0.930), mean over 5 folds; biases alone have 0.940. The variational "
        "autoencoder for lists has an nDCG@10 of **0.300** (95% interval 0.290 to 0.310) on "
        "`stratified`, one split; linear weights between movies (`topn.ease`) have 0.350, "
        "item2vec 0.200 with skip-gram and 0.100 with continuous bag of words. Among movies that "
        "nobody has rated (cold start), the content-based model has **0.150** (95% interval 0.140 "
        "to 0.160), one split of `cold-movies`; the popularity predicted from contents has 0.140."
    )

    without = sentences.answer(*tables[:2], pd.DataFrame(), num_folds=5, num_seeds=1)
    assert without == text.split(" Among movies that nobody")[0]
    kept = [table[~table["name"].str.startswith("autoencoder")] for table in tables[:2]]
    assert sentences.answer(*kept, pd.DataFrame(), num_folds=5, num_seeds=1) == (
        "**In short.** Linear weights between movies (`topn.ease`) have an nDCG@10 of **0.350** "
        "(95% interval 0.340 to 0.360) on `stratified`, one split; item2vec has 0.200 with "
        "skip-gram and 0.100 with continuous bag of words."
    )


def test_what_the_autoencoder_brings():
    gains = pd.DataFrame([{"value": -0.01, "low": -0.02, "high": 0.001, "clear": False}])
    text = sentences.describe_autorec(gains)
    assert "the error rises by **0.0100** stars (95% interval -0.0010 to 0.0200" in text
    assert "left out" in sentences.describe_autorec(gains.iloc[:0])


def test_whether_the_autoencoder_comes_to_rest():
    falling = make_history([0.1] * 10 + [0.3] + [0.2] * 9)  # its last tenth are two epochs
    rising = make_history([0.1, 0.2, 0.3])
    assert sentences.describe_rest([falling], [11]) == (
        "On `stratified`, validation chose epoch 11 of 20. Over the last tenth of the epochs, "
        "nDCG@10 on validation rows is on average 0.1000 below its best."
    )
    assert sentences.describe_rest([rising, rising], [3, 2]).startswith(
        "On `stratified`, validation chose epochs 3 and 2 of 3. Over"
    )


def test_solved_analogies_are_counted():
    text = sentences.describe_analogies(make_solved((1, 4), (3, 3), (9, 2)))
    assert "Of 3 such questions" in text
    assert "**1** has the expected movie in first place. In 1, the analogy" in text
    assert "**0** have" in sentences.describe_analogies(make_solved((2, 1)))


def test_without_analogies_none_is_counted():
    text = sentences.describe_analogies(make_solved())
    assert text == "Word vectors are known for analogies, but this run asks none."


def test_popularity_beside_the_cosine():
    text = sentences.describe_cosine(0.05, 0.2)
    assert "by cosine alone, the nDCG@10 on the first split of `stratified` is 0.050" in text
    assert "popularity added, it is 0.200." in text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (
            (0.02, 0.01, 0.03, True),
            "is ahead of the popularity predicted from contents by **0.020** in nDCG@10 (95% "
            "interval 0.010 to 0.030)",
        ),
        (
            (-0.02, -0.03, -0.01, True),
            "is behind the popularity predicted from contents by **0.020** in nDCG@10 (95% "
            "interval 0.010 to 0.030)",
        ),
        (
            (0.0, -0.01, 0.01, False),
            "statistically indistinguishable from zero: +0.000 in nDCG@10 (95% interval -0.010 to "
            "+0.010)",
        ),
    ],
)
def test_a_taste_for_contents_beside_popularity(gap, text):
    gaps = pd.DataFrame([gap], columns=["value", "low", "high", "clear"])
    assert text in sentences.describe_cold(gaps)
    assert "left out" in sentences.describe_cold(gaps.iloc[:0])
