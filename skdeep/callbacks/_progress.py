"""What ``verbose`` shows of a fit: a live bar, a line per tenth, or a line per epoch.

Everything goes to the standard output or the output of a notebook's cell, and nothing
to either if ``verbose`` is 0.
"""

from __future__ import annotations

import html
import math
import time
from typing import TYPE_CHECKING, Any

from skdeep.callbacks._callback import Callback, RunView

if TYPE_CHECKING:
    from rich.console import Console

# Between looks epochs run in one call: a display must not make a fit slower by looking
# after every epoch (test_displays_do_not_cut_epochs_apart).
SECONDS_PER_LOOK = 0.1


def make_display(verbose: int, title: str, part: str = "") -> Callback | None:
    """Return what shows a fit as ``verbose`` asks for; None for nothing.

    ``part`` says which of several networks it is.
    """
    if verbose == 0:
        return None
    if verbose == 1:
        from rich.console import Console

        console = Console()
        if console.is_jupyter:
            return NotebookBar(part or title)
        if console.is_terminal and not console.is_dumb_terminal:
            return ProgressBar(console, part or title)
        return ProgressLines(10, part)
    return ProgressLines(math.inf, part)


class ProgressLines(Callback):
    """Print a line whenever another share of the epochs is done.

    Parameters
    ----------
    n_lines : float
        How many lines; infinity prints every epoch.
    part : str, default=""
        What every line begins with.
    """

    max_epochs_between_looks = math.inf
    seconds = SECONDS_PER_LOOK

    def __init__(self, n_lines: float, part: str = ""):
        self.n_lines = n_lines
        self._begin = f"{part} - " if part else ""
        self._first_epoch = 0
        self._epoch = 0  # the one that ``_unprinted`` belongs to
        self._unprinted: dict[str, float] | None = None

    def on_run_begin(self, run: RunView) -> None:
        """Remember where the run begins."""
        self._first_epoch = self._epoch = run.epoch

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Print the epochs that complete a share."""
        n_epochs = run.last_epoch - self._first_epoch
        n_lines = min(self.n_lines, n_epochs)
        for epoch, log in enumerate(logs, start=run.epoch - len(logs) + 1):
            self._epoch, self._unprinted = epoch, log
            done = epoch - self._first_epoch
            # In whole numbers, so no rounding skips a line. 10 lines of 25 epochs: 3,
            # 5, 8, 10, 13, ..., 25.
            if done * n_lines // n_epochs > (done - 1) * n_lines // n_epochs:
                self._print(run)

    def on_run_end(self, run: RunView) -> None:
        """Print the last epoch of a run that has stopped early."""
        if self._unprinted is not None:
            self._print(run)

    def _print(self, run: RunView) -> None:
        """Print one line. Sets: ``_unprinted``."""
        assert self._unprinted is not None
        width = len(str(run.last_epoch))
        number = f"Epoch {self._epoch:{width}d}/{run.last_epoch}"
        print(f"{self._begin}{number} - {_measured(self._unprinted)}", flush=True)
        self._unprinted = None


class ProgressBar(Callback):
    """Show one bar that moves while the fit goes on.

    Parameters
    ----------
    console : rich.console.Console
        A terminal.
    title : str
        What stands in front of the bar.
    """

    max_epochs_between_looks = math.inf
    seconds = SECONDS_PER_LOOK

    def __init__(self, console: Console, title: str):
        from rich import progress

        self._bar = progress.Progress(
            # Without markup: a name in brackets would be taken for a style.
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[measured]}", markup=False),
            progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
            auto_refresh=False,  # no thread
            redirect_stdout=False,  # no change of sys.stdout
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(title, total=None, measured="")
        self._next_look = 0.0

    def on_run_begin(self, run: RunView) -> None:
        """Show the empty bar."""
        self._bar.update(self._task, completed=run.epoch, total=run.last_epoch)
        self._bar.start()

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Move the bar, but not more often than an eye can follow."""
        measured = _measured(logs[-1])
        self._bar.update(self._task, completed=run.epoch, measured=measured)
        # Validation and other callbacks may end a segment with every epoch.
        if time.monotonic() >= self._next_look:
            self._bar.refresh()
            self._next_look = time.monotonic() + self.seconds

    def on_run_end(self, run: RunView) -> None:
        """Leave the bar where it has come to."""
        self._bar.stop()


class NotebookBar(Callback):
    """Show one bar in the output of a notebook's cell, and move it there.

    The notebook keeps where it has come to. rich has a bar for notebooks, too, which
    needs ipywidgets and leaves nothing in the file.

    Parameters
    ----------
    title : str
        What stands in front of the bar.
    """

    max_epochs_between_looks = math.inf
    seconds = SECONDS_PER_LOOK

    def __init__(self, title: str):
        self._title = title
        self._handle: Any = None
        self._measured = ""
        self._next_look = 0.0

    def on_run_begin(self, run: RunView) -> None:
        """Show the empty bar. Sets: ``_handle``."""
        from IPython.display import display

        self._handle = display(self._view(run), raw=True, display_id=True)

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Move the bar, but not more often than an eye can follow."""
        self._measured = _measured(logs[-1])
        if time.monotonic() >= self._next_look:
            self._move(run)
            self._next_look = time.monotonic() + self.seconds

    def on_run_end(self, run: RunView) -> None:
        """Leave the bar where it has come to."""
        self._move(run)

    def _move(self, run: RunView) -> None:
        """Show the bar anew; a shell that has no places for it gives no handle."""
        if self._handle is not None:
            self._handle.update(self._view(run), raw=True)

    def _view(self, run: RunView) -> dict[str, str]:
        """The bar in the formats that a notebook chooses from."""
        done, planned = run.epoch, run.last_epoch
        text = f"{done}/{planned} {self._measured}".rstrip()
        bar = f'<progress value="{done}" max="{planned}"></progress>'
        title, measured = html.escape(self._title), html.escape(text)
        return {
            "text/plain": f"{self._title} {text}",
            "text/html": f"<div>{title} {bar} {measured}</div>",
        }


def _measured(log: dict[str, float]) -> str:
    """Loss and metrics as text."""
    return " - ".join(
        f"{name}: {value:.4g}" for name, value in log.items() if name != "learning_rate"
    )
