"""One room a task, which exports what the engine asks of it.

That is `TASK`, a subclass of `Task` (see `_contract`); `Inputs`, the flags of what a person gives beside scenes, and
`load_inputs(cubes, ...)`, which reads that; `findings(inputs, method, network, seed)`, the task's part of a report.

Rooms are named without importing torch: a room's networks are imported when its `TASK` is asked for.
"""
