"""What names a framework: loading it, device arrays, gradients, loops, compilation.

The rest of the engine is written against ``Backend`` and ``keras.ops``.

- ``_protocol`` says what a backend is asked for; ``_tensorflow`` is the one there is.
- ``_sessions`` is the same with programs that can give their memory back.
- ``_product`` and ``_convolution`` are kernels whose threads are kept in check.
- ``_loading`` imports TensorFlow late and quietly; ``_surroundings`` says what around a
  fit keeps it from running.
"""

from __future__ import annotations

import itertools

from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._protocol import Backend

# Programs under XLA that stay in TensorFlow for good. A search over numbers needs one;
# one over architectures soon has more, and then compiling is what takes the time.
N_LASTING = 8
_n_made = itertools.count()


def choose_backend(jit_compile: bool) -> Backend:
    """Return the backend for the next program of this process.

    All give the same bits. The first programs are called quickest, later ones give
    their memory back when the cache drops them. Without XLA a dropped program leaves
    no more than a session does, and with a GPU a session would take memory of its own.
    """
    from skdeep.engine.backends._sessions import SessionBackend
    from skdeep.engine.backends._tensorflow import TensorFlowBackend

    if not jit_compile or next(_n_made) < N_LASTING or _has_gpu():
        return TensorFlowBackend()
    return SessionBackend()


def _has_gpu() -> bool:
    """Whether TensorFlow sees one."""
    return bool(load_tensorflow().config.list_physical_devices("GPU"))
