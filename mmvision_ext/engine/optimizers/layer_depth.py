"""How deep in a backbone a parameter lies."""

from collections.abc import Callable, Iterator

from torch import nn

from mmvision_ext.utils import InputError

# Name of a parameter to (its layer, the number of layers with the head).
LayerDepth = Callable[[str], tuple[int, int]]

_PREFIX = 'backbone.'


def layer_depth(model: nn.Module) -> LayerDepth:
    """Find the depth of every parameter of a model with a backbone.

    The host's own ``get_layer_depth`` is used where the backbone's class has
    one that knows its architecture. Elsewhere depth is the order in which the
    backbone's blocks are registered, from 0 at the stem.

    Args:
        model: A model with the attribute ``backbone``.

    Returns:
        A function from a parameter's name in the model to its layer and the
        number of layers; what is not in the backbone is in the last layer.

    Raises:
        InputError: If the model has no backbone with parameters.
    """
    backbone = getattr(model, 'backbone', None)
    if not isinstance(backbone, nn.Module) or not any(
        True for _ in backbone.parameters()
    ):
        raise InputError(
            'LayerDecayOptimWrapperConstructor: expected a model with a '
            f'backbone that has parameters, found {type(model).__name__} '
            f'with {", ".join(name for name, _ in model.named_children())}'
        )
    hosts = getattr(backbone, 'get_layer_depth', None)
    if hosts is not None:
        try:
            for name, _ in model.named_parameters():
                hosts(name, _PREFIX)
        except NotImplementedError:
            pass  # mmpretrain's ResNet knows the deep variants only
        else:
            return lambda name: hosts(name, _PREFIX)
    layers = _layers(backbone)
    depth_of = {
        f'{_PREFIX}{name}': depth
        for depth, names in enumerate(layers)
        for name in names
    }
    return lambda name: (depth_of.get(name, len(layers)), len(layers) + 1)


def _layers(backbone: nn.Module) -> list[list[str]]:
    """Names of the backbone's parameters, layer by layer.

    Parameters of the backbone itself (tokens, embeddings) are in the first
    layer; a normalisation belongs to what stands before it.
    """
    root, prefix = _inside_wrappers(backbone)
    layers: list[list[str]] = []
    for name, unit in _units(root, prefix):
        names = [f'{name}.{key}' for key, _ in unit.named_parameters()]
        small = all(p.ndim < 2 for p in unit.parameters())
        if small and layers:
            layers[-1] += names
        else:
            layers.append(names)
    known = {name for names in layers for name in names}
    rest = [
        name for name, _ in backbone.named_parameters() if name not in known
    ]
    if rest:
        layers[:1] = [rest + (layers[0] if layers else [])]
    return layers


def _inside_wrappers(module: nn.Module) -> tuple[nn.Module, str]:
    """The first module that has more than one part, and its dotted name."""
    names = []
    while not list(module.named_parameters(recurse=False)):
        parts = _trained_children(module)
        if len(parts) != 1:
            break
        [(name, module)] = parts
        names.append(name)
    return module, '.'.join(names)


def _units(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    """Blocks in order, containers opened, with their dotted names."""
    for name, child in _trained_children(module):
        full = f'{prefix}.{name}' if prefix else name
        if isinstance(child, nn.Sequential | nn.ModuleList | nn.ModuleDict):
            yield from _units(child, full)
        else:
            yield full, child


def _trained_children(module: nn.Module) -> list[tuple[str, nn.Module]]:
    return [
        (name, child)
        for name, child in module.named_children()
        if any(True for _ in child.parameters())
    ]
