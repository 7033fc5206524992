"""How a step looks at its images: what is the step's, what is an image's own, and what other sensors make of bands."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.data.simulated_pairs import shapes
from hypersigma.engine.masking_settings import UNCHANGED, AugmentationSettings, DecoderSettings, MaskingSettings
from hypersigma.engine.objective import Draws
from hypersigma.engine.views import Images, changes, look, noise, seen, standardised
from hypersigma.errors import ConfigError
from hypersigma.spectra import CANONICAL

MASKING = MaskingSettings()
EVERYTHING = AugmentationSettings(complete=0.0)
PRESENT = torch.from_numpy((CANONICAL < 1340) | (CANONICAL > 1460))


def batch(size: int = 4, seed: int = 0) -> Images:
    return Images(torch.rand(size, 100, 64, 64, generator=torch.Generator().manual_seed(seed)), PRESENT)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_parts_of_a_step_look_alike(step: int) -> None:
    whole = batch()
    looks = [
        look(MASKING, EVERYTHING, whole._replace(image=whole.image[first : first + 2]), Draws(0, step, first, 2))
        for first in (0, 2)
    ]
    assert looks[0][:4] == looks[1][:4]
    assert torch.equal(looks[0].present, looks[1].present)
    how = looks[0]
    assert how.patch in (1, 2, 4, 8)
    assert 8 <= how.grid <= 32
    assert how.patch * how.grid <= 64
    # Bands that are not there do not come back.
    assert not (how.present & ~PRESENT).any()
    assert how.num_bands >= 6


def test_parts_side_by_side_are_the_whole() -> None:
    whole = batch()
    found = []
    for first, size in ((0, 4), (0, 2), (2, 2)):
        draws, part = Draws(3, 7, first, size), whole._replace(image=whole.image[first : first + size])
        how = look(MASKING, EVERYTHING, part, draws)
        found.append(seen("spatial", part, 16, how, changes(EVERYTHING, draws), draws).image)
    torch.testing.assert_close(torch.cat(found[1:]), found[0])


def test_nothing_is_changed_where_nothing_is_asked_for() -> None:
    whole, draws = batch(), Draws(0, 0, 0, 4)
    how = look(MASKING, UNCHANGED, whole, draws)
    assert torch.equal(how.present, PRESENT)
    assert how.response is None
    assert torch.equal(seen("spatial", whole, 64, how, changes(UNCHANGED, draws), draws).image, whole.image)
    assert look(MASKING, UNCHANGED, whole._replace(present=None), draws).present is None


def test_an_image_is_laid_in_eight_ways() -> None:
    ways = set()
    whole = batch(1)
    for step in range(60):
        draws = Draws(0, step, 0, 1)
        augmentation = replace(UNCHANGED, flips=True)
        how = look(MASKING, augmentation, whole, draws)
        square = seen("spatial", whole, 64, how, changes(augmentation, draws), draws).image
        ways.add(square.numpy().tobytes())
        assert float(square.sum()) == pytest.approx(float(whole.image.sum()), rel=1e-5)
    assert len(ways) == 8


def test_light_and_noise_lie_between_their_ends() -> None:
    changed = changes(AugmentationSettings(), Draws(0, 0, 0, 200))
    assert 0.7 <= float(changed.factor.min()) < 0.75
    assert 1.3 < float(changed.factor.max()) <= 1.4
    assert 0.002 <= float(changed.noise.min()) < 0.0024
    assert 0.017 < float(changed.noise.max()) <= 0.02


def test_truth_is_cut_and_lit_as_the_image_is() -> None:
    draws = Draws(0, 3, 0, 2)
    image = torch.rand(2, 100, 64, 64)
    flat = torch.from_numpy(shapes(image[0].numpy()))[None].expand(2, -1, -1, -1)
    whole = Images(image, None, torch.cat([image, flat], dim=1))
    augmentation = replace(UNCHANGED, flips=True, gain=(0.5, 2.0))
    how, changed = look(MASKING, augmentation, whole, draws), changes(augmentation, draws)
    found = seen("spatial", whole, 64, how, changed, draws)
    torch.testing.assert_close(found.truth, found.image)
    lit = torch.from_numpy(shapes(found.image[0].numpy()))
    torch.testing.assert_close(found.shapes[0], lit, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("sensor", ["camera", "enmap", "sentinel2", "landsat8"])
def test_another_sensor_sees_a_straight_spectrum_as_it_is(sensor: str) -> None:
    line = torch.linspace(0.1, 0.5, 100)[None, :, None, None].expand(1, 100, 64, 64)
    # What is not there must not matter.
    whole = Images(torch.where(PRESENT[:, None, None], line, torch.nan), PRESENT)
    augmentation = replace(UNCHANGED, complete=0.0, sensors=(sensor,), widest_gap=0.0)
    for step in range(40):
        draws = Draws(0, step, 0, 1)
        how = look(MASKING, augmentation, whole, draws)
        if how.response is not None:
            break
    found = seen("spectral", whole, 1, how, changes(augmentation, draws), draws).image[0, :, 0, 0]
    torch.testing.assert_close(found[how.present], line[0, :, 0, 0][how.present], atol=1e-5, rtol=1e-4)
    assert int(how.present.sum()) < int(PRESENT.sum()) or sensor == "enmap"


def test_the_target_leaves_missing_bands_aside() -> None:
    image = batch(2).image
    found = standardised(image, PRESENT)[:, PRESENT]
    spoiled = torch.where(PRESENT[:, None, None], image, torch.nan)
    torch.testing.assert_close(standardised(spoiled, PRESENT)[:, PRESENT], found)
    assert found.isfinite().all()
    assert float(found.std()) == pytest.approx(1, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(0, 1000))
def test_spans_are_hidden_together(span: int, step: int) -> None:
    places = torch.arange(100)[PRESENT]
    found = noise("spectral", places, span, Draws(0, step, 0, 3))
    assert found.shape == (3, len(places))
    changes_at = (found.diff(dim=1).abs() > 2e-4).sum(1)
    if span > 1:
        assert int(changes_at.max()) <= 100 // span + 2
    other = noise("spatial", places, span, Draws(0, step, 0, 3))
    assert not torch.equal(found, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: MaskingSettings(grids=(128,)), "fit into a tile"),
        (lambda: MaskingSettings(spectral_tiles=()), "spectral_tiles"),
        (lambda: MaskingSettings(spectral_target="token"), "no variance"),
        (lambda: MaskingSettings(spectral_mask_ratio=1.0), "spectral_mask_ratio"),
        (lambda: MaskingSettings(spans=(0,)), "spans"),
        (lambda: AugmentationSettings(gain=(0.0, 1.0)), "gain"),
        (lambda: AugmentationSettings(noise=(0.0, 1.0)), "noise"),
        (lambda: MaskingSettings(readout=-1.0), "readout"),
        (lambda: AugmentationSettings(sensors=("enmpa",)), "enmap"),
    ],
)
def test_impossible_settings_are_refused(change, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        change()


def test_a_decoder_suits_its_size() -> None:
    assert DecoderSettings().size("tiny")[:3] == (128, 2, 4)
    assert DecoderSettings().size("huge")[:3] == (512, 8, 16)
    assert DecoderSettings(depth=1).size("small")[:3] == (128, 1, 4)
