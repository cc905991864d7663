"""What the attribute datasets share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset
from numpy.typing import NDArray

from .category_attributes import check_attributes
from .errors import DatasetError, missing_files

NAMES_SHOWN = 10


class AttributeDataset(BaseDataset):
    """Samples that have several attributes at once.

    The attributes are the ``classes`` of the metainfo, so that a config's
    ``num_classes`` counts them. ``metainfo=dict(classes=...)`` takes a part
    of them, in its own order.

    Each sample has ``gt_score``, float32 (A,), 1 for each of the A attributes
    that it has. Where annotators did not look at every attribute it also has
    ``gt_mask``, bool (A,), False where nobody did; ``gt_score`` is 0 there,
    and neither a loss nor a metric may count the entry. Without ``gt_mask``
    every entry counts.

    Args:
        kwargs: As for ``mmpretrain.BaseDataset``.
    """

    def get_cat_ids(self, idx: int) -> list[int]:
        """Attributes of one sample, for samplers that balance them.

        Args:
            idx: Index of the sample.

        Returns:
            Indices of the attributes that it is known to have.
        """
        return np.flatnonzero(self.get_data_info(idx)['gt_score']).tolist()

    def attribute_matrix(self) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Labels of the whole set: for priors, chance levels and weights.

        Returns:
            Scores, float32 (N, A), 1 where a sample has an attribute, and
            the mask, bool (N, A), True where that is known.
        """
        infos = [self.get_data_info(index) for index in range(len(self))]
        scores = np.stack([info['gt_score'] for info in infos])
        masks = np.stack(
            [
                info.get('gt_mask', np.ones(len(info['gt_score']), bool))
                for info in infos
            ]
        )
        return scores, masks

    def _columns(self, names: Sequence[str], source: str) -> list[int]:
        """Which attributes of a file the dataset has, by its metainfo.

        Args:
            names: Attributes of the file.
            source: Where they come from, for messages.

        Returns:
            Indices in ``names``; all of them where the metainfo has no
            classes, which are set then.

        Raises:
            AnnotationError: If the metainfo has a name that the file lacks.
        """
        chosen = self._metainfo.setdefault('classes', tuple(names))
        check_attributes(f'metainfo.classes, for {source}', chosen, names)
        places = {name: index for index, name in enumerate(names)}
        return [places[name] for name in chosen]

    def _finish(
        self, samples: list[dict[str, Any]], protocol: str, account: str
    ) -> list[dict[str, Any]]:
        """Check that images are there, state the protocol and log.

        Args:
            samples: The samples, before mmengine's ``indices``.
            protocol: What the images are, beside every result.
            account: What was not used; empty, or starts with ``'; '``.

        Returns:
            The samples.

        Raises:
            DatasetError: If there is no sample, or an image is missing.
        """
        if not samples:
            raise DatasetError(
                f'{type(self).__name__}: expected samples, found none '
                f'({protocol}{account})'
            )
        files = {Path(info['img_path']): None for info in samples}
        missing = missing_files(files)
        if missing:
            raise DatasetError(
                f'data_prefix: expected {len(files)} images, found '
                f"{len(missing)} of them missing, the first is '{missing[0]}'."
                ' Check the image folder in the config.'
            )
        if self._indices is not None:
            protocol = f'a part (indices) of: {protocol}'
        self._metainfo['protocol'] = protocol
        scores = np.stack([info['gt_score'] for info in samples])
        print_log(
            f'{type(self).__name__}: {len(samples)} samples of {len(files)} '
            f'images, {scores.sum(1).mean():.1f} of {scores.shape[1]} '
            f'attributes a sample, {int(scores.any(0).sum())} attributes with '
            f'positives ({protocol}){account}',
            logger='current',
        )
        return samples


def shown(names: Sequence[str]) -> str:
    """The first few names of a list, for a log.

    Args:
        names: The names.

    Returns:
        Them, separated by commas; an ellipsis stands for the rest.
    """
    rest = ', ...' if len(names) > NAMES_SHOWN else ''
    return ', '.join(names[:NAMES_SHOWN]) + rest


def attribute_faults(
    train: Mapping[str, Any], other: Mapping[str, Any]
) -> list[str]:
    """Compare the attributes of two metainfos.

    Args:
        train: Metainfo of a training set.
        other: That of validation or test data.

    Returns:
        At most one sentence; none where either is not known yet.
    """
    names, other_names = train.get('classes'), other.get('classes')
    if not names or not other_names or tuple(names) == tuple(other_names):
        return []
    return [
        'the attributes (metainfo.classes) differ, so that equal columns '
        'mean other attributes: set both to the same names in the same order'
    ]
