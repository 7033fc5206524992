"""Benchmark scenes, one file each: `load(root=None)` gives the scenes, `PROTOCOLS` how they are split.

Scenes for detection also have `draw(protocol, seed)`: those of `load` with the target that the seed draws.
"""
