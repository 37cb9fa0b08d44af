"""Deciding: values in, values out.

In come a bundle, its inputs and what was observed; out comes a plan. Nothing here looks at the
world, reads a clock or changes anything, so the same values always give the same plan.
"""
