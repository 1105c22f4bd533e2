"""Networks of the user's own: SciKeras' constructor, routing and attributes."""

import gc
import json
import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

import skdeep
from skdeep import KerasClassifier, KerasRegressor
from skdeep.engine import cache_info
from skdeep.exceptions import InvalidNetworkError
from skdeep.persistence._classes import is_plain_model
from tests.estimators.keras_builds import build_dense

X, CODES = load_iris(return_X_y=True)
X = scale(X)
Y = np.array(["setosa", "versicolor", "virginica"])[CODES]
BINARY = CODES > 0
NUMBERS = X @ [1.0, -2.0, 0.5, 0.0]
ADAM = {"optimizer": "adam", "optimizer__learning_rate": 0.02}
# With Adam a program takes a quarter longer to compile.
SGD = {"optimizer": "sgd", "optimizer__learning_rate": 0.3}
IRIS = {**SGD, "epochs": 40, "random_state": 0}


def build(units=8, activation="softmax", n_outputs=3, n_inputs=4):
    """A network of two layers."""
    rows = keras.Input((n_inputs,))
    hidden = layers.Dense(units, activation="relu")(rows)
    return keras.Model(rows, layers.Dense(n_outputs, activation=activation)(hidden))


@pytest.mark.fast
def test_labels_are_learnt_and_come_back():
    """Strings go in and out, probabilities are those of the Keras model."""
    net = KerasClassifier(build, **IRIS).fit(X, Y)

    assert net.score(X, Y) > 0.95
    assert net.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert net.n_classes_ == 3
    assert net.trainer_ == "engine"
    expected = net.model_.predict(X, verbose=0)
    np.testing.assert_allclose(net.predict_proba(X), expected, atol=1e-5)


def test_one_seed_gives_one_network():
    """The bits depend on random_state, and on nothing that was built before."""
    net = KerasClassifier(build, **IRIS).fit(X, Y)
    build()

    same = clone(net).fit(X, Y).predict_proba(X)
    other = clone(net).set_params(random_state=1).fit(X, Y).predict_proba(X)

    np.testing.assert_array_equal(net.predict_proba(X), same)
    assert (same != other).any()


def test_no_global_generator_seeds_a_fit():
    """Keras' own seed changes nothing."""
    networks = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        networks.append(KerasClassifier(build, **IRIS).fit(X, Y))

    one, other = (net.predict_proba(X) for net in networks)
    np.testing.assert_array_equal(one, other)


def test_a_grid_over_the_learning_rate_compiles_once():
    """Three rates, two seeds and three folds share one program."""
    net = KerasClassifier(build, model__units=5, **{**IRIS, "epochs": 3})
    grid = {"optimizer__learning_rate": [0.001, 0.01, 0.1], "random_state": [0, 1]}
    before = cache_info().misses

    GridSearchCV(net, grid, cv=3).fit(X, Y)

    assert cache_info().misses == before + 1


def build_regular(dropout=0.1, l2=0.01, l1=0.0):
    """A network with dropout and penalties."""
    rows = keras.Input((4,))
    penalty = keras.regularizers.L1L2(l1, l2)
    hidden = layers.Dense(6, activation="relu", kernel_regularizer=penalty)(rows)
    hidden = layers.Dropout(dropout)(hidden)
    hidden = layers.Dense(5, kernel_regularizer=keras.regularizers.L2(l2))(hidden)
    return keras.Model(rows, layers.Dense(3, activation="softmax")(hidden))


@pytest.mark.fast
def test_a_grid_over_dropout_penalties_and_learning_rate_compiles_once():
    """Rates and factors of Keras' own layers are numbers of the program."""
    net = KerasClassifier(build_regular, **{**IRIS, "epochs": 3})
    grid = {
        "model__dropout": [0.1, 0.5],
        "model__l2": [0.001, 0.1],
        "optimizer__learning_rate": [0.01, 0.1],
    }
    before = cache_info().misses

    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(X, Y)

    assert cache_info().misses == before + 1
    assert len(set(search.cv_results_["mean_test_score"])) > 3
    losses = {net.set_params(l2=l2).fit(X, Y).loss_curve_[0] for l2 in (0.001, 0.1)}
    assert len(losses) == 2


def test_numbers_come_back_in_the_model():
    """model_, pickles and files have the rates and factors of the fit."""
    net = KerasClassifier(build_regular, dropout=0.3, l2=0.07, **{**IRIS, "epochs": 1})

    model = pickle.loads(pickle.dumps(net.fit(X, Y)._fitted)).model

    assert model.layers[2].rate == 0.3
    assert model.layers[1].kernel_regularizer.l2 == 0.07
    assert float(model.layers[3].kernel_regularizer.l2) == pytest.approx(0.07)
    net.set_params(warm_start=True, dropout=0.6).fit(X, Y)
    assert net.current_epoch == 2


