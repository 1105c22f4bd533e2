"""The layers a network can be stacked from, one file each.

Every file has one frozen dataclass with all that is to be known about a layer: which
constructor parameters ask for it and where it stands, its arrays and how they are
drawn, the shape behind it, its call, its twin of Keras, its nodes in ONNX. ``_layer``
says what a layer is; ``_kernel`` and ``_activity`` hold what several share.

To add one, write a file with a subclass of ``Layer`` and, if an estimator is to have
it, a row for its parameter. Nothing else lists layers: importing this package imports
all its files.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
