"""The table of published files."""

import re

import pytest

from hypersigma.weights.official.hub import address, published


@pytest.mark.parametrize("size", ["base", "large", "huge"])
def test_every_published_file_is_named_and_pinned(size, monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    files = published(size)
    assert list(files) == ["spatial", "spectral"]
    for kind, source in files.items():
        assert source.file == f"{kind[:4]}-vit-{size}-ultra-checkpoint-1599.pth"
        assert re.fullmatch("[0-9a-f]{40}", source.revision), "a commit, for a branch moves"
        assert source.sha256 is None or re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert address(source) == (
            f"https://huggingface.co/WHU-Sigma/HyperSIGMA/resolve/{source.revision}/{source.file}"
        )
