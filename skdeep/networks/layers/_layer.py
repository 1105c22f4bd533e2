"""What a layer is, where it stands, and how a stack is put together from parameters.

A layer is one file: a frozen dataclass with its arrays, its shape, its call, its twin
of Keras, its function in NumPy and its nodes in ONNX together. It also says which
constructor parameters of an estimator ask for it and in which places; ``Site`` asks
every class of layers, so no list of them exists.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum, auto
from typing import Any, ClassVar, NamedTuple

import numpy as np

from skdeep.data._training_data import TrainingData
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import (
    CallContext,
    NumpyContext,
    NumpyTraining,
    WeightSpec,
)

Shape = tuple[int, ...]
RowsFunction = Callable[[np.ndarray], np.ndarray]
Product = Callable[[np.ndarray], RowsFunction]
START_AT_ONE = ("gamma", "moving_variance")
CLASSES: dict[str, type[Layer]] = {}  # by name; abstract ones, too


class Place(Enum):
    """Where a layer can stand, in the order of the rows' way."""

    INPUT = auto()  # in front of everything
    FEATURES = auto()  # what finds features in images and the like
    VECTOR = auto()  # what turns them into one vector per row
    HIDDEN = auto()
    OUTPUT = auto()
    # Inside FEATURES and HIDDEN, behind every kernel:
    NORMALIZATION = auto()
    ACTIVATION = auto()
    BEHIND_ACTIVATION = auto()
    BEHIND_HIDDEN = auto()
    # Inside FEATURES, behind every block of convolutions:
    BEHIND_BLOCK = auto()
    BEHIND_POOLING = auto()
    # Inside OUTPUT:
    BEHIND_OUTPUT = auto()


STAGES = (Place.INPUT, Place.FEATURES, Place.VECTOR, Place.HIDDEN, Place.OUTPUT)


class LayerOutput(NamedTuple):
    """What a layer gives.

    ``penalty`` is added to the loss; ``updates`` maps the number of one of the layer's
    own arrays to its new value; ``step_mask`` says which steps of sequences count in
    the layers behind, (n_rows, n_steps).
    """

    values: Any
    penalty: Any = None
    updates: Mapping[int, Any] = {}
    step_mask: Any = None


