"""Losses of distributions: a mean, and how the target varies around it."""

import keras
import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import GammaRegressor, TweedieRegressor
from sklearn.metrics import mean_tweedie_deviance

from skdeep import DNNRegressor, KerasRegressor, load, save

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, size=(600, 3))
# The noise grows with the second feature, by a factor of 4.
NOISE = np.exp(0.7 * X[:, 1] - 1)
Y = 2 * X[:, 0] + RNG.normal(size=600) * NOISE
TWO = np.column_stack([Y, 300 * Y + 1000])
AMOUNTS = RNG.gamma(1 / 0.3, 0.3 * np.exp(X[:, 0] + 5))
NET = {
    "hidden_layer_sizes": (16,),
    "epochs": 40,
    "learning_rate": 0.01,
    "normalize_y": True,
    "random_state": 0,
}
SMALL = NET | {"epochs": 2}


@pytest.mark.fast
def test_a_gaussian_learns_mean_and_deviation():
    """The deviation is that of the noise, row by row, in the units of the target."""
    net = DNNRegressor(**NET, loss="gaussian").fit(X, TWO)

    mean, deviation = net.predict(X, return_std=True)

    np.testing.assert_array_equal(mean, net.predict(X))
    assert mean.shape == deviation.shape == (600, 2)
    for column, noise in enumerate([NOISE, 300 * NOISE]):
        ratio = deviation[:, column] / noise
        assert 0.8 < np.median(ratio) < 1.2
        assert np.corrcoef(np.log(deviation[:, column]), np.log(noise))[0, 1] > 0.9


def test_the_loss_of_a_gaussian_is_its_negative_log_likelihood():
    """As SciPy has it, measured behind the epoch and weighted, in units of its own."""
    weight = RNG.uniform(0.5, 2, size=600)
    net = DNNRegressor(**SMALL | {"normalize_y": False}, loss="gaussian")
    net.fit(X, Y, X_val=X, y_val=Y, sample_weight_val=weight)

    # As the network has it; predictions keep deviations within bounds.
    mean, logarithm = np.asarray(net.model_(X)).T

    losses = -stats.norm.logpdf(Y, mean, np.exp(logarithm))
    expected = np.average(losses, weights=weight)
    np.testing.assert_allclose(net.history_["val_loss"][-1], expected, rtol=1e-5)


def test_deviations_stay_within_those_of_training_rows():
    """Far from all rows a network may be sure of anything; predictions are not."""
    net = DNNRegressor(**NET, loss="gaussian").fit(X, TWO)
    _, known = net.predict(X, return_std=True)

    _, far = net.predict(1000 * X, return_std=True)

    assert (far >= known.min(axis=0)).all()
    assert (far <= known.max(axis=0) * (1 + 1e-6)).all()


def test_a_row_at_a_time_is_no_dispersion():
    """partial_fit goes on from the dispersion that there was, and so do bounds."""
    gamma = DNNRegressor(**NET, loss="gamma").fit(X, AMOUNTS)
    gaussian = DNNRegressor(**NET, loss="gaussian").fit(X, Y)
    before = [net.predict(X, return_std=True)[1] for net in (gamma, gaussian)]

    gamma.partial_fit(X[:1], AMOUNTS[:1])
    gaussian.partial_fit(X[:1], Y[:1])

    after = [net.predict(X, return_std=True)[1] for net in (gamma, gaussian)]
    np.testing.assert_allclose(after, before, rtol=0.2)


def test_a_gaussian_has_any_quantile_and_interval():
    """Quantiles follow from mean and deviation, and bound what they say."""
    net = DNNRegressor(**NET, loss="gaussian").fit(X, Y)
    mean, deviation = net.predict(X, return_std=True)

    found = net.predict_quantiles(X, [0.1, 0.5])
    low, high = net.predict_interval(X, 0.8).T

    expected = stats.norm.ppf(0.1, mean, deviation)
    np.testing.assert_allclose(found, np.column_stack([expected, mean]), rtol=1e-6)
    assert 0.75 < ((low < Y) & (high > Y)).mean() < 0.85


