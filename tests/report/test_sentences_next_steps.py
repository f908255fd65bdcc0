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


def test_what_the_page_says_in_its_text():
    glued = sentences.list_glued(
        make_estimates(autoencoder__autorec=0.92, baseline__biases=0.94),
        make_estimates(
            autoencoder__multvae=0.3, topn__ease=0.35, item2vec__skipgram=0.2, item2vec__cbow=0.1
        ),
        make_estimates(content__ridge=0.15, content__popularity=0.14),
    )
    assert glued["autorec"] == "0.920"
    assert glued["multvae_interval"] == "0.290 to 0.310"
    assert glued["cold_popularity"] == "0.140"
    assert {"biases", "ease", "skipgram", "cbow", "cold", "cold_interval"} < glued.keys()


def test_what_the_autoencoder_brings():
    text = sentences.describe_autorec({"value": -0.01, "low": -0.02, "high": 0.001})
    assert "the autoencoder brings **-0.0100** stars (-0.0200 to +0.0010)" in text


def test_whether_the_autoencoder_comes_to_rest():
    falling = make_history([0.1] * 10 + [0.3] + [0.2] * 9)  # its last tenth are two epochs
    rising = make_history([0.1, 0.2, 0.3])
    assert sentences.describe_rest([falling], [11]) == (
        "On `stratified`, epoch 11 of 20 was chosen; the last tenth of the epochs lies on average "
        "0.1000 below the best one."
    )
    assert sentences.describe_rest([rising, rising], [3, 2]).startswith(
        "On `stratified`, epochs 3 and 2 of 3 were chosen; the last tenth of the epochs lies on "
        "average 0.0000 below"
    )


def test_solved_analogies_are_counted():
    text = sentences.describe_analogies(make_solved((1, 4), (3, 3), (9, 2)))
    assert "Of 3 questions" in text
    assert "**1** has the expected answer in the first place, and in 1 the expected" in text
    assert "**0** have" in sentences.describe_analogies(make_solved((2, 1)))


def test_without_analogies_none_is_counted():
    text = sentences.describe_analogies(make_solved())
    assert text == "Word vectors are known for analogies, but none was asked of these movies."


def test_popularity_beside_the_cosine():
    text = sentences.describe_cosine(0.05, 0.2)
    assert "by cosine alone the nDCG@10 is 0.050 on the first split" in text
    assert "popularity added 0.200." in text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        ((0.02, 0.01, 0.03, True), "is ahead of the popularity that contents promise by **0.020**"),
        ((-0.02, -0.03, -0.01, True), "is behind the popularity that contents promise by **0.020*"),
        ((0.0, -0.01, 0.01, False), "is indistinguishable from the popularity that contents"),
    ],
)
def test_a_taste_for_contents_beside_popularity(gap, text):
    row = dict(zip(["value", "low", "high", "clear"], gap, strict=True))
    found = sentences.describe_cold(row)
    assert text in found
    assert f"{row['low']:+.3f} to {row['high']:+.3f}" in found
