"""The two attentions of the encoders, full and sparse sampling, behind one interface."""

from hypersigma.nn.attention.base import Attention
from hypersigma.nn.attention.full import FullAttention
from hypersigma.nn.attention.sparse_sampling import SparseSamplingAttention

__all__ = ["Attention", "FullAttention", "SparseSamplingAttention"]
