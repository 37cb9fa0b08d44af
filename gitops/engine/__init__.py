"""The pipeline: look, decide, carry out, record.

It sees the protocols of `drivers.base` and of `ports`, never a driver or the store. `decide` looks
and changes nothing; `carry_out` does what a plan says and decides nothing.
"""
