"""A described corpus: simulated scenes and mirrored crops go through a harvest, and come back as training sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.image import imsave

from hypersigma.data.patch_screening import Limits
from hypersigma.data.shards import Store
from hypersigma.data.simulated_corpus import SimulatedCorpus, _extended
from hypersigma.engine.corpus import Share, SimulatedSource, StoreSource
from hypersigma.engine.harvest import Plan, harvest, origins_of
from hypersigma.errors import ConfigError, InputError
from hypersigma.readers import open_cube
from tests.fakes.libraries import GRID, smooth_spectra, write_library
from tests.fakes.patches import ground, write_ground

KEEP_ALL = Limits(missing=1, dead=1, striped=1, saturated=1, cloud=1, water=1, blank=1, duplicates=False)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    spectra = smooth_spectra(16)
    # Some end early, as field spectra do.
    spectra[:8, GRID > 2440] = -1.23e34
    library = write_library(folder, spectra, GRID, [f"material {index}" for index in range(16)])
    crop = write_ground(folder, "crop", ground(20, 90))
    imsave(folder / "photograph.png", np.random.default_rng(0).random((40, 30, 3)))
    content = {
        "libraries": [str(library)],
        "sensors": {"enmap": 3, "aviris": 2},
        "images": [str(folder / "photograph.png"), str(crop)],
        "crops": [{"path": str(crop), "scale": 0.0001}],
        "materials": {"num_groups": 0},
        "scene": {"structure": {"kinds": ["borrowed", "mosaic"]}},
    }
    path = folder / "corpus.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def store(described: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    plan = Plan(origins=tuple(origins_of(described, open_cube)), limits=KEEP_ALL)
    folder = tmp_path_factory.mktemp("stores") / "store"
    harvest(plan, folder)
    return Store(folder)


def test_all_are_in_the_store(store: Store) -> None:
    counts = {name.split("-")[0]: len(places) for name, places in store.places.items()}
    # A crop of 20 x 90 pixels goes on as its mirror image to 64 x 128.
    assert counts == {"enmap": 3, "aviris": 2, "unknown": 2}
    record = next(store.records())
    assert record["scene"] == "simulated aviris 0"


def test_a_crop_goes_on_as_its_mirror_image(store: Store) -> None:
    name = next(name for name in store.groups if name.startswith("unknown"))
    patch = store.read(name, [0])[0]
    np.testing.assert_array_equal(patch[:, 20:40], patch[:, :20][:, ::-1])
    np.testing.assert_array_equal(
        store.groups[name].values(patch[:, :20]), ground(20, 90)[:, :, :64] * np.float32(1e-4)
    )


def test_what_is_read_is_what_is_simulated(store: Store, described: Path) -> None:
    corpus = SimulatedCorpus.load(described)
    simulator = corpus.simulator("aviris")
    group = simulator.group
    again = simulator.patch((corpus.seed, 1))
    found = group.values(store.read(group.name, [1])[0])
    np.testing.assert_allclose(found, again, atol=5e-5)
    # Spectra that end a little early go on, so that no band of the sensor is lost for them.
    assert np.isfinite(again).all()


def test_steps_depend_on_seed_and_step_alone(store: Store, described: Path) -> None:
    for source in (StoreSource(path=str(store.folder)), SimulatedSource(corpus=str(described))):
        kinds = set()
        for step in range(6):
            whole = source.images(Share(0, step, 0, 4, 4))
            parts = [source.images(Share(0, step, first, 2, 4)) for first in (0, 2)]
            np.testing.assert_array_equal(np.concatenate([part.image for part in parts]), whole.image)
            assert all(np.array_equal(part.present, whole.present) for part in parts)
            kinds.add(int(whole.present.sum()))
        # Each step is of one sensor, and steps differ.
        assert len(kinds) > 1
        assert str(store.folder) not in source.described()


def test_inner_gaps_are_not_bridged() -> None:
    spectra = np.array([[np.nan, 1.0, np.nan, 2.0, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(_extended(spectra, 2), [[1.0, 1.0, np.nan, 2.0, 2.0, 2.0, np.nan]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "sensors with a number"),
        ({"sensors": {"enmap": 2}}, "need libraries"),
        ({"sensors": {"enmap": 2}, "libraries": ["a"], "scene": {"rows": 32}}, "64 x 64"),
        ({"sensors": {"enmpa": 2}, "libraries": ["a"]}, "enmap"),
        ({"sensor": {}}, "did you mean 'sensors'"),
    ],
)
def test_a_corpus_that_cannot_be_is_refused(content: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / "corpus.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=message):
        SimulatedCorpus.load(tmp_path / "corpus.yaml")


def test_an_image_that_is_not_there_is_told(described: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(described.read_text()) | {"images": [str(tmp_path / "none.png")], "seed": 5}
    (tmp_path / "corpus.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match="photograph"):
        origins_of(tmp_path / "corpus.yaml", open_cube)


def test_scenes_are_kept_for_one_description(described: Path, tmp_path: Path) -> None:
    source = SimulatedSource(corpus=str(described), keep=str(tmp_path / "kept"))
    whole = source.images(Share(0, 0, 0, 4, 4))
    folders = list((tmp_path / "kept").iterdir())
    assert len(folders) == 1
    files = {path: path.stat().st_mtime_ns for path in folders[0].iterdir()}
    again = SimulatedSource(corpus=str(described), keep=str(tmp_path / "kept")).images(Share(0, 0, 2, 2, 4))
    np.testing.assert_array_equal(again.image, whole.image[2:])
    np.testing.assert_array_equal(again.truth, whole.truth[2:])
    assert files == {path: path.stat().st_mtime_ns for path in folders[0].iterdir()}
    other = described.with_name("other.yaml")
    other.write_text(described.read_text() + "seed: 7\n")
    SimulatedSource(corpus=str(other), keep=str(tmp_path / "kept")).images(Share(0, 0, 0, 1, 1))
    assert len(list((tmp_path / "kept").iterdir())) == 2
