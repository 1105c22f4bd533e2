"""Going on from a backup of Keras, wherever a kill has met its writes.

``BackupAndRestore`` writes the weights, and then the number of the epoch. Of 80 kills
while it wrote, with ``double_checkpoint``, four left an empty second file, which does
not load, and one the weights of an epoch beside the number of the epoch before, which
then is trained twice (Keras 3.15). The weights come with the optimizer, whose count of
batches says which epoch they are of.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from skdeep.callbacks._callback import RunView


def drop_cut_off(backup: Any) -> None:
    """Remove the number of an epoch that was not written to its end."""
    path = Path(backup._training_metadata_path)
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        path.unlink()
    except OSError:  # there is none, or it lies where Keras alone can read
        pass


def batches_seen(run: RunView, optimizer: Any) -> int:
    """Return how many batches the optimizer of a run has counted.

    Parameters
    ----------
    run : RunView
        The run.
    optimizer : keras.optimizers.Optimizer
        Of the model that callbacks see: it knows the names of what is remembered.
    """
    rate = optimizer.learning_rate
    names = [v.name for v in optimizer.variables if v is not rate]
    return int(run.optimizer_state()[names.index("iteration")])


def epoch_of_backup(noted: int | None, run: RunView, n_batches: int) -> int | None:
    """Return the epoch to go on from; None if there was no backup.

    Parameters
    ----------
    noted : int or None
        The number that the backup has, if any.
    run : RunView
        The run, as it began.
    n_batches : int
        How many the weights of the backup have seen since then.
    """
    n_epochs, rest = divmod(n_batches, run.n_batches)
    written = run.epoch + n_epochs
    # More than an epoch ahead are batches of another size, a part of one is a backup in
    # the middle of an epoch: neither tells more than the number.
    is_ahead = n_epochs > 0 and not rest and noted in (None, 0, written - 1)
    return written if is_ahead else noted


def unreadable(backup: Any, error: OSError) -> OSError:
    """Return what to raise if the weights of a backup do not load."""
    return OSError(
        f"Expected a backup to go on from in {str(backup.backup_dir)!r}; got files "
        f"that do not load, as a kill leaves that meets a write: {error} Remove the "
        "folder to begin anew; BackupAndRestore(double_checkpoint=True) keeps a second "
        "backup to fall back to."
    )
