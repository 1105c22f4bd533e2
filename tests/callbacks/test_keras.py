"""Keras callbacks: what they write, what they change, and what stays as it was."""

from __future__ import annotations

import copy
import csv
import json
import math
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor
from skdeep.callbacks._keras import KerasCallbacks
from skdeep.engine import cache_info
from skdeep.engine._random import draw_seeds
from skdeep.exceptions import DivergenceError, InvalidNetworkError

EPOCHS, BATCH_SIZE, SEED = 4, 32, 3  # 150 flowers: 5 batches, the last one ragged
# Without XLA, which compiles longer than these networks train.
SMALL = {
    "hidden_layer_sizes": (6,),
    "epochs": EPOCHS,
    "batch_size": BATCH_SIZE,
    "learning_rate": 0.01,
    "random_state": SEED,
    "jit_compile": False,
}
IN_ORDER = {**SMALL, "shuffle": False}
DROPPING = {**SMALL, "dropout": 0.2, "jit_compile": True}


class Diary(keras.callbacks.Callback):
    """Write down every hook with its arguments."""

    def __init__(self):
        super().__init__()
        self.entries = []

    def on_train_begin(self, logs=None):
        """Before the fit."""
        self.entries.append(("train begin", sorted(self.params)))

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch."""
        self.entries.append(("epoch begin", epoch))

    def on_train_batch_begin(self, batch, logs=None):
        """Before a batch."""
        self.entries.append(("batch begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        """After a batch."""
        self.entries.append(("batch end", batch, logs))

    def on_test_begin(self, logs=None):
        """Before the validation rows."""
        self.entries.append(("test begin",))

    def on_test_batch_begin(self, batch, logs=None):
        """Before a batch of them."""
        self.entries.append(("test batch begin", batch))

    def on_test_batch_end(self, batch, logs=None):
        """After a batch of them."""
        self.entries.append(("test batch end", batch, logs))

    def on_test_end(self, logs=None):
        """After the validation rows."""
        self.entries.append(("test end", logs))

    def on_epoch_end(self, epoch, logs=None):
        """After an epoch."""
        self.entries.append(("epoch end", epoch, logs))

    def on_train_end(self, logs=None):
        """After the fit."""
        self.entries.append(("train end", logs))


class Halving(keras.callbacks.Callback):
    """Halve the output kernel after every epoch."""

    def on_epoch_end(self, epoch, logs=None):
        """Set the weights of a layer of the model."""
        layer = self.model.get_layer("output")
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel / 2, bias])


class Failing(keras.callbacks.Callback):
    """Raise an error at the end of an epoch, or at a batch of the first epochs."""

    def __init__(self, error, epoch):
        super().__init__()
        self.error = error
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        """Fail."""
        if epoch == self.epoch:
            raise self.error


def weights_of(estimator):
    """All weights in one vector."""
    return np.concatenate([w.ravel() for w in estimator._fitted.weights])


def assert_same_fit(fitted, other):
    """The same weights to the last bit, and the same history."""
    np.testing.assert_array_equal(weights_of(fitted), weights_of(other))
    assert fitted.history_ == other.history_


def keras_fit(estimator, X, y, callbacks, optimizer=None, **fit_arguments):
    """Train plain Keras from the initial weights of a fitted estimator."""
    network = estimator._fitted.network
    seed = draw_seeds(SEED).weights
    model = network.to_keras({}, network.draw_weights(seed))
    optimizer = optimizer or keras.optimizers.Adam(SMALL["learning_rate"])
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    optimizer.build(model.trainable_variables)  # before Keras traces, once, not twice
    fit_arguments = {"epochs": EPOCHS, "batch_size": BATCH_SIZE} | fit_arguments
    history = model.fit(
        X, y, shuffle=False, verbose=0, callbacks=callbacks, **fit_arguments
    )
    weights = np.concatenate([w.ravel() for w in model.get_weights()])
    return weights, history.history


@pytest.fixture(scope="module")
def undisturbed(iris):
    """A fit with dropout that nobody watched."""
    return DNNClassifier(**DROPPING).fit(*iris)


WATCHING = {
    "CSVLogger": lambda path: keras.callbacks.CSVLogger(path / "log.csv"),
    "LambdaCallback": lambda path: keras.callbacks.LambdaCallback(on_epoch_end=print),
    "ModelCheckpoint": lambda path: keras.callbacks.ModelCheckpoint(path / "m.keras"),
    "TensorBoard": lambda path: keras.callbacks.TensorBoard(path),
    "TensorBoard by batch": lambda path: keras.callbacks.TensorBoard(
        path, update_freq="batch"
    ),
    "TerminateOnNaN": lambda path: keras.callbacks.TerminateOnNaN(),
    "BackupAndRestore": lambda path: keras.callbacks.BackupAndRestore(path / "backup"),
    "BackupAndRestore by batch": lambda path: keras.callbacks.BackupAndRestore(
        path / "backup", save_freq=2
    ),
    "History": lambda path: keras.callbacks.History(),
    "a class of the user": lambda path: Diary(),
    "two at once": lambda path: [Diary(), keras.callbacks.History()],
}


@pytest.mark.fast
@pytest.mark.parametrize("name", WATCHING)
def test_callbacks_that_only_look_change_nothing(iris, undisturbed, tmp_path, name):
    """A fit watched by epoch or by batch has the same bits, and compiles nothing."""
    compilations = cache_info().misses

    watched = DNNClassifier(**DROPPING, callbacks=WATCHING[name](tmp_path)).fit(*iris)

    assert_same_fit(watched, undisturbed)
    assert cache_info().misses == compilations


def test_watching_batches_of_images_changes_nothing(digits):
    """Without XLA, with batch normalisation and held-out rows, no bit changes."""
    settings = {
        "filters": (3,),
        "hidden_layer_sizes": (6,),
        "batch_normalization": True,
        "early_stopping": True,
        "epochs": 2,
        "batch_size": 64,
        "random_state": 0,
    }
    expected = CNNClassifier(**settings).fit(*digits)

    watched = CNNClassifier(**settings, callbacks=Diary()).fit(*digits)

    assert_same_fit(watched, expected)


def test_watching_does_not_touch_global_generators(iris):
    """The model that callbacks get is made without asking a global generator."""
    before = np.random.get_state()[1].tolist(), _python_random_state()  # noqa: NPY002

    DNNClassifier(**DROPPING, callbacks=keras.callbacks.History()).fit(*iris)

    after = np.random.get_state()[1].tolist(), _python_random_state()  # noqa: NPY002
    assert after == before


def _python_random_state():
    import random

    return random.getstate()


@pytest.mark.fast
def test_hooks_come_in_the_order_of_keras_with_its_arguments(iris):
    """Every hook that Keras calls in fit is called, with equal numbers and logs."""
    X, y = iris
    X_val, y_val = X[::4], y[::4]
    diary = Diary()
    fitted = DNNClassifier(**IN_ORDER, callbacks=Diary())

    fitted.fit(X, y, X_val=X_val, y_val=y_val)
    keras_fit(fitted, X, y, [diary], validation_data=(X_val, y_val))

    ours, theirs = fitted.callbacks_[0].entries, diary.entries
    assert len(ours) == 2 + EPOCHS * (2 + 2 * 5 + 2 + 2 * 2)
    for entry, expected in zip(ours, theirs, strict=True):
        *words, logs = entry
        *expected_words, expected_logs = expected
        assert words == expected_words
        if isinstance(logs, dict):
            assert logs == pytest.approx(expected_logs, rel=1e-4)
        else:
            assert logs == expected_logs


LEADING = {
    "ReduceLROnPlateau": lambda: keras.callbacks.ReduceLROnPlateau(
        monitor="loss", patience=1, min_delta=1.0, factor=0.5
    ),
    "LearningRateScheduler": lambda: keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: 0.05 if epoch == 0 else rate / 3
    ),
    "EarlyStopping": lambda: keras.callbacks.EarlyStopping(
        monitor="loss", patience=1, min_delta=0.3, restore_best_weights=True
    ),
    "a class that changes weights": Halving,
}


@pytest.mark.parametrize("name", LEADING)
def test_callbacks_that_change_a_fit_change_it_as_in_keras(iris, name):
    """Learning rates, stops and weights set by a callback act as in plain Keras."""
    X, y = iris

    fitted = DNNClassifier(**IN_ORDER, callbacks=LEADING[name]()).fit(X, y)

    weights, history = keras_fit(fitted, X, y, [LEADING[name]()])
    assert len(fitted.history_["loss"]) == len(history["loss"])
    np.testing.assert_allclose(fitted.history_["loss"], history["loss"], rtol=1e-5)
    np.testing.assert_allclose(weights_of(fitted), weights, atol=1e-5)
    if "learning_rate" in history:
        rates = fitted.history_["learning_rate"]
        np.testing.assert_allclose(rates, history["learning_rate"], rtol=1e-6)
        assert rates[0] > rates[-1]


def test_best_weights_of_keras_say_of_which_epoch_they_are(iris):
    """Where Keras' EarlyStopping has gone back, best_epoch_ is the epoch it names."""
    X, y = iris
    stopping = keras.callbacks.EarlyStopping(
        monitor="loss", patience=2, min_delta=0.3, restore_best_weights=True
    )

    fitted = DNNClassifier(**SMALL | {"epochs": 30}, callbacks=stopping).fit(X, y)

    assert fitted.best_epoch_ == fitted.callbacks_[0].best_epoch + 1
    assert fitted.best_epoch_ == fitted.n_iter_ - 2 < 30


