"""The estimators of the classical classifiers, from scikit-learn, and their class probabilities.

Each standardises its features on the training pixels first, where that matters to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Estimator = Any  # scikit-learn carries no types

_BLOCK_PIXELS = 1 << 15  # pixels scored at once: the scores of all pairs of classes are held in double precision
_SHARPNESS = 2.0  # of the softmax over one-against-one votes, which differ by about one from class to class


def support_vector_machine(cost: float, num_features: int) -> Estimator:
    """Support vector machine with a Gaussian kernel of gamma = 1 / (features * variance), the variance being 1."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return make_pipeline(StandardScaler(), SVC(C=cost, gamma=1.0 / num_features))


def forest(num_trees: int, seed: int) -> Estimator:
    """Random forest."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(num_trees, random_state=seed)


def discriminant_analysis() -> Estimator:
    """Linear discriminant analysis, its covariance shrunk towards a diagonal by Ledoit and Wolf (2004)."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))


def class_probabilities(estimator: Estimator, samples: NDArray[np.float32], num_classes: int) -> NDArray[np.float32]:
    """Probabilities (n, K) of classes 1..K for samples (n, features), zero for classes that were never seen.

    Where the estimator has none, they are the softmax of its class scores.
    """
    result = np.zeros((len(samples), num_classes), dtype=np.float32)
    columns = estimator.classes_ - 1
    for start in range(0, len(samples), _BLOCK_PIXELS):
        part = samples[start : start + _BLOCK_PIXELS]
        if hasattr(estimator, "predict_proba"):
            probabilities = estimator.predict_proba(part)
        else:
            probabilities = _softmax(_SHARPNESS * estimator.decision_function(part))
        result[start : start + _BLOCK_PIXELS, columns] = probabilities
    return result


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax over classes (n, K); of two classes a machine gives one score (n,), positive for the second."""
    from scipy.special import softmax

    if scores.ndim == 1:
        scores = np.stack([np.zeros_like(scores), scores], axis=1)
    probabilities: NDArray[np.float64] = softmax(scores, axis=1)
    return probabilities
