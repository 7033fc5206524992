"""What is read linearly from the tokens that are seen."""

from __future__ import annotations

import torch

from hypersigma.engine.readout import NUM_COMPONENTS, READOUT, Readout, read_state
from hypersigma.engine.views import Square
from hypersigma.natural_spectra import components, natural_spectra
from hypersigma.nn.mae import Reconstruction, View
from hypersigma.nn.segments import segment_means


def reconstruction(latent: torch.Tensor, num_tokens: int) -> Reconstruction:
    generator = torch.Generator().manual_seed(0)
    restore = torch.rand(len(latent), num_tokens, generator=generator).argsort(1).argsort(1)
    nothing = torch.zeros(0)
    return Reconstruction(nothing, nothing, nothing, restore >= latent.shape[1], latent, restore)


def test_tokens_that_say_the_components_are_read_without_error() -> None:
    """A patch's token that holds its own components leaves no error, whatever the order of the tokens."""
    image = torch.rand(2, 100, 8, 8) * 0.1 + 0.2
    matrix = torch.from_numpy(components(NUM_COMPONENTS)).float()
    mean = torch.from_numpy(natural_spectra().mean).float()
    told = torch.einsum("kc,bchw->bkhw", matrix, image - mean[:, None, None])
    tokens = torch.nn.functional.avg_pool2d(told, 2).flatten(2).transpose(1, 2)
    made = reconstruction(torch.zeros(2, 6, NUM_COMPONENTS), 16)
    order = made.restore.argsort(1)[:, :6]
    made = made._replace(latent=tokens.gather(1, order[..., None].expand(-1, -1, NUM_COMPONENTS)))
    readout = Readout(NUM_COMPONENTS, spatial=True)
    state = {f"{READOUT}.weight": torch.zeros_like(readout.read.weight), f"{READOUT}.bias": readout.read.bias}
    state[f"{READOUT}.weight"][:NUM_COMPONENTS] = torch.eye(NUM_COMPONENTS)
    readout.begin(state)
    found = readout(made, View((2, 2), (4, 4), None), Square(image), None)
    assert float(found.number) == 12
    assert float(found.total.detach()) < 1e-6
    kept = read_state({f"readouts.spatial.{name}": value for name, value in readout.state_dict().items()}, "spatial")
    torch.testing.assert_close(kept[f"{READOUT}.weight"], state[f"{READOUT}.weight"])


def test_segments_without_a_token_take_the_nearest() -> None:
    tokens = torch.tensor([[[1.0], [3.0], [10.0]]])
    places = torch.tensor([[0, 24, 60]])
    torch.testing.assert_close(segment_means(tokens, places), torch.tensor([[2.0, 2.0, 10.0, 10.0]]))
