"""Benchmark scenes, one file each: `load(root=None)` gives the scenes, `PROTOCOLS` how they are split.

Modules of several scenes may have `HELD_OUT`: by protocol, the names of the scenes that are test in each fold. Scenes
for change detection are pairs, `Pair`, labelled 1 = unchanged and 2 = changed; `WAVELENGTHS` is False where nobody
knows which bands the files hold. Scenes for detection also have `draw(protocol, seed)`: those of `load` with the target
that the seed draws. Scenes for denoising and super-resolution, `RestorationScene`, have it too: with the noise that the
seed draws.
"""
