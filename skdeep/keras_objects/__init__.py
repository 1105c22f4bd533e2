"""What a user names or hands over: activations, initialisers, optimizers, losses.

Each file finds one kind of Keras object by name, checks its arguments, and turns an
object into a spec: class and configuration, which compare. Nothing here knows networks.
"""
