"""What names a framework: loading it, device arrays, gradients, loops, compilation.

The rest of the engine is written against these and ``keras.ops``.
"""
