"""One room a task. A room exports `TASK`, a subclass of `Task` (see `_contract`), and `Inputs`, what a person gives.

Rooms are named without importing torch: a room's networks are imported when its `TASK` is asked for.
"""
