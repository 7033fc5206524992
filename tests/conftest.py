"""Runs of the tests are alike: PyTorch's generator is seeded for each test, and properties try the same examples.

To look for new examples of the properties: `pytest --hypothesis-profile default`.
Where there is no CUDA card, Triton kernels are interpreted.
"""

import os

import pytest
import torch
from hypothesis import settings

# Triton reads it when it is first imported, by whatever test or library comes first.
if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"

settings.register_profile("alike", derandomize=True)
settings.load_profile("alike")


@pytest.fixture(autouse=True)
def seeded_generator():
    torch.manual_seed(0)
