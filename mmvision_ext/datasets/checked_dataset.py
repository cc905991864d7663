"""What every detection dataset of this package checks and reports."""

import logging
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmdet.datasets import BaseDetDataset
from mmengine.logging import print_log

from mmvision_ext.visualization.palette import Color, spread_color

from .errors import DatasetError
from .report import DatasetReport, Fate, Reason

FILTERS = ('filter_empty_gt', 'min_size')
ALIKE = 0.8  # similarity from which a class name may be a misspelling


class CheckedDetDataset(BaseDetDataset):
    """Says what it read, and stops where nothing usable is left.

    A subclass sets :attr:`report` in its ``load_data_list``.

    Args:
        with_mask: Whether the samples have masks.
        filter_cfg: ``filter_empty_gt`` drops training images without
            objects, ``min_size`` those with a side shorter than so many
            pixels.
        lazy_init: Whether to read the data only when first used.
        kwargs: As for ``mmdet.BaseDetDataset``.

    Attributes:
        report: The account of the reading, logged once: as a warning when
            something was lost.

    Raises:
        DatasetError: If the arguments or the data cannot be used.
    """

    report: DatasetReport

    def __init__(
        self,
        *,
        with_mask: bool = True,
        filter_cfg: Mapping[str, Any] | None = None,
        lazy_init: bool = False,
        **kwargs: Any,
    ) -> None:
        unknown = sorted(set(filter_cfg or {}) - set(FILTERS))
        if unknown:
            raise DatasetError(
                f'filter_cfg: unknown key {", ".join(unknown)}; expected '
                f'{" or ".join(FILTERS)}'
            )
        self.with_mask = with_mask
        super().__init__(filter_cfg=filter_cfg, lazy_init=True, **kwargs)
        self._check_pipeline()
        if not lazy_init:
            self.full_init()

    @classmethod
    def _load_metainfo(
        cls, metainfo: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Merge the user's metainfo, check it and complete the palette."""
        given = dict(metainfo or {})
        classes = given.get('classes')
        if isinstance(classes, str) and not Path(classes).is_file():
            raise DatasetError(
                f"metainfo['classes'] is the string '{classes}', neither a "
                'tuple of names nor a file of names: add a comma, '
                f"classes=('{classes}', )"
            )
        merged = super()._load_metainfo(metainfo)
        names = merged['classes'] = tuple(merged['classes'])
        if not names or len(set(names)) < len(names):
            raise DatasetError(
                "metainfo['classes']: expected at least one name and each "
                f'name once, found {names}'
            )
        palette = given.get('palette')
        if palette is None:
            merged['palette'] = cls._colors(names)
        elif not isinstance(palette, str) and len(palette) != len(names):
            raise DatasetError(
                f"metainfo['palette'] has {len(palette)} colours for "
                f'{len(names)} classes: give one (R, G, B) a class, or leave '
                'the palette out'
            )
        return merged

    @classmethod
    def _colors(cls, names: tuple[str, ...]) -> list[Color]:
        """Colours of the dataset's own metainfo, new ones for new names."""
        known = dict(
            zip(cls.METAINFO['classes'], cls.METAINFO['palette'], strict=True)
        )
        return [
            known.get(name, spread_color(index))
            for index, name in enumerate(names)
        ]

    def _check_pipeline(self) -> None:
        """Transforms must not load masks that the samples lack."""
        for transform in self.pipeline.transforms:
            if getattr(transform, 'with_mask', False) and not self.with_mask:
                raise DatasetError(
                    f'{type(self).__name__}(with_mask=False) has no masks, '
                    f'but its pipeline has {type(transform).__name__}'
                    '(with_mask=True): set both alike'
                )

    def check_data_root(self) -> None:
        """Check that the data's folder exists.

        Raises:
            DatasetError: If it does not.
        """
        if self.data_root and not Path(self.data_root).is_dir():
            raise DatasetError(
                f"data_root: no folder '{self.data_root}': put the data "
                'there, set data_root, or set the environment variable that '
                'the config takes it from, such as MMVISION_DATA_ROOT or '
                'MMVISION_SHAPES_ROOT'
            )

    def filter_data(self) -> list[dict[str, Any]]:
        """Apply ``filter_cfg``, check that samples remain, log the account.

        Returns:
            The samples to use.

        Raises:
            DatasetError: If no sample is left, or if objects were read and
                all of them lost.
        """
        kept = [info for info in self.data_list if self._passes(info)]
        self.report.set_used(
            len(kept),
            (
                (bool(item['ignore_flag']), 'mask' in item)
                for info in kept
                for item in info['instances']
            ),
        )
        self._check_usable()
        objects = self.report.objects_used + self.report.objects_ignored
        warn = self.report.lost or not objects
        print_log(
            self._account(f'{type(self).__name__}: '),
            logger='current',
            level=logging.WARNING if warn else logging.INFO,
        )
        return kept

    def _passes(self, info: dict[str, Any]) -> bool:
        """Whether ``filter_cfg`` keeps a sample; test sets keep all."""
        if self.test_mode or not self.filter_cfg:
            return True
        if (
            self.filter_cfg.get('filter_empty_gt', False)
            and not info['instances']
        ):
            self.report.add(Reason.EMPTY_IMAGE, str(info['img_id']))
            return False
        shortest = min(info['width'], info['height'])
        if shortest < self.filter_cfg.get('min_size', 0):
            self.report.add(Reason.SMALL_IMAGE, str(info['img_id']))
            return False
        return True

    def _check_usable(self) -> None:
        """Stop when no sample or, through losses, no object is left."""
        report = self.report
        name = type(self).__name__
        if self._indices is not None and not self._indices:
            raise DatasetError(
                f'{name}: indices={self._indices} selects no sample'
            )
        if not report.images_used:
            raise DatasetError(self._account(f'{name} has no usable sample\n'))
        lost = report.objects_read and report.reasons(Fate.DROPPED)
        if lost and not report.objects_used + report.objects_ignored:
            raise DatasetError(self._account(f'{name} has no usable object\n'))

    def _account(self, headline: str) -> str:
        """The report with the edits that mend what it shows."""
        return '\n'.join(
            [headline + self.report.text()]
            + [f'  fix: {hint}' for hint in self._hints()]
        )

    def _hints(self) -> Iterator[str]:
        """Edits that mend what the account shows."""
        report = self.report
        if not report.images_read:
            yield f"ann_file '{self.ann_file}' names no image"
        if report.counts[Reason.EMPTY_IMAGE] and not report.images_used:
            yield (
                'filter_cfg=dict(filter_empty_gt=False) keeps images '
                'without objects'
            )
        if report.counts[Reason.SMALL_IMAGE] and not report.images_used:
            yield "lower filter_cfg['min_size']"
        if report.counts[Reason.NO_MASK_FILE]:
            yield (
                "check data_prefix['mask'], use the lists in "
                'ImageSets/Segmentation, or set with_mask=False to use the '
                'boxes alone'
            )
        if report.counts[Reason.NO_SEGMENTATION]:
            yield 'set with_mask=False to use the boxes alone'
        if report.counts[Reason.OTHER_CLASS]:
            yield (
                'if the class ids in the masks follow another order, set '
                'mask_classes'
            )
        unknown = [name for name in report.found if name not in report.classes]
        for name in report.classes:
            near = get_close_matches(name, unknown, n=1, cutoff=ALIKE)
            if near and name not in report.found:
                yield (
                    f"is '{name}' in metainfo['classes'] meant to be "
                    f"'{near[0]}'?"
                )
        if report.counts[Reason.UNKNOWN_CLASS]:
            yield 'set metainfo=dict(classes=(...)) to the names in the files'