@dataclass(frozen=True, kw_only=True)
class Layer(ABC):
    """One step of a stack.

    Two layers are equal when they do the same: all fields go into the key of a
    program, and no number that may change from fit to fit is among them. Fields are
    plain values, so that a file without code can hold them.

    Parameters
    ----------
    name : str
        That of the Keras layer.
    dtype : str, default="float32"
        The dtype policy of the Keras layer; that of all layers of a stack.
    """

    name: str
    dtype: str = "float32"

    # Where the layer stands when a stack is made from parameters.
    places: ClassVar[tuple[Place, ...]] = ()
    prefers_xla: ClassVar[bool] = True
    depth: ClassVar[int] = 0  # 1 for a hidden layer that multiplies with a matrix
    takes_indices: ClassVar[bool] = False  # whether rows hold numbers of things

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Make the class known to sites and to files; names are unique."""
        super().__init_subclass__(**arguments)
        known = CLASSES.setdefault(cls.__name__, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(
                f"Expected a new name for every class of layers; got {cls.__name__} of "
                f"{cls.__module__}, which {known.__module__} has, too. Choose another."
            )
        # A class that is defined again, as in a notebook's cell, takes its own place.
        CLASSES[cls.__name__] = cls
        own = vars(cls)
        if ("call" in own or "predictions" in own) and "to_numpy" not in own:
            # What is inherited computes what the parent does, not what this class does.
            cls.runs_in_numpy = Layer.runs_in_numpy  # type: ignore[method-assign]
        if "call" in own and "to_numpy_training" not in own:
            cls.trains_in_numpy = Layer.trains_in_numpy  # type: ignore[method-assign]

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """Give the layers of this class at a site, with those behind each."""
        return iter(())

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Check parameters, once for all sites.

        Returns the hyperparameters that are no parameters of the same name.
        """
        return {}

    @classmethod
    def n_kernels(cls, parameters: Mapping[str, Any]) -> int:
        """Count the layers in front of the output that multiply with a kernel.

        Parameters with a value per layer have one for each of them.
        """
        return 0

    @property
    def compute_dtype(self) -> str:
        """The dtype of losses and penalties; mixed policies use float32."""
        return "float32" if self.dtype.startswith("mixed") else self.dtype

    @property
    def runs_in_numpy(self) -> bool:
        """Whether ``to_numpy`` computes what ``call`` and ``predictions`` do.

        Not inherited by a class with a call of its own.
        """
        return False

    @property
    def trains_in_numpy(self) -> bool:
        """Whether ``to_numpy_training`` does what ``call`` does, with its gradients.

        Not inherited by a class with a call of its own.
        """
        return False

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """The names of the numbers that ``call`` reads."""
        return ()

    @property
    def dropout_names(self) -> tuple[str, ...]:
        """Those of them that are dropout rates."""
        return ()

    @property
    def for_prediction(self) -> Layer | None:
        """The layer without what only training needs; None if nothing is left.

        Flags that bear the name of a hyperparameter, such as ``l1``, are put down.
        """
        # Or networks that differ in a penalty would have a predict function each.
        names = {field.name for field in fields(self)} & set(self.hyperparameter_names)
        flags: dict[str, Any] = dict.fromkeys(names, False)
        return replace(self, **flags) if flags else self

    @property
    def without_activation(self) -> Layer:
        """The layer without an output activation; asked of the last of a stack."""
        return self

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one row behind the layer."""
        return input_shape

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """List the layer's arrays in the order of its Keras twin."""
        return []

    def widest(self, input_shape: Shape) -> int:
        """Count the values of one row where the layer has most of them."""
        return math.prod(self.output_shape(input_shape))

    def multiplications(self, input_shape: Shape) -> int:
        """Count those of one row with kernels; a convolution has them at each place."""
        n_places = math.prod(self.output_shape(input_shape)[:-1])
        kernels = [s for s in self.weight_specs(input_shape) if s.role == "kernel"]
        return sum(math.prod(spec.shape) for spec in kernels) * n_places

    def draw(self, spec: WeightSpec, seed: int) -> np.ndarray:
        """Draw one of them; without a random start it is constant."""
        start = float(spec.role in START_AT_ONE)
        return np.full(spec.shape, start, dtype=self.compute_dtype)

    def with_statistics(
        self, arrays: Sequence[np.ndarray], training: TrainingData
    ) -> Sequence[np.ndarray]:
        """Fill arrays that are statistics of the rows in front of the stack.

        For layers of the place ``INPUT``: those behind see other values.
        """
        return arrays

    @abstractmethod
    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Send rows through; ``arrays`` are those of ``weight_specs``."""

    @abstractmethod
    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Append the Keras twin, in standard layers, to a symbolic tensor.

        Every Keras layer gets a dtype, and where it takes one a data format: Keras'
        global settings have no part in what a network does.
        """

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """Return the function of values that predicts without TensorFlow.

        Asked of layers with ``runs_in_numpy``. The function gets values of shape
        (n_tiles, n_rows, ...), all in one dtype, which it may overwrite, and keeps the
        two axes in front; of the last layer the values are predictions. A row must have
        no part in what comes out for another.

        Parameters
        ----------
        arrays : sequence of arrays
            Those of ``weight_specs``.
        product : callable
            kernel -> function that multiplies values with it.
        """
        raise NotImplementedError(
            f"Expected a layer with runs_in_numpy; got {type(self).__name__}. Give it "
            "the method to_numpy, or leave predictions to TensorFlow."
        )

    def to_numpy_training(
        self,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Return the functions that train without TensorFlow.

        Asked of layers with ``trains_in_numpy``, whose rows have one axis. Weights are
        those of the layer. See ``Network.to_numpy_training``.
        """
        raise NotImplementedError(
            f"Expected a layer with trains_in_numpy; got {type(self).__name__}. Give "
            "it the method to_numpy_training, or leave training to TensorFlow."
        )

    @abstractmethod
    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[np.ndarray], input_shape: Shape
    ) -> str:
        """Append operators to an ONNX graph and return the name of the result.

        Units and channels are on the axis 1 there, whatever the rank: (n_samples,
        channels, height, width) is how ONNX has images.
        """

    def predictions(self, logits: Any) -> Any:
        """Apply the output activation; asked of the last layer of a stack."""
        return logits


@dataclass(frozen=True)
class Site:
    """A place in a stack that is being put together, and what is known there.

    Parameters
    ----------
    parameters : mapping of str to Any
        The constructor parameters of an estimator.
    input_shape : tuple of int
        The shape of one row in front of the stack.
    output_units, output_activation : int, str
        What comes out.
    place : Place
        Where.
    before : tuple of Layer
        The layers of the earlier stages.
    owner : str
        The name of the layer that this is behind of, inside a stage.
    number : int
        Of the owner among its like.
    layer : int
        Of the owner among all layers with a kernel.
    """

    parameters: Mapping[str, Any]
    input_shape: Shape
    output_units: int
    output_activation: str
    place: Place = Place.INPUT
    before: tuple[Layer, ...] = field(default=(), repr=False)
    owner: str = ""
    number: int = 0
    layer: int = 0

    @property
    def dtype(self) -> str:
        """The dtype policy asked for."""
        return str(self.parameters["dtype"])

    @property
    def shape(self) -> Shape:
        """The shape of one row behind the earlier stages."""
        shape = self.input_shape
        for layer in self.before:
            shape = layer.output_shape(shape)
        return shape

    def layers(self) -> Iterator[Layer]:
        """What all classes of layers have for this site.

        A class that only inherits ``from_parameters`` is not asked: it would stand
        beside its parent.
        """
        for cls in list(CLASSES.values()):
            # test_a_class_that_inherits_its_parameters_stands_nowhere
            if self.place in cls.places and "from_parameters" in vars(cls):
                yield from cls.from_parameters(self)

    def behind(
        self, owner: str, number: int, *places: Place, layer: int = 0
    ) -> Iterator[Layer]:
        """What stands behind a layer or a block of them, place by place."""
        here = replace(self, owner=owner, number=number, layer=layer)
        for place in places:
            yield from replace(here, place=place).layers()


def layer_class(name: str) -> type[Layer] | None:
    """Find a class of layers that can be made, for a file that names it."""
    found = CLASSES.get(name)
    return None if found is None or inspect.isabstract(found) else found