def test_averages_of_the_weights_are_swapped_as_in_keras(iris):
    """SwapEMAWeights exchanges weights and optimizer variables before validation."""
    X, y = iris
    averaging = {"use_ema": True, "ema_momentum": 0.8}
    validation = {"X_val": X[::4], "y_val": y[::4]}
    fitted = DNNClassifier(
        **IN_ORDER,
        optimizer_params=averaging,
        callbacks=keras.callbacks.SwapEMAWeights(),
    )

    fitted.fit(X, y, **validation)

    weights, history = keras_fit(
        fitted,
        X,
        y,
        [keras.callbacks.SwapEMAWeights()],
        keras.optimizers.Adam(SMALL["learning_rate"], **averaging),
        validation_data=tuple(validation.values()),
    )
    np.testing.assert_allclose(weights_of(fitted), weights, atol=1e-5)
    val_loss = fitted.history_["val_loss"]
    np.testing.assert_allclose(val_loss, history["val_loss"], rtol=1e-4)


def test_csv_logger_writes_the_history(iris, tmp_path):
    """The file has the columns that Keras writes and the numbers of ``history_``."""
    path = tmp_path / "log.csv"

    fitted = DNNClassifier(**SMALL, callbacks=keras.callbacks.CSVLogger(path))
    fitted.fit(*iris)

    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:3] == ["epoch", "accuracy", "loss"]
    assert "learning_rate" not in rows[0]
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    assert [float(row["loss"]) for row in rows] == fitted.history_["loss"]


