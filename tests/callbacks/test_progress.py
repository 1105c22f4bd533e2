"""verbose: what is printed, where, and that nothing else is."""

from __future__ import annotations

import contextlib
import io
import math
import subprocess
import sys

import keras
import pytest

from skdeep import DNNClassifier
from skdeep.callbacks._progress import ProgressBar, ProgressLines, make_display

SMALL = {
    "hidden_layer_sizes": (6,),
    "epochs": 4,
    "batch_size": 32,
    "learning_rate": 0.01,
    "random_state": 3,
}


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self):
        """It is."""
        return True


class RunOf:
    """A run of ``last_epoch`` epochs, of which ``epoch`` are done."""

    def __init__(self, last_epoch, epoch=0):
        self.last_epoch = last_epoch
        self.epoch = epoch


def shown(run, segments, display):
    """Let a display see a run in segments of so many epochs."""
    display.on_run_begin(run)
    for n_epochs in segments:
        run.epoch += n_epochs
        first = run.epoch - n_epochs + 1
        logs = [{"loss": float(i)} for i in range(first, run.epoch + 1)]
        display.on_epoch_end(run, logs)
    display.on_run_end(run)


@pytest.mark.fast
def test_silent_fits_print_nothing(iris, capsys):
    """With verbose=0 neither fit nor predict writes a byte."""
    fitted = DNNClassifier(**SMALL).fit(*iris)

    fitted.predict(iris[0])

    assert capsys.readouterr() == ("", "")


def test_a_line_per_tenth_where_there_is_no_terminal(iris, capsys):
    """verbose=1 prints ten lines of loss and metrics, as in the history."""
    fitted = DNNClassifier(**SMALL | {"epochs": 30}, verbose=1).fit(*iris)
    fitted.predict(iris[0])

    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"Epoch {epoch:2d}/30 - loss: {fitted.history_['loss'][epoch - 1]:.4g} - "
        f"accuracy: {fitted.history_['accuracy'][epoch - 1]:.4g}"
        for epoch in range(3, 31, 3)
    ]


@pytest.mark.fast
def test_a_line_per_epoch(iris, capsys):
    """verbose=2 prints every epoch, with the validation rows."""
    X, y = iris

    fitted = DNNClassifier(**SMALL, verbose=2).fit(X, y, X_val=X, y_val=y)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == [
        "Epoch 1/4",
        "Epoch 2/4",
        "Epoch 3/4",
        "Epoch 4/4",
    ]
    assert f"val_loss: {fitted.history_['val_loss'][-1]:.4g}" in lines[-1]
    assert "learning_rate" not in lines[-1]


@pytest.mark.parametrize("verbose", [1, 2, True])
def test_verbose_changes_no_result(iris, capsys, verbose):
    """A fit that is shown has the same history."""
    expected = DNNClassifier(**SMALL).fit(*iris).history_

    assert DNNClassifier(**SMALL, verbose=verbose).fit(*iris).history_ == expected


@pytest.mark.parametrize("segments", [[33], [1] * 33, [20, 13]])
def test_lines_do_not_depend_on_how_a_run_is_cut(capsys, segments):
    """However many epochs pass in a call, the same ten lines are printed."""
    shown(RunOf(33), segments, ProgressLines(10))

    epochs = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert epochs == [f"{e}/33" for e in (4, 7, 10, 14, 17, 20, 24, 27, 30, 33)]


def test_a_run_that_stops_early_shows_its_last_epoch(capsys):
    """The line of the last epoch is printed though no tenth is full."""
    shown(RunOf(100), [13], ProgressLines(10))

    assert capsys.readouterr().out == (
        "Epoch  10/100 - loss: 10\nEpoch  13/100 - loss: 13\n"
    )


def test_a_continued_run_counts_its_own_tenths(capsys):
    """After 20 epochs of a first fit the next 20 print ten lines, numbered on."""
    shown(RunOf(40, epoch=20), [20], ProgressLines(10))

    epochs = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert epochs == [f"{e}/40" for e in range(22, 41, 2)]


def test_a_bar_in_a_terminal():
    """verbose=1 in a terminal is one bar that moves, with loss and metrics."""
    terminal = Terminal()

    with contextlib.redirect_stdout(terminal):
        fitted = DNNClassifier(**SMALL, verbose=1)
        fitted.fit([[0.0], [1.0]] * 20, ["a", "b"] * 20)

    text = terminal.getvalue()
    assert "DNNClassifier" in text
    assert "4/4" in text
    assert f"loss: {fitted.history_['loss'][-1]:.4g}" in text
    assert text.count("\n") == 1
    assert text.endswith("\x1b[?25h")  # the cursor is back


@pytest.mark.fast
def test_a_bar_moves_ten_times_a_second_at_most():
    """Of a thousand looks in no time, only first and last are drawn."""
    terminal = Terminal()

    with contextlib.redirect_stdout(terminal):
        display = make_display(1, "net")
        shown(RunOf(1000), [1] * 1000, display)

    assert isinstance(display, ProgressBar)
    assert 2 <= terminal.getvalue().count("/1000") < 20


def test_a_bar_is_taken_down_when_fit_fails(iris):
    """The cursor comes back, whatever happens."""

    def fail(epoch, logs):
        raise RuntimeError("no space")

    terminal = Terminal()
    callback = keras.callbacks.LambdaCallback(on_epoch_end=fail)
    failing = DNNClassifier(**SMALL, verbose=1, callbacks=callback)

    with contextlib.redirect_stdout(terminal), pytest.raises(RuntimeError):
        failing.fit(*iris)

    assert terminal.getvalue().endswith("\x1b[?25h")


@pytest.mark.parametrize("verbose", [1, 2])
def test_displays_do_not_cut_epochs_apart(verbose):
    """They look by the clock, so that epochs stay together in long calls."""
    display = make_display(verbose, "net")

    assert display.max_epochs_between_looks == math.inf
    assert display.seconds == 0.1


FITS = """
import builtins
from skdeep import DNNClassifier
net = DNNClassifier((3,), epochs=2, random_state=0)
net.fit([[0.0], [1.0]] * 9, [0, 1] * 9).predict([[0.5]])
import keras
net.set_params(callbacks=keras.callbacks.ModelCheckpoint("model.keras"))
net.fit([[0.0], [1.0]] * 9, [0, 1] * 9).predict([[0.5]])
print("shown from here")

class ZMQInteractiveShell:
    "What a notebook's kernel calls itself; rich asks for the name."

builtins.get_ipython = ZMQInteractiveShell
net = DNNClassifier((3,), epochs=20, verbose=1, random_state=0)
net.fit([[0.0], [1.0]] * 9, [0, 1] * 9)
"""


# NumPy 2 offers __array__ an argument that the variables of Keras do not take.
OF_KERAS = "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """A process that has fitted, without display and then in what is no notebook."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", OF_KERAS, "-c", FITS],
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("process"),
        check=False,
    )


def test_a_process_that_fits_is_silent(process):
    """No note of TensorFlow appears, even in the child of a process that has it."""
    before, *_ = process.stdout.partition("shown from here")

    assert (before, process.stderr) == ("", "")


def test_a_shell_that_moves_nothing_ends_no_fit(process):
    """verbose=1 is harmless where something calls itself a notebook and is none."""
    assert "shown from here" in process.stdout
    assert process.returncode == 0
    assert process.stderr == ""
