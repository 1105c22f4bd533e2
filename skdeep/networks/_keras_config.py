"""A Keras model as text: what it is made of, without weights and without counters.

Keras numbers the names of layers through a process, so the second build of a network
has ``dense_2`` where the first had ``dense``. Here automatic names are counted anew in
every model, so two builds of one architecture give the same text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from skdeep.exceptions import InvalidNetworkError

# Layers whose configuration may end in the name of an activation.
ENDINGS = ("Activation", "Conv1D", "Conv2D", "Conv3D", "Dense", "EinsumDense")
MODELS = ("Functional", "Model", "Sequential")
LIBRARIES = ("builtins", "keras", "numpy", "tensorflow")  # whose classes Keras finds

Objects = tuple[tuple[str, Any], ...]


def describe_model(model: Any) -> tuple[str, Objects]:
    """Return a model's configuration in JSON, and what of it is not of Keras.

    Raises
    ------
    InvalidNetworkError
        If Keras cannot make the model again from its configuration.
    """
    from keras import saving

    try:
        tree = json.loads(json.dumps(saving.serialize_keras_object(model)))
        tree.pop("compile_config", None)
        text = json.dumps(_with_counted_names(tree), sort_keys=True)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise InvalidNetworkError(
            f"model must be what its class makes of get_config(); got "
            f"{type(model).__name__} with the error {error} Give its class a "
            "get_config that its constructor takes."
        ) from error
    return text, _own_objects(model, json.loads(text))


def rebuild_model(tree: Any, objects: Objects, input_shapes: Any) -> Any:
    """Make the model that a configuration describes, and let it make its weights.

    Lambdas are made as well: the text comes from an object of this process, or from a
    pickle, which may hold code anyhow.
    """
    import keras

    model = keras.saving.deserialize_keras_object(
        tree, custom_objects=dict(objects), safe_mode=False
    )
    if not model.built or not hasattr(model, "outputs") or not model.outputs:
        rows = [keras.Input(shape) for shape in input_shapes]
        model(rows[0] if len(rows) == 1 else rows)
    return model


def final_activation(tree: Any) -> dict[str, Any] | None:
    """Return the configuration that names the output's activation, if one does.

    Changing it there must change the output and nothing else, so it has to be that
    of a layer which is used once.
    """
    if tree["class_name"] not in MODELS or tree.get("module", "").startswith("__"):
        return None
    config = tree["config"]
    layer = _last_layer(config)
    if layer is None:
        return None
    if layer["class_name"] in MODELS:
        return final_activation(layer)
    known = layer["module"] == "keras.layers" and layer["class_name"] in ENDINGS
    own = layer["config"]
    return own if known and isinstance(own.get("activation"), str) else None


def _last_layer(config: dict[str, Any]) -> dict[str, Any] | None:
    """The layer whose output is the model's, if it is used nowhere else."""
    layers: list[dict[str, Any]] = config.get("layers", [])
    if "output_layers" not in config:
        return layers[-1] if layers else None
    output = config["output_layers"]
    output = output[0] if output and isinstance(output[0], list) else output
    if not isinstance(output, list) or len(output) != 3:
        return None
    found = [layer for layer in layers if layer.get("name") == output[0]]
    histories = [h for layer in layers for h in _histories(layer["inbound_nodes"])]
    is_last = all(history[0] != output[0] for history in histories)
    is_used_once = len(found) == 1 and len(found[0]["inbound_nodes"]) == 1
    return found[0] if is_last and is_used_once else None


def _histories(tree: Any) -> Iterator[list[Any]]:
    """Where the tensors in a part of a configuration come from."""
    for node in _dicts(tree):
        if "keras_history" in node:
            yield node["keras_history"]


def _dicts(tree: Any) -> Iterator[dict[str, Any]]:
    """All dicts in a tree, in order."""
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _dicts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _dicts(value)