def test_parameters_of_the_build_function_can_be_searched():
    """With the prefix and without, in grids and in get_params."""
    net = KerasClassifier(build, units=4, **{**IRIS, "epochs": 2})

    search = GridSearchCV(net, {"units": [3, 5], "model__n_outputs": [3]}, cv=2)
    search.fit(X, Y)

    assert {"units", "model__n_outputs"} <= set(search.best_estimator_.get_params())
    units = search.best_estimator_.model_.layers[1].units
    assert units == search.best_params_["units"]


def test_unknown_parameters_are_refused_with_a_suggestion():
    """Nobody takes them, in the constructor and in set_params."""
    with pytest.raises(TypeError, match=r"got \['unit'\]. Did you mean 'units'"):
        KerasClassifier(build, unit=3).fit(X, Y)
    with pytest.raises(ValueError, match="Invalid parameter"):
        KerasClassifier(build).set_params(unit=3)
    with pytest.raises(TypeError, match=r"fit takes .* got \['epoch'\]"):
        KerasClassifier(build).fit(X, Y, epoch=3)


def test_build_functions_get_what_they_ask_for():
    """``meta``, ``compile_kwargs``, ``params`` and parameters by name."""
    seen = {}

    def asking(meta, compile_kwargs, params, epochs):
        seen.update(meta=meta, params=params, epochs=epochs)
        model = build()
        model.compile(**compile_kwargs)
        return model

    loss = "sparse_categorical_crossentropy"
    net = KerasClassifier(asking, loss=loss, **{**IRIS, "epochs": 2}).fit(X, Y)

    assert seen["epochs"] == seen["params"]["epochs"] == 2
    meta = seen["meta"]
    assert meta["n_features_in_"] == 4
    assert meta["X_shape_"] == (150, 4)
    assert meta["n_classes_"] == meta["n_outputs_expected_"] == 3
    assert meta["target_type_"] == "multiclass"
    assert meta["y_ndim_"] == 1
    assert net.trainer_ == "engine"


def test_a_compiled_model_keeps_its_optimizer_loss_and_metrics():
    """Unless the estimator says otherwise."""

    def compiled():
        model = build()
        loss = "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.SGD(0.25), loss, metrics=["accuracy"])
        return model

    net = KerasClassifier(compiled, epochs=2).fit(X, Y)
    routed = KerasClassifier(compiled, optimizer__learning_rate=0.5).fit(X, Y)
    said = KerasClassifier(compiled, **ADAM).fit(X, Y)

    assert net.history_["learning_rate"] == [0.25, 0.25]
    assert list(net.history_) == ["loss", "accuracy", "learning_rate"]
    assert routed.history_["learning_rate"] == [0.5]
    assert said.history_["learning_rate"] == pytest.approx([0.02])


def test_a_model_object_is_never_trained():
    """Each fit starts from its weights as they were handed over."""
    model = build()
    before = model.get_weights()
    net = KerasClassifier(model, **IRIS)

    first = net.fit(X, Y).predict_proba(X)
    second = net.fit(X, Y).predict_proba(X)

    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("is_functional", [False, True])
def test_seeds_that_a_function_has_given_are_kept(is_functional):
    """An initializer with a seed draws with it, whatever random_state is."""
    start = keras.initializers.GlorotUniform(seed=7)

    def build_with_seed():
        rows, final = keras.Input((4,)), layers.Dense(1, kernel_initializer=start)
        if is_functional:
            return keras.Model(rows, final(rows))
        return keras.Sequential([rows, final])

    for seed in (0, 1):
        parameters = {"epochs": 1, "optimizer": "sgd", "random_state": seed}
        parameters["optimizer__learning_rate"] = 0.0
        net = KerasRegressor(build_with_seed, **parameters, jit_compile=False)
        net.fit(X, NUMBERS)

        assert net.trainer_ == "engine"
        np.testing.assert_array_equal(net.model_.get_weights()[0], start((4, 1)))


def test_weights_that_a_function_has_set_are_kept():
    """A trained part stays as it is, what is new is drawn."""

    def with_trained_part():
        model = build()
        model.layers[1].set_weights([np.full((4, 8), 0.25), np.ones(8)])
        return model

    net = KerasClassifier(with_trained_part, random_state=0).initialize(X, Y)
    other = KerasClassifier(with_trained_part, random_state=1).initialize(X, Y)

    kernel, bias, drawn, _ = net.model_.get_weights()
    assert (kernel == 0.25).all()
    assert (bias == 1).all()
    assert (drawn != other.model_.get_weights()[2]).any()


