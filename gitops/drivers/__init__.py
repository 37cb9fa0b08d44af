"""Touching the world: each module does one thing to one outside program or protocol.

A driver takes and returns values of the model, raises nothing but `DriverError`, and decides
nothing. Drivers do not know each other except through `base`.
"""
