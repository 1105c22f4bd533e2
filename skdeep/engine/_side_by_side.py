"""Several jobs at once, in threads; nobody looks at them while they run.

Programs are pure and let go of Python's lock while they compute, so two jobs on two
cores take the time of one. What each gives does not depend on the others, nor on how
many run at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from joblib import cpu_count

from skdeep.callbacks._callback import Callback, RunView
from skdeep.engine._job import Job, Outcome
from skdeep.engine._run import run_job
from skdeep.engine.backends._loading import load_tensorflow

SECONDS_BETWEEN_LOOKS = 0.2


class Halt(Callback):
    """Break a run off when somebody else has been interrupted: Ctrl-C has one thread.

    Parameters
    ----------
    asked : threading.Event
        Set when all runs are to end.
    """

    max_epochs_between_looks = float("inf")

    def __init__(self, asked: threading.Event):
        self._asked = asked

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """End the run as Ctrl-C would."""
        if self._asked.is_set():
            raise KeyboardInterrupt


def run_side_by_side(
    jobs: Iterable[tuple[Job, Sequence[Callback]]],
) -> tuple[list[Outcome], bool]:
    """Run jobs, as many at once as there are cores for.

    Parameters
    ----------
    jobs : iterable of (Job, sequence of Callback)
        Each is made when there is a thread for it, so that few hold their rows; the
        callbacks are what ``run_job`` calls measures.

    Returns
    -------
    outcomes : list of Outcome
        In the order of the jobs; after Ctrl-C of those that had begun.
    interrupted : bool
        Whether Ctrl-C has ended them.

    Raises
    ------
    skdeep.exceptions.DivergenceError
        That of the first job that diverges, whichever was quicker.
    """
    asked = threading.Event()
    running: list[Future[Outcome]] = []
    n_threads = n_jobs_at_once()
    with ThreadPoolExecutor(n_threads, thread_name_prefix="skdeep") as pool:
        try:
            for job, measures in jobs:
                running.append(pool.submit(run_job, job, [Halt(asked)], measures))
                _wait_until_busy(running, n_threads - 1)
                # Those before it have begun, so the first error is always found.
                if any(f.done() and f.exception() for f in running):
                    break
            _wait_until_busy(running, 0)
        except KeyboardInterrupt:
            asked.set()
            _wait_until_busy(running, 0)
    return [future.result() for future in running], asked.is_set()


def n_jobs_at_once() -> int:
    """Return how many jobs have a core each, under the limits of a search's worker."""
    limit = load_tensorflow().config.threading.get_intra_op_parallelism_threads()
    n_cores: int = cpu_count()
    return min(limit or n_cores, n_cores)


def _wait_until_busy(running: list[Future[Outcome]], n_jobs: int) -> None:
    """Wait until no more than so many jobs run."""
    busy = {future for future in running if not future.done()}
    while len(busy) > n_jobs:
        # Not without an end: an interrupt that is no signal wakes nobody who waits.
        _, busy = wait(busy, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
