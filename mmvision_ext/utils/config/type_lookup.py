"""What a ``type`` of a config means, and what it may have meant."""

from importlib import import_module
from typing import Any

from mmengine.registry import MODELS, Registry

from mmvision_ext.utils.nearest import did_you_mean

HOSTS = ('mmengine', 'mmdet', 'mmpretrain', 'mmvision_ext')


def find_type(name: Any, root: Registry, scope: str | None) -> Any:
    """Look a type up as mmengine's registries do.

    Args:
        name: ``type`` of a config: a name, with a scope before a dot or
            without, or what it would stand for.
        root: Root registry that should have it.
        scope: Scope where the look-up begins.

    Returns:
        What the registry has under the name; None for nothing. What is no
        text is given back.
    """
    if not isinstance(name, str):
        return name
    prefix, separator, rest = name.partition('.')
    if separator:
        registry: Registry | None = None
        if _module(prefix) is not None or prefix in root.children:
            registry = _in_scope(root, prefix)
    else:
        registry, rest = _in_scope(root, scope), name
    while registry is not None:
        registry.import_from_location()
        kind = registry.module_dict.get(rest)
        if kind is not None:
            return kind
        registry = registry.parent
    return _by_import(name) if separator else None


def meant(name: str, root: Registry, scope: str | None) -> str:
    """The end of a message about a type that no registry has.

    Args:
        name: ``type`` of a config.
        root: Root registry it should be in.
        scope: Scope where the look-up began.

    Returns:
        The type of this name in another scope, else the nearest name; empty
        where there is none.
    """
    prefix, separator, rest = name.rpartition('.')
    for host in HOSTS:
        if host == (prefix or scope) or _module(host) is None:
            continue
        if find_type(f'{host}.{rest}', root, host) is not None:
            return f"; did you mean '{host}.{rest}'?"
    registry = _in_scope(root, prefix or scope)
    registry.import_from_location()
    known = list({**registry.module_dict, **root.module_dict})
    spelled = {item.casefold(): item for item in known}.get(rest.casefold())
    if spelled is not None:
        return f"; did you mean '{prefix}{separator}{spelled}'?"
    return did_you_mean(name, [f'{prefix}{separator}{item}' for item in known])


def is_scope(scope: str) -> bool:
    """Whether there are registries of a scope.

    Args:
        scope: Value of ``default_scope`` or ``_scope_``.

    Returns:
        True for those that mmengine can import, and for those of modules
        that were imported.
    """
    return (
        _module(scope) is not None or MODELS._search_child(scope) is not None
    )


def _module(scope: str) -> Any:
    """Registries of a scope; None where there is no such package."""
    try:
        return import_module(f'{scope}.registry')
    except (ImportError, AttributeError, ValueError):
        return None


def _in_scope(root: Registry, scope: str | None) -> Registry:
    """A scope's descendant of a root registry; the root where it has none."""
    if scope is None:
        return root
    _module(scope)  # its import adds the registry
    found = root._search_child(scope)
    return root if found is None else found  # an empty one is false


def _by_import(name: str) -> Any:
    """What a full name such as ``torch.nn.ReLU`` names."""
    module, _, attribute = name.rpartition('.')
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        return None
