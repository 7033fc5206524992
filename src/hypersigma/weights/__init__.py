"""Weights on disk: our own form, and the published one."""
