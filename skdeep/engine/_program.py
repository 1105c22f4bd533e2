"""The compiled functions of one key: train, evaluate, predict.

Keras' optimizers and metrics keep their state in variables; here the variables are
scratch. Every call writes the caller's state into them, runs, and returns what they
hold at the end, so from outside the functions are pure.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from skdeep.engine._key import ProgramKey
from skdeep.engine._objective import LiveObjective
from skdeep.engine._random import keep_mask
from skdeep.engine.backends._convolution import convolution_in_tall_images
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._product import MAX_LAYERS, product_on_one_thread
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._spec import from_spec
from skdeep.networks._description import Network
from skdeep.networks._forward import Pass, forward, predictions
from skdeep.networks._weights import weight_specs

MAX_EPOCHS = 256  # per call; the length of the history a call returns
MIN_ORDER = 131072  # row numbers per call: 300 epochs of 400 rows, 512 KiB


class State(NamedTuple):
    """What changes during a fit, as tensors."""

    weights: Sequence[Any]
    optimizer: Sequence[Any]
    meters: Sequence[Any]  # sum of losses, number of rows, accumulators of metrics


class Rows(NamedTuple):
    """Rows on the device, padded to ``n_chunk_rows``."""

    X: Any
    y: Any
    weight: Any


@contextmanager
def _explained(parts: str, advice: str) -> Iterator[None]:
    """Say of any error which parameters are behind it."""
    try:
        yield
    except InvalidNetworkError:
        raise
    except Exception as error:  # TensorFlow's, XLA's, or of a function of the user
        raise InvalidNetworkError(
            f"{parts} must be such that the network can be trained; got the error "
            f"{type(error).__name__}: {error} {advice}"
        ) from error


class TrainingProgram:
    """Train and evaluate functions of one key.

    Calls from several threads are served one after the other.
    """

    def __init__(self, key: ProgramKey):
        tf = load_tensorflow()
        self.key = key
        self.columns = (*key.objective.names, "learning_rate")
        self.number_names = ("learning_rate", "decay", *key.network.number_names)
        n_block_rows = key.n_block_batches * key.batch_size
        n_blocks = -(-max(MIN_ORDER, key.n_chunk_rows) // n_block_rows)
        self.order_shape = (n_blocks, n_block_rows)
        self._lock = threading.RLock()
        self._numbers: dict[str, Any] = {}
        self._kernels: dict[str, Any] = {}
        self._tf = tf
        self._dtype = key.network.compute_dtype
        with tf.init_scope():
            self._make_variables()
        options = {"jit_compile": key.jit_compile, "autograph": False}
        self._train = tf.function(self._train_epochs, **options)
        self._evaluate = tf.function(self._evaluate_rows, **options)
        self._traced: dict[Any, Any] = {}

    def _make_variables(self) -> None:
        """Create the scratch variables.

        Sets: ``_weights``, ``_trainable``, ``_optimizer``, ``_objective``, ``_meters``,
        ``_optimizer_start``, ``_meters_start``.
        """
        import keras

        tf, network = self._tf, self.key.network
        self._weights = []
        for spec in weight_specs(network):
            self._weights.append(
                keras.Variable(
                    np.zeros(spec.shape, self._dtype),
                    dtype=self._dtype,
                    trainable=spec.trainable,
                    name=f"{spec.layer}_{spec.role}",
                )
            )
            limited = spec.role == "kernel" and spec.layer != "output"
            if network.has_max_norm and limited:
                self._weights[-1].constraint = _as_constraint(self._limit_norm)
        self._trainable = [v for v in self._weights if v.trainable]
        self._optimizer = self.key.optimizer.make(self._learning_rate)
        with _explained("optimizer", "See keras.optimizers for its arguments."):
            self._optimizer.build(self._trainable)
        self._objective = LiveObjective(self.key.objective, self._dtype)
        self._probe_metrics()
        totals = [tf.Variable(0.0, dtype=self._dtype) for _ in range(2)]
        self._meters = totals + [v.value for v in self._objective.variables]
        self._optimizer_start = [v.numpy() for v in self._optimizer.variables]
        self._meters_start = [v.numpy() for v in self._meters]

    def _probe_metrics(self) -> None:
        """Let the metrics create their variables, and refuse what is no number."""
        tf, key = self._tf, self.key
        n_outputs = key.network.output_units
        if key.objective.kind == "multiclass":
            y = tf.zeros((2,), tf.int32)
        else:
            y = tf.ones((2, n_outputs), self._dtype)
        given = tf.fill((2, n_outputs), tf.constant(1.0 / n_outputs, self._dtype))
        with _explained("loss", "Give a function of (y_true, y_pred)."):
            self._objective.values(y, given, given)
        with _explained("metrics", "Give functions of (y_true, y_pred)."):
            self._objective.update(y, given, tf.ones((2,), self._dtype))
        for result, name in zip(
            self._objective.results(), key.objective.names[1:], strict=True
        ):
            if len(result.shape) != 0:
                raise InvalidNetworkError(
                    f"metrics must give one number each; got an array of shape "
                    f"{tuple(result.shape)} from {name!r}. Set its average to 'macro' "
                    "or 'micro'."
                )
        self._objective.reset()

    @property
    def n_bytes(self) -> int:
        """An estimate of the memory held: the scratch variables."""
        scratch = (*self._weights, *self._optimizer.variables, *self._meters)
        itemsize = np.dtype(self._dtype).itemsize
        return itemsize * sum(int(np.prod(v.shape)) for v in scratch)

    def start(self, weights: Sequence[np.ndarray], optimizer: Any = None) -> State:
        """Make the state before the first update, or before the next one."""
        constant = self._tf.constant
        return State(
            [constant(w) for w in weights],
            [constant(v) for v in (optimizer or self._optimizer_start)],
            [constant(v) for v in self._meters_start],
        )

    def finish(self, state: State) -> State:
        """Do what the optimizer does after the last epoch: ``use_ema`` averages."""
        if not self._optimizer.use_ema:
            return state
        with self._lock:
            self._write(*state)  # type: ignore[arg-type]
            self._optimizer.finalize_variable_values(self._trainable)
            return state._replace(weights=[v.value.read_value() for v in self._weights])

    def compile(self) -> None:
        """Trace and compile the train function by a call of no epochs."""
        key, tf = self.key, self._tf
        weights = [np.zeros(v.shape, self._dtype) for v in self._weights]
        multiclass = key.objective.kind == "multiclass"
        n_rows = key.n_chunk_rows
        y_shape = (n_rows,) if multiclass else (n_rows, key.objective.n_outputs)
        rows = Rows(
            tf.zeros((n_rows, *key.network.input_shape), self._dtype),
            tf.zeros(y_shape, tf.int32 if multiclass else self._dtype),
            tf.zeros((n_rows,), self._dtype),
        )
        order = np.zeros(self.order_shape, np.int32)
        parts = "optimizer, loss, metrics and activation"
        with _explained(parts, "Look at those that are functions or objects."):
            self.train(self.start(weights), {}, rows, order, 0, 0, 0, True)

    def train(
        self,
        state: State,
        numbers: dict[str, float],
        rows: Rows,
        order: np.ndarray,
        seed: int,
        n_rows: int,
        n_epochs: int,
        fresh: bool,
    ) -> tuple[State, Any]:
        """Run ``n_epochs`` epochs over ``n_rows`` rows.

        Parameters
        ----------
        state : State
            Where to start.
        numbers : dict
            Values for ``number_names``.
        rows : Rows
            The rows, padded by repeating one.
        order : array of shape order_shape, (n_blocks, n_block_rows)
            For every epoch the numbers of its rows, padded to whole blocks.
        seed : int
            Of the dropout masks.
        n_rows, n_epochs : int
            How many rows of each epoch count, how many epochs to run.
        fresh : bool
            Whether loss and metrics start anew with the first epoch; False continues
            an epoch whose earlier rows were in another chunk.

        Returns
        -------
        state : State
            Where it ended.
        history : tensor of shape (MAX_EPOCHS, n_columns)
            Of each epoch the values of ``columns``.
        """
        constant = self._tf.constant
        with self._lock:
            weights, optimizer, meters, history = self._call(
                self._train,
                *state,
                self._number_vector(numbers),
                *rows,
                constant(order),
                constant(seed, "int32"),
                constant(n_rows, "int32"),
                constant(n_epochs, "int32"),
                constant(fresh),
            )
        return State(weights, optimizer, meters), history

    def evaluate(
        self,
        state: State,
        numbers: dict[str, float],
        rows: Rows,
        n_rows: int,
        fresh: bool,
    ) -> tuple[State, Any]:
        """Loss and metrics of rows without training; see ``train``."""
        constant = self._tf.constant
        with self._lock:
            meters, results = self._call(
                self._evaluate,
                state.weights,
                state.meters,
                self._number_vector(numbers),
                *rows,
                constant(n_rows, "int32"),
                constant(fresh),
            )
        return state._replace(meters=meters), results

    def _call(self, function: Any, *arguments: Any) -> Any:
        """Call a compiled function.

        Tracing inside a call makes TensorFlow count the traces of all programs as
        retracings of one function and warn of them; so the first call is preceded by
        a trace of its own. All arguments have one shape for ever, so later calls need
        not look for the trace that fits them, which took 0.6 ms.
        """
        if function not in self._traced:
            self._traced[function] = function.get_concrete_function(*arguments)
        return self._traced[function](*arguments)

    def _number_vector(self, numbers: dict[str, float]) -> Any:
        """The numbers in the program's order."""
        values = [numbers.get(name, 0.0) for name in self.number_names]
        return self._tf.constant(np.asarray(values, self._dtype))

    def _train_epochs(
        self,
        weights: list[Any],
        optimizer: list[Any],
        meters: list[Any],
        numbers: Any,
        X: Any,
        y: Any,
        weight: Any,
        order: Any,
        seed: Any,
        n_rows: Any,
        n_epochs: Any,
        fresh: Any,
    ) -> Any:
        """The body of ``train``: loops over epochs, blocks of batches and batches."""
        tf, batch_size = self._tf, self.key.batch_size
        self._numbers = dict(zip(self.number_names, tf.unstack(numbers), strict=True))
        self._write(weights, optimizer, meters)
        n_block_rows = self.order_shape[1]
        n_blocks = (n_rows + n_block_rows - 1) // n_block_rows
        if not self.key.jit_compile:
            self._kernels = {"convolution": convolution_in_tall_images}
        elif len(self.key.network.hidden) <= MAX_LAYERS:
            self._kernels = {"product": product_on_one_thread(n_rows > 0)}

        def run_epoch(epoch: Any, history: Any) -> Any:
            self._reset_meters(tf.logical_or(fresh, epoch > 0))
            self._count(n_rows)
            self._loop(lambda block, _: block < n_blocks, run_block, [0, epoch])
            row = tf.stack([*self._results(), self._learning_rate()])
            row = tf.cast(row, self._dtype)
            return epoch + 1, tf.tensor_scatter_nd_update(history, [[epoch]], [row])

        def run_block(block: Any, epoch: Any) -> Any:
            # tf.slice would let XLA compile anew for every number of rows.
            chosen = tf.gather(order, epoch * n_blocks + block)
            batches = Rows(
                *(self._in_batches(tf.gather(a, chosen)) for a in (X, y, weight))
            )
            n_rows_left = n_rows - block * n_block_rows

            def step(number: Any) -> Any:
                batch = Rows(*(tf.gather(a, number) for a in batches))
                self._update(batch, n_rows_left - number * batch_size, seed)
                return [number + 1]

            n_rows_here = tf.minimum(n_rows_left, n_block_rows)
            self._loop(lambda number: number * batch_size < n_rows_here, step, [0])
            return block + 1, epoch

        history = tf.zeros((MAX_EPOCHS, len(self.columns)), self._dtype)
        _, history = self._loop(
            lambda epoch, _: epoch < n_epochs, run_epoch, [0, history]
        )
        return (
            [v.value.read_value() for v in self._weights],
            [v.value.read_value() for v in self._optimizer.variables],
            [v.read_value() for v in self._meters],
            history,
        )

    def _evaluate_rows(
        self,
        weights: list[Any],
        meters: list[Any],
        numbers: Any,
        X: Any,
        y: Any,
        weight: Any,
        n_rows: Any,
        fresh: Any,
    ) -> Any:
        """The body of ``evaluate``: one loop over batches in order."""
        tf, batch_size = self._tf, self.key.batch_size
        self._numbers = dict(zip(self.number_names, tf.unstack(numbers), strict=True))
        batches = Rows(*(self._in_batches(a) for a in (X, y, weight)))
        for variable, value in zip(self._meters, meters, strict=True):
            variable.assign(value)
        self._reset_meters(fresh)
        self._count(n_rows)

        def step(number: Any) -> Any:
            batch = Rows(*(tf.gather(a, number) for a in batches))
            n_rows_left = n_rows - number * batch_size
            run = Pass(self.key.network, self._numbers, self._row_mask(n_rows_left))
            passed = forward(weights, batch.X, run)
            self._measure(batch, n_rows_left, passed)
            return [number + 1]

        self._loop(lambda number: number * batch_size < n_rows, step, [0])
        results = tf.stack([tf.cast(r, self._dtype) for r in self._results()])
        return [v.read_value() for v in self._meters], results

    def _loop(self, condition: Any, body: Any, start: list[Any]) -> Any:
        """A while loop whose rounds run strictly one after the other."""
        start = [self._tf.convert_to_tensor(v) for v in start]
        return self._tf.while_loop(condition, body, start, parallel_iterations=1)

    def _write(
        self, weights: list[Any], optimizer: list[Any], meters: list[Any]
    ) -> None:
        """Write a state into the variables."""
        for variable, value in zip(self._weights, weights, strict=True):
            variable.value.assign(value)
        for variable, value in zip(self._optimizer.variables, optimizer, strict=True):
            variable.value.assign(value)
        for variable, value in zip(self._meters, meters, strict=True):
            variable.assign(value)

    def _in_batches(self, rows: Any) -> Any:
        """Give an array of rows a first axis of batches."""
        return self._tf.reshape(rows, (-1, self.key.batch_size, *rows.shape[1:]))

    def _row_mask(self, n_rows_left: Any) -> Any:  # -> (batch_size,)
        """1 for rows that count, 0 for the padding of the last batch."""
        numbers = self._tf.range(self.key.batch_size)
        return self._tf.cast(numbers < n_rows_left, self._dtype)

    def _update(self, batch: Rows, n_rows_left: Any, seed: Any) -> None:
        """One step of the optimizer."""
        tf = self._tf
        values = [v.value for v in self._weights]
        names = self.key.network.dropout_names
        step = tf.cast(self._optimizer.iterations, tf.int32)

        def dropout(name: str, x: Any) -> Any:
            rate = self._numbers[name]
            keep = keep_mask(tuple(x.shape), rate, seed, step, names.index(name))
            return tf.where(
                keep, x / tf.cast(1.0 - rate, x.dtype), tf.zeros((), x.dtype)
            )

        mask = self._row_mask(n_rows_left)
        run = Pass(self.key.network, self._numbers, mask, dropout, **self._kernels)
        with tf.GradientTape() as tape:
            passed = forward(values, batch.X, run)
            loss = self._measure(batch, n_rows_left, passed)
            scaled = self._optimizer.scale_loss(loss)
        trainable = [v.value for v in self._trainable]
        gradients = tape.gradient(
            scaled, trainable, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        self._optimizer.apply(gradients, self._trainable)
        for position, value in passed.updates.items():
            self._weights[position].value.assign(value)

    def _measure(self, batch: Rows, n_rows_left: Any, passed: Any) -> Any:
        """Return the loss of a batch with its penalty, and note it in the meters."""
        tf, key = self._tf, self.key
        y, logits = batch.y, passed.logits
        given = predictions(key.network, logits)
        mask = self._row_mask(n_rows_left)
        n_rows = tf.cast(tf.minimum(n_rows_left, key.batch_size), self._dtype)
        weight = batch.weight * mask
        total = tf.reduce_sum(self._objective.values(y, logits, given) * weight)
        if self._objective.reduction == "mean_with_sample_weight":
            total = tf.math.divide_no_nan(total, tf.reduce_sum(weight))
        elif self._objective.reduction != "sum":
            total = total / n_rows
        loss = total + tf.cast(passed.penalty, self._dtype)
        self._meters[0].assign_add(loss * n_rows)
        self._objective.update(y, given, mask)
        return loss

    def _count(self, n_rows: Any) -> None:
        """Note in the meters how many rows are about to be measured."""
        self._meters[1].assign_add(self._tf.cast(n_rows, self._dtype))

    def _reset_meters(self, anew: Any) -> None:
        """Set loss and metrics to their start, if ``anew``."""
        for variable, start in zip(self._meters, self._meters_start, strict=True):
            variable.assign(self._tf.where(anew, start, variable))

    def _results(self) -> list[Any]:
        """The mean loss so far and the metrics."""
        loss = self._meters[0] / self._meters[1]
        return [
            loss,
            *(self._tf.cast(r, self._dtype) for r in self._objective.results()),
        ]

    def _learning_rate(self) -> Any:
        """Rate / (1 + decay * step), times the schedule if there is one."""
        tf = self._tf
        step = self._optimizer.iterations
        rate = self._numbers["learning_rate"] / (
            1 + self._numbers["decay"] * tf.cast(step, self._dtype)
        )
        schedule = from_spec(self.key.optimizer.schedule)
        return rate if schedule is None else rate * tf.cast(schedule(step), self._dtype)

    def _limit_norm(self, kernel: Any) -> Any:
        """Scale every unit's incoming weights down to a norm of at most max_norm."""
        tf = self._tf
        axes = list(range(len(kernel.shape) - 1))
        squares = tf.reduce_sum(tf.square(kernel), axes, keepdims=True)
        norms = tf.sqrt(squares)
        wanted = tf.clip_by_value(norms, 0, self._numbers["max_norm"])
        return kernel * (wanted / (1e-7 + norms))


def _as_constraint(function: Any) -> Any:
    """A function as a constraint; Keras 3.8 takes no plain functions."""
    import keras

    class Constraint(keras.constraints.Constraint):
        """Call the function."""

        def __call__(self, value: Any) -> Any:
            return function(value)

    return Constraint()


class Predictor:
    """The predict function of one network, for any number of rows."""

    n_bytes = 0  # the weights come with every call

    def __init__(self, network: Network):
        tf = load_tensorflow()
        dtype = network.compute_dtype
        self.network = network
        weights = [tf.TensorSpec(spec.shape, dtype) for spec in weight_specs(network)]
        rows = tf.TensorSpec((None, *network.input_shape), dtype)

        def predict(weights: Any, X: Any) -> Any:
            passed = forward(weights, X, Pass(network, {}))
            return predictions(network, passed.logits)

        self._predict = tf.function(
            predict, input_signature=[weights, rows], autograph=False
        )

    def compile(self) -> None:
        """Trace the function."""
        self._predict.get_concrete_function()

    def predict(self, weights: Sequence[Any], X: np.ndarray) -> np.ndarray:
        """Predict rows, a row alone as among others.

        One row alone would take another kernel (matrix times vector) that sums in
        another order, and differ in the last bit from the same row among others; so
        a lone row goes through twice. TensorFlow's exp and tanh may still differ in
        the last bit with the place of a value in its array.
        """
        n_rows = X.shape[0]
        if n_rows == 1:
            X = np.concatenate([X, X])
        return self._predict(weights, X).numpy()[:n_rows]
