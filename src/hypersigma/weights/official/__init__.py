"""The published HyperSIGMA weights: the only place that knows their names."""
