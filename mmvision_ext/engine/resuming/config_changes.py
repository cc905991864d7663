"""What of a training's config has changed since its checkpoint."""

import ast
import re
from collections.abc import Iterator

# mmengine restores these from the checkpoint, whatever the config says.
_RESTORED = (
    'param_scheduler',
    'optim_wrapper.optimizer',
    'optim_wrapper.paramwise_cfg',
)
_COMPARED = ('param_scheduler', 'optim_wrapper', 'train_cfg')


def describe_changes(saved: str, current: str) -> str:
    """Name the settings of the schedule that differ, and which one counts.

    The configs are parsed, not run.

    Args:
        saved: Config of the checkpoint, as mmengine stores it (Python text).
        current: That of this run.

    Returns:
        Several lines; empty where nothing differs.

    Raises:
        SyntaxError: If a setting of a schedule is an object, not text.
    """
    old, new = _settings(saved), _settings(current)
    kept: list[str] = []
    taken: list[str] = []
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) == new.get(key):
            continue
        line = (
            f'  {key}: {old.get(key, "not set")} in the checkpoint, '
            f'{new.get(key, "not set")} in the config'
        )
        (kept if key.startswith(_RESTORED) else taken).append(line)
    lines = []
    if kept:
        lines += ["in force is the checkpoint's, which is resumed:", *kept]
    if taken:
        lines += ["in force is the config's:", *taken]
    if lines:
        lines.insert(0, 'the schedule has changed since the checkpoint:')
        lines.append(
            "To train by the config's alone, start from the weights: "
            'load_from=CHECKPOINT and resume=False.'
        )
    return '\n'.join(lines)


def _settings(text: str) -> dict[str, str]:
    """Dotted keys of the compared parts to their values, both as text."""
    settings: dict[str, str] = {}
    # One by one: a config may hold objects, which are not Python text.
    for statement in re.split(r'^(?=\w+ = )', text, flags=re.MULTILINE):
        name, _, value = statement.partition(' = ')
        if name in _COMPARED:
            tree = ast.parse(value.strip(), mode='eval')
            settings.update(_leaves(tree.body, name))
    return settings


def _leaves(node: ast.expr, key: str) -> Iterator[tuple[str, str]]:
    """Take dicts and lists apart."""
    if isinstance(node, ast.Call):  # dict(...)
        for keyword in node.keywords:
            yield from _leaves(keyword.value, f'{key}.{keyword.arg}')
    elif isinstance(node, ast.Dict):
        for name, value in zip(node.keys, node.values, strict=True):
            part = ast.literal_eval(name) if name else '**'
            yield from _leaves(value, f'{key}.{part}')
    elif isinstance(node, ast.List) and any(
        isinstance(part, ast.Call | ast.Dict) for part in node.elts
    ):
        for index, part in enumerate(node.elts):
            yield from _leaves(part, f'{key}[{index}]')
    else:
        yield key, ast.unparse(node)
