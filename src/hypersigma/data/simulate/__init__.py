"""Labelled scenes made from spectral libraries, for pre-training, tests and tasks whose truth is hard to come by."""

from hypersigma.data.simulate.change import disturbed, simulated_change
from hypersigma.data.simulate.scene import SimulatedScene, Simulator, simulate, simulated_scenes
from hypersigma.data.simulate.settings import (
    IDEAL,
    ChangeConfig,
    DisturbanceConfig,
    InstrumentConfig,
    LightConfig,
    SimulationConfig,
    StructureConfig,
    VariabilityConfig,
)

__all__ = [
    "IDEAL",
    "ChangeConfig",
    "DisturbanceConfig",
    "InstrumentConfig",
    "LightConfig",
    "SimulatedScene",
    "SimulationConfig",
    "Simulator",
    "StructureConfig",
    "VariabilityConfig",
    "disturbed",
    "simulate",
    "simulated_change",
    "simulated_scenes",
]
