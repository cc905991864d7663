"""Samples of a dataset, drawn as they enter the network."""

from .draw import draw_input
from .inputs import NetworkInput, iter_inputs
from .pages import write_pages

__all__ = ['NetworkInput', 'draw_input', 'iter_inputs', 'write_pages']
