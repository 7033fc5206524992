"""Labelled scenes made from spectral libraries, for pre-training, tests and tasks whose truth is hard to come by."""

from hypersigma.data.simulate.scene import SimulatedScene, Simulator, simulate, simulated_scenes
from hypersigma.data.simulate.settings import (
    IDEAL,
    InstrumentConfig,
    LightConfig,
    SimulationConfig,
    StructureConfig,
    VariabilityConfig,
)

__all__ = [
    "IDEAL",
    "InstrumentConfig",
    "LightConfig",
    "SimulatedScene",
    "SimulationConfig",
    "Simulator",
    "StructureConfig",
    "VariabilityConfig",
    "simulate",
    "simulated_scenes",
]