@pytest.mark.parametrize(
    ("activation", "n_outputs"), [("sigmoid", 1), ("softmax", 2), ("linear", 1)]
)
def test_two_classes_may_have_one_unit_or_two(activation, n_outputs):
    """The loss that fits is found; no last activation means logits."""
    net = KerasClassifier(build, activation=activation, n_outputs=n_outputs, **IRIS)

    net.fit(X, BINARY)

    assert net.score(X, BINARY) > 0.98
    assert net.predict_proba(X).shape == (150, 2)


def test_another_number_of_outputs_is_refused():
    """The message says how many there must be."""
    with pytest.raises(InvalidNetworkError, match=r"3 output unit.*got 4.*n_outputs_"):
        KerasClassifier(build, n_outputs=4).fit(X, Y)


def test_initialize_partial_fit_and_warm_start_go_on():
    """Epochs are counted, histories grow, weights are those from before."""
    net = KerasRegressor(build, activation="linear", n_outputs=1, **ADAM)

    net.initialize(X, NUMBERS)
    assert (net.initialized_, net.current_epoch) == (True, 0)
    net.partial_fit(X, NUMBERS).partial_fit(X, NUMBERS)
    assert (net.current_epoch, len(net.history_["loss"])) == (2, 2)
    net.set_params(warm_start=True).fit(X, NUMBERS, epochs=3)

    assert (net.current_epoch, len(net.history_["loss"])) == (5, 5)
    assert net.history_["loss"][-1] < net.history_["loss"][0]


def test_validation_rows_come_in_three_ways():
    """The last rows, X_val, and SciKeras' fit argument."""
    arguments = {"activation": "linear", "n_outputs": 1, "random_state": 0, **ADAM}
    net = KerasRegressor(build, shuffle=False, **arguments)
    split = clone(net).set_params(validation_split=0.2).fit(X, NUMBERS)
    rows, held_out = (X[:120], NUMBERS[:120]), (X[120:], NUMBERS[120:])

    given = clone(net).fit(*rows, X_val=held_out[0], y_val=held_out[1])
    as_argument = clone(net).fit(*rows, validation_data=held_out)

    assert split.history_["val_loss"] == given.history_["val_loss"]
    assert split.history_["val_loss"] == as_argument.history_["val_loss"]


def test_callbacks_may_be_classes_with_routed_arguments():
    """A class gets what has the prefix; the caller's objects stay as they are."""
    net = KerasClassifier(
        build,
        callbacks={"stop": keras.callbacks.EarlyStopping},
        callbacks__stop__monitor="loss",
        callbacks__stop__patience=1,
        callbacks__stop__min_delta=10.0,
        **IRIS,
    )

    net.fit(X, Y)

    assert net.current_epoch < 5
    assert net.callbacks_[0].patience == 1


def test_early_stopping_is_that_of_the_other_estimators():
    """It holds out rows and keeps the best weights."""
    net = KerasClassifier(build, early_stopping=True, patience=2, **IRIS).fit(X, Y)

    assert "val_loss" in net.history_
    assert net.best_epoch_ <= net.current_epoch


def test_inputs_by_name_or_in_order():
    """A dict in any order and a list give the same."""

    def two_inputs():
        left, right = keras.Input((1,), name="left"), keras.Input((3,), name="right")
        both = layers.concatenate([layers.Dense(2)(left), right])
        return keras.Model([left, right], layers.Dense(3, activation="softmax")(both))

    net = KerasClassifier(two_inputs, **IRIS)
    named = {"right": X[:, 1:], "left": X[:, :1]}
    listed = [X[:, :1], X[:, 1:]]

    by_name = clone(net).fit(named, Y).predict_proba(named)
    by_order = clone(net).fit(listed, Y).predict_proba(listed)
    as_rows = skdeep.InputArrays(listed)
    by_rows = clone(net).fit(as_rows, Y).predict_proba(as_rows[:])

    np.testing.assert_array_equal(by_name, by_order)
    np.testing.assert_array_equal(by_name, by_rows)
    with pytest.raises(ValueError, match=r"input of the model, .*got"):
        clone(net).fit({"left": X[:, :1], "rihgt": X[:, 1:]}, Y)


