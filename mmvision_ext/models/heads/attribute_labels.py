"""Labels of attributes in data samples, stacked and checked."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmpretrain.structures import DataSample

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean

KNOWN = 'known_attributes'  # field of a data sample


def stack_labels(
    data_samples: Sequence[DataSample], num_attributes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels of a batch.

    Args:
        data_samples: N samples with ``gt_score`` (A,) and, where not every
            entry is known, ``gt_mask``, bool (A,).
        num_attributes: A.

    Returns:
        Targets, float32 (N, A), and the mask, bool (N, A), False where an
        entry is unknown.

    Raises:
        InputError: If a sample has no labels, or some of another shape or
            type.
    """
    targets, masks = [], []
    for index, sample in enumerate(data_samples):
        if 'gt_score' not in sample:
            raise InputError(
                f'{_place(sample, index)}: expected gt_score, found '
                f'{", ".join(sample.keys()) or "nothing"}. End the pipeline '
                "with dict(type='mmvision_ext.PackAttributes')."
            )
        target = sample.gt_score
        _check(target, 'gt_score', num_attributes, sample, index)
        mask = sample.get('gt_mask')
        if mask is None:
            mask = torch.ones_like(target, dtype=torch.bool)
        _check(mask, 'gt_mask', num_attributes, sample, index)
        if mask.dtype != torch.bool:
            raise InputError(
                f'{_place(sample, index)}: expected gt_mask of type bool, '
                f'found {mask.dtype}'
            )
        targets.append(target.float())
        masks.append(mask)
    return torch.stack(targets), torch.stack(masks)


def stack_known(
    data_samples: Sequence[DataSample], num_attributes: int
) -> torch.Tensor | None:
    """What a user says is known of a batch; labels are never read.

    Args:
        data_samples: N samples; those about which something is known have
            ``known_attributes`` (A,): 1 present, -1 absent, 0 unknown.
        num_attributes: A.

    Returns:
        float32 (N, A), or None where no sample has any.

    Raises:
        InputError: If a vector has another length.
    """
    given = [sample.get(KNOWN) for sample in data_samples]
    present = [vector for vector in given if vector is not None]
    if not present:
        return None
    rows = []
    for index, (sample, vector) in enumerate(
        zip(data_samples, given, strict=True)
    ):
        if vector is None:
            vector = present[0].new_zeros(num_attributes)
        _check(vector, KNOWN, num_attributes, sample, index)
        rows.append(vector.float())
    return torch.stack(rows)


def known_vector(
    known: Mapping[str, bool], names: Sequence[str]
) -> torch.Tensor:
    """Known attributes as the model takes them.

    Args:
        known: Attribute to whether it is present, such as
            ``{'metal': True, 'indoor': False}``.
        names: The A attributes of the model.

    Returns:
        float32 (A,): 1 present, -1 absent, 0 not known.

    Raises:
        InputError: If it is no dict, a name is none of the model's, or a value
            is no bool: what -1, 0 or None of a caller mean cannot be known.
    """
    if not isinstance(known, Mapping):
        raise InputError(
            'known: expected a dict of attributes, each True (present) or '
            f"False (absent), such as {{'{names[0]}': True}}, found {known!r}."
        )
    vector = torch.zeros(len(names))
    places = {name: index for index, name in enumerate(names)}
    for name, value in known.items():
        if name not in places:
            raise InputError(
                f"known: expected one of the model's {len(names)} attributes, "
                f"found '{name}'{did_you_mean(name, names, 3)}"
            )
        if not isinstance(value, (bool, np.bool_)):
            raise InputError(
                f"known['{name}']: expected True (present) or False (absent), "
                f'found {value!r}. Leave out what is not known.'
            )
        vector[places[name]] = 1.0 if value else -1.0
    return vector


def _check(
    values: torch.Tensor,
    key: str,
    length: int,
    sample: DataSample,
    index: int,
) -> None:
    if values.shape != (length,):
        raise InputError(
            f'{_place(sample, index)}: expected {key} of shape ({length},), '
            'one entry for each attribute of model.head.num_classes, found '
            f'{tuple(values.shape)}'
        )


def _place(sample: DataSample, index: int) -> str:
    path = sample.get('img_path')
    return f'sample {index} of the batch' + (f" ('{path}')" if path else '')
