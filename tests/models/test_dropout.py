import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from reelbook.models.fitting.dropout import Dropout
from reelbook.models.fitting.loop import set_seed


def drop(x, rate, seed=0, training=True):
    set_seed(seed)
    return Dropout(rate)(tf.constant(x, tf.float32), training=training).numpy()


@pytest.mark.parametrize("shape", [(301, 333), (7, 11, 1303)])  # an odd number of units
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_units_are_left_out_at_the_rate_and_the_others_scaled(shape, rate):
    found = drop(np.ones(shape), rate)
    kept = found > 0
    num_units = np.prod(shape)
    assert 1 - kept.mean() == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / num_units))
    assert found[kept] == pytest.approx(1 / (1 - rate), rel=1e-4)
    neighbours = (kept[..., 1:] & kept[..., :-1]).mean()  # both 16-bit halves of a draw
    assert neighbours == pytest.approx((1 - rate) ** 2, abs=0.01)


def test_prediction_leaves_all_in():
    x = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(drop(x, 0.5, training=False), x)
    assert np.array_equal(drop(x, 0.0), x)


def test_each_call_draws_anew_and_equal_seeds_draw_alike():
    x = np.ones((50, 50))
    assert np.array_equal(drop(x, 0.5), drop(x, 0.5))
    assert not np.array_equal(drop(x, 0.5), drop(x, 0.5, seed=1))
    set_seed(0)
    layer, other = Dropout(0.5), Dropout(0.5)
    first, second = (layer(tf.constant(x), training=True).numpy() for _ in range(2))
    third = other(tf.constant(x), training=True).numpy()
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, third)


def test_the_gradient_goes_through_what_was_kept():
    set_seed(0)
    x = tf.Variable(tf.ones((20, 20)))
    with tf.GradientTape() as tape:
        y = Dropout(0.5)(x, training=True)
        total = tf.reduce_sum(y)
    assert np.array_equal(tape.gradient(total, x).numpy(), y.numpy())


def test_it_adds_no_weights():
    model = keras.Sequential([keras.Input((4,)), Dropout(0.5)])
    assert model.weights == []
