"""Files that are damaged, foreign, or made to do harm: none of them is read."""

import importlib
import inspect
import io
import itertools
import json
import math
import os
import pickle
import struct
import sys
import tracemalloc
import zipfile
from pathlib import Path

import joblib
import keras
import numpy as np
import pytest
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdeep
from skdeep import DNNClassifier, DNNRegressor
from skdeep.exceptions import FileFormatError
from skdeep.keras_objects._spec import keras_class
from skdeep.persistence._classes import KERAS_MODULES, is_keras_name
from skdeep.persistence._sizes import implied_numbers

N_MUTATIONS = 200


@pytest.fixture(scope="module")
def good(iris, tmp_path_factory):
    """A file of a fitted pipeline: its path and what is in it."""
    X, y = iris
    net = DNNClassifier((4,), epochs=1, random_state=0)
    path = tmp_path_factory.mktemp("good") / "net.skdeep"
    skdeep.save(make_pipeline(StandardScaler(), net).fit(X, y), path)
    return path


def members(path):
    """Everything in a file, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def description(path):
    """What the file says besides arrays."""
    return json.loads(members(path)["skdeep.json"])


def written(path, contents, compression=zipfile.ZIP_STORED):
    """Write a zip file with these (name, bytes)."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents:
            archive.writestr(name, content)
    return path


def with_description(path, text):
    """Write a file that holds nothing but a description."""
    text = text if isinstance(text, str) else json.dumps(text)
    return written(path, [("skdeep.json", text)])


def estimator_file(path, tree):
    """Write a file whose estimator is described by ``tree``."""
    return with_description(
        path,
        {
            "format": "skdeep estimator",
            "format_version": 1,
            "versions": {"skdeep": skdeep.__version__},
            "estimator": tree,
        },
    )


def network_file(path, name, value):
    """Write a file of an estimator with one parameter described by ``value``."""
    tree = {
        "kind": "estimator",
        "class": "skdeep.estimators.DNNRegressor",
        "attributes": {name: value},
    }
    return estimator_file(path, tree)


