"""Networks as tensors see them: attention, blocks, embeddings, encoders, fusion; nothing here reads files."""
