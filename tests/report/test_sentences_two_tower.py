import pandas as pd
import pytest

from reelbook.report.sentences import two_tower as sentences

NO_SPREAD = {"rmse": 0.0, "top@100": 0.0}


def make_trade(**points):
    rows = [("0", 1.0, 0.1), *((w.strip("_"), *at) for w, at in points.items())]
    rows.append(("only retrieval", 3.0, 0.5))
    return pd.DataFrame(rows, columns=["label", "rmse", "top"])


def test_the_answer():
    best = {"value": 0.3, "low": 0.29, "high": 0.31}
    published = pd.DataFrame({"model": [], "ndcg@10": []})
    figures = {"claimed": 0.98, "by_id": 0.0149, "num_seeds": 3}
    assert sentences.answer(best, published, highest=0.987, **figures) == (
        "**In short.** The document's top-10 accuracy of 98.0% can be obtained, but only as an "
        "artefact: with its spelling of titles and its metric, the model scores 98.7% in its best "
        "epoch (one seed). With one spelling, and counting by movie id, the same model finds the "
        "right movie in 1.5% of the cases (mean over 3 seeds). Our `two_tower.best` describes "
        "users by what they rated and learns with a softmax over the whole catalogue; on "
        "`stratified` its nDCG@10 is **0.300** (95% interval 0.290 to 0.310), mean over 3 splits. "
        "Nothing comparable is published for these data."
    )
    missed = sentences.answer(best, published, highest=0.6, **figures)
    assert "is not reached on these data, not even with its own faults: with its" in missed


def test_the_standing_counts_published_figures_below():
    published = pd.DataFrame({"source": "published", "ndcg@10": [0.4, 0.3, 0.2]})
    assert sentences.describe_standing(published, 0.3) == (
        "That exceeds 1 of the 3 published figures for these data."
    )
    older = published.assign(source="published, before a correction")
    assert sentences.describe_standing(older, 0.3) == (
        "That exceeds 1 of the 3 published figures for these data (before a correction)."
    )


@pytest.mark.parametrize(
    ("of_user_mean", "beaten"), [(1.0, "The best of them beats"), (0.9, "None of them beats")]
)
def test_the_models_of_stars_beside_two_means(of_user_mean, beaten):
    text = sentences.describe_stars(
        pd.Series([0.95, 1.2]), of_mean=1.1, of_user_mean=of_user_mean, top_spread=0.02
    )
    assert f"have 0.950 to 1.200. {beaten} the user's mean. Two seeds of one" in text
    assert "differ by at most 0.020 in top-100." in text


def test_without_models_of_stars_or_a_second_seed_nothing_is_said_of_them():
    text = sentences.describe_stars(
        pd.Series(dtype="float64"), of_mean=1.1, of_user_mean=1.0, top_spread=0.0
    )
    assert text.startswith(
        "On these rows the mean of all ratings has an RMSE of 1.100 and each user's own mean "
        "1.000. `two_tower.best` predicts no stars"
    )


def test_the_artefact_lies_between_two_epochs():
    text = sentences.describe_artefact(
        pd.Series([0.2, 0.9, 0.4]), model="two_tower.joint", by_id=0.01, num_movies=1000
    )
    assert "of `two_tower.joint` by score lies between **0.200** and **0.900**" in text
    assert text.endswith("By movie id it is 0.010; a random list has 0.010.")


def test_a_weight_depends_on_the_batch():
    text = sentences.describe_weights(batch=8192, of_mean=1.125)
    assert "8,192 ratings in a batch, the retrieval loss of one rating counts 8,192 times" in text
    assert "is 73,817; if all predictions are the mean, the loss of the stars is 1.27. A" in text
    assert text.endswith("A weight of 1/58,325 would make the two equal.")


def test_a_joint_model_is_ahead_of_both_specialised_ones():
    trade = make_trade(_1=(1.1, 0.4), _10=(0.9, 0.6))
    text = sentences.describe_trade(trade, on_training=0.9, spreads={"rmse": 0.01, "top@100": 0.02})
    assert "top-100 lies 0.100 below that of retrieval alone" in text
    assert "RMSE 0.100 stars above that" in text
    assert "10 has the highest top-100 (0.600) and 10 has the lowest RMSE (0.900)" in text
    assert "With a weight of 10 the joint model beats both" in text
    assert "differ by up to 0.010 stars and 0.020 in top-100" in text


def test_no_joint_model_is_ahead_and_one_seed_has_no_spread():
    text = sentences.describe_trade(make_trade(_1=(1.0, 0.5)), on_training=0.9, spreads=NO_SPREAD)
    assert "None of these joint models beats both specialised models. Each point" in text


def test_several_weights_are_named():
    trade = make_trade(_1=(0.9, 0.6), _3=(0.8, 0.7))
    text = sentences.describe_trade(trade, on_training=0.9, spreads=NO_SPREAD)
    assert "With a weight of 1 or 3 the joint" in text


def test_weights_that_tie_are_all_named():
    trade = make_trade(_1=(1.1, 0.4), _3=(1.0, 0.4))
    text = sentences.describe_trade(trade, on_training=0.9, spreads=NO_SPREAD)
    assert "1 and 3 have the highest top-100 (0.400) and 3 has the lowest RMSE (1.000)" in text


@pytest.mark.parametrize(
    ("new", "text"),
    [(1, "Of the 20 users tested under `global-time`, 1 has no"), (3, "`, 3 have no"), (0, ", 0 ")],
)
def test_new_users_are_counted(new, text):
    assert text in sentences.describe_new_users(new, 20)


def test_genres_of_neighbours():
    text = sentences.describe_genres({"nearest": 0.7, "any": 0.25}, size=40)
    assert text == (
        "Of the 40 most rated movies, 70% share a genre with their nearest neighbour. Of all pairs "
        "among them, 25% do."
    )