def test_checkpoints_have_names_from_the_logs_and_predict_alike(iris, tmp_path):
    """A file per epoch; the last one predicts and goes on like the estimator."""
    X, y = iris
    pattern = tmp_path / "{epoch:02d}-{accuracy:.3f}.keras"
    checkpoint = keras.callbacks.ModelCheckpoint(pattern)

    fitted = DNNClassifier(**DROPPING, callbacks=checkpoint).fit(X, y)

    accuracies = fitted.history_["accuracy"]
    names = [f"{i:02d}-{a:.3f}.keras" for i, a in enumerate(accuracies, start=1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    model = keras.models.load_model(tmp_path / names[-1])
    outputs = model.predict(X, verbose=0)
    np.testing.assert_allclose(outputs, fitted.predict_proba(X), atol=1e-6)
    assert int(model.optimizer.iterations.numpy()) == EPOCHS * 5
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.01)
    assert model.evaluate(X, y, verbose=0, return_dict=True)["accuracy"] > 0.5


def test_checkpoints_of_a_normalised_target_predict_in_its_units(diabetes, tmp_path):
    """With ``normalize_y`` and a quantile loss a checkpoint loads without skdeep."""
    X, y = diabetes
    path = tmp_path / "model.keras"
    fitted = DNNRegressor(
        **SMALL,
        loss="quantile",
        normalize_y=True,
        callbacks=keras.callbacks.ModelCheckpoint(path),
    )

    fitted.fit(X, y)

    outputs = keras.models.load_model(path).predict(X, verbose=0)[:, 0]
    np.testing.assert_allclose(outputs, fitted.predict(X), rtol=1e-5)


def scalars_in(folder):
    """The numbers in the event files of TensorBoard: (tag, step) → value."""
    scalars = {}
    for path in folder.glob("events*"):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "scalars":
                    number = float(tf.make_ndarray(value.tensor))
                    scalars[value.tag, event.step] = number
    return scalars


def test_tensorboard_gets_a_curve_per_metric(iris, tmp_path):
    """Event files hold loss, accuracy and learning rate of every epoch and batch."""
    X, y = iris
    board = keras.callbacks.TensorBoard(tmp_path, update_freq=1, histogram_freq=1)

    fitted = DNNClassifier(**SMALL, callbacks=board)
    fitted.fit(X, y, X_val=X[::4], y_val=y[::4])

    training = scalars_in(tmp_path / "train")
    validation = scalars_in(tmp_path / "validation")
    for epoch in range(EPOCHS):
        assert training["epoch_loss", epoch] == fitted.history_["loss"][epoch]
        assert training["epoch_learning_rate", epoch] == pytest.approx(0.01)
        assert validation["epoch_loss", epoch] == fitted.history_["val_loss"][epoch]
    assert ("batch_accuracy", EPOCHS * 5) in training


def test_terminate_on_nan_ends_the_fit_at_the_batch(iris, capsys):
    """The first loss that is no number ends the epoch; fit fails as it always does."""
    losses = []
    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
        ),
    ]
    diverging = DNNClassifier(**SMALL | {"optimizer": "sgd", "learning_rate": 1e30})

    with pytest.raises(DivergenceError, match="epoch 1"):
        diverging.set_params(callbacks=callbacks).fit(*iris)

    assert len(losses) == 2
    assert math.isfinite(losses[0])
    assert not math.isfinite(losses[1])
    assert "Invalid loss, terminating training" in capsys.readouterr().out


