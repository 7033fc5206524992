"""The Triton kernels against loops and the plain form: compiled where there is a CUDA card, interpreted elsewhere."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from hypersigma.nn.attention import sparse_sampling, triton_sampling
from hypersigma.nn.attention.sparse_sampling import SparseSamplingAttention, mixed_samples
from hypersigma.nn.attention.triton_sampling import has_kernel, sampled_on_grid
from hypersigma.nn.layout import Grid, Line
from tests.attention_loop import attention, by_loop

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed")


def parts(grid, *, batch=2, heads=2, head_dim=5, points=3, dtype=torch.float64):
    """What a projection made, (B, N, 3, heads, head_dim), offsets (B, N, heads, points, 2), and a gradient."""
    torch.manual_seed(0)
    tokens = grid.rows * grid.cols
    shapes = (batch, tokens, 3, heads, head_dim), (batch, tokens, heads, points, 2), (batch, heads, tokens, head_dim)
    projected, offsets, gradient = (torch.randn(shape, dtype=torch.float64).to(DEVICE, dtype) for shape in shapes)
    return projected.requires_grad_(), (2 * offsets).requires_grad_(), gradient


def by_kernel(grid, projected, offsets, gradient):
    """Mixed values and the gradients of what they come from."""
    mixed = sampled_on_grid(*projected.permute(2, 0, 3, 1, 4), offsets.transpose(1, 2), grid)
    return [mixed.detach(), *torch.autograd.grad(mixed, (projected, offsets), gradient)]


def by_plain_form(grid, *given):
    """The same by the plain form in float64."""
    projected, offsets, gradient = (part.detach().double() for part in given)
    projected, offsets = projected.requires_grad_(), offsets.requires_grad_()
    query, key, value = projected.permute(2, 0, 3, 1, 4)
    mixed = mixed_samples(query, key, value, offsets.transpose(1, 2), grid)
    return [mixed.detach(), *torch.autograd.grad(mixed, (projected, offsets), gradient)]


def assert_same(grid, given, **tolerance):
    for found, expected in zip(by_kernel(grid, *given), by_plain_form(grid, *given), strict=True):
        torch.testing.assert_close(found.double(), expected, **tolerance)


@needs_triton
@pytest.mark.parametrize(("rows", "cols"), [(3, 4), (1, 5)])
def test_the_kernel_is_the_published_formula(rows, cols, monkeypatch):
    monkeypatch.setattr(sparse_sampling, "has_kernel", lambda device: True)
    monkeypatch.setattr(sparse_sampling, "mix_by_scores", None)
    built = attention().to(DEVICE)
    tokens = torch.randn(2, rows * cols, 9, dtype=torch.float64)
    with torch.no_grad():
        found = built(tokens.to(DEVICE), Grid(rows, cols)).cpu()
        torch.testing.assert_close(found, by_loop(built.cpu(), tokens, rows, cols))


@needs_triton
@pytest.mark.parametrize("head_dim", [1, 15, 16])
def test_gradients_are_those_of_the_plain_form(head_dim):
    grid = Grid(2, 3)
    assert_same(grid, parts(grid, head_dim=head_dim, batch=1))


@needs_triton
def test_tokens_of_a_picture_are_cut_into_blocks(monkeypatch):
    monkeypatch.setattr(triton_sampling, "BLOCK", 32)
    grid = Grid(7, 2)
    assert_same(grid, parts(grid))


@needs_triton
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 3e-2)])
def test_sums_are_held_in_single_precision(dtype, tolerance):
    grid = Grid(3, 4)
    given = parts(grid, dtype=dtype)
    assert [part.dtype for part in by_kernel(grid, *given)] == [dtype] * 3
    assert_same(grid, given, rtol=tolerance, atol=tolerance)


@needs_triton
def test_places_far_outside_take_their_share_and_give_nothing():
    grid = Grid(2, 2)
    projected, offsets, gradient = parts(grid)
    offsets = offsets.detach()
    offsets[..., 0, :] = 1e20
    offsets[..., 1, :] = -5
    assert_same(grid, (projected, offsets.requires_grad_(), gradient))


@needs_triton
def test_an_offset_that_is_no_number_shows():
    grid = Grid(2, 2)
    projected, offsets, gradient = parts(grid)
    offsets = offsets.detach()
    offsets[0, 1, 1, 2, 0] = torch.nan
    found, *_ = by_kernel(grid, projected, offsets.requires_grad_(), gradient)
    broken = torch.zeros_like(found, dtype=torch.bool)
    broken[0, 1, 1] = True
    assert torch.equal(found.isnan(), broken)


@needs_triton
def test_vectors_may_lie_anywhere():
    grid = Grid(2, 2)
    projected, offsets, _ = parts(grid)
    query, key, value = projected.detach().permute(2, 0, 3, 1, 4)
    offsets = offsets.detach().transpose(1, 2)
    expected = sampled_on_grid(query, key, value, offsets, grid)
    apart = sampled_on_grid(query, key.contiguous(), value.mT.contiguous().mT, offsets.contiguous(), grid)
    assert torch.equal(apart, expected)


@needs_triton
def test_the_operator_is_one_that_compilers_can_take():
    grid = Grid(1, 2)
    projected, offsets, _ = parts(grid, batch=1, heads=1, points=1, dtype=torch.float32)
    query, key, value = (part.detach().requires_grad_() for part in projected.permute(2, 0, 3, 1, 4))
    given = (query, key, value, offsets.detach().transpose(1, 2).requires_grad_(), 1, 2)
    torch.library.opcheck(triton_sampling._sample, given)


COMPILED = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from hypersigma.nn.attention import triton_kernels

whole = ("rows", "cols", "heads", "image_stride", "head_stride", "token_stride")
summed = dict.fromkeys(("log_sums", "grad_key", "grad_value"), "*fp32")
ordinary, ones = dict.fromkeys(whole, "i32"), dict.fromkeys(whole, "constexpr")
for number, head_dim, numbers in (("*fp32", 15, ordinary), ("*bf16", 64, ordinary), ("*fp32", 1, ones)):
    width = 1 << (head_dim - 1).bit_length()
    constants = {"POINTS": 8, "HEAD_DIM": head_dim, "TOKENS": 512 // width, "WIDTH": width}
    told = numbers | summed | dict.fromkeys(constants, "constexpr")
    constants |= {name: 1 for name in whole if numbers is ones}
    for kernel in (triton_kernels.mix, triton_kernels.mix_backward):
        types = {name: told.get(name, number) for name in kernel.arg_names}
        made = triton.compile(ASTSource(kernel, types, constants), target=GPUTarget("cuda", 80, 32))
        assert made.asm["cubin"]
"""


