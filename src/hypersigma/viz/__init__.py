"""Figures for reports and papers, as PNG bytes; pictures of layers are drawn by `hypersigma.writers.png`."""