def _with_counted_names(tree: Any) -> Any:
    """Count the automatic names of a configuration from the beginning."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    numbers: dict[int, int] = {}
    taken = {str(n["config"].get("name")) for n in _dicts(tree) if _is_object(n)}
    for node in filter(_is_object, _dicts(tree)):
        name = str(node["config"].get("name"))
        stem = _automatic_stem(name, node["class_name"])
        if name in names or stem is None:
            continue
        taken.discard(name)
        names[name] = _next_name(stem, counts, taken)
    for node in _dicts(tree):
        if "shared_object_id" in node:
            known = numbers.setdefault(node["shared_object_id"], len(numbers))
            node["shared_object_id"] = known
    return _renamed(tree, names)


def given_seeds(tree: Any) -> Iterator[Any]:
    """The seeds that a user has given to the initializers of a model."""
    for node in _dicts(tree):
        if node.get("seed") is not None:
            yield node["seed"]


def _is_object(node: dict[str, Any]) -> bool:
    """Whether a dict describes an object with a configuration."""
    return "class_name" in node and isinstance(node.get("config"), dict)


def _automatic_stem(name: str, class_name: str) -> str | None:
    """What an automatic name is counted by; None if somebody has chosen the name."""
    found = re.fullmatch(r"((?:forward_|backward_)?(.+?))(_\d+)?", name)
    if found is None or found[2].replace("_", "") != class_name.lower():
        return None
    return found[1]


def _next_name(stem: str, counts: dict[str, int], taken: set[str]) -> str:
    """The next name that nobody has chosen."""
    while True:
        number = counts[stem] = counts.get(stem, -1) + 1
        name = f"{stem}_{number}" if number else stem
        if name not in taken:
            return name


def _renamed(tree: Any, names: dict[str, str]) -> Any:
    """Replace names wherever they stand."""
    if isinstance(tree, dict):
        return {
            key: names.get(value, value)
            if key == "name" and isinstance(value, str)
            else _renamed(value, names)
            for key, value in tree.items()
        }
    if not isinstance(tree, list):
        return tree
    is_place = len(tree) == 3 and isinstance(tree[0], str) and tree[0] in names
    if is_place and all(isinstance(number, int) for number in tree[1:]):
        return [names[tree[0]], *tree[1:]]
    return [_renamed(value, names) for value in tree]


def _own_objects(model: Any, tree: Any) -> Objects:
    """What a configuration names and Keras does not have: classes and functions."""
    named = {_own_name(node): node for node in _dicts(tree)}
    found = _candidates_by_name(model, set(named))
    # Functions of Keras look like those of others, and it finds them itself.
    missing = sorted(
        name
        for name, node in named.items()
        if name and name not in found and node["class_name"] != "function"
    )
    if missing:
        raise InvalidNetworkError(
            "model must be made of Keras' objects and of classes and functions that "
            f"its layers hold; got others: {missing}. Keep them in an attribute of "
            "their layer."
        )
    pairs = dict(found)
    for name, node in named.items():  # Keras looks registered ones up by this name
        if name in found and node.get("registered_name") not in (None, "function"):
            pairs[node["registered_name"]] = found[name]
    return tuple(sorted(pairs.items(), key=lambda pair: pair[0]))


def _own_name(node: dict[str, Any]) -> str:
    """The name of a class or function that may not be of Keras; else empty.

    Keras notes no module of what is defined in ``__main__``, and that of functions as
    "builtins".
    """
    kind = str(node.get("class_name", ""))
    if kind == "function":
        return str(node["config"])
    is_of_keras = str(node.get("module") or "").startswith(("keras", "builtins"))
    is_own = kind and not is_of_keras and node.get("registered_name")
    return kind if is_own else ""


def _candidates_by_name(model: Any, names: set[str]) -> dict[str, Any]:
    """The objects of a model that have these names, each name for one object."""
    found: dict[str, Any] = {}
    for candidate in _candidates(model):
        name = getattr(candidate, "__name__", "")
        module = str(getattr(candidate, "__module__", ""))
        if not name or name not in names or module.startswith("keras."):
            continue
        if found.setdefault(name, candidate) != candidate:
            raise InvalidNetworkError(
                "model must name each of its own classes and functions differently; "
                f"got two of the name {name!r}. Rename one."
            )
    return found


def _candidates(model: Any) -> Iterator[Any]:
    """The classes of a model's layers, and the objects that layers hold."""
    for layer in _all_layers(model):
        yield type(layer)
        for value in vars(layer).values():
            yield value if callable(value) and not isinstance(value, type) else None
            yield type(value)


def _all_layers(model: Any) -> Iterator[Any]:
    """The model and all layers in it, however deep."""
    import keras

    yield model
    for value in getattr(model, "_layers", ()):
        if isinstance(value, keras.layers.Layer):
            yield from _all_layers(value)


def all_layers(model: Any) -> list[Any]:
    """List the layers of a model, those inside of others, too."""
    return list(_all_layers(model))[1:]


def own_objects(model: Any) -> dict[str, Any]:
    """The classes and functions of a model that Keras has to be told to load it.

    By the names it looks for; also those it is compiled with. Not lambdas, which Keras
    writes down, and not what is registered here and can be imported from nowhere.
    """
    from keras import saving

    found: dict[str, Any] = {}
    for candidate in [*_candidates(model), *_compiled_candidates(model)]:
        name = getattr(candidate, "__name__", "<lambda>")
        module = str(getattr(candidate, "__module__", ""))
        if name == "<lambda>" or module.partition(".")[0] in LIBRARIES:
            continue
        registered = saving.get_registered_name(candidate)
        is_registered = saving.get_registered_object(registered) is candidate
        if not is_registered or "<locals>" not in candidate.__qualname__:
            found |= {name: candidate, registered: candidate}
    return found


def _compiled_candidates(model: Any) -> Iterator[Any]:
    """What a model is compiled with, and the classes and functions of that."""
    # Keras wraps metrics into one.
    metrics = [
        inner
        for metric in getattr(model, "metrics", [])
        for inner in getattr(metric, "metrics", [metric])
    ]
    for value in [getattr(model, "loss", None), *metrics]:
        yield from (value, type(value))
        if isinstance(getattr(value, "__dict__", None), dict):
            yield from filter(callable, vars(value).values())
