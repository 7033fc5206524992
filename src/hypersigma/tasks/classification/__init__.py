"""Classification: a label for every pixel of a scene from a few labelled ones."""
