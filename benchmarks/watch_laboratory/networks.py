"""The laboratory's networks as pure functions of named weights: two kinds of decoder and a recurrent one.

Weights are a mapping, so a change of a model is a change of a mapping. Matrices of layers are named `LAYER.NAME`.
Runs where PyTorch is.
"""

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from benchmarks.watch_laboratory.catalogue import Family, ModelRecipe

torch: Any = import_module("torch")
functional: Any = import_module("torch.nn.functional")

CONTEXT = 512
ROTARY_BASE = 10_000.0
FLAT = ("input", "state", "input_bias", "state_bias")  # of a recurrent layer, as torch.gru takes them
Weights = Mapping[str, Any]


def make_weights(recipe: ModelRecipe) -> dict[str, Any]:
    """Random weights, from the recipe's seed."""
    generator = torch.Generator().manual_seed(recipe.seed)
    made = dict[str, Any]()
    for name, shape in list_shapes(recipe).items():
        if name.endswith("bias") or "norm" in name:
            made[name] = torch.full(shape, 0.0 if name.endswith("bias") else 1.0)
        else:
            spread = 0.02 if "." not in name else 1 / math.sqrt(shape[-1])
            narrowed = spread / math.sqrt(2 * recipe.layers) if name.endswith(("out", "down")) else spread
            made[name] = torch.randn(shape, generator=generator) * narrowed
    return made


def list_shapes(recipe: ModelRecipe) -> dict[str, tuple[int, ...]]:
    """The shape of every weight by its name."""
    width, shapes = recipe.width, dict[str, tuple[int, ...]]()
    shapes["embedding"] = (recipe.vocabulary, width)
    for layer in range(recipe.layers):
        shapes |= {f"{layer}.{name}": shape for name, shape in _list_layer(recipe).items()}
    if recipe.family is Family.GPT2:
        shapes |= {"positions": (CONTEXT, width), "norm_bias": (width,)}
    return shapes | {"norm": (width,)}


def _list_layer(recipe: ModelRecipe) -> dict[str, tuple[int, ...]]:
    width = recipe.width
    if recipe.family is Family.GRU:
        square, bias = (3 * width, width), (3 * width,)
        return {"input": square, "state": square, "input_bias": bias, "state_bias": bias}
    attention = {"norm1": (width,), "qkv": (3 * width, width), "out": (width, width), "norm2": (width,)}
    if recipe.family is Family.LLAMA:
        return attention | {"gate": (3 * width, width), "up": (3 * width, width), "down": (width, 3 * width)}
    biases = {"norm1_bias": (width,), "norm2_bias": (width,), "up_bias": (4 * width,), "down_bias": (width,)}
    return attention | biases | {"up": (4 * width, width), "down": (width, 4 * width)}


def compute_states(recipe: ModelRecipe, weights: Weights, symbols: Any) -> Any:
    """The last states, of shape (batch, length, width), for symbols of shape (batch, length)."""
    states = weights["embedding"][symbols]
    if recipe.family is Family.GRU:
        return _normalise(weights, "norm", states + _recur(recipe, weights, states))
    if recipe.family is Family.GPT2:
        states = states + weights["positions"][: symbols.shape[1]]
    angles = _list_angles(symbols.shape[1], recipe.width // recipe.heads) if recipe.family is Family.LLAMA else None
    for layer in range(recipe.layers):
        states = states + _attend(recipe, weights, f"{layer}.", _Positioned(states, angles))
        states = states + _feed(weights, f"{layer}.", states)
    return _normalise(weights, "norm", states)


def compute_logits(weights: Weights, states: Any) -> Any:
    """What the states say of the next symbol; the embedding is read both ways."""
    return functional.linear(states, weights["embedding"])


class _Positioned:
    """States, and the cosines and sines of their places where the family turns its queries."""

    __slots__ = ("angles", "states")

    def __init__(self, states: Any, angles: Any) -> None:
        self.states, self.angles = states, angles


def _normalise(weights: Weights, name: str, states: Any) -> Any:
    width = states.shape[-1]
    if f"{name}_bias" in weights:
        return functional.layer_norm(states, (width,), weights[name], weights[f"{name}_bias"])
    return functional.rms_norm(states, (width,), weights[name], 1e-6)


def _attend(recipe: ModelRecipe, weights: Weights, layer: str, seen: _Positioned) -> Any:
    batch, length, width = seen.states.shape
    mixed = functional.linear(_normalise(weights, f"{layer}norm1", seen.states), weights[f"{layer}qkv"])
    query, key, value = mixed.view(batch, length, 3, recipe.heads, width // recipe.heads).permute(2, 0, 3, 1, 4)
    if seen.angles is not None:
        query, key = _turn(query, seen.angles), _turn(key, seen.angles)
    heads = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    return functional.linear(heads.transpose(1, 2).reshape(batch, length, width), weights[f"{layer}out"])


def _feed(weights: Weights, layer: str, states: Any) -> Any:
    inner = _normalise(weights, f"{layer}norm2", states)
    if f"{layer}gate" in weights:
        gate = functional.silu(functional.linear(inner, weights[f"{layer}gate"]))
        return functional.linear(gate * functional.linear(inner, weights[f"{layer}up"]), weights[f"{layer}down"])
    wide = functional.gelu(functional.linear(inner, weights[f"{layer}up"], weights[f"{layer}up_bias"]))
    return functional.linear(wide, weights[f"{layer}down"], weights[f"{layer}down_bias"])


def _recur(recipe: ModelRecipe, weights: Weights, states: Any) -> Any:
    flat = [weights[f"{layer}.{name}"] for layer in range(recipe.layers) for name in FLAT]
    start = states.new_zeros(recipe.layers, states.shape[0], recipe.width)
    return torch.gru(states, start, flat, True, recipe.layers, 0.0, False, False, True)[0]


def _list_angles(length: int, width: int) -> tuple[Any, Any]:
    rates = ROTARY_BASE ** (-torch.arange(0, width, 2) / width)
    angles = torch.outer(torch.arange(length), rates)
    return angles.cos(), angles.sin()


def _turn(heads: Any, angles: tuple[Any, Any]) -> Any:
    cosines, sines = angles
    one, other = heads.chunk(2, dim=-1)
    return torch.cat((one * cosines - other * sines, one * sines + other * cosines), dim=-1)
