"""What the benchmark scenes for denoising share: a clean image with noise of the published kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypersigma.data.corrupt import PUBLISHED_CASES, CorruptionConfig, GaussianNoise, corrupted
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes._clean import CleanImage, Read

TASK = "denoising"
PROTOCOLS = {"none": SplitConfig(protocol="none")}

# Of case 1 published comparisons state no single level.
CASES = {
    **{
        f"case_1_sigma_{level}": CorruptionConfig(gaussian=GaussianNoise(deviations=(level / 255,)))
        for level in (30, 50, 70)
    },
    **{f"case_{case}": PUBLISHED_CASES[case] for case in (2, 3, 4, 5)},
}

Load = Callable[..., list[RestorationScene]]
Draw = Callable[[str, int], list[RestorationScene]]


def scenes(read: Read) -> tuple[Load, Draw]:
    """What a scene's file offers: `load(root=None)`, the scenes of seed 0, and `draw(protocol, seed)`."""

    def load(root: Path | None = None) -> list[RestorationScene]:
        """The scenes of seed 0, one a kind of noise; root as of the image's reader."""
        return with_noise(read(root), 0)

    def draw(protocol: str, seed: int) -> list[RestorationScene]:
        """The scenes with the noise that the seed draws."""
        return with_noise(read(None), seed)

    return load, draw


def with_noise(clean: CleanImage, seed: int) -> list[RestorationScene]:
    """A scene for each kind of noise, under its name, with the clean image as its truth."""
    truth = clean.cube(clean.image, "truth")
    return [
        RestorationScene(cube=clean.cube(corrupted(clean.image, case, seed).image, name), truth=truth)
        for name, case in CASES.items()
    ]
