"""From files to folders of results: several models on a scene, and what is left alone on a second call."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hypersigma as hs
from hypersigma.engine.features import FeatureExtractor
from hypersigma.engine.frozen import _shared
from hypersigma.engine.prediction import Outcome, carried_out, jobs_for
from hypersigma.errors import InputError, OutputError
from hypersigma.spectra import CANONICAL
from tests.engine.test_features import scene as smooth_scene
from tests.fakes.encoders import save as save_weights
from tests.fakes.envi import braces, write_envi


def write(folder: Path, seed: int) -> Path:
    """A scene in a file, in reflectance."""
    folder.mkdir(exist_ok=True)
    return write_envi(
        folder,
        smooth_scene(CANONICAL, rows=40, cols=36, seed=seed).read(),
        data_name=f"scene{seed}.img",
        header_name=f"scene{seed}.hdr",
        wavelength=braces([f"{centre:.3f}" for centre in CANONICAL]),
        wavelength_units="Nanometers",
        description="{reflectance}",
    )


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """Two detectors that see by the same frozen encoder, each fitted on a scene of its own."""
    weights = save_weights(tmp_path / "weights", "spatial")
    folders = [tmp_path / "first", tmp_path / "second"]
    for seed, folder in enumerate(folders, start=10):
        cube = hs.open_cube(write(tmp_path / "fitted", seed))
        hs.run("anomaly_detection", cube, weights=str(weights), device="cpu").save(folder)
    return folders


def outcomes(scenes: list[Path], models: list[Path], output: Path, **changes: bool) -> list[Outcome]:
    jobs = jobs_for(scenes, models, output, opening={}, device="cpu", **changes)
    return [outcome for job in jobs for outcome in carried_out(job)]


def test_models_of_one_encoder_share_its_pass(
    models: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0
    tile = FeatureExtractor._tile

    def counted(self, *arguments):
        nonlocal count
        count += 1
        return tile(self, *arguments)

    monkeypatch.setattr(FeatureExtractor, "_tile", counted)
    scene = write(tmp_path / "in", 1)
    alone = []
    for model in models:
        # as in a process of its own
        _shared.cache_clear()
        outcomes([scene], [model], tmp_path / f"alone-{model.name}")
        alone.append(count)
    once = alone[0]
    assert alone == [once, 2 * once]
    assert once > 0
    count = 0
    _shared.cache_clear()
    found = outcomes([scene], models, tmp_path / "both")
    assert count == once
    assert [item.output for item in found] == [tmp_path / "both" / model.name for model in models]
    for model in models:
        for name in ("anomaly.tif", "mask.tif"):
            both = (tmp_path / "both" / model.name / name).read_bytes()
            assert both == (tmp_path / f"alone-{model.name}" / name).read_bytes()


def test_finished_scenes_are_left_alone(models: list[Path], tmp_path: Path) -> None:
    scenes, out = [write(tmp_path / "in", seed) for seed in (1, 2)], tmp_path / "out"
    first = outcomes(scenes, models[:1], out)
    assert [item.skipped for item in first] == [False, False]
    again = outcomes(scenes, models[:1], out)
    assert [item.skipped for item in again] == [True, True]
    assert [item.report for item in again] == [item.report for item in first]
    # another model, or other numbers in the file: nothing is left alone, nor replaced without a word
    with pytest.raises(OutputError, match="--overwrite"):
        outcomes(scenes, models[1:], out)
    assert [item.skipped for item in outcomes(scenes, models[1:], out, overwrite=True)] == [False, False]
    write(tmp_path / "in", 3).with_name("scene3.img").replace(scenes[1].with_name("scene2.img"))
    with pytest.raises(OutputError, match="--overwrite"):
        outcomes(scenes, models[1:], out)
    (out / "scene1" / "report.json").write_text("[]")
    with pytest.raises(OutputError):
        outcomes(scenes, models[1:], out)


def test_dates_come_in_pairs(tmp_path: Path) -> None:
    scenes = [write(tmp_path / "in", seed) for seed in (1, 2, 3)]
    hs.run("change_detection", *(hs.open_cube(scene) for scene in scenes[:2]), method="ir_mad").save(tmp_path / "run")
    with pytest.raises(InputError, match="3 scenes; this model compares two dates"):
        jobs_for(scenes, [tmp_path / "run"], tmp_path / "out", opening={})
    (job,) = jobs_for(scenes[:2], [tmp_path / "run"], tmp_path / "out", opening={})
    assert job.scene == tuple(scenes[:2])
    (found,) = carried_out(job)
    assert found.output == tmp_path / "out"
    assert np.isfinite(found.report["seconds"])
