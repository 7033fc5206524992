"""Models for other runtimes: what a fitted model computes as graphs, written, checked, and described by a card."""
