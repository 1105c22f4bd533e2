"""Several jobs at once, in threads; nobody looks at them while they run.

Programs are pure and let go of Python's lock while they compute, so two jobs on two
cores take the time of one. What each gives does not depend on the others, nor on how
many run at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
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
    take: Callable[[int, Outcome], None],
) -> bool:
    """Run jobs, as many at once as there are cores for.

    Parameters
    ----------
    jobs : iterable of (Job, sequence of Callback)
        Each is made when there is a thread for it, so that few hold their rows; the
        callbacks are what ``run_job`` calls measures.
    take : callable
        Called in this thread with the number of a job and its outcome, as soon as it
        has one; after Ctrl-C for those that had begun.

    Returns
    -------
    interrupted : bool
        Whether Ctrl-C has ended them.

    Raises
    ------
    skdeep.exceptions.DivergenceError
        That of the first job that diverges, whichever was quicker.
    """
    n_threads = n_jobs_at_once()
    asked = threading.Event()
    running = _Running(take)
    with ThreadPoolExecutor(n_threads, thread_name_prefix="skdeep") as pool:
        try:
            for number, (job, measures) in enumerate(jobs):
                future = pool.submit(run_job, job, [Halt(asked)], measures)
                running.add(number, future)
                # Those in NumPy take turns: two at once took longer than one by one.
                running.wait_until_busy(0 if job.key.in_numpy else n_threads - 1)
                # Those before it have begun, so the first error is always found.
                if running.errors:
                    break
            running.wait_until_busy(0)
        except KeyboardInterrupt:
            asked.set()
            running.wait_until_busy(0)
    if running.errors:
        raise running.errors[min(running.errors)]
    return asked.is_set()


class _Running:
    """Jobs that run, by their number; sets ``errors`` of those that failed."""

    def __init__(self, take: Callable[[int, Outcome], None]):
        self.errors: dict[int, BaseException] = {}
        self._take = take
        self._numbers: dict[Future[Outcome], int] = {}

    def add(self, number: int, future: Future[Outcome]) -> None:
        """Remember a job that has begun."""
        self._numbers[future] = number

    def wait_until_busy(self, n_jobs: int) -> None:
        """Wait until no more than so many run; take over what the others have left."""
        while len(self._numbers) > n_jobs:
            # Not without an end: an interrupt that is no signal wakes nobody who waits.
            done, _ = wait(self._numbers, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            for future in done:
                number = self._numbers.pop(future)
                error = future.exception()
                if error is None:
                    self._take(number, future.result())
                else:
                    self.errors[number] = error


def n_jobs_at_once() -> int:
    """Return how many jobs have a core each, under the limits of a search's worker."""
    limit = load_tensorflow().config.threading.get_intra_op_parallelism_threads()
    n_cores: int = cpu_count()
    return min(limit or n_cores, n_cores)
