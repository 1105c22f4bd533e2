"""Objects that a file may hold: estimators, what a fit leaves, Keras' objects.

Objects are made without running their constructors' callers' code: an estimator gets
its attributes as they were, a record is made from the arguments it was made from.
"""

from __future__ import annotations

import inspect
import json
import math
from typing import Any

import numpy as np
import scipy.stats
import sklearn
import sklearn.feature_selection
from sklearn import config_context
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names

from skdeep.engine._fitted import FittedNetwork
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.estimators._state import VERSION as OWN_VERSION
from skdeep.estimators._state import with_version
from skdeep.keras_objects._spec import KerasSpec, to_spec
from skdeep.networks._keras_network import KerasNetwork
from skdeep.networks.layers._layer import Layer, layer_class
from skdeep.persistence._archive import damaged
from skdeep.persistence._classes import (
    ESTIMATOR_BASES,
    RECORDS,
    SCORE_FUNCTIONS,
    estimator_class,
    estimator_name,
    is_keras_name,
    is_plain_config,
    is_plain_model,
    record_class,
)
from skdeep.persistence._kind import Kind, Reader, Writer, list_of, text_of
from skdeep.persistence._sizes import implied_numbers

REQUESTS = "_metadata_request"  # what scikit-learn's set_fit_request and the like set
VERSION = "_sklearn_version"  # what scikit-learn adds to the states of its estimators