@pytest.mark.parametrize("double_checkpoint", [False, True])
def test_a_run_resumed_from_a_backup_ends_as_if_never_interrupted(
    iris, undisturbed, tmp_path, double_checkpoint
):
    """Weights, optimizer and epoch come back; dropout and row orders fit in."""
    backup = keras.callbacks.BackupAndRestore(
        tmp_path / "backup", double_checkpoint=double_checkpoint
    )
    crashing = DNNClassifier(
        **DROPPING, callbacks=[backup, Failing(EOFError("crash"), 1)]
    )
    with pytest.raises(EOFError, match="crash"):
        crashing.fit(*iris)

    resumed = DNNClassifier(**DROPPING, callbacks=backup).fit(*iris)

    np.testing.assert_array_equal(weights_of(resumed), weights_of(undisturbed))
    assert resumed.n_iter_ == EPOCHS
    losses = resumed.history_["loss"]
    assert losses[2:] == undisturbed.history_["loss"][2:]
    np.testing.assert_array_equal(losses[:2], [np.nan, np.nan])
    assert not (tmp_path / "backup").exists()


def test_a_backup_outlives_ctrl_c(iris, tmp_path):
    """An interrupted fit keeps its backup, so that it can be resumed."""
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    interrupted = DNNClassifier(
        **SMALL, callbacks=[backup, Failing(KeyboardInterrupt(), 2)]
    )

    with pytest.raises(KeyboardInterrupt, match="interrupted"):
        interrupted.fit(*iris)

    data = json.loads((tmp_path / "backup" / "training_metadata.json").read_text())
    assert data["epoch"] == 3