@pytest.mark.parametrize("loss", ["gaussian", "gamma"])
def test_intervals_of_members_say_what_all_of_them_know(loss):
    """Of gaussians they have the total variance, of others they are averaged."""
    net = DNNRegressor(**SMALL, loss=loss, n_members=2).fit(X, AMOUNTS)
    mean, deviation = net.predict(X, return_std=True)

    found = net.predict_interval(X, 0.8)

    expected = stats.norm.ppf([0.1, 0.9], mean[:, None], deviation[:, None])
    if loss == "gamma":
        parts = [member.predict_interval(X, 0.8) for member in net.members_]
        expected = np.mean(parts, axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("power", [-1, 0, 1, 1.5, 2, 3])
def test_a_linear_network_is_the_generalised_linear_model(power):
    """Without hidden layers "tweedie" finds scikit-learn's TweedieRegressor."""
    y = AMOUNTS / 100
    glm = TweedieRegressor(power=power, alpha=0, link="log", max_iter=2000).fit(X, y)
    rates = {"epochs": 200, "batch_size": 100, "decay": 0.005}
    net = DNNRegressor(
        **NET | rates | {"hidden_layer_sizes": ()},
        loss="tweedie",
        loss_params={"power": power},
    )

    mean, deviation = net.fit(X, y).predict(X, return_std=True)

    np.testing.assert_allclose(mean, glm.predict(X), rtol=0.02)
    # Pearson's dispersion.
    dispersion = np.mean((y - mean) ** 2 / mean**power)
    np.testing.assert_allclose(deviation**2, dispersion * mean**power, rtol=1e-4)
    if power != 1:  # scikit-learn has no constant there
        last = mean_tweedie_deviance(y, mean, power=power) / 2 * y.mean() ** (power - 2)
        np.testing.assert_allclose(net.history_["loss"][-1], last, rtol=0.02)


def test_gamma_is_tweedie_of_power_2():
    """It finds GammaRegressor's means, and intervals that cover as they say."""
    glm = GammaRegressor(alpha=0, max_iter=1000).fit(X, AMOUNTS)
    net = DNNRegressor(**NET | {"hidden_layer_sizes": (), "epochs": 80}, loss="gamma")

    low, high = net.fit(X, AMOUNTS).predict_interval(X).T

    np.testing.assert_allclose(net.predict(X), glm.predict(X), rtol=0.05)
    assert 0.87 < ((low < AMOUNTS) & (high > AMOUNTS)).mean() < 0.93


def test_positive_targets_are_divided_where_normalize_y_is_auto():
    """The default for tables is what suits the deviance: divide, subtract nothing."""
    settings = SMALL | {"normalize_y": "auto"}
    found = DNNRegressor(**settings, loss="gamma").fit(X, 1000 * AMOUNTS)
    expected = DNNRegressor(**SMALL, loss="gamma").fit(X, 1000 * AMOUNTS)

    np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    assert found.history_["loss"][-1] < 1


def test_a_count_varies_by_its_mean():
    """The variance of "poisson" is its mean, and its quantiles are counts."""
    counts = RNG.poisson(AMOUNTS / 50)
    net = DNNRegressor(**NET | {"normalize_y": False}, loss="poisson").fit(X, counts)

    mean, deviation = net.predict(X, return_std=True)

    np.testing.assert_allclose(deviation**2, mean)
    np.testing.assert_array_equal(
        net.predict_interval(X, 0.8), stats.poisson.ppf([0.1, 0.9], mean[:, None])
    )


@pytest.mark.parametrize("loss", ["gaussian", "gamma"])
def test_files_and_exports_hold_the_distribution(loss, tmp_path):
    """Saved and loaded it predicts the same; exported it has its outputs in units."""
    y = np.column_stack([AMOUNTS, 3 * AMOUNTS])
    net = DNNRegressor(**SMALL, loss=loss).fit(X, y)
    mean, deviation = net.predict(X, return_std=True)

    save(net, tmp_path / "net.skdeep")
    net.export(tmp_path / "net.keras")

    again = load(tmp_path / "net.skdeep").predict(X, return_std=True)
    np.testing.assert_array_equal(again, (mean, deviation))
    model = keras.saving.load_model(tmp_path / "net.keras")
    parts = [mean, np.log(deviation)] if loss == "gaussian" else [mean]
    expected = np.stack(parts, axis=-1).reshape(600, -1)
    found = np.array(model(X))
    if loss == "gaussian":  # whose bounds belong to predictions
        logs = np.log(deviation)
        found[:, 1::2] = np.clip(found[:, 1::2], logs.min(axis=0), logs.max(axis=0))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("loss", "activation", "eager"),
    [
        ("gaussian", "linear", False),
        ("gamma", "exponential", False),
        ("gamma", "exponential", True),
    ],
)
def test_a_network_of_ones_own_learns_distributions(loss, activation, eager):
    """The head is the user's, the loss is ours, in the engine and by Keras."""

    def build(meta):
        dense = keras.layers.Dense
        n_outputs = meta["n_outputs_expected_"]
        return keras.Sequential([dense(16, "relu"), dense(n_outputs, activation)])

    net = KerasRegressor(
        build,
        loss=loss,
        optimizer="adam",
        optimizer__learning_rate=0.03,
        epochs=4,
        normalize_y=True,
        run_eagerly=eager,
        random_state=0,
    ).fit(X, AMOUNTS)

    mean, deviation = net.predict(X, return_std=True)

    assert net.trainer_ == ("keras" if eager else "engine")
    assert np.corrcoef(mean, np.exp(X[:, 0]))[0, 1] > 0.9
    assert 0.4 < np.median(deviation / mean) < 0.7  # of the gamma: 0.55


WRONG = {
    "gamma of 0": ("gamma", {}, AMOUNTS * 0, "y must be above 0 for loss='gamma'"),
    "tweedie below 0": ("tweedie", {}, Y, "y must be at least 0 .* got values down"),
    "power": ("tweedie", {"power": 0.5}, AMOUNTS, "at most 0 or at least 1; got 0.5"),
    "power of text": ("tweedie", {"power": "2"}, AMOUNTS, "at most 0 or at least 1"),
    "parameters": ("gaussian", {"delta": 1}, Y, "takes the parameters"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_a_distribution_cannot_have_is_refused(case):
    """Targets and powers that mean nothing fail before anything is trained."""
    loss, params, y, message = WRONG[case]

    with pytest.raises(ValueError, match=message):
        DNNRegressor(**SMALL, loss=loss, loss_params=params).fit(X, y)


def test_deviations_of_a_single_number_are_refused():
    """A network of means or quantiles says what to fit instead."""
    for parameters in ({}, {"quantiles": (0.1, 0.9)}):
        net = DNNRegressor(**SMALL, **parameters).fit(X, Y)
        with pytest.raises(ValueError, match=r"return_std=True needs .*gaussian"):
            net.predict(X, return_std=True)
    tweedie = DNNRegressor(**SMALL, loss="tweedie").fit(X, AMOUNTS)
    with pytest.raises(ValueError, match=r"have no formula.* return_std=True"):
        tweedie.predict_interval(X)