def _encode_estimator(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    name = estimator_name(type(value))
    if name is None:
        return writer.refuse(value, where)
    if getattr(value, "memory", None) is not None:  # a folder of pickles
        return writer.refuse(value.memory, f"{where}.memory")
    state = value.__getstate__() or {}
    attributes = {
        attribute: writer.write(inner, f"{where}.{attribute}")
        for attribute, inner in state.items()
        if attribute not in (REQUESTS, VERSION, OWN_VERSION)
    }
    fields = {"class": name, "attributes": attributes}
    if REQUESTS in state:
        requests = _requests(state[REQUESTS])
        fields["requests"] = writer.write(requests, f"{where}'s requests")
    return fields


def _decode_estimator(reader: Reader, fields: dict[str, Any]) -> Any:
    name = text_of(fields, "class")
    cls = estimator_class(name)
    attributes = {k: reader.read(v) for k, v in fields["attributes"].items()}
    state = {**_defaults(cls), **attributes}
    _check_state(cls, state)
    estimator: Any = object.__new__(cls)
    if name.startswith("sklearn."):
        reader.note_scikit_learn(cls.__name__)
        state[VERSION] = sklearn.__version__  # ``load`` warns, once it has read all
    if name.startswith("skdeep."):
        state = with_version(state)
    getattr(estimator, "__setstate__", vars(estimator).update)(state)
    if "requests" in fields:
        _set_requests(estimator, reader.read(fields["requests"]))
    return estimator


def _defaults(cls: type) -> dict[str, Any]:
    """Parameters that came with a later version than the one that wrote a file."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _check_state(cls: type, state: dict[str, Any]) -> None:
    """Refuse attributes that no estimator has."""
    missing = {
        p.name
        for p in inspect.signature(cls).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    } - set(state)
    if missing:
        damaged(f"{cls.__name__} without {sorted(missing)}")
    for name in state:
        if not name.isidentifier() or name.startswith("__"):
            damaged(f"{cls.__name__} with an attribute {name!r}")
    if state.get("memory") is not None:
        damaged(f"{cls.__name__} with memory={state['memory']!r}")
    if not isinstance(state.get("_fitted"), FittedNetwork | None):
        damaged(f"{cls.__name__} with a network of type {type(state['_fitted'])}")
    if "members_" in state:
        _check_members(cls, state["members_"])


def _check_members(cls: type, members: Any) -> None:
    """Refuse members that are no fitted estimators of one architecture."""
    are_fitted = isinstance(members, list) and all(
        type(member) is cls and isinstance(vars(member).get("_fitted"), FittedNetwork)
        for member in members
    )
    if not are_fitted or len({member._fitted.network for member in members}) != 1:
        damaged(f"{cls.__name__} with members {members!r:.80}")


def _requests(metadata: Any) -> dict[str, dict[str, Any]]:
    """What the methods of an estimator ask for, by method."""
    found = {method: dict(of.requests) for method, of in _methods(metadata).items()}
    return {method: requests for method, requests in found.items() if requests}


def _methods(metadata: Any) -> dict[str, Any]:
    """The methods that have requests, of scikit-learn's MetadataRequest."""
    return {k: v for k, v in vars(metadata).items() if hasattr(v, "requests")}


def _set_requests(estimator: Any, requests: dict[str, dict[str, Any]]) -> None:
    """Set them as a user would; scikit-learn refuses unknown ones."""
    with config_context(enable_metadata_routing=True):
        for method, of_method in requests.items():
            if not method.isidentifier():
                damaged(f"requests of a method {method!r}")
            getattr(estimator, f"set_{method}_request")(**of_method)


def _is_record(value: Any) -> bool:
    """Whether it is something that a fit leaves."""
    cls = type(value)
    return RECORDS.get(cls.__name__) == cls.__module__


def _encode_record(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    if isinstance(value, KerasNetwork) and (
        value.objects or not is_plain_model(json.loads(value.config))
    ):
        return writer.refuse(value, where)
    arguments = {
        name: writer.write(getattr(value, name), f"{where}.{name}")
        for name in inspect.signature(type(value)).parameters
    }
    return {"class": type(value).__name__, "arguments": arguments}


def _decode_record(reader: Reader, fields: dict[str, Any]) -> Any:
    cls = record_class(text_of(fields, "class"))
    record = cls(**{k: reader.read(v) for k, v in fields["arguments"].items()})
    if isinstance(record, KerasNetwork):
        _check_model(record)
    if isinstance(record, FittedNetwork):
        _check_weights(record)
    return record


def _check_model(network: KerasNetwork) -> None:
    """Refuse a model that Keras could not make without running code."""
    if network.objects or not is_plain_model(json.loads(network.config)):
        damaged("a model with parts that are not plain layers of Keras")


def _check_weights(fitted: FittedNetwork) -> None:
    """Refuse weights that do not belong to their network."""
    hash(fitted.network)  # fails for a list where a tuple belongs
    specs, dtype = fitted.network.weight_specs(), fitted.network.compute_dtype
    expected = [(spec.shape, dtype) for spec in specs]
    found = [(weight.shape, weight.dtype.name) for weight in fitted.weights]
    if found != expected:
        damaged(f"weights {found} where {expected} belong")
    # With a side of 0 a network of any width has weights of no bytes at all.
    shapes = [fitted.network.input_shape, *(spec.shape for spec in specs)]
    if any(min(shape, default=0) < 1 or math.prod(shape) >= 2**31 for shape in shapes):
        damaged(f"arrays of the shapes {shapes}")


def _is_layer(value: Any) -> bool:
    """Whether it is a layer of a class that a file may name."""
    return isinstance(value, Layer) and layer_class(type(value).__name__) is type(value)


def _decode_layer(reader: Reader, fields: dict[str, Any]) -> Any:
    name = text_of(fields, "class")
    cls = layer_class(name)
    if cls is None:
        damaged(f"a layer {name!r}")
    return cls(**{k: reader.read(v) for k, v in fields["arguments"].items()})


def _is_keras(value: Any) -> bool:
    """Whether it is a Keras object that its configuration says all about."""
    return (
        hasattr(value, "get_config")
        and type(value).__module__.split(".")[0] == "keras"
        and isinstance(to_spec(value), KerasSpec)
    )


def _encode_keras(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    fields = _encode_spec(writer, to_spec(value, keep_name=True), where)
    return fields if fields else writer.refuse(value, where)


def _decode_keras(reader: Reader, fields: dict[str, Any]) -> Any:
    load_tensorflow()
    return _decode_spec(reader, fields).make()


def _encode_spec(writer: Writer, value: KerasSpec, where: str) -> dict[str, Any]:
    config = json.loads(value.config)
    if not (is_keras_name(value.cls) and is_plain_config(config)):
        return writer.refuse(value, where)
    writer.count_numbers(implied_numbers(str(value.cls), config), where)
    return {"class": value.cls, "config": writer.write(config, where)}


def _decode_spec(reader: Reader, fields: dict[str, Any]) -> KerasSpec:
    name, text = text_of(fields, "class"), json.dumps(reader.read(fields["config"]))
    config = json.loads(text)  # what Keras gets to see: tuples are lists there
    if not (is_keras_name(name) and is_plain_config(config)):
        damaged(f"the Keras object {name!r} with {config!r}")
    reader.count_numbers(implied_numbers(name, config), name)
    return KerasSpec(name, json.dumps(config, sort_keys=True))


def _is_scorer(value: Any) -> bool:
    return type(value).__module__ == "sklearn.metrics._scorer"


def _encode_scorer(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    estimator = getattr(value, "_estimator", None)
    if estimator is not None:  # the score method of an estimator
        return {"estimator": writer.write(estimator, where)}
    for name in get_scorer_names():
        # A scorer does not know its name; it is the one that has the same parts.
        known = get_scorer(name)
        if type(known) is type(value) and vars(known) == vars(value):
            return {"name": name}
    return writer.refuse(value, where)


def _decode_scorer(reader: Reader, fields: dict[str, Any]) -> Any:
    if "estimator" in fields:
        return check_scoring(reader.read(fields["estimator"]))
    return get_scorer(text_of(fields, "name"))


def _is_distribution(value: Any) -> bool:
    """Whether a randomised search can draw from it, as from ``loguniform(1, 10)``."""
    name = getattr(getattr(value, "dist", None), "name", None)
    return isinstance(name, str) and isinstance(_distribution(name), type(value.dist))


def _distribution(name: str) -> Any:
    """A distribution that scipy.stats exports."""
    bases = (scipy.stats.rv_continuous, scipy.stats.rv_discrete)
    found = getattr(scipy.stats, name, None)
    return found if isinstance(found, bases) else None


def _encode_distribution(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    # What ``load`` would refuse, see below.
    if any(np.ndim(a) for a in (*value.args, *value.kwds.values())):
        return writer.refuse(value, where)
    arguments = [writer.write(a, where) for a in value.args]
    keywords = writer.write(dict(value.kwds), where)
    return {"name": value.dist.name, "arguments": arguments, "keywords": keywords}


def _decode_distribution(reader: Reader, fields: dict[str, Any]) -> Any:
    found = _distribution(text_of(fields, "name"))
    if found is None:
        damaged(f"the distribution {fields['name']!r}")
    arguments = list(map(reader.read, list_of(fields, "arguments")))
    keywords = reader.read(fields["keywords"])
    # Two long arrays would be broadcast to a table of all their pairs.
    if any(np.ndim(a) for a in (*arguments, *keywords.values())):
        damaged(f"the distribution {fields['name']!r} of arrays")
    return found(*arguments, **keywords)


def _is_known_function(value: Any) -> bool:
    name = getattr(value, "__name__", None)
    return isinstance(name, str) and value is _function(name)


def _function(name: str) -> Any:
    """A function of numbers, of NumPy or scikit-learn."""
    if name in SCORE_FUNCTIONS:
        return getattr(sklearn.feature_selection, name)
    found = getattr(np, name, None)
    return found if isinstance(found, np.ufunc) else None


def _encode_function(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    return {"name": value.__name__}


def _decode_function(reader: Reader, fields: dict[str, Any]) -> Any:
    found = _function(text_of(fields, "name"))
    if found is None:
        damaged(f"the function {fields['name']!r}")
    return found


def _is_registered(value: Any) -> bool:
    """Whether it is a function or class that a user has registered with Keras."""
    if not callable(value) or not hasattr(value, "__qualname__"):
        return False
    from keras import saving

    return saving.get_registered_object(saving.get_registered_name(value)) is value


def _encode_registered(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    from keras import saving

    return {"name": saving.get_registered_name(value)}


def _decode_registered(reader: Reader, fields: dict[str, Any]) -> Any:
    load_tensorflow()
    from keras import saving

    name = text_of(fields, "name")
    found = saving.get_registered_object(name)
    if found is None:
        damaged(f"the function {name!r}, which is not registered here with Keras")
    return found


OBJECT_KINDS = (
    Kind(
        "estimator",
        lambda value: isinstance(value, ESTIMATOR_BASES),
        _encode_estimator,
        _decode_estimator,
    ),
    Kind("record", _is_record, _encode_record, _decode_record),
    Kind("layer", _is_layer, _encode_record, _decode_layer),
    Kind("keras_spec", lambda v: isinstance(v, KerasSpec), _encode_spec, _decode_spec),
    Kind("keras", _is_keras, _encode_keras, _decode_keras),
    Kind("registered", _is_registered, _encode_registered, _decode_registered),
    Kind("scorer", _is_scorer, _encode_scorer, _decode_scorer),
    Kind("distribution", _is_distribution, _encode_distribution, _decode_distribution),
    Kind("function", _is_known_function, _encode_function, _decode_function),
)
