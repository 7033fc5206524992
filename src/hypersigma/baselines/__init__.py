"""Classical methods behind the same outer door as the networks; each file is a registered name.

A module holds `METHOD`, settings with a `fit`, and `TASK`, the name of the task that it does.
"""
