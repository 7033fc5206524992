"""Benchmark scenes, one file each: `load(root=None)` gives labelled scenes, `PROTOCOLS` how they are split."""
