"""Who trains a network: a fixed rule of parameters and data, blind to history.

XLA compiles a program for every architecture, a second or two each, and then trains up
to twice as fast as NumPy, which begins at once. Which is better depends on how many
fits of the architecture follow, and nobody knows. So fits of few updates are NumPy's:
of Boston's 506 rows in batches of 16, 50 epochs take it some 0.08 s, of which XLA would
save 0.04.

jit_compile   network and fit                                      who trains
True          any                                                  XLA
"auto"        with convolutions                                    TensorFlow's graph
"auto"        NumPy can, few updates that take little time         NumPy
"auto"        any other                                            XLA
False         NumPy can, updates are short                         NumPy
False         any other                                            TensorFlow's graph
"""

from __future__ import annotations

from dataclasses import replace

from skdeep.engine._key import ProgramKey
from skdeep.engine._numpy_program import can_train

# 50 epochs of those 506 rows. With 1,500 the folds of a search over such fits were
# NumPy's, but the fit of the best on all rows was compiled: 2 s of 7.
MOST_UPDATES = 1600
MOST_SECONDS = 0.5  # in NumPy; half of it would be saved, a fifth of a compilation
LONGEST_UPDATE = 0.002  # seconds; TensorFlow has more threads than one

# Seconds of one update in NumPy: measured on two cores with 13 features, one to three
# layers of 32 to 256 units, batches of 16 and 32 rows. So many of them, and so many per
# layer, per dropout, per weight, and per weight and row.
PER_UPDATE, PER_LAYER, PER_DROPOUT = 1e-5, 8e-6, 5e-6
PER_WEIGHT, PER_WEIGHT_AND_ROW = 2e-9, 5e-11


def with_choice(
    key: ProgramKey, jit_compile: bool | str, n_rows: int, epochs: int
) -> ProgramKey:
    """Return a key that says who trains.

    Parameters
    ----------
    key : ProgramKey
        Of a program that XLA would compile if it is asked to.
    jit_compile : bool or "auto"
        As the user has it.
    n_rows, epochs : int
        How many rows there are, and how many times all go through at most. Not that of
        all members of an ensemble: the first of them is what one network gives.
    """
    if jit_compile is True or not _is_short(key, jit_compile, n_rows, epochs):
        return key
    return replace(key, jit_compile=False, in_numpy=True) if can_train(key) else key


def resolve_jit(jit_compile: bool | str, prefers_xla: bool) -> bool:
    """Decide whether XLA compiles the program, if one is compiled.

    Measured on two cores: dense networks train 20 times faster under XLA, the
    gradients of convolutions 45 times slower.
    """
    return prefers_xla if jit_compile == "auto" else bool(jit_compile)


def _is_short(
    key: ProgramKey, jit_compile: bool | str, n_rows: int, epochs: int
) -> bool:
    """Whether a fit is over soon, or under ``jit_compile=False`` each update of it."""
    seconds = seconds_per_update(key)
    if jit_compile != "auto":
        return seconds <= LONGEST_UPDATE
    n_updates = epochs * -(-n_rows // key.batch_size)
    return n_updates <= MOST_UPDATES and n_updates * seconds <= MOST_SECONDS


def seconds_per_update(key: ProgramKey) -> float:
    """About how long one update takes NumPy."""
    network = key.network
    n_weights = network.multiplications_per_row
    return (
        PER_UPDATE
        + PER_LAYER * (network.depth + 1)
        + PER_DROPOUT * len(network.dropout_names)
        + PER_WEIGHT * n_weights
        + PER_WEIGHT_AND_ROW * n_weights * key.batch_size
    )
