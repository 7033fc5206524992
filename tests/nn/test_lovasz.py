"""The Lovasz-softmax, against its definition over sets of pixels."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import jaccard_score

from hypersigma.nn.lovasz import lovasz_softmax

# Few distinct values, so that errors are often equal.
PIXEL = st.tuples(st.lists(st.sampled_from([0.0, 0.3, 1.0, 2.5]), min_size=3, max_size=3), st.integers(-1, 2))
PIXELS = st.lists(PIXEL, min_size=1, max_size=10)


def tensors(pixels):
    """Probabilities (1, 3, N) and labels (1, N)."""
    logits = torch.tensor([logits for logits, _ in pixels], dtype=torch.float64)
    return logits.softmax(1).T[None], torch.tensor([[label for _, label in pixels]])


def jaccard_loss(wrong, truth):
    """Of a class whose pixels are the set `truth`, when the pixels in `wrong` are predicted wrongly."""
    return len(wrong) / len(wrong | truth) if wrong else 0.0


def sorted_sum(errors, truth):
    """The Lovasz extension of the Jaccard loss at errors by pixel: a sum over pixels, those of large errors first."""
    order = sorted(errors, key=errors.get, reverse=True)
    total = 0.0
    for index, pixel in enumerate(order):
        grown, before = set(order[: index + 1]), set(order[:index])
        total += errors[pixel] * (jaccard_loss(grown, truth) - jaccard_loss(before, truth))
    return total


def integral(errors, truth):
    """The same as an integral: over thresholds from 0 to 1, of the loss of getting all above the threshold wrong."""
    steps = sorted({0.0, *errors.values()})
    return sum(
        (high - low) * jaccard_loss({pixel for pixel, error in errors.items() if error >= high}, truth)
        for low, high in pairwise(steps)
    )


def by_definition(probabilities, labels, extension):
    labels = labels[0].tolist()
    losses = []
    for label in {label for label in labels if label >= 0}:
        truth = {pixel for pixel, found in enumerate(labels) if found == label}
        errors = {
            pixel: abs((pixel in truth) - probabilities[0, label, pixel].item())
            for pixel, found in enumerate(labels)
            if found >= 0
        }
        losses.append(extension(errors, truth))
    return np.mean(losses) if losses else 0.0


@given(PIXELS, st.sampled_from([sorted_sum, integral]))
def test_it_is_what_its_definition_says(pixels, extension):
    probabilities, labels = tensors(pixels)
    expected = by_definition(probabilities, labels, extension)
    assert lovasz_softmax(probabilities, labels).item() == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_of_maps_too(seed):
    rng = torch.Generator().manual_seed(seed)
    probabilities = torch.randn(2, 3, 5, 4, dtype=torch.float64, generator=rng).softmax(1)
    labels = torch.randint(-1, 3, (2, 5, 4), generator=rng)
    flat = probabilities.permute(1, 0, 2, 3).reshape(1, 3, -1)
    expected = by_definition(flat, labels.reshape(1, -1), sorted_sum)
    assert lovasz_softmax(probabilities, labels).item() == pytest.approx(expected, rel=1e-12)


def test_at_certain_predictions_it_is_one_minus_intersection_over_union():
    predicted, labels = torch.randint(0, 3, (1, 40)), torch.randint(0, 2, (1, 40))
    probabilities = torch.eye(3, dtype=torch.float64)[predicted].transpose(1, 2)
    scores = jaccard_score(labels[0], predicted[0], labels=[0, 1], average="macro")
    assert lovasz_softmax(probabilities, labels).item() == pytest.approx(1 - scores)


def test_its_gradient_is_that_of_differences():
    logits = torch.randn(1, 2, 7, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([[0, 1, 1, -1, 0, 0, 1]])
    assert torch.autograd.gradcheck(lambda logits: lovasz_softmax(logits.softmax(1), labels), logits)


def test_what_an_ignored_pixel_holds_does_not_matter():
    probabilities, labels = torch.rand(1, 2, 6), torch.tensor([[0, 1, -1, 1, 0, -1]])
    expected = lovasz_softmax(probabilities, labels)
    probabilities[:, :, labels[0] < 0] = torch.nan
    torch.testing.assert_close(lovasz_softmax(probabilities, labels), expected)


def test_nothing_is_learned_where_nothing_is_labelled():
    probabilities = torch.rand(1, 2, 6, requires_grad=True)
    loss = lovasz_softmax(probabilities, torch.full((1, 6), -1))
    loss.backward()
    assert loss.item() == 0
    assert not probabilities.grad.any()
