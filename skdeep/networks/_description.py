"""The architecture of a network as one frozen, picklable value.

It holds everything that shapes the graph and nothing that is a number of a run;
it does not import Keras, so a fitted estimator can be loaded without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Convolution:
    """One convolution: ``filters`` maps, ``kernel_size`` rows and columns."""

    filters: int
    kernel_size: tuple[int, int]
    padding: str


@dataclass(frozen=True)
class Pooling:
    """One pooling over windows of ``size`` rows and columns."""

    size: tuple[int, int]
    kind: str  # "max" or "average"
    padding: str


@dataclass(frozen=True)
class Hidden:
    """One fully connected hidden layer."""

    units: int
    dropout: bool


@dataclass(frozen=True)
class Network:
    """What a network looks like: the input, the layers, the output.

    ``has_*`` say whether a number is there at all; its value belongs to the run.
    Activations, initialisers and the like are names, or objects that compare equal
    when they do the same (see ``skdeep.engine._key``).
    """

    input_shape: tuple[int, ...]
    output_units: int
    output_activation: str
    image_layers: tuple[Convolution | Pooling, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    activation: Any = "relu"
    activation_params: tuple[tuple[str, Any], ...] = ()
    kernel_initializer: Any = "glorot_uniform"
    batch_normalization: bool = False
    has_input_dropout: bool = False
    has_l1: bool = False
    has_l2: bool = False
    has_activity_l1: bool = False
    has_max_norm: bool = False
    dtype: str = "float32"

    @property
    def compute_dtype(self) -> str:
        """The dtype of inputs, losses and predictions; mixed policies use float32."""
        return "float32" if self.dtype.startswith("mixed") else self.dtype

    @property
    def depth(self) -> int:
        """How many hidden layers are dense."""
        return len(self.hidden)

    @property
    def n_pieces(self) -> int:
        """How many linear pieces a maxout unit has; 1 for any other activation."""
        if self.activation != "maxout":
            return 1
        return int(dict(self.activation_params).get("n_pieces", 2))

    @property
    def dropout_names(self) -> tuple[str, ...]:
        """The names of the dropout rates the network reads, input first."""
        names = ["input_dropout"] if self.has_input_dropout else []
        names += [f"dropout_{i}" for i, h in enumerate(self.hidden) if h.dropout]
        return tuple(names)

    @property
    def number_names(self) -> tuple[str, ...]:
        """The names of all numbers the network reads, in a fixed order."""
        flags = {
            "l1": self.has_l1,
            "l2": self.has_l2,
            "activity_l1": self.has_activity_l1,
            "max_norm": self.has_max_norm,
        }
        return self.dropout_names + tuple(name for name, has in flags.items() if has)

    @property
    def for_prediction(self) -> Network:
        """The same network without what only training needs."""
        return replace(
            self,
            hidden=tuple(replace(h, dropout=False) for h in self.hidden),
            kernel_initializer="zeros",
            has_input_dropout=False,
            has_l1=False,
            has_l2=False,
            has_activity_l1=False,
            has_max_norm=False,
        )
