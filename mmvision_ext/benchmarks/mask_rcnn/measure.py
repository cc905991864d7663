"""Images a second of Mask R-CNN, each way in turn, on one set of weights."""

import tempfile
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from ..row import BenchmarkRow
from ..timing import processor_seconds
from .equality import compare_found
from .models import (
    ModelSize,
    build_ours,
    build_peer,
    make_image,
    share_weights,
    spread_scores,
)
from .ways import EAGER, Found, build_ways, run_exported, run_peer

PEER = 'torchvision'
_LIMIT = 'limit of float32: products alone'
_QUICK = ModelSize(18, 64, 96, proposals=50, detections=10)


def run(quick: bool) -> list[BenchmarkRow]:
    """Run an image through all models, from its pixels to masks of its size.

    Args:
        quick: Whether to take a ResNet-18 and a small image, once.

    Returns:
        A row a way; its results are compared with those of the eager model,
        and the eager model's with torchvision's. The last row is a limit: as
        if there were nothing but the products of convolutions and matrices,
        at the speed of one large product.
    """
    size = _QUICK if quick else ModelSize()
    image = make_image(size)
    peer, ours = build_peer(size), build_ours(size)
    spread_scores(peer, image / 255)
    share_weights(ours, peer)
    with tempfile.TemporaryDirectory() as folder:
        ways = {PEER: run_peer(peer, image), **build_ways(ours, image)}
        ways['ONNX Runtime'] = run_exported(
            ours, image, Path(folder) / 'model.onnx'
        )
        found = {name: way() for name, way in ways.items()}
        seconds = processor_seconds(ways, 1 if quick else 4, 'Mask R-CNN')
    with FlopCounterMode(display=False) as counter:
        ways[PEER]()
    seconds[_LIMIT] = counter.get_total_flops() / _product_rate(quick)
    return [
        BenchmarkRow(
            what=name,
            ours=1 / seconds[name],
            peer_name=f'{PEER}, eager',
            peer=1 / seconds[PEER],
            unit='images/s',
            aim='2x' if name in found else '',
            difference=_difference(name, found),
        )
        for name in seconds
        if name != PEER
    ]


def _difference(name: str, found: dict[str, Found]) -> str:
    """From the eager model; of that itself, from torchvision's."""
    if name not in found:
        return ''
    reference = PEER if name == EAGER else EAGER
    return str(compare_found(found[reference], found[name]))


def _product_rate(quick: bool) -> float:
    """Operations a second in a product of float32 matrices."""
    side = 256 if quick else 4096
    matrix = torch.ones(side, side)
    calls = dict(product=lambda: matrix @ matrix)
    seconds = processor_seconds(calls, 3, 'matrix product')
    return 2 * side**3 / seconds['product']