def assert_refused(path, match=None):
    """Loading ends in the one error, with little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=match):
            skdeep.load(path)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def cut(content, rng):
    """Leave the end out."""
    return content[: rng.integers(len(content))]


def flip(content, rng):
    """Change some bytes."""
    changed = bytearray(content)
    for place in rng.integers(len(content), size=rng.integers(1, 9)):
        changed[place] ^= rng.integers(1, 256)
    return bytes(changed)


def blank(content, rng):
    """Overwrite a stretch with zeros, as a broken disk does."""
    start, stop = sorted(rng.integers(len(content), size=2))
    return content[:start] + bytes(stop - start) + content[stop:]


def drop(content, rng):
    """Leave a stretch out."""
    start, stop = sorted(rng.integers(len(content), size=2))
    return content[:start] + content[stop:]


def repeat(content, rng):
    """Write a stretch twice."""
    start, stop = sorted(rng.integers(len(content), size=2))
    return content[:stop] + content[start:]


def test_damaged_files_are_refused_or_harmless(good, iris, tmp_path):
    """Of 200 damaged files each raises the one error, or loads what was saved."""
    X, _ = iris
    whole, path = good.read_bytes(), tmp_path / "damaged"
    expected = skdeep.load(good).predict_proba(X)
    rng = np.random.default_rng(0)
    n_refused = 0

    for number in range(N_MUTATIONS):
        damage = [cut, flip, blank, drop, repeat][number % 5]
        path.write_bytes(damage(whole, rng))
        try:
            found = skdeep.load(path)
        except FileFormatError as error:
            assert "written by skdeep.save" in str(error)  # noqa: PT017 - or no error
            n_refused += 1
        else:
            np.testing.assert_array_equal(found.predict_proba(X), expected)

    assert n_refused > 0.9 * N_MUTATIONS


def test_every_bit_of_the_arrays_is_watched(good, tmp_path):
    """A single bit that flips in a weight is noticed."""
    content = bytearray(good.read_bytes())
    first = content.rfind(b"\x93NUMPY") + 128  # of the last array, behind its header
    content[first] ^= 1
    path = tmp_path / "flipped"
    path.write_bytes(content)

    assert_refused(path, "the fault BadZipFile: Bad CRC")


FOREIGN = {
    "an empty file": b"",
    "text": b"not a network\n",
    "a pickle": pickle.dumps(DNNRegressor()),
    "an empty zip file": b"PK\x05\x06" + bytes(18),
}


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_refused(name, tmp_path):
    """A file of another kind is named as such."""
    path = tmp_path / "foreign"
    path.write_bytes(FOREIGN[name])

    assert_refused(path, r"expects a whole file written by skdeep\.save; got .*foreign")


@pytest.mark.fast
def test_files_of_joblib_and_numpy_are_refused(tmp_path):
    """Pickles are not run, whoever calls them a network."""
    joblib.dump(StandardScaler(), tmp_path / "joblib")
    np.savez(tmp_path / "arrays.npz", np.ones(3))

    assert_refused(tmp_path / "joblib", "zip")
    assert_refused(tmp_path / "arrays.npz", "without a member skdeep.json")


@pytest.mark.fast
def test_what_cannot_be_opened_says_so(tmp_path):
    """A missing file and a folder are the operating system's errors."""
    with pytest.raises(FileNotFoundError, match="missing"):
        skdeep.load(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        skdeep.load(tmp_path)


@pytest.mark.parametrize("name", ["a device", "a pipe"])
def test_only_regular_files_are_read(tmp_path, name):
    """A device that never ends and a pipe that nobody writes to are not read from."""
    path = Path("/dev/zero")
    if name == "a pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)

    assert_refused(path, f"{name} in the place of a regular file")


@pytest.mark.fast
def test_a_long_table_of_contents_is_not_read(tmp_path):
    """A sparse file takes no place on the disk, and must take none in memory."""
    n_bytes = 2**36
    path = tmp_path / "sparse"
    end = struct.pack(
        "<4sHHHHLLH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0
    )
    zip64 = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, n_bytes, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, n_bytes, 1)
    with path.open("wb") as file:
        file.seek(n_bytes)
        file.write(zip64 + locator + end)

    tracemalloc.start()
    with pytest.raises(FileFormatError, match="that must be read at once"):
        skdeep.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 200e6


def test_newer_formats_say_what_to_update(good, tmp_path):
    """A file of a later format names the version that wrote it."""
    later = description(good) | {"format_version": 2, "versions": {"skdeep": "9.1"}}

    path = with_description(tmp_path / "later", later)

    assert_refused(path, r"got version 2, written by skdeep 9\.1. Update skdeep")


def test_other_versions_of_scikit_learn_warn(good, tmp_path):
    """As with pickles, a transformer of another scikit-learn is read with a warning."""
    contents = members(good)
    older = json.loads(contents["skdeep.json"])
    older["versions"]["scikit-learn"] = "1.2.3"
    contents["skdeep.json"] = json.dumps(older)
    path = written(tmp_path / "older", contents.items())

    with pytest.warns(InconsistentVersionWarning, match=r"1\.2\.3"):
        skdeep.load(path)


def test_parameters_of_later_versions_get_their_defaults(tmp_path):
    """A file without a parameter is from a skdeep that did not have it yet."""
    path = network_file(tmp_path / "early", "epochs", 7)

    net = skdeep.load(path)

    assert repr(net) == "DNNRegressor(epochs=7)"


@pytest.mark.parametrize(
    "name", ["../evil.npy", "/tmp/evil.npy", "arrays/../../x.npy", "notes.txt", "a/"]
)
def test_members_that_do_not_belong_are_refused(good, tmp_path, name):
    """Paths that leave the archive, and anything else that is not ours."""
    contents = [*members(good).items(), (name, b"x")]

    path = written(tmp_path / "more", contents)

    assert_refused(path, "the unknown member")


def test_an_array_too_many_is_refused(good, tmp_path):
    """A member that the description does not use is not ours."""
    contents = members(good)
    number = len(contents) - 1

    path = written(
        tmp_path / "more", [*contents.items(), (f"arrays/{number}.npy", b"x")]
    )

    assert_refused(path, "the unused member")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_members_of_the_same_name_are_refused(good, tmp_path):
    """Two readers must not see two different files."""
    contents = [*members(good).items(), ("skdeep.json", b"{}")]

    path = written(tmp_path / "twice", contents)

    assert_refused(path, "two members of the same name")


