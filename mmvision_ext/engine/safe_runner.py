"""A runner that brings the safety hooks to configs that do not name them."""

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import CheckpointHook

from mmvision_ext.registry import RUNNERS

from .runner import Runner

#: The hooks of docs/reliability.md, under their names in ``default_hooks``.
SAFETY_HOOKS: dict[str, dict[str, Any]] = dict(
    checkpoint=dict(type='mmvision_ext.SafeCheckpointHook', interval=1),
    exact_resume=dict(type='mmvision_ext.ExactResumeHook'),
    non_finite=dict(type='mmvision_ext.NonFiniteHook'),
    signals=dict(type='mmvision_ext.SignalHook'),
    corrupt_images=dict(type='mmvision_ext.CorruptImageHook'),
)


@RUNNERS.register_module()
class SafeRunner(Runner):
    """Runner with the safety hooks, whatever hooks the config names.

    ``configs/_base_/safe_runtime.py`` chooses it, for configs of MMDetection
    and MMPretrain. A hook that the config names in ``default_hooks`` as
    :data:`SAFETY_HOOKS` does is taken as it stands there, and None leaves it
    out. mmengine's ``CheckpointHook`` becomes ``SafeCheckpointHook`` with the
    same settings; ``type='mmengine.CheckpointHook'`` keeps mmengine's.
    """

    def register_default_hooks(
        self, hooks: Mapping[str, Any] | None = None
    ) -> None:
        """Register mmengine's default hooks and the safety hooks.

        Args:
            hooks: ``default_hooks`` of the config.
        """
        super().register_default_hooks(with_safety_hooks(hooks or {}))


def with_safety_hooks(hooks: Mapping[str, Any]) -> dict[str, Any]:
    """Add the safety hooks to those of a config.

    Args:
        hooks: ``default_hooks``: name to settings, hook or None.

    Returns:
        All of them, new; None is left of mmengine's own names only, which
        mmengine takes for: without it.
    """
    found = {**SAFETY_HOOKS, **hooks}
    saver = found['checkpoint']
    if isinstance(saver, Mapping) and saver.get('type') in (
        'CheckpointHook',
        CheckpointHook,
    ):
        kind = SAFETY_HOOKS['checkpoint']['type']
        found['checkpoint'] = {**saver, 'type': kind}
    return {
        name: hook
        for name, hook in found.items()
        if hook is not None or name not in SAFETY_HOOKS or name == 'checkpoint'
    }
