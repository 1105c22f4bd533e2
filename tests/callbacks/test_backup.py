"""A fit goes on from a backup of Keras, wherever a kill has met its writes.

``tests/reliability/test_checkpoint_resume.py`` kills; here are the files left by that.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdeep import DNNClassifier

NET = {
    "hidden_layer_sizes": (6,),
    "dropout": 0.2,
    "epochs": 6,
    "learning_rate": 0.01,
    "random_state": 0,
    "jit_compile": False,
}


class Dying(keras.callbacks.Callback):
    """Raise an error at the end of an epoch."""

    def on_epoch_end(self, epoch, logs=None):
        """Fail."""
        if epoch == 3:
            raise EOFError


def fit(iris, folder, *others, **parameters):
    """Fit with a backup in a folder."""
    backup = keras.callbacks.BackupAndRestore(folder, double_checkpoint=True)
    net = DNNClassifier(**NET | parameters, callbacks=[backup, *others])
    return net.fit(*iris)


def die(iris, folder, **parameters):
    """Leave a backup of four epochs, and one of three in its copies."""
    with pytest.raises(EOFError):
        fit(iris, folder, Dying(), **parameters)


def cut_off_weights(folder):
    """In the middle of the weights."""
    path = folder / "latest.weights.h5"
    path.write_bytes(path.read_bytes()[:2000])


def cut_off_number(folder):
    """After the file for the number was opened."""
    (folder / "training_metadata.json").write_bytes(b"")


def before_number(folder):
    """Between the weights and the number of their epoch."""
    number = folder / "training_metadata.json"
    number.write_bytes((folder / "training_metadata.json.bkp").read_bytes())


def before_first_number(folder):
    """The same, in the first backup there is."""
    for path in folder.glob("training_metadata.json*"):
        path.unlink()


LEFT_BY_KILLS = [cut_off_weights, cut_off_number, before_number, before_first_number]


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("kill", LEFT_BY_KILLS)
def test_a_fit_goes_on_wherever_the_kill_was(kill, iris, tmp_path):
    """To the bits of an undisturbed fit."""
    folder = tmp_path / "backup"
    die(iris, folder)
    kill(folder)

    resumed = fit(iris, folder)

    undisturbed = DNNClassifier(**NET).fit(*iris)
    n_missing = np.isnan(resumed.history_["loss"]).sum()
    assert n_missing == (3 if kill is cut_off_weights else 4)
    np.testing.assert_array_equal(
        resumed.predict_proba(iris[0]), undisturbed.predict_proba(iris[0])
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"optimizer_params": {"gradient_accumulation_steps": 2}},
        {"optimizer": "sgd"},
        {"optimizer_params": {"use_ema": True}},
    ],
    ids=["accumulating", "without memory", "averages"],
)
def test_every_optimizer_says_which_epoch_it_is_of(parameters, iris, tmp_path):
    """It counts batches, accumulated ones and those of an optimizer without memory."""
    folder = tmp_path / "backup"
    die(iris, folder, **parameters)
    before_number(folder)

    resumed = fit(iris, folder, **parameters)

    assert np.isnan(resumed.history_["loss"]).sum() == 4


def test_batches_of_another_size_leave_the_number_as_it_is(iris, tmp_path):
    """Who changes batch_size between two tries has the epochs that are noted."""
    folder = tmp_path / "backup"
    die(iris, folder)

    resumed = fit(iris, folder, batch_size=75)  # 2 batches, not 5

    assert np.isnan(resumed.history_["loss"]).sum() == 4


@pytest.mark.fast
def test_weights_that_do_not_load_say_what_to_do(iris, tmp_path):
    """Without a second backup nothing is left to go on from."""
    folder = tmp_path / "backup"
    die(iris, folder)
    cut_off_weights(folder)
    (folder / "latest.weights.h5.bkp").unlink()

    with pytest.raises(OSError, match=r"Remove the folder .*double_checkpoint=True"):
        fit(iris, folder)
