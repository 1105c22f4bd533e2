"""scikit-learn's own checks of networks of the user's own."""

import keras
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdeep import KerasClassifier, KerasRegressor
from tests.estimators.keras_builds import build_dense

# What XLA makes of such networks is asked elsewhere; here it would only take time, as
# Adam would, whose programs take a quarter longer to trace.
FAST = {"epochs": 50, "jit_compile": False}
NO_MINI_BATCHES = "Copies of a row fall into other batches, as for DNNClassifier."
EXPECTED_FAILED = {
    "check_sample_weight_equivalence_on_dense_data": NO_MINI_BATCHES,
    "check_sample_weight_equivalence_on_sparse_data": NO_MINI_BATCHES,
}


def build(meta):
    """Two layers that come with their optimizer.

    A parameter with a prefix is an attribute that no constructor names, which
    scikit-learn refuses; an optimizer object is copied for seconds by all the clones.
    """
    model = build_dense(meta)
    model.compile(keras.optimizers.SGD(0.1))
    return model


@pytest.mark.fast
@parametrize_with_checks(
    [KerasClassifier(build, **FAST), KerasRegressor(build, **FAST)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILED,
)
def test_conformance(estimator, check):
    """Every check passes, except those that EXPECTED_FAILED gives a reason for."""
    check(estimator)
