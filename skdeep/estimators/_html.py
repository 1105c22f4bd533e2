"""What a notebook shows of a fitted network: its layers and its curve.

Plain HTML and SVG behind scikit-learn's table of parameters, in Pipelines and searches,
too. Neither matplotlib nor Keras is imported for it.
"""

from __future__ import annotations

import functools
import html
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skdeep.networks._layer_stack import LayerStack

WIDTH, HEIGHT = 280, 110  # of the curve, in pixels
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 20, 16  # what its labels need
MOST_POINTS = 500  # of one line; more cannot be told apart
WIDE = 30.0  # from this ratio on losses are shown on a logarithmic scale
# Training and validation, to be seen on white and on black.
COLOURS = {"loss": "#4a90d9", "val_loss": "#e8710a"}


class HTMLView:
    """The network in the HTML that scikit-learn makes of estimators.

    What is overridden has no public name. A version that no longer calls it shows the
    parameters alone. Checked against 1.7 to 1.9.
    """

    def _get_params_html(self, *args: Any, **kwargs: Any) -> Any:
        """Return scikit-learn's table, with the network behind it."""
        table = super()._get_params_html(*args, **kwargs)
        if hasattr(self, "_fitted"):
            table._html_repr = functools.partial(_both, table._html_repr, self)
        return table

    def _get_fitted_attr_html(self, *args: Any, **kwargs: Any) -> Any:
        """Return the table of attributes without the Keras model.

        scikit-learn reads every attribute; ``model_`` would load TensorFlow and make
        a model with every look.
        """
        names = [name for name in dir(self) if name.endswith("_") and name[0] != "_"]
        names = [name for name in names if name != "model_"]
        shown = SimpleNamespace(**{name: getattr(self, name) for name in names})
        table = BaseEstimator._get_fitted_attr_html(shown, *args, **kwargs)
        table.estimator_class = type(self)
        return table


def _both(parameters: Callable[[], str], estimator: Any) -> str:
    """Return the table of parameters and the network."""
    return parameters() + network_html(estimator._fitted, estimator)


def network_html(fitted: Any, estimator: Any) -> str:
    """Return layers and curve of a fitted estimator."""
    sizes = [math.prod(spec.shape) for spec in fitted.network.weight_specs()]
    rows = "".join(
        f'<tr class="default">{_cells(row)}</tr>' for row in _layers(fitted.network)
    )
    heads = "".join(f"<th>{head}</th>" for head in ("Layer", "Output", "Parameters"))
    members = getattr(estimator, "n_members", 1)
    title = f"Network of {sum(sizes):,} parameters"
    title = title if members == 1 else f"{members} networks, each of {sum(sizes):,}"
    return (
        f'<div class="estimator-table skdeep-network"><details open>'
        f"<summary>{title}</summary>"
        f'<table class="parameters-table"><tbody><tr>{heads}</tr>{rows}</tbody></table>'
        f"{curve_svg(estimator.history_, estimator.best_epoch_)}</details></div>"
    )


def _cells(row: Sequence[Any]) -> str:
    """Return one row of the table, as scikit-learn writes its own."""
    name, shape, n_parameters = (html.escape(str(value)) for value in row)
    return f'<td class="param">{name}</td><td>{shape}</td><td>{n_parameters}</td>'


def _layers(network: Any) -> Iterator[tuple[str, str, str]]:
    """Yield name, shape of the output and number of parameters of every layer.

    Of networks that are no stack only what the arrays tell.
    """
    if isinstance(network, LayerStack):
        shape = network.input_shape
        for layer in network.layers:
            n_parameters = _count(layer.weight_specs(shape))
            shape = layer.output_shape(shape)
            yield layer.name, " × ".join(map(str, shape)), n_parameters
        return
    specs = network.weight_specs()
    for name in dict.fromkeys(spec.layer for spec in specs):
        yield name, "", _count([spec for spec in specs if spec.layer == name])


def _count(specs: Sequence[Any]) -> str:
    """Return how many numbers arrays have; nothing for none."""
    n_parameters = sum(math.prod(spec.shape) for spec in specs)
    return f"{n_parameters:,}" if n_parameters else ""


def curve_svg(history: Mapping[str, Sequence[float]], best_epoch: int) -> str:
    """Draw the losses over the epochs; nothing if there are fewer than two.

    Parameters
    ----------
    history : mapping of str to list of float
        As ``history_``.
    best_epoch : int
        Is marked if there is a validation loss.
    """
    losses = {name: np.asarray(history.get(name, ()), float) for name in COLOURS}
    losses = {name: v for name, v in losses.items() if np.isfinite(v).sum() > 1}
    if not losses:
        return ""
    values = np.concatenate(list(losses.values()))
    place = _scale(values[np.isfinite(values)], max(map(len, losses.values())))
    lines = "".join(_line(name, loss, place) for name, loss in losses.items())
    lines += _mark(losses.get("val_loss", values[:0]), best_epoch, place)
    n_epochs = len(history["loss"])
    return (
        f'<svg role="img" aria-label="Loss over {n_epochs} epochs" width="{WIDTH}" '
        f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="10" '
        f'font-family="sans-serif" fill="currentColor">'
        f"{_labels(losses, values, place, n_epochs)}{lines}</svg>"
    )


def _scale(
    values: np.ndarray, n_epochs: int
) -> Callable[[float, float], tuple[float, float]]:
    """Return the function (epoch, loss) -> pixels."""
    low, high = values.min(), values.max()
    transform = np.log if low > 0 and high >= WIDE * low else np.float64
    bottom, top = transform(low), transform(high)
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(epoch: float, loss: float) -> tuple[float, float]:
        across = (epoch - 1) / max(n_epochs - 1, 1)
        up = (transform(loss) - bottom) / (top - bottom) if top > bottom else 0.5
        x, y = LEFT + across * width, TOP + (1 - up) * height
        return round(float(x), 1), round(float(y), 1)

    return place


def _line(name: str, loss: np.ndarray, place: Callable[..., Any]) -> str:
    """Draw one loss; epochs without a number are left out."""
    epochs = np.flatnonzero(np.isfinite(loss))
    chosen = np.linspace(0, len(epochs) - 1, min(len(epochs), MOST_POINTS))
    points = (place(e + 1, loss[e]) for e in epochs[chosen.round().astype(int)])
    path = " ".join(f"{x},{y}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" '
        'stroke-width="1.5"/>'
    )


def _mark(loss: np.ndarray, epoch: int, place: Callable[..., Any]) -> str:
    """Mark the epoch whose weights were kept, if it has a loss."""
    if not 0 < epoch <= len(loss) or not np.isfinite(loss[epoch - 1]):
        return ""
    x, y = place(epoch, loss[epoch - 1])
    return f'<circle cx="{x}" cy="{y}" r="3" fill="{COLOURS["val_loss"]}"/>'


def _labels(
    losses: Mapping[str, np.ndarray],
    values: np.ndarray,
    place: Callable[..., Any],
    n_epochs: int,
) -> str:
    """Name the lines, the largest and smallest loss, and the last epoch."""
    names = "".join(
        f'<tspan fill="{COLOURS[name]}" dx="8">{name} {loss[-1]:.3g}</tspan>'
        for name, loss in losses.items()
    )
    ends = "".join(
        f'<text x="{LEFT - 6}" y="{place(1, end)[1] + 3:.1f}" text-anchor="end">'
        f"{end:.3g}</text>"
        for end in sorted({np.nanmin(values), np.nanmax(values)})
    )
    return (
        f'<text x="{LEFT - 8}" y="11">{names}</text>{ends}'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">'
        f"{n_epochs} epochs</text>"
    )
