"""Scenes written by code: small files of each format, with the traps that real ones hold."""