@needs_triton
def test_the_kernels_compile_for_a_card(tmp_path):
    """Without a card too: the interpreter takes more than the compiler, for which a whole number 1 is a constant."""
    chosen = {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path), "TRITON_DEFAULT_FP_FUSION": "1"}
    subprocess.run([sys.executable, "-c", COMPILED], env=os.environ | chosen, check=True)


def test_a_grid_that_does_not_fit_is_told():
    one = torch.zeros(1, 1, 4, 2)
    with pytest.raises(ValueError, match="4 tokens do not fill a grid of 3 x 2"):
        sampled_on_grid(one, one, one, torch.zeros(1, 1, 4, 1, 2), Grid(3, 2))


def test_nothing_changes_without_a_card():
    assert not has_kernel(torch.device("cpu"))
    code = "import sys, hypersigma.nn.attention; assert 'triton' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_band_axis_stays_with_the_plain_form(monkeypatch):
    monkeypatch.setattr(sparse_sampling, "has_kernel", lambda device: True)
    tokens = torch.zeros(1, 4, 6)
    assert SparseSamplingAttention(6, 2, axes=1)(tokens, Line(torch.arange(4))).shape == tokens.shape


def test_deterministic_algorithms_take_the_plain_form(monkeypatch):
    card = torch.device("cuda")
    monkeypatch.setattr(triton_sampling, "_works_on", lambda device: device == card)
    assert has_kernel(card)
    torch.use_deterministic_algorithms(True)
    try:
        assert not has_kernel(card)
    finally:
        torch.use_deterministic_algorithms(False)


@needs_triton
def test_a_first_small_call_tells_whether_kernels_work(caplog):
    assert triton_sampling._works_on(DEVICE)
    assert not caplog.records


@pytest.mark.parametrize(
    ("raised", "said"), [(ImportError("no Triton"), []), (RuntimeError("no C compiler"), ["no C compiler"])]
)
def test_kernels_that_fail_give_way_and_say_why(raised, said, monkeypatch, caplog):
    def failing(*given):
        raise raised

    monkeypatch.setattr(triton_sampling, "sampled_on_grid", failing)
    # past the cache: the answer is for this test alone
    assert not triton_sampling._works_on.__wrapped__(torch.device("cpu"))
    assert [record.getMessage().rsplit(": ", 1)[-1] for record in caplog.records] == said