def test_ctrl_c_keeps_the_epochs_done(iris):
    """interrupted_ is what fewer epochs would have given; the rest is as before."""
    shorter = DNNClassifier(**SMALL | {"epochs": 2}).fit(*iris)
    callbacks = [Failing(KeyboardInterrupt(), 1), Diary()]
    net = DNNClassifier(**SMALL, callbacks=callbacks)
    before = dict(vars(net))

    with pytest.raises(KeyboardInterrupt, match=r"in epoch 3; .* weights of epoch 2"):
        net.fit(*iris)

    assert_same_fit(net.interrupted_, shorter)
    assert net.interrupted_.n_iter_ == 2
    assert net.interrupted_.callbacks_[1].entries[-1][0] == "train end"
    assert vars(net) == {**before, "interrupted_": net.interrupted_}


def test_what_was_reached_goes_on_and_goes_away(iris):
    """A warm start goes on from interrupted_; the next fit that ends removes it."""
    callbacks = [Failing(KeyboardInterrupt(), 1)]
    net = DNNClassifier(**SMALL | {"epochs": 5}, warm_start=True, callbacks=callbacks)
    with pytest.raises(KeyboardInterrupt):
        net.fit(*iris)
    reached = pickle.loads(pickle.dumps(net.interrupted_))

    reached.set_params(epochs=3, callbacks=None).fit(*iris)

    whole = DNNClassifier(**SMALL | {"epochs": 5}).fit(*iris)
    assert_same_fit(reached, whole)
    assert not hasattr(net.set_params(callbacks=None).fit(*iris), "interrupted_")


@pytest.mark.parametrize("error_score", [np.nan, "raise"])
def test_ctrl_c_ends_a_search(error_score, iris):
    """No fold is trained after Ctrl-C, however a search treats errors."""
    begun = []
    counting = keras.callbacks.LambdaCallback(on_train_begin=begun.append)
    net = DNNClassifier(**SMALL, callbacks=[counting, Failing(KeyboardInterrupt(), 1)])
    search = GridSearchCV(net, {"l2": [0.1, 0.2]}, cv=2, error_score=error_score)

    with pytest.raises(KeyboardInterrupt):
        search.fit(*iris)

    assert len(begun) == 1


def test_ctrl_c_is_no_other_error(iris):
    """What fails while an interrupted fit ends does not hide that it was stopped."""

    def fail(logs):
        raise ValueError("no space left")

    callbacks = [
        keras.callbacks.LambdaCallback(on_train_end=fail),
        Failing(KeyboardInterrupt(), 1),
    ]
    net = DNNClassifier(**SMALL, callbacks=callbacks)

    with pytest.raises(KeyboardInterrupt):
        net.fit(*iris)

    assert not hasattr(net, "interrupted_")


def test_ctrl_c_within_an_epoch_goes_back_to_its_begin(iris):
    """A callback interrupted at a batch leaves the weights of the last whole epoch."""

    def interrupt(batch, logs):
        batches.append(batch)
        if len(batches) == 8:
            raise KeyboardInterrupt

    batches = []
    shorter = DNNClassifier(**SMALL | {"epochs": 1}).fit(*iris)
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)
    net = DNNClassifier(**SMALL, callbacks=callback)

    with pytest.raises(KeyboardInterrupt, match="weights of epoch 1"):
        net.fit(*iris)

    assert_same_fit(net.interrupted_, shorter)


