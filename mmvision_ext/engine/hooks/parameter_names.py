"""Short names for sets of a model's parameters."""

from collections.abc import Iterable, Iterator

from torch import nn


def cover_name(
    model: nn.Module,
    parameters: Iterable[nn.Parameter],
    among: Iterable[nn.Parameter],
) -> str:
    """Name the modules that hold a set of parameters and no others.

    Args:
        model: The model.
        parameters: The set, a subset of ``among``.
        among: Parameters that count; a module that holds others as well is
            still named as a whole.

    Returns:
        ``'all'`` for everything, one or two dotted names joined by ``+``, or
        the first of several with the number of the others.
    """
    chosen = {id(parameter) for parameter in parameters}
    counted = {id(parameter) for parameter in among}
    names = list(_cover(model, '', chosen, counted))
    if names == ['']:
        return 'all'
    if len(names) <= 2:
        return '+'.join(names)
    return f'{names[0]}+{len(names) - 1}_more'


def _cover(
    module: nn.Module, prefix: str, chosen: set[int], counted: set[int]
) -> Iterator[str]:
    inside = {id(parameter) for parameter in module.parameters()} & counted
    if not inside & chosen:
        return
    if inside <= chosen:
        yield prefix
        return
    start = f'{prefix}.' if prefix else ''
    for name, parameter in module.named_parameters(recurse=False):
        if id(parameter) in chosen:
            yield f'{start}{name}'
    for name, child in module.named_children():
        yield from _cover(child, f'{start}{name}', chosen, counted)
