"""Thresholds of attributes, calibrated on validation data, in a file."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean

from .functional.attribute_ranking import best_thresholds
from .functional.attribute_scores import AttributeScores

#: Of an attribute without positives, for which there is no best one.
UNCALIBRATED = 0.5
#: How the protocol of a test split begins, or that of a part of one.
_TEST = re.compile(r'(a part \(indices\) of: )?test\b')
_KINDS: dict[str, type] = dict(
    protocol=str, thresholds=dict, uncalibrated=list, samples=list
)


@dataclass(frozen=True)
class AttributeThresholds:
    """Thresholds and the data on which they were chosen.

    Attributes:
        values: Attribute to the score from which it is predicted.
        uncalibrated: Attributes without positives, or without any that a
            detector found, which have 0.5.
        protocol: The dataset's own line on what the samples are; empty where
            it has none.
        samples: Names of the samples, see :func:`sample_name`.
        source: File they were read from, for messages.
    """

    values: dict[str, float]
    uncalibrated: tuple[str, ...]
    protocol: str
    samples: frozenset[str]
    source: str = ''

    def of(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Thresholds in the order of a dataset.

        Args:
            names: Its A attributes.

        Returns:
            Shape (A,).

        Raises:
            InputError: If the attributes are not those of the file.
        """
        for name in names:
            if name not in self.values:
                raise InputError(
                    f'{self.source}: expected a threshold for each of the '
                    f"{len(names)} attributes, found none for '{name}'"
                    + did_you_mean(name, self.values)
                    + ' Calibrate on validation data with the attributes of '
                    'the data evaluated.'
                )
        return np.array([self.values[name] for name in names])

    def check_protocol(self, protocol: str) -> None:
        """Refuse data with the protocol of the calibration.

        Args:
            protocol: That of the data evaluated.

        Raises:
            InputError: If it is known and the same.
        """
        if protocol and protocol == self.protocol:
            raise InputError(
                f'{self.source}: expected thresholds chosen on other data '
                f"than those evaluated, found them chosen on '{protocol}', "
                'the very data. Calibrate on the validation split.'
            )

    def check_sample(self, name: str) -> None:
        """Refuse a sample on which the thresholds were chosen.

        Args:
            name: See :func:`sample_name`.

        Raises:
            InputError: If it is one of them.
        """
        if name in self.samples:
            raise InputError(
                f'{self.source}: expected thresholds chosen on other samples '
                f"than those evaluated, found that '{name}' is one of the "
                f'{len(self.samples)} on which they were chosen. Calibrate on '
                'the validation split.'
            )


def check_calibration(protocol: str) -> None:
    """Refuse to choose thresholds on a test split.

    Args:
        protocol: That of the data evaluated; it tells nothing where it is
            empty or begins otherwise than those of this package.

    Raises:
        InputError: If it says that the data are a test split.
    """
    if _TEST.match(protocol):
        raise InputError(
            'save_thresholds: expected validation data, found the protocol '
            f"'{protocol}': thresholds chosen on the test split are not to be "
            'evaluated on it. Set test_dataloader.dataset.split=val.'
        )


def calibrate(
    data: AttributeScores,
    names: Sequence[str],
    samples: Iterable[str],
    protocol: str,
) -> AttributeThresholds:
    """Choose the threshold with the highest F1 of each attribute.

    Args:
        data: N samples of validation data, A attributes.
        names: The attributes, A of them.
        samples: Names of the samples, see :func:`sample_name`.
        protocol: The dataset's own line on what the samples are.

    Returns:
        The thresholds; 0.5 where :func:`~mmvision_ext.evaluation.functional.
        attribute_ranking.best_thresholds` gives none.
    """
    found, _ = best_thresholds(data)
    lacking = np.isnan(found)
    values = np.where(lacking, UNCALIBRATED, found).tolist()
    return AttributeThresholds(
        values=dict(zip(names, values, strict=True)),
        uncalibrated=tuple(
            name for name, none in zip(names, lacking, strict=True) if none
        ),
        protocol=protocol,
        samples=frozenset(samples),
    )


def write_thresholds(
    path: str | Path, thresholds: AttributeThresholds
) -> None:
    """Write thresholds to a JSON file.

    Args:
        path: The file; missing folders are made.
        thresholds: What is written.
    """
    content = dict(
        protocol=thresholds.protocol,
        thresholds=thresholds.values,
        uncalibrated=thresholds.uncalibrated,
        samples=sorted(thresholds.samples),
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path.write_text(text + '\n', encoding='utf-8')


def read_thresholds(path: str | Path) -> AttributeThresholds:
    """Read what :func:`write_thresholds` wrote.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        InputError: If there is no such file, or it holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"thresholds: expected a file, found none at '{path}'. Evaluate "
            'the validation split with save_thresholds first.'
        )
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise InputError(f'{path}: expected JSON, found {error}') from None
    _check(path, content)
    return AttributeThresholds(
        values={
            name: float(value) for name, value in content['thresholds'].items()
        },
        uncalibrated=tuple(content['uncalibrated']),
        protocol=content['protocol'],
        samples=frozenset(content['samples']),
        source=str(path),
    )


def sample_name(sample: dict[str, Any]) -> str:
    """Name of a sample that is the same wherever the data are.

    Args:
        sample: A data sample with ``img_path`` and, for an object, ``ann_id``.

    Returns:
        Folder and file of the image, and the object: ``val2017/1.jpg#7``.

    Raises:
        InputError: If there is no ``img_path``.
    """
    path = sample.get('img_path')
    if not path:
        raise InputError(
            'thresholds: expected img_path in every sample, to tell the data '
            'of the calibration from those evaluated, found none. Pack with '
            'mmvision_ext.PackAttributes.'
        )
    name = '/'.join(Path(path).parts[-2:])
    return f'{name}#{sample["ann_id"]}' if 'ann_id' in sample else name


def _check(path: Path, content: Any) -> None:
    """Compare the content of a file with what it has to be.

    Raises:
        InputError: If it is something else.
    """
    hint = 'Write it with AttributeMetric(save_thresholds=...).'
    for key, kind in _KINDS.items():
        found = content.get(key) if isinstance(content, dict) else None
        if not isinstance(found, kind):
            raise InputError(
                f"{path}: expected a {kind.__name__} '{key}', found "
                f'{type(found).__name__}. {hint}'
            )
    if not content['samples']:
        raise InputError(
            f"{path}: expected names in 'samples', found none: nothing shows "
            f'on which data the thresholds were chosen. {hint}'
        )
    for name, value in content['thresholds'].items():
        number = isinstance(value, (int, float)) and not isinstance(
            value, bool
        )
        if not number or not 0 <= value <= 1:
            raise InputError(
                f"{path}, thresholds['{name}']: expected a number from 0 to "
                f'1, found {value!r}. {hint}'
            )
