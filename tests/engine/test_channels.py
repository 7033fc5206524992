"""Channels of a scene: kept where they are few, and the same either way."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.front_end import FrontEndConfig, fit_front_end
from hypersigma.engine import channels as module
from hypersigma.engine.anchors import fingerprint
from hypersigma.engine.channels import Channels, StreamedChannels
from hypersigma.tiling import Window
from tests.fakes.fields import crops, field_cube

CUBE = field_cube(crops(50, 61))
FITTED = fit_front_end(FrontEndConfig(num_components=3), [CUBE])
WINDOWS = [Window(0, 0, 50, 61), Window(3, 7, 20, 9), Window(49, 60, 1, 1)]


def test_kept_channels_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    channels = Channels(FITTED, CUBE)
    first = channels.read(WINDOWS[1])
    monkeypatch.setattr(type(FITTED), "read", None)
    np.testing.assert_array_equal(channels.read(WINDOWS[1]), first)


@pytest.mark.parametrize("most_kept", [0, 1 << 30])
@pytest.mark.parametrize("block", [13, 256])
def test_how_they_are_kept_changes_nothing(most_kept: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", most_kept)
    monkeypatch.setattr(module, "_BLOCK", block)
    channels, whole = Channels(FITTED, CUBE), FITTED.read(CUBE, CUBE.window)
    for window in WINDOWS:
        np.testing.assert_allclose(channels.read(window), whole[:, *window.slices], atol=1e-4)


def test_bonds_are_those_of_the_front_end_and_computed_once_for_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    channels = Channels(FITTED, CUBE)
    for window in WINDOWS:
        np.testing.assert_array_equal(channels.bonds(window).right, FITTED.bonds(CUBE, window).right)
    assert channels.fingerprint == fingerprint(CUBE)
    last = channels.bonds(WINDOWS[-1])
    monkeypatch.setattr(type(FITTED), "bonds", None)
    assert channels.bonds(WINDOWS[-1]) is last


def test_channels_that_are_read_ahead_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 0)
    cube = field_cube(crops(150, 23))
    channels, whole = StreamedChannels(FITTED, cube), FITTED.read(cube, cube.window)
    # from top to bottom, once again to the top, and leaving a strip out
    for window in [Window(0, 0, 64, 23), Window(50, 7, 80, 9), Window(0, 0, 3, 3), Window(149, 2, 1, 20)]:
        np.testing.assert_array_equal(channels.read(window), whole[:, *window.slices])
