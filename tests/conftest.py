"""Where there is no CUDA card, Triton kernels are interpreted."""

import os

import torch

# Triton reads it when it is first imported, by whatever test or library comes first.
if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"
