"""Networks, objectives and penalties. Room rule: ``nn`` knows layouts, never tables."""

from lookalike.nn._architecture import Architecture
from lookalike.nn._autoencoder import Autoencoder, Decoded, Decoder
from lookalike.nn._conditions import (
    DeviceCondition,
    condition_width,
    constrain,
    draw_conditions,
    no_condition,
    to_device,
)
from lookalike.nn._denoiser import Denoised, Denoiser
from lookalike.nn._dense import DenseNetwork, Moments
from lookalike.nn._images import ImageArchitecture, ImageDrawer, ImageJudge
from lookalike.nn._judged_codes import JudgedAutoencoder
from lookalike.nn._latent_networks import LatentNetworks, LatentSizes
from lookalike.nn._marginals import Marginals
from lookalike.nn._masked import MaskedNetwork
from lookalike.nn._network import Layer, Network
from lookalike.nn._plan import Plan
from lookalike.nn._primitives import Latent, Linear, key_of, noise, normals, seed_words, uniforms
from lookalike.nn._windows import WindowArchitecture, WindowNetwork, architecture_of
from lookalike.nn.objectives import OBJECTIVES, Objective, RelativisticPairing
from lookalike.nn.penalties import PENALTIES, Penalty, ZeroCentred, clip_weights

__all__ = [
    "OBJECTIVES",
    "PENALTIES",
    "Architecture",
    "Autoencoder",
    "Decoded",
    "Decoder",
    "Denoised",
    "Denoiser",
    "DenseNetwork",
    "DeviceCondition",
    "ImageArchitecture",
    "ImageDrawer",
    "ImageJudge",
    "JudgedAutoencoder",
    "Latent",
    "LatentNetworks",
    "LatentSizes",
    "Layer",
    "Linear",
    "Marginals",
    "MaskedNetwork",
    "Moments",
    "Network",
    "Objective",
    "Penalty",
    "Plan",
    "RelativisticPairing",
    "WindowArchitecture",
    "WindowNetwork",
    "ZeroCentred",
    "architecture_of",
    "clip_weights",
    "condition_width",
    "constrain",
    "draw_conditions",
    "key_of",
    "no_condition",
    "noise",
    "normals",
    "seed_words",
    "to_device",
    "uniforms",
]
