"""scikit-learn's own checks of networks of the user's own."""

import keras
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdeep import KerasClassifier, KerasRegressor
from tests.estimators.keras_builds import build_dense

# A parameter with a prefix is an attribute that no constructor names, which
# scikit-learn refuses; in an optimizer object there is none.
ADAM = {"optimizer": keras.optimizers.Adam(0.01), "epochs": 100}
NO_MINI_BATCHES = "Copies of a row fall into other batches, as for DNNClassifier."
EXPECTED_FAILED = {
    "check_sample_weight_equivalence_on_dense_data": NO_MINI_BATCHES,
    "check_sample_weight_equivalence_on_sparse_data": NO_MINI_BATCHES,
}


@pytest.mark.fast
@parametrize_with_checks(
    [KerasClassifier(build_dense, **ADAM), KerasRegressor(build_dense, **ADAM)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILED,
)
def test_conformance(estimator, check):
    """Every check passes, except those that EXPECTED_FAILED gives a reason for."""
    check(estimator)
