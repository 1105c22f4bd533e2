"""Several networks in one estimator: trained from different seeds, averaged.

Each is a fitted estimator of the same class with ``n_members=1``, prepared and kept as
any other; what the whole estimator shows is put together from theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skdeep.callbacks._callback import Callback
from skdeep.data._training_data import TrainingData
from skdeep.engine._fitted_members import FittedMembers
from skdeep.engine._job import Job, Outcome
from skdeep.engine._random import draw_seeds
from skdeep.engine._run import run_job
from skdeep.engine._side_by_side import run_side_by_side
from skdeep.estimators._monitor import epoch_scores
from skdeep.exceptions import InvalidNetworkError

# What a fit leaves in a member; the rest of it is as in the whole estimator.
OWN = frozenset(
    {
        "_fitted",
        "_training_state",
        "best_epoch_",
        "callbacks_",
        "do_early_stopping_",
        "history_",
        "n_epochs_",
        "n_iter_",
    }
)
# What of the whole has no part in a member: its members, who watches or cuts its fit.
OF_WHOLE = frozenset({"members_", "interrupted_", "_part", "_report", "_skl_callbacks"})


def new_members(whole: Any) -> Iterator[Any]:
    """Make the members, each with a seed that gives its network again.

    The first has the ``random_state`` of the whole and so is what ``n_members=1``
    gives; the numbers behind its seeds are those of the others. They are drawn one by
    one, each after the fit before has drawn its own.
    """
    yield _member(whole)
    generator = check_random_state(whole.random_state)
    if generator is not whole.random_state and whole.random_state is not None:
        draw_seeds(generator)  # those of the first; a shared generator is past them
    for _ in range(1, whole.n_members):
        seed = int(generator.randint(2**31 - 1))
        yield _member(whole, random_state=seed)


def continued_members(whole: Any) -> Iterator[Any]:
    """Make members that go on from those of an earlier fit."""
    before = getattr(whole, "members_", [None])
    if len(before) != whole.n_members:
        raise InvalidNetworkError(
            "Training can only go on with the same members; got "
            f"n_members={whole.n_members} after a fit with {len(before)}. Set it back, "
            "or fit with warm_start=False."
        )
    for member in before:
        kept = {name: value for name, value in vars(member).items() if name in OWN}
        yield _member(whole, random_state=member.random_state, **kept)


def _member(whole: Any, **own: Any) -> Any:
    """Make an estimator that has in common with the whole what is not its own."""
    # No clone: a subclass's constructor must not run.
    member = object.__new__(type(whole))
    shared = {n: v for n, v in vars(whole).items() if n not in OWN | OF_WHOLE}
    member.__dict__.update({**shared, "n_members": 1, **own})
    return member


class MembersInTraining:
    """The members of one fit, each kept as soon as it is trained.

    Sets: ``_members``, those that have been prepared; ``_jobs``, what of them still
    runs; ``_trained``, those that are kept, by their number.

    Parameters
    ----------
    whole : NetworkEstimator
        Whose members they are.
    continuing : bool
        Whether they go on from those of an earlier fit.
    keep_optimizer : bool
        Whether a later fit will go on from them.
    """

    def __init__(self, whole: Any, continuing: bool, keep_optimizer: bool):
        self._whole = whole
        self._continuing = continuing
        self._keep_optimizer = keep_optimizer
        self._members: list[Any] = []
        self._jobs: dict[int, Job] = {}
        self._trained: dict[int, Any] = {}

    def train(
        self,
        training: TrainingData,
        validation: TrainingData | None,
        n_epochs: int,
        tasks: Any,
        is_partial: bool,
    ) -> tuple[list[Any], bool]:
        """Train all; return those that got somewhere, and whether Ctrl-C ended it."""
        whole = self._whole
        jobs = self._prepared(training, validation, n_epochs, is_partial)
        if tasks is None and not whole.callbacks and not whole.verbose:
            interrupted = run_side_by_side(jobs, self._take)
        else:
            interrupted = self._run_in_turn(jobs, tasks)
        return [self._trained[number] for number in sorted(self._trained)], interrupted

    def _prepared(
        self,
        training: TrainingData,
        validation: TrainingData | None,
        n_epochs: int,
        is_partial: bool,
    ) -> Iterator[tuple[Job, list[Callback]]]:
        """Make members and their jobs, one by one."""
        whole = self._whole
        make = continued_members if self._continuing else new_members
        for number, member in enumerate(make(whole)):
            rows = (training, validation, n_epochs, self._continuing, is_partial)
            job = member._prepare(*rows, is_first=number == 0)
            self._members.append(member)
            self._jobs[number] = job
            yield job, epoch_scores(member, job, whole.monitor)

    def _take(self, number: int, outcome: Outcome) -> None:
        """Keep what is left of a job, and let go of its rows."""
        job = self._jobs.pop(number)
        if outcome.history or not outcome.interrupted:
            member = self._members[number]
            self._trained[number] = member._take(job, outcome, self._keep_optimizer)

    def _run_in_turn(
        self, jobs: Iterator[tuple[Job, list[Callback]]], tasks: Any
    ) -> bool:
        """Run jobs one after the other, for those who look on."""
        whole = self._whole
        for number, (job, measures) in enumerate(jobs):
            title = f"Member {number + 1}/{whole.n_members}"
            callbacks = self._members[number]._make_callbacks(
                job, tasks, whole.callbacks, whole.verbose, title
            )
            outcome = run_job(job, callbacks, measures)
            self._take(number, outcome)
            if outcome.interrupted:
                return True
        return False


def put_together(whole: Any, members: Sequence[Any]) -> None:
    """Show the members as one fitted estimator.

    Sets: ``members_``, ``_fitted``, ``history_``, ``n_iter_``, ``n_epochs_``,
    ``best_epoch_``, ``do_early_stopping_``, ``n_outputs_``, ``callbacks_``, ``_head``.
    """
    whole.members_ = list(members)
    whole._fitted = fitted_of(members)
    whole.__dict__.pop("_training_state", None)  # each member has its own
    whole.history_ = mean_history([member.history_ for member in members])
    whole.n_iter_ = max(member.n_iter_ for member in members)
    whole.n_epochs_ = max(member.n_epochs_ for member in members)
    whole.best_epoch_ = round(float(np.mean([m.best_epoch_ for m in members])))
    whole.do_early_stopping_ = members[0].do_early_stopping_
    whole.n_outputs_ = members[0].n_outputs_
    whole._head = members[0]._head  # all decode alike; each knows its own dispersion
    whole.callbacks_ = [c for m in members for c in getattr(m, "callbacks_", [])]


def mean_losses(members: Sequence[Any]) -> list[float]:
    """The mean training losses of the last fit, as far as all members got."""
    fits = [member.history_["loss"][-member.n_iter_ :] for member in members]
    n_epochs = min(map(len, fits))
    means = np.mean([losses[:n_epochs] for losses in fits], axis=0)
    # Epochs that a backup has skipped have none.
    return [loss for loss in means.tolist() if not math.isnan(loss)]


def fitted_of(members: Sequence[Any]) -> FittedMembers:
    """Return what averages the predictions of the members."""
    return FittedMembers([member._fitted for member in members])


def mean_history(
    histories: Sequence[Mapping[str, Sequence[float]]],
) -> dict[str, list[float]]:
    """Return the mean over the members that were still training in an epoch."""
    names = dict.fromkeys(name for history in histories for name in history)
    return {
        name: [
            float(np.mean(values))
            for values in _by_epoch([history.get(name, []) for history in histories])
        ]
        for name in names
    }


def _by_epoch(columns: Sequence[Sequence[float]]) -> Iterator[list[float]]:
    """Yield the values of each epoch, of those columns that are long enough."""
    for epoch in range(max(map(len, columns))):
        yield [column[epoch] for column in columns if epoch < len(column)]
