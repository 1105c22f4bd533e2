"""Stand in front of the installed JAX for the contenders that do not use it.

TensorFlow imports JAX when it finds it, which takes a second that only the
environment of the benchmarks would pay. This folder is on the search path of every
process but the one that measures JAX itself, workers of workers included.
"""

raise ModuleNotFoundError("JAX is hidden from this process.", name="jax")
