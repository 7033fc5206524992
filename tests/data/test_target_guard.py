"""What a matched filter hears of a target is the same before and after."""

import numpy as np

from hypersigma.data.moments import moments, whitening
from hypersigma.data.target_guard import TargetGuard


def test_the_answer_of_the_filter_is_kept_and_little_noise_returns():
    generator = np.random.default_rng(0)
    clean = (generator.random((12, 2)) @ generator.random((2, 400))).astype(np.float32).reshape(12, 20, 20)
    before = (clean + 0.05 * generator.normal(size=clean.shape)).astype(np.float32)
    before[:, 3, 4] = np.nan
    after = clean.copy()
    used = np.ones(12, dtype=np.bool_)
    used[5] = False
    target = generator.random(12)
    known = np.isfinite(before).all(axis=0)
    guard = TargetGuard.of(lambda: [before[:, known]], target, used)
    kept = guard.kept(before, after)
    white, _ = whitening(moments(lambda: [before[used][:, known]]), 1e-6)
    looked = white.apply(target[used, None])[:, 0]
    heard = [looked @ white.apply(image[used][:, known]) / (looked @ looked) for image in (before, kept)]
    np.testing.assert_allclose(heard[1], heard[0], atol=2e-3)
    np.testing.assert_array_equal(kept[:, 3, 4], after[:, 3, 4])
    np.testing.assert_array_equal(kept[5], after[5])
    assert np.square(kept - clean)[:, known].mean() < 0.5 * np.square(before - clean)[:, known].mean()
