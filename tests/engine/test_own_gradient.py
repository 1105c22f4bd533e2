"""Rules of gradients, registered with TensorFlow once."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._own_gradient import with_gradient


def doubled(inputs, upstream):
    """Give a gradient twice as large as it is."""
    return [2 * upstream]


@pytest.fixture
def slow_registration(monkeypatch):
    """Let TensorFlow take so long that others come while it registers."""
    tf = load_tensorflow()
    register = tf.RegisterGradient

    def slow(name):
        time.sleep(0.1)
        return register(name)

    monkeypatch.setattr(tf, "RegisterGradient", slow)


def gradient_at_three(rule):
    """Differentiate the square with a rule for its gradient."""
    tf = load_tensorflow()
    with tf.Graph().as_default() as graph:
        x = tf.constant(3.0)
        found = tf.gradients(with_gradient(x * x, (x,), rule), [x])
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run(found)[0]


@pytest.mark.fast
def test_a_rule_takes_the_place_of_the_gradient():
    """The gradient of an output is what its rule says, at its first use and later."""
    found = [gradient_at_three(doubled) for _ in range(2)]

    assert np.array_equal(found, [2.0, 2.0])


def test_threads_may_use_a_new_rule_at_once(slow_registration):
    """A rule that several threads see for the first time is registered once."""

    def new_rule(inputs, upstream):
        return doubled(inputs, upstream)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(gradient_at_three, 4 * [new_rule]))

    assert np.array_equal(found, 4 * [2.0])
