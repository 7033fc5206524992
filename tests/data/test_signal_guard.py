"""What is too large to be noise comes back, and noise does not."""

import numpy as np

from hypersigma.data.faults import Faults
from hypersigma.data.scene_model import Part, SceneModel
from hypersigma.data.signal_guard import guarded
from hypersigma.data.spectral_subspace import SpectralSubspace

BANDS, SIDE = 120, 12


def model(rank=2):
    faults = Faults(
        dead=np.zeros((BANDS, SIDE), dtype=bool),
        stuck=np.full((BANDS, 1), np.nan, dtype=np.float32),
        offsets=np.zeros((BANDS, SIDE), dtype=np.float32),
    )
    vectors = np.eye(BANDS)[:rank]
    return SceneModel(
        faults=faults, subspace=SpectralSubspace(deviations=np.ones(BANDS), mean=np.zeros(BANDS), vectors=vectors)
    )


def noise():
    return np.random.default_rng(2).standard_normal((BANDS, SIDE, SIDE)).astype(np.float32)


def result_of(image, rank=2):
    own = model(rank)
    cleaned = np.zeros((rank, SIDE, SIDE), np.float32)
    return guarded(Part(image, np.ones(image.shape, dtype=bool)), cleaned, own)


def test_noise_does_not_come_back():
    np.testing.assert_allclose(result_of(noise()), 0, atol=1e-5)


def test_a_pixel_of_another_material_is_as_it_was():
    image = noise()
    image[:, 5, 6] += 6 * np.sign(np.sin(np.arange(BANDS)))
    found = result_of(image)
    np.testing.assert_array_equal(found[:, 5, 6], image[:, 5, 6])
    found[:, 5, 6] = 0
    np.testing.assert_allclose(found, 0, atol=1e-5)


def test_a_smooth_spectrum_comes_back_without_most_of_its_noise():
    image, spectrum = noise(), 1.5 * np.sin(np.linspace(0, 3, BANDS))
    image[:, 3, 4] = 0.3 * image[:, 3, 4] + spectrum
    found = result_of(image)[:, 3, 4]
    assert np.abs(found[2:] - spectrum[2:]).mean() < np.abs(image[2:, 3, 4] - spectrum[2:]).mean()
    assert found[2:] @ spectrum[2:] > 0.5 * spectrum[2:] @ spectrum[2:]


def test_what_is_large_within_the_subspace_is_kept():
    image = noise()
    image[0, 7, 7] = 20.0
    assert result_of(image)[0, 7, 7] == np.float32(20.0)


def test_a_subspace_of_all_bands_leaves_nothing_to_judge():
    np.testing.assert_allclose(result_of(0.01 * noise(), rank=BANDS), 0, atol=1e-5)