def test_it_works_in_a_pipeline_under_cross_validation():
    """Stratified folds, scaled rows."""
    net = make_pipeline(StandardScaler(), KerasClassifier(build_dense, **IRIS))

    assert cross_val_score(net, X, Y, cv=3).min() > 0.9


def test_pickles_predict_and_go_on():
    """The copy predicts the same bits; what trained in Keras is pickled, too."""
    engine = KerasClassifier(build_dense, **IRIS).fit(X, Y)
    by_keras = KerasClassifier(build_dense, run_eagerly=True, **ADAM).fit(X, Y)

    assert by_keras.trainer_ == "keras"
    for net in (engine, by_keras):
        copy = pickle.loads(pickle.dumps(net))
        np.testing.assert_array_equal(copy.predict_proba(X), net.predict_proba(X))
        copy.partial_fit(X, Y)


def test_the_model_is_compiled_as_it_was_trained(tmp_path):
    """It evaluates, in copies and files of Keras, too."""
    adam = {**ADAM, "optimizer__learning_rate": 0.125}
    net = KerasClassifier(build_dense, epochs=2, **adam).fit(X, Y)
    codes = net.target_encoder_.transform(Y)

    net.model_.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for model in (net.model_, pickle.loads(pickle.dumps(net)).model_, loaded):
        found = model.evaluate(X, codes, verbose=0, return_dict=True)

        assert set(found) == {"loss", "accuracy"}
        assert found["accuracy"] == pytest.approx(net.score(X, Y))
        assert float(np.asarray(model.optimizer.learning_rate)) == 0.125


def test_a_sequential_without_a_shape_can_be_exported(tmp_path):
    """Keras exports no model that has never been called."""
    net = KerasClassifier(
        lambda: keras.Sequential([layers.Dense(3, activation="softmax")])
    ).fit(X, Y)

    net.model_.export(tmp_path / "net", verbose=False)

    assert (tmp_path / "net" / "saved_model.pb").exists()


def test_the_first_rows_may_say_which_classes_there_are():
    """Or the caller does, and the build function is told of all of them."""
    rows, names = X[:100], Y[:100]  # of two of the three

    learnt = KerasClassifier(build_dense, **ADAM).partial_fit(rows, names)
    told = KerasClassifier(build_dense, **ADAM).partial_fit(rows, names, np.unique(Y))

    assert (learnt.n_classes_, learnt.target_type_) == (2, "binary")
    assert (told.n_classes_, told.target_type_) == (3, "multiclass")
    assert told.partial_fit(X, Y).predict_proba(X).shape == (150, 3)


@pytest.mark.fast
def test_predictions_take_the_arguments_of_scikeras():
    """Without effect; those that would have one are refused."""
    net = KerasClassifier(build_dense, predict__batch_size=7, **ADAM).fit(X, Y)

    found = net.predict_proba(X, batch_size=5, verbose=0)

    np.testing.assert_array_equal(found, net.predict_proba(X))
    with pytest.raises(TypeError, match=r"got \['steps'\]"):
        net.predict(X, steps=1)


def test_files_name_the_build_function(tmp_path):
    """What is registered with Keras is found again; nothing else is stored."""
    net = KerasClassifier(build_dense, model__units=5, **IRIS).fit(X, Y)

    skdeep.save(net, tmp_path / "net.skdeep")
    copy = skdeep.load(tmp_path / "net.skdeep")

    np.testing.assert_array_equal(copy.predict_proba(X), net.predict_proba(X))
    assert copy.get_params() == net.get_params()
    with pytest.raises(TypeError, match="build"):
        skdeep.save(KerasClassifier(build, **IRIS), tmp_path / "other.skdeep")


def test_a_model_in_a_file_holds_no_code(tmp_path):
    """A Lambda layer is refused, in both directions."""
    inputs = keras.Input((4,))
    doubled = layers.Lambda(lambda x: 2 * x)(inputs)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(doubled))
    fitted = KerasClassifier(model, **{**IRIS, "epochs": 1}).fit(X, Y)._fitted
    net = KerasClassifier(build_dense).initialize(X, Y)
    net._fitted = fitted

    with pytest.raises(TypeError, match="KerasNetwork"):
        skdeep.save(net, tmp_path / "net.skdeep")
    assert not is_plain_model(json.loads(fitted.network.config))


def test_fits_keep_nothing_behind():
    """After the first fits the process holds no more variables than before."""
    net = KerasClassifier(build_dense, **{**IRIS, "epochs": 1})
    counts = []
    for _ in range(4):
        net.fit(X, Y)
        gc.collect()
        counts.append(sum(isinstance(o, keras.Variable) for o in gc.get_objects()))

    assert counts[1] == counts[3]
