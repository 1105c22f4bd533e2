"""Plain values: containers, arrays, dtypes, and the floats that JSON lacks."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from skdeep.persistence._archive import damaged, is_plain
from skdeep.persistence._kind import Kind, Reader, Writer, list_of, text_of

# From here on floats go into an array: smaller, faster, and exact anyhow.
MANY_FLOATS = 16
ODD_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
TYPES = {"bool": bool, "float": float, "int": int, "object": object, "str": str}
DTYPE = re.compile(r"[<>|=]?[a-zA-Z]\d{0,9}(\[\d{0,9}[a-zA-Z]{1,2}\])?")


def _is_exactly(cls: type) -> Any:
    """Recognise a class, but none that inherits from it."""
    # An OrderedDict or a named tuple would come back as something else.
    return lambda value: type(value) is cls


def _are_many_floats(value: Any) -> bool:
    """Whether a list holds floats only, and many of them."""
    return (
        type(value) is list
        and len(value) >= MANY_FLOATS
        and all(type(item) is float for item in value)
    )


def _encode_dict(writer: Writer, value: dict[Any, Any], where: str) -> dict[str, Any]:
    items = [
        [writer.write(k, f"a key of {where}"), writer.write(v, f"{where}[{k!r}]")]
        for k, v in value.items()
    ]
    return {"items": items}


def _decode_dict(reader: Reader, fields: dict[str, Any]) -> dict[Any, Any]:
    return {reader.read(k): reader.read(v) for k, v in list_of(fields, "items")}


def _encode_tuple(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    return {"items": [writer.write(v, f"{where}[{i}]") for i, v in enumerate(value)]}


def _decode_tuple(reader: Reader, fields: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(map(reader.read, list_of(fields, "items")))


def _encode_slice(writer: Writer, value: slice, where: str) -> dict[str, Any]:
    parts = (value.start, value.stop, value.step)
    return {"items": [writer.write(part, where) for part in parts]}


def _decode_slice(reader: Reader, fields: dict[str, Any]) -> slice:
    start, stop, step = map(reader.read, list_of(fields, "items"))
    return slice(start, stop, step)


def _encode_odd_float(writer: Writer, value: float, where: str) -> dict[str, Any]:
    return {"value": str(value)}


def _decode_odd_float(reader: Reader, fields: dict[str, Any]) -> float:
    return ODD_FLOATS[text_of(fields, "value")]


def _encode_floats(writer: Writer, value: list[float], where: str) -> dict[str, Any]:
    # In one byte order, whatever the machine has.
    return {"array": writer.keep(np.array(value, dtype="<f8"))}


def _decode_floats(reader: Reader, fields: dict[str, Any]) -> Any:
    array = reader.array(fields["array"])
    # Rows of no columns have no bytes, but each would become a list.
    if array.ndim != 1 or array.dtype != np.float64:
        damaged(f"floats in an array of shape {array.shape} and dtype {array.dtype}")
    return array.tolist()


def _encode_array(writer: Writer, value: np.ndarray, where: str) -> dict[str, Any]:
    if is_plain(value):
        return {"array": writer.keep(value)}
    if value.dtype.kind != "O":
        return writer.refuse(value, where)
    items = [writer.write(v, f"{where}[{i}]") for i, v in enumerate(value.flat)]
    return {"shape": list(value.shape), "items": items}


def _decode_array(reader: Reader, fields: dict[str, Any]) -> np.ndarray:
    if "array" in fields:
        return reader.array(fields["array"])
    shape, items = list_of(fields, "shape"), list_of(fields, "items")
    if not all(type(n) is int and n >= 0 for n in shape):
        damaged(f"an array of shape {shape}")
    if math.prod(shape) != len(items):
        damaged(f"an array of shape {shape} with {len(items)} values")
    array = np.empty(len(items), dtype=object)
    # One by one: from a list NumPy would make axes of the lists in it.
    for i, item in enumerate(items):
        array[i] = reader.read(item)
    return array.reshape(shape)


def _encode_masked(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    mask = np.ma.getmaskarray(value)
    return {
        "data": _encode_array(writer, value.data, where),
        "mask": _encode_array(writer, mask, where),
        "fill_value": writer.write(value.fill_value, where),
    }


def _decode_masked(reader: Reader, fields: dict[str, Any]) -> Any:
    return np.ma.MaskedArray(
        _decode_array(reader, fields["data"]),
        _decode_array(reader, fields["mask"]),
        fill_value=reader.read(fields["fill_value"]),
    )


def _is_plain_scalar(value: Any) -> bool:
    """Whether it is a number, string or time of NumPy."""
    return isinstance(value, np.generic) and is_plain(np.asarray(value))


def _encode_scalar(writer: Writer, value: np.generic, where: str) -> dict[str, Any]:
    return {"array": writer.keep(np.asarray(value))}


def _decode_scalar(reader: Reader, fields: dict[str, Any]) -> Any:
    return reader.array(fields["array"])[()]


def _is_type(value: Any) -> bool:
    """Whether it is a class that stands for a dtype, as in ``dtype=np.float64``."""
    return isinstance(value, type) and (
        value in TYPES.values() or issubclass(value, np.generic)
    )


def _encode_type(writer: Writer, value: type, where: str) -> dict[str, Any]:
    if value in TYPES.values():
        return {"name": value.__name__}
    return {"numpy": np.dtype(value).str}


def _decode_type(reader: Reader, fields: dict[str, Any]) -> type:
    if "numpy" in fields:
        return _dtype(text_of(fields, "numpy")).type
    return TYPES[text_of(fields, "name")]


def _encode_dtype(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    if value.names is not None or value.subdtype is not None:
        return writer.refuse(value, where)
    return {"name": value.str}


def _decode_dtype(reader: Reader, fields: dict[str, Any]) -> Any:
    return _dtype(text_of(fields, "name"))


def _dtype(name: str) -> Any:
    """A dtype without fields."""
    if DTYPE.fullmatch(name) is None:
        damaged(f"the dtype {name!r}")
    return np.dtype(name)


def _encode_random_state(writer: Writer, value: Any, where: str) -> dict[str, Any]:
    return {"state": writer.write(value.get_state(legacy=False), where)}


def _decode_random_state(reader: Reader, fields: dict[str, Any]) -> Any:
    random_state = np.random.RandomState()
    random_state.set_state(reader.read(fields["state"]))
    return random_state


PLAIN_KINDS = (
    Kind("float", _is_exactly(float), _encode_odd_float, _decode_odd_float),
    Kind("floats", _are_many_floats, _encode_floats, _decode_floats),
    Kind("dict", _is_exactly(dict), _encode_dict, _decode_dict),
    Kind("tuple", _is_exactly(tuple), _encode_tuple, _decode_tuple),
    Kind("slice", _is_exactly(slice), _encode_slice, _decode_slice),
    Kind("masked", _is_exactly(np.ma.MaskedArray), _encode_masked, _decode_masked),
    Kind("array", _is_exactly(np.ndarray), _encode_array, _decode_array),
    Kind("array", _is_exactly(np.memmap), _encode_array, _decode_array),
    Kind("scalar", _is_plain_scalar, _encode_scalar, _decode_scalar),
    Kind("type", _is_type, _encode_type, _decode_type),
    Kind("dtype", lambda v: isinstance(v, np.dtype), _encode_dtype, _decode_dtype),
    Kind(
        "random_state",
        _is_exactly(np.random.RandomState),
        _encode_random_state,
        _decode_random_state,
    ),
)