@pytest.mark.parametrize("hook", ["on_train_begin", "on_train_batch_end"])
def test_ctrl_c_in_the_first_epoch_leaves_nothing(hook, iris):
    """An untrained network is not kept: the estimator is not fitted."""

    def interrupt(*args):
        raise KeyboardInterrupt

    callback = keras.callbacks.LambdaCallback(**{hook: interrupt})
    net = DNNClassifier(**SMALL, callbacks=callback)
    before = dict(vars(net))

    with pytest.raises(KeyboardInterrupt, match="epoch 1; the estimator is as it was"):
        net.fit(*iris)

    assert vars(net) == before


def test_a_failing_callback_fails_the_fit_and_ends_nothing(iris):
    """Its error reaches the user; as in Keras, no callback hears of an end."""
    ends = []
    callbacks = [
        Failing(RuntimeError("no space"), 0),
        keras.callbacks.LambdaCallback(on_train_end=ends.append),
    ]
    failing = DNNClassifier(**SMALL, callbacks=callbacks)

    with pytest.raises(RuntimeError, match="no space"):
        failing.fit(*iris)

    assert ends == []
    assert not hasattr(failing, "history_")


def test_a_stop_at_a_batch_ends_the_epoch_there(iris):
    """``model.stop_training`` set at a batch ends the run, as in Keras."""

    class Stop(Diary):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            self.model.stop_training = batch == 2

    fitted = DNNClassifier(**SMALL, callbacks=Stop()).fit(*iris)

    entries = fitted.callbacks_[0].entries
    assert [e[0] for e in entries[-3:]] == ["batch end", "epoch end", "train end"]
    assert entries[-3][2] == entries[-2][2]
    assert fitted.n_iter_ == 1


def test_the_objects_of_the_caller_stay_as_they_were(iris):
    """Every fit, of clones too, works on copies; the object can be used again."""
    diary = Diary()
    estimator = DNNClassifier(**SMALL, callbacks=[diary])

    first = estimator.fit(*iris).callbacks_[0]
    second = clone(estimator).fit(*iris).callbacks_[0]

    assert vars(diary) == vars(Diary())
    assert estimator.callbacks == [diary]
    assert first.entries == second.entries
    assert first is not second


def test_callbacks_can_share_what_they_gather(iris):
    """Copies are made together, so two callbacks with one list still have one."""
    first, second = Diary(), Diary()
    second.entries = first.entries

    fitted = DNNClassifier(**SMALL, callbacks=[first, second]).fit(*iris)

    assert fitted.callbacks_[0].entries is fitted.callbacks_[1].entries


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_pickles_and_copies_leave_used_callbacks_behind(iris, tmp_path, duplicate):
    """A fitted estimator whose callback holds a closed file can be pickled."""
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    fitted = DNNClassifier(**SMALL, callbacks=logger).fit(*iris)

    again = duplicate(fitted)

    assert not hasattr(again, "callbacks_")
    np.testing.assert_array_equal(again.predict(iris[0]), fitted.predict(iris[0]))
    assert again.fit(*iris).history_ == fitted.history_


def test_what_a_callback_adds_to_the_logs_joins_the_history(iris):
    """New columns appear as floats, missing epochs as NaN, old columns stay."""

    def add(epoch, logs):
        logs["loss"] = -1.0
        if epoch % 2:
            logs["largest_weight"] = np.float32(epoch)

    callback = keras.callbacks.LambdaCallback(on_epoch_end=add)

    fitted = DNNClassifier(**SMALL, callbacks=callback).fit(*iris)

    np.testing.assert_array_equal(
        fitted.history_["largest_weight"], [np.nan, 1.0, np.nan, 3.0]
    )
    assert min(fitted.history_["loss"]) > 0


def test_text_in_the_logs_is_refused(iris):
    """The history holds numbers; the error names what was added."""
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(note="good")
    )

    with pytest.raises(InvalidNetworkError, match="note='good'"):
        DNNClassifier(**SMALL, callbacks=callback).fit(*iris)


