"""A classification's networks: both answers, weights of the plain one, and the settings that scenes allow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from scipy.special import softmax

from hypersigma.data.front_end import fit_front_end
from hypersigma.engine.channels import Channels
from hypersigma.tasks.classification.plain import labelled_samples, logistic_weights
from hypersigma.tasks.classification.task import Classification
from tests.fakes.fields import LEGEND, field_scene
from tests.fakes.networks import toy_config, toy_size

SCENE = field_scene()


@pytest.fixture(scope="module", autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


@pytest.mark.parametrize("changes", [{}, {"head": "patch", "window": 5}], ids=str)
def test_the_plain_answer_is_a_logistic_regression_of_the_narrow_channels(changes: dict[str, object]) -> None:
    config = toy_config(**changes)
    front_end = fit_front_end(config.front_end, [SCENE.cube])
    reader = Channels(front_end, SCENE.cube)
    task = Classification.build(config, front_end, LEGEND).eval()
    task.prepare([SCENE], [reader])
    channels = reader.read(SCENE.cube.window)[:, :12, :14]
    with torch.inference_mode():
        found = task.quantities(torch.from_numpy(channels)[None])[0].numpy()
    margin = task.margin
    assert found.shape == (6, 12 - 2 * margin, 14 - 2 * margin)
    np.testing.assert_allclose(found[:3].sum(axis=0), 1.0, atol=1e-5)
    samples, classes = labelled_samples([SCENE], [reader])
    weights = logistic_weights(samples[:, front_end.narrow], classes, 3, front_end.plain)
    middle = channels[front_end.narrow, margin : 12 - margin, margin : 14 - margin]
    scores = np.tensordot(weights[:, :-1], middle, axes=1) + weights[:, -1, None, None]
    np.testing.assert_allclose(found[3:], softmax(scores, axis=0), atol=1e-4)


def test_the_plain_answer_is_saved_with_the_network() -> None:
    config = toy_config()
    front_end = fit_front_end(config.front_end, [SCENE.cube])
    task = Classification.build(config, front_end, LEGEND)
    assert not task.plain.any()
    task.prepare([SCENE], [Channels(front_end, SCENE.cube)])
    assert task.state_dict()["plain"].any()
    assert "plain" not in dict(task.named_parameters())
