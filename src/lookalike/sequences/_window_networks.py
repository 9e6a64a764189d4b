"""The engines of windows that train networks, each with its preset."""

from __future__ import annotations

from lookalike.models.presets import Preset
from lookalike.sequences._latent_windows import LATENT_PRESETS, LatentWindows
from lookalike.sequences._network_windows import GAME_PRESETS, NetworkWindows

__all__ = ["NETWORK_ENGINES", "WINDOW_PRESETS"]

#: The class that fits and restores windows, and its preset, by the name of the engine.
NETWORK_ENGINES: dict[str, tuple[type[NetworkWindows] | type[LatentWindows], Preset]] = {
    **{name: (NetworkWindows, preset) for name, preset in GAME_PRESETS.items()},
    **{name: (LatentWindows, preset) for name, preset in LATENT_PRESETS.items()},
}

#: Every preset of windows by its name.
WINDOW_PRESETS: dict[str, Preset] = {**GAME_PRESETS, **LATENT_PRESETS}