def test_epochs_are_numbered_on_over_warm_starts(iris):
    """The second fit begins where the first ended, as with ``initial_epoch``."""
    fitted = DNNClassifier(**SMALL, callbacks=Diary(), warm_start=True).fit(*iris)

    entries = fitted.fit(*iris).callbacks_[0].entries

    assert [e[1] for e in entries if e[0] == "epoch begin"] == [4, 5, 6, 7]
    assert fitted.callbacks_[0].params == {"verbose": 0, "epochs": 8, "steps": 5}


def test_partial_fit_calls_callbacks_for_its_epoch(iris):
    """One call of partial_fit is a run of one epoch."""
    fitted = DNNClassifier(**SMALL, callbacks=Diary())

    fitted.partial_fit(*iris, classes=[0, 1, 2])

    entries = fitted.callbacks_[0].entries
    assert [e[1] for e in entries if e[0].startswith("epoch")] == [0, 0]


def test_callbacks_and_a_schedule_go_together(iris, tmp_path):
    """With a Keras schedule the model's optimizer shows the rate of the moment."""
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 5, 0.5)
    rates = keras.callbacks.TensorBoard(tmp_path)
    settings = SMALL | {"learning_rate": schedule}
    expected = DNNClassifier(**settings).fit(*iris)

    watched = DNNClassifier(**settings, callbacks=rates).fit(*iris)

    assert_same_fit(watched, expected)
    written = scalars_in(tmp_path / "train")
    for epoch, rate in enumerate(expected.history_["learning_rate"]):
        assert written["epoch_learning_rate", epoch] == pytest.approx(rate)


def test_a_rate_in_double_precision_keeps_its_digits(diabetes):
    """The float32 variable of Keras does not round the rate of a float64 fit."""
    settings = SMALL | {"dtype": "float64", "epochs": 2}
    expected = DNNRegressor(**settings).fit(*diabetes)

    watched = DNNRegressor(**settings, callbacks=keras.callbacks.History())

    assert_same_fit(watched.fit(*diabetes), expected)


LOOKS = [
    # callback, sees every epoch, sees every batch
    (keras.callbacks.History(), True, False),
    (keras.callbacks.ModelCheckpoint("m.keras"), True, False),
    (keras.callbacks.ModelCheckpoint("m.keras", save_freq=3), True, True),
    (keras.callbacks.BackupAndRestore("folder"), True, False),
    (keras.callbacks.BackupAndRestore("folder", save_freq=3), True, True),
    (keras.callbacks.TensorBoard("folder"), True, False),
    (keras.callbacks.TensorBoard("folder", update_freq="batch"), True, True),
    (keras.callbacks.TerminateOnNaN(), False, True),
    (keras.callbacks.LambdaCallback(on_train_end=print), False, False),
    (keras.callbacks.LambdaCallback(on_epoch_begin=print), True, False),
    (keras.callbacks.LambdaCallback(on_train_batch_end=print), False, True),
    (Diary(), True, True),
]


@pytest.mark.parametrize(("callback", "epochs", "batches"), LOOKS)
def test_a_run_is_cut_only_where_a_callback_looks(callback, epochs, batches):
    """Hooks that do nothing cost no call of the program."""
    observer = KerasCallbacks([callback], make_model=None, verbose=0)

    assert observer.max_epochs_between_looks == (1 if epochs else math.inf)
    assert observer.batches == batches
    assert observer.validation_batches == isinstance(callback, Diary) or batches


class Uncopyable(keras.callbacks.Callback):
    """Hold something that cannot be copied."""

    def __init__(self):
        super().__init__()
        self.generator = (number for number in range(3))


class ForScikitLearn:
    """A callback for ``set_callbacks``."""

    def on_fit_task_end(self, estimator, context):
        """After a task."""


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        ([print], "Give an instance"),
        ([Diary], "Give an instance"),
        ([ForScikitLearn()], "go to set_callbacks"),
        (Uncopyable(), "__deepcopy__"),
    ],
)
def test_what_is_no_callback_is_refused(iris, callbacks, message):
    """The error says what to give."""
    with pytest.raises(InvalidNetworkError, match=message):
        DNNClassifier(**SMALL, callbacks=callbacks).fit(*iris)
