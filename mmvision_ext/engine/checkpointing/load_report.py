"""Account of what a checkpoint gives to a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from mmvision_ext.utils import InputError

#: Below this share of the model's values a load is taken for a mistake:
#: another architecture, or a checkpoint whose keys carry another prefix.
MIN_LOADED_FRACTION = 0.1

_SHOWN = 5  # names listed for each kind of difference


@dataclass
class LoadReport:
    """Which entries of a model a checkpoint fills.

    Attributes:
        loaded: Names present in both with equal shapes.
        missing: Names of the model that the checkpoint lacks.
        unexpected: Names of the checkpoint that the model lacks.
        mismatched: Name to (shape in checkpoint, shape in model).
        loaded_fraction: Values filled over values of the model, in [0, 1].
        arrived_fraction: Values found in the model after loading, over values
            of the model, in [0, 1], whatever their names; None where that
            was not looked at.
    """

    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(
        default_factory=dict
    )
    loaded_fraction: float = 0.0
    arrived_fraction: float | None = None

    @property
    def is_match(self) -> bool:
        """Whether the checkpoint gives the model more than almost nothing."""
        filled = max(self.loaded_fraction, self.arrived_fraction or 0.0)
        return filled >= MIN_LOADED_FRACTION

    def summary(self, source: str) -> str:
        """Describe the load in a few lines.

        Args:
            source: File or URL of the checkpoint, named in the text.

        Returns:
            One line of counts, then a line for each kind of difference.
        """
        lines = [
            f'{source}: {len(self.loaded)} entries loaded '
            f'({self.loaded_fraction:.1%} of the values), '
            f'{len(self.missing)} missing, {len(self.mismatched)} mismatched, '
            f'{len(self.unexpected)} not used'
        ]
        mismatched = [
            f'{name} {found} in the checkpoint, {wanted} in the model'
            for name, (found, wanted) in self.mismatched.items()
        ]
        for title, names in (
            ('missing', self.missing),
            ('mismatched', mismatched),
            ('not used', self.unexpected),
        ):
            if names:
                more = len(names) - _SHOWN
                lines.append(
                    f'  {title}: '
                    + '; '.join(names[:_SHOWN])
                    + (f'; and {more} more' if more > 0 else '')
                )
        if self.arrived_fraction:
            lines.append(
                '  the module converts names while it loads: '
                f'{self.arrived_fraction:.1%} of its values are those of the '
                'checkpoint'
            )
        return '\n'.join(lines)

    def require_match(self, source: str) -> None:
        """Refuse a checkpoint that gives the model almost nothing.

        Args:
            source: File or URL of the checkpoint, named in the error.

        Raises:
            InputError: If less than :data:`MIN_LOADED_FRACTION` of the
                model's values were filled, by name and in fact.
        """
        if not self.is_match:
            raise InputError(
                f'almost nothing of this checkpoint fits the model.\n'
                f'{self.summary(source)}\n'
                'Expected a checkpoint of the same architecture; backbone-'
                'only weights belong in model.backbone.init_cfg, not in '
                'load_from.'
            )


def match_state_dict(
    model_state: Mapping[str, torch.Tensor],
    checkpoint_state: Mapping[str, torch.Tensor],
) -> LoadReport:
    """Compare a model's state dict with a checkpoint's.

    Args:
        model_state: Name to tensor of any shape, of the model.
        checkpoint_state: Name to tensor of any shape, of the checkpoint.

    Returns:
        The account; nothing is copied.
    """
    report = LoadReport()
    filled = total = 0
    for name, wanted in model_state.items():
        total += wanted.numel()
        found = checkpoint_state.get(name)
        if found is None:
            report.missing.append(name)
        elif found.shape != wanted.shape:
            report.mismatched[name] = (tuple(found.shape), tuple(wanted.shape))
        else:
            report.loaded.append(name)
            filled += wanted.numel()
    report.unexpected = [
        name for name in checkpoint_state if name not in model_state
    ]
    report.loaded_fraction = filled / total if total else 0.0
    return report


def arrived_fraction(
    model_state: Mapping[str, torch.Tensor],
    checkpoint_state: Mapping[str, torch.Tensor],
) -> float:
    """Share of a model's values that a checkpoint holds under any name.

    Some modules convert the names of a foreign checkpoint while they load it
    (mmdet's Swin and PVT, mmpretrain's TimmClassifier). What they got can be
    told from the values only.

    Args:
        model_state: Name to tensor of any shape, of the model after loading.
        checkpoint_state: Name to tensor of any shape, of the checkpoint.

    Returns:
        Values of tensors that equal one of the checkpoint's, over all values
        of the model, in [0, 1].
    """
    by_shape: dict[torch.Size, list[torch.Tensor]] = {}
    for found in checkpoint_state.values():
        if isinstance(found, torch.Tensor):
            by_shape.setdefault(found.shape, []).append(found)
    arrived = sum(
        value.numel()
        for value in model_state.values()
        if any(
            torch.equal(value.cpu(), found.to('cpu', value.dtype))
            for found in by_shape.get(value.shape, [])
        )
    )
    total = sum(value.numel() for value in model_state.values())
    return arrived / total if total else 0.0