def npy(array, **kwargs):
    """An array in NumPy's format."""
    file = io.BytesIO()
    np.save(file, array, **kwargs)
    return file.getvalue()


def huge_header(shape, descr="<f8"):
    """An array in NumPy's format that says it is large."""
    file = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + bytes(8)


def array_file(path, content):
    """Write a file of an estimator with one array among its parameters."""
    array = {"kind": "array", "array": 0}
    text = members(network_file(path, "dropout", array))["skdeep.json"]
    return written(path, [("skdeep.json", text), ("arrays/0.npy", content)])


def test_an_array_is_read(tmp_path):
    """The files of these tests are refused for their faults only."""
    path = array_file(tmp_path / "good", npy(np.array([0.5, 0.25])))

    np.testing.assert_array_equal(skdeep.load(path).dropout, [0.5, 0.25])


class Touch:
    """An object whose pickle makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        """Say what to run."""
        return open, (str(self.path), "w")


def test_pickles_in_arrays_are_not_run(tmp_path):
    """An array of objects is refused before it is unpickled."""
    mark = tmp_path / "mark"
    content = npy(np.array([Touch(mark)], dtype=object), allow_pickle=True)

    assert_refused(array_file(tmp_path / "evil", content), "dtype object")

    assert not mark.exists()


@pytest.mark.parametrize(
    "shape", [(10**12,), (2**62, 2**62), (-1,), (10**9, 0, 10**9, 2), (2,), ()]
)
def test_arrays_larger_than_their_bytes_are_refused(tmp_path, shape):
    """The size in a header is compared with the member before memory is asked for."""
    path = array_file(tmp_path / "bomb", huge_header(shape)[: 128 + 8 * (shape != ())])
    if shape == ():
        path = array_file(tmp_path / "bomb", huge_header(shape) + b"more")

    assert_refused(path, "another size than its member")


def test_other_versions_of_numpys_format_are_refused(tmp_path):
    """Only the version that we write is read."""
    content = bytearray(npy(np.ones(2)))
    content[6] = 2

    assert_refused(array_file(tmp_path / "v2", bytes(content)), "foreign version")


@pytest.mark.parametrize("descr", ["|S0", "<U0"])
def test_empty_values_are_refused(tmp_path, descr):
    """A thousand million empty strings have no bytes, but would each be an object."""
    path = array_file(tmp_path / "bomb", huge_header((10**9,), descr)[:128])

    assert_refused(path, "an array of empty values")


def test_floats_are_one_row(tmp_path):
    """A thousand million rows of no floats have no bytes, but would become lists."""
    floats = {"kind": "floats", "array": 0}
    text = members(network_file(tmp_path / "bomb", "dropout", floats))["skdeep.json"]
    content = huge_header((10**9, 0))[:128]

    path = written(
        tmp_path / "bomb", [("skdeep.json", text), ("arrays/0.npy", content)]
    )

    assert_refused(path, r"floats in an array of shape \(1000000000, 0\)")


def test_compressed_members_are_refused(tmp_path):
    """A gigabyte of blanks in a megabyte is not unpacked."""
    path = written(
        tmp_path / "bomb", [("skdeep.json", b" " * 10**8)], zipfile.ZIP_DEFLATED
    )

    assert path.stat().st_size < 10**6
    assert_refused(path, "compressed or encrypted")


def test_sizes_in_the_table_of_contents_are_not_believed(tmp_path):
    """A member that says it is larger than the file is refused unread."""
    path = with_description(tmp_path / "bomb", "{}")
    content = bytearray(path.read_bytes())
    entry = content.rfind(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = struct.pack("<LL", 2**31, 2**31)
    path.write_bytes(content)

    assert_refused(path, "larger than the file")


def test_members_that_share_their_bytes_are_refused(tmp_path):
    """A thousand members over the same bytes are a bomb, too."""
    text = json.dumps({"format": "skdeep estimator", "pad": " " * 100_000})
    path = with_description(tmp_path / "one", text)
    content = path.read_bytes()
    start = content.rfind(b"PK\x01\x02")
    end = content.rfind(b"PK\x05\x06")
    entry = content[start:end]
    entries = [entry]
    for number in range(999):
        name = f"arrays/{number}.npy".encode()
        copied = bytearray(entry[:46] + name)
        copied[28:30] = struct.pack("<H", len(name))
        entries.append(bytes(copied))
    table = b"".join(entries)
    counts = struct.pack("<HHLL", 1000, 1000, len(table), start)
    bomb = content[:start] + table + content[end : end + 8] + counts + b"\0\0"
    path.write_bytes(bomb)

    assert_refused(path, "larger than the file")


ODD_TEXTS = {
    "deeply nested": '{"format": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "a huge number": '{"format": ' + "9" * 10_000 + "}",
    "no JSON": "{'format': 1}",
    "no unicode": '{"format": "\udcff"}',
    "NaN": '{"format": NaN}',
    "a list": "[]",
    "another format": '{"format": "keras"}',
    "nothing else": '{"format": "skdeep estimator"}',
}


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_descriptions_are_refused(tmp_path, name):
    """JSON that no save has written."""
    text = ODD_TEXTS[name].encode(errors="surrogateescape")

    path = written(tmp_path / "odd", [("skdeep.json", text)])

    assert_refused(path)


FOREIGN_CLASSES = [
    "builtins.eval",
    "os.system",
    "this.Zen",
    "subprocess.Popen",
    "sklearn.datasets.fetch_openml",
    "sklearn.base.BaseEstimator",
    "sklearn.model_selection.cross_val_score",
    "sklearn.model_selection._search.GridSearchCV",
    "sklearn.preprocessing.__builtins__",
    "skdeep.estimators._network_estimator.NetworkEstimator",
    "skdeep.persistence.load",
    "keras.layers.Lambda",
    "",
    ".",
]


@pytest.mark.parametrize("name", FOREIGN_CLASSES)
def test_foreign_classes_are_not_even_imported(tmp_path, name):
    """A name leads only to exported estimators of skdeep and scikit-learn."""
    tree = {"kind": "estimator", "class": name, "attributes": {}}

    path = estimator_file(tmp_path / "evil", tree)

    assert_refused(path, "which is no estimator")
    assert "this" not in sys.modules


def keras_tree(name, **config):
    """A Keras object in a file."""
    items = [[k, v] for k, v in config.items()]
    return {
        "kind": "keras",
        "class": name,
        "config": {"kind": "dict", "items": items},
    }


def inner(module, name, **more):
    """A Keras object in the configuration of another."""
    record = {"module": module, "class_name": name, "config": None, **more}
    return {"kind": "dict", "items": [[k, v] for k, v in record.items()]}


EVIL_VALUES = {
    "a Lambda layer": keras_tree("keras.layers.Lambda", function="4wEAAAA="),
    "a layer that loads a file": keras_tree("keras.layers.TFSMLayer", filepath="x"),
    "a function in keras": keras_tree("keras.utils.get_file", origin="http://x"),
    "a class from elsewhere": keras_tree("os.system", command="touch mark"),
    "a private module": keras_tree("keras.src.losses.loss.Loss"),
    "a metric with a function": keras_tree("keras.metrics.MeanMetricWrapper", fn="f"),
    "a foreign class inside": keras_tree(
        "keras.optimizers.SGD", learning_rate=inner("os", "system")
    ),
    "a lambda inside": keras_tree(
        "keras.losses.Huber", fn=inner("builtins", "__lambda__")
    ),
    "a function inside": keras_tree(
        "keras.losses.Huber", fn=inner("builtins", "function")
    ),
    "a registered class inside": keras_tree(
        "keras.optimizers.SGD",
        learning_rate=inner("keras.losses", "Huber", registered_name="Own>Huber"),
    ),
    "more than a configuration inside": keras_tree(
        "keras.optimizers.SGD",
        learning_rate=inner("keras.losses", "Huber", build_config=1),
    ),
    "an argument that Keras does not know": keras_tree("keras.losses.Huber", evil=1),
    "a frozen foreign class": keras_tree("os.system") | {"kind": "frozen"},
    "a function hidden in a tuple": keras_tree(
        "keras.losses.Huber",
        delta={"kind": "tuple", "items": [inner("builtins", "function")]},
    ),
    "a function": {"kind": "function", "name": "system"},
    "a class of numpy": {"kind": "function", "name": "memmap"},
    "a scorer that is none": {"kind": "scorer", "name": "os.system"},
    "a distribution": {
        "kind": "distribution",
        "name": "__import__",
        "arguments": ["os"],
        "keywords": {"kind": "dict", "items": []},
    },
    "a distribution of arrays": {
        "kind": "distribution",
        "name": "uniform",
        "arguments": [{"kind": "array", "shape": [2], "items": [1, 2]}],
        "keywords": {"kind": "dict", "items": []},
    },
    "a type": {"kind": "type", "name": "eval"},
    "a structured dtype": {"kind": "dtype", "name": "i4,i4"},
    "a record": {"kind": "record", "class": "Popen", "arguments": {}},
    "a layer": {"kind": "layer", "class": "Popen", "arguments": {}},
    "a layer by its path": {
        "kind": "layer",
        "class": "skdeep.networks.layers._flatten.Flatten",
        "arguments": {"name": "flatten"},
    },
    "a layer as a record": {
        "kind": "record",
        "class": "Flatten",
        "arguments": {"name": "flatten"},
    },
    "a layer that cannot be made": {
        "kind": "layer",
        "class": "KernelLayer",
        "arguments": {"name": "hidden_1"},
    },
    "an unknown argument": {
        "kind": "layer",
        "class": "Pooling",
        "arguments": {"size": 1, "kind": "max", "padding": "same", "evil": 1},
    },
    "an unknown kind": {"kind": "pickle", "data": "gASVAAAA"},
    "no kind": {"__reduce__": ["os.system", "touch mark"]},
    "an odd float": {"kind": "float", "value": "1e400"},
    "an array that is not there": {"kind": "array", "array": 5},
    "an array by path": {"kind": "array", "array": "../0"},
    "objects without values": {"kind": "array", "shape": [10**12], "items": []},
    "objects of a negative shape": {"kind": "array", "shape": [-1, -1], "items": [1]},
    "items that are none": {"kind": "tuple", "items": 5},
    "a dict of lists": {"kind": "dict", "items": [[[], 1]]},
}


@pytest.mark.parametrize("name", EVIL_VALUES)
def test_evil_values_are_refused(tmp_path, name, monkeypatch):
    """Whatever stands in the place of a parameter, nothing is run."""
    monkeypatch.chdir(tmp_path)

    path = network_file(tmp_path / "evil", "loss", EVIL_VALUES[name])

    assert_refused(path)
    assert not (tmp_path / "mark").exists()


GREEDY = {
    "a table of pairs": keras_tree("keras.metrics.MeanIoU", num_classes=25_000),
    "long lists": keras_tree("keras.metrics.AUC", num_thresholds=40_000_000),
    "lists times labels": keras_tree(
        "keras.metrics.AUC", num_thresholds=4000, multi_label=True, num_labels=4000
    ),
    "a list of the file times labels": keras_tree(
        "keras.metrics.AUC",
        thresholds=[i / 4000 for i in range(4000)],
        multi_label=True,
        num_labels=4000,
    ),
    "many objects of medium size": {
        "kind": "tuple",
        "items": [keras_tree("keras.metrics.MeanIoU", num_classes=3000)] * 2,
    },
    "one that is made later": keras_tree("keras.metrics.MeanIoU", num_classes=25_000)
    | {"kind": "keras_spec"},
    "one inside another": keras_tree(
        "keras.optimizers.SGD",
        learning_rate=inner(
            "keras.metrics",
            "MeanIoU",
            config={"kind": "dict", "items": [["num_classes", 25_000]]},
        ),
    ),
}


@pytest.mark.parametrize("name", GREEDY)
def test_objects_that_ask_for_much_memory_are_refused(tmp_path, name):
    """What a configuration implies is counted over the file before it is made."""
    path = network_file(tmp_path / "greedy", "metrics", GREEDY[name])

    assert_refused(path, "numbers, where all of a file may hold")


def test_what_load_would_refuse_is_not_saved(tmp_path):
    """The limit holds in both directions, so that no good file is unreadable."""
    net = DNNClassifier(metrics=[keras.metrics.MeanIoU(25)])
    skdeep.save(net, tmp_path / "net")
    assert skdeep.load(tmp_path / "net").metrics[0].num_classes == 25

    net.metrics[0].num_classes = 25_000

    with pytest.raises(TypeError, match=r"at most .* numbers together; got .*metrics"):
        skdeep.save(net, tmp_path / "net")


def keras_classes():
    """Yield the public name of every Keras class that a file may hold."""
    for module in KERAS_MODULES | {"keras.layers"}:
        for name, cls in vars(importlib.import_module(module)).items():
            if isinstance(cls, type) and is_keras_name(f"{module}.{name}"):
                yield f"{module}.{name}"


def made_with(name, value):
    """Yield configurations in which one, two or all arguments have this value."""
    arguments = [
        argument.name
        for argument in inspect.signature(keras_class(name)).parameters.values()
        if argument.kind is argument.POSITIONAL_OR_KEYWORD
    ]
    required = [
        argument.name
        for argument in inspect.signature(keras_class(name)).parameters.values()
        if argument.default is argument.empty and argument.name in arguments
    ]
    for given in itertools.combinations(arguments, 2):
        yield dict.fromkeys([*required, *given], value)
        yield dict.fromkeys([*required, *given], value) | {"multi_label": True}


@pytest.mark.parametrize("name", sorted(keras_classes()))
def test_no_object_holds_more_than_its_configuration_implies(name):
    """The estimate is at least what Keras makes, for every class and argument."""
    for config in made_with(name, 61):
        try:
            made = keras_class(name)(**config)
        except Exception:  # what cannot be made takes no memory
            continue
        held = sum(math.prod(v.shape) for v in getattr(made, "variables", ()))

        assert held <= max(64, implied_numbers(name, config)), config


@pytest.mark.parametrize("name", ["__class__", "__dict__", "not a name", ""])
def test_odd_attributes_are_refused(tmp_path, name):
    """An attribute has an ordinary name."""
    assert_refused(network_file(tmp_path / "evil", name, 1), "with an attribute")


def test_an_array_is_used_once(tmp_path):
    """A thousand values over one array would need its memory a thousand times."""
    array = {"kind": "array", "array": 0}
    value = {"kind": "tuple", "items": [array, array]}
    text = members(network_file(tmp_path / "bomb", "dropout", value))["skdeep.json"]

    path = written(
        tmp_path / "bomb", [("skdeep.json", text), ("arrays/0.npy", npy(np.ones(9)))]
    )

    assert_refused(path, "two uses")


def test_folders_of_pickles_are_refused(good, tmp_path):
    """A cache folder would be unpickled from by the next fit."""
    contents = members(good)
    text = contents["skdeep.json"].decode()
    assert '"memory": null' in text
    contents["skdeep.json"] = text.replace('"memory": null', '"memory": "/tmp/evil"')

    path = written(tmp_path / "evil", contents.items())

    assert_refused(path, "Pipeline with memory='/tmp/evil'")


def test_weights_must_fit_their_network(good, tmp_path):
    """A file whose description and arrays disagree is refused when it is loaded."""
    contents = members(good)
    text = contents["skdeep.json"].decode()
    assert '"units": 4' in text
    contents["skdeep.json"] = text.replace('"units": 4', '"units": 5')

    path = written(tmp_path / "wrong", contents.items())

    assert_refused(path, "weights")


def test_requests_are_only_set_where_methods_take_them(tmp_path):
    """Requests cannot reach other attributes of an estimator."""
    tree = {
        "kind": "estimator",
        "class": "skdeep.estimators.DNNRegressor",
        "attributes": {},
        "requests": {
            "kind": "dict",
            "items": [["params", {"kind": "dict", "items": []}]],
        },
    }

    assert_refused(estimator_file(tmp_path / "evil", tree))
