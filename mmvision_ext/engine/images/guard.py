"""A dataset that stops at faulty images, or replaces them."""

import itertools
import logging
from pathlib import Path
from typing import Any, NoReturn

from mmengine.logging import print_log

from mmvision_ext.utils import InputError

from .case_file import write_entry
from .cases import Cases
from .faults import ImageFault, is_cut_off
from .reading import find_loader, image_path, is_local, read_image

_SHOWN = 10  # files named in an error
_SCAN = 'python tools/misc/verify_dataset.py CONFIG names all such files.'


class ImageError(InputError):
    """An image of a dataset cannot be used; the message names the file."""


class ImageGuard:
    """Stands in the place of a dataset's ``prepare_data``.

    A sample whose image is faulty is replaced by the next one of the dataset
    that can be read: a function of its index and the files alone, so that it
    does not depend on processes, epochs or random numbers. Errors that are
    not the image's are left as they are.

    Args:
        dataset: A dataset of mmengine, mmdet, mmpretrain or this package that
            reads images by a pipeline.
        key: Its place in the config, for messages.
        limit: How many samples may be replaced; None replaces none and stops
            at the first one.
        out: File for the account, written before it stops.

    Attributes:
        cases: The faulty samples that were met.
    """

    def __init__(
        self, dataset: Any, key: str, limit: int | None, out: Path
    ) -> None:
        self.dataset = dataset
        self.key = key
        self.limit = limit
        self.out = out
        self.cases = Cases(len(dataset))

    @property
    def name(self) -> str:
        """The dataset's place in the config and type."""
        return f'{self.key} ({type(self.dataset).__name__})'

    def __call__(self, index: int) -> Any:
        """Prepare a sample, or the one that takes its place.

        Args:
            index: Index of the sample.

        Returns:
            What the pipeline gives.

        Raises:
            ImageError: If the image is faulty and may not be replaced.
        """
        length = len(self.dataset)
        first = index % length
        passed: list[int] = []
        for tried in itertools.chain(range(first, length), range(first)):
            fault, text, data = self._try(tried)
            if fault is None:
                for faulty in passed:
                    self.cases.replacements[faulty] = tried
                return data
            self.cases.add(tried, fault)
            passed.append(tried)
            if self.limit is None:
                self._stop(self._sentence(tried, fault, text))
            self.check_limit()
        self._stop(f'{self.name}: none of {length} images can be read')

    def check_limit(self) -> None:
        """Stop where more samples are faulty than may be replaced.

        Raises:
            ImageError: If so, naming files.
        """
        count = len(self.cases)
        if self.limit is None or count <= self.limit:
            return
        indices = self.cases.indices()
        lines = [
            f'  {self._path(index)}: '
            f'{ImageFault(int(self.cases.faults[index])).text}'
            for index in indices[:_SHOWN]
        ]
        if count > _SHOWN:
            lines.append(f'  and {count - _SHOWN} more, see {self.out}')
        self._stop(
            f'{self.name}: expected at most {self.limit} of '
            f'{len(self.dataset)} images to be faulty, found {count} so far:\n'
            + '\n'.join(lines)
            + '\nMend them, or raise default_hooks.corrupt_images.max_share. '
            + _SCAN
        )

    def entry(self) -> dict[str, Any]:
        """The account of this dataset.

        Returns:
            ``type``, ``samples``, ``corrupt``, ``limit`` and ``cases``: a
            list with ``index``, ``image``, ``fault``, ``replaced_by`` and
            ``replacement`` (its image).
        """
        return dict(
            type=type(self.dataset).__name__,
            samples=len(self.dataset),
            corrupt=len(self.cases),
            limit=self.limit or 0,
            cases=[self._case(index) for index in self.cases.indices()],
        )

    def restore(self, entry: dict[str, Any]) -> None:
        """Take over the cases of the run that is resumed.

        Images that were mended in between do not count any more.

        Args:
            entry: As :meth:`entry` gave it.
        """
        for case in entry.get('cases', []):
            index = case['index']
            if (
                index < len(self.dataset)
                and self._path(index) == case['image']
            ):
                fault, _ = self._fault(index)
                if fault is not None:
                    self.cases.add(index, fault)
                    self.cases.replacements[index] = case['replaced_by']

    def describe(self, index: int) -> str:
        """One line about a sample that was replaced.

        Args:
            index: Its index.

        Returns:
            The line.
        """
        fault = ImageFault(int(self.cases.faults[index]))
        other = int(self.cases.replacements[index])
        return (
            f'{self.name}: {self._path(index)}: expected an image, found '
            f'{fault.text}; sample {index} is replaced by sample {other}'
        )

    def _try(self, index: int) -> tuple[ImageFault | None, str, Any]:
        """Fault of a sample, what the reader said, and the sample."""
        if self._is_cut_off(index):
            return ImageFault.CUT_OFF, '', None
        try:
            data = type(self.dataset).prepare_data(self.dataset, index)
        except MemoryError:
            raise
        except Exception:
            fault, text = self._fault(index)
            if fault is None:
                raise
            return fault, text, None
        if data is None:  # by random transforms, or for a faulty image
            return (*self._fault(index), None)
        return None, '', data

    def _is_cut_off(self, index: int) -> bool:
        loader = find_loader(self.dataset.pipeline)
        path = image_path(self.dataset.get_data_info(index))
        if loader is None or path is None or not is_local(path, loader):
            return False
        return is_cut_off(path)

    def _fault(self, index: int) -> tuple[ImageFault | None, str]:
        """Read the image of a sample on its own."""
        loader = find_loader(self.dataset.pipeline)
        info = self.dataset.get_data_info(index)
        if loader is None or image_path(info) is None:
            return None, ''
        _, fault, text = read_image(info, loader)
        return fault, text

    def _path(self, index: int) -> str:
        return str(image_path(self.dataset.get_data_info(index)))

    def _case(self, index: int) -> dict[str, Any]:
        other = int(self.cases.replacements[index])
        return dict(
            index=index,
            image=self._path(index),
            fault=ImageFault(int(self.cases.faults[index])).name.lower(),
            replaced_by=other,
            replacement=self._path(other) if other >= 0 else None,
        )

    def _sentence(self, index: int, fault: ImageFault, text: str) -> str:
        said = f' ({text})' if text and fault is ImageFault.DAMAGED else ''
        if self.dataset.test_mode:
            fix = 'Get the image again, or take it out of the annotations.'
        else:
            fix = (
                'Get the image again, take it out of the annotations, or '
                'let it be replaced by default_hooks.corrupt_images.policy='
                "'replace'."
            )
        return (
            f'{self.name}, sample {index}: expected an image, found '
            f'{fault.text}: {self._path(index)}{said}. {fix} {_SCAN}'
        )

    def _stop(self, text: str) -> NoReturn:
        write_entry(self.out, self.key, self.entry())
        print_log(text, 'current', logging.ERROR)
        raise ImageError(text)


def guard_dataset(
    dataset: Any, key: str, max_share: float | None, out: Path
) -> ImageGuard | None:
    """Let a dataset check its images while it reads them.

    Args:
        dataset: A dataset that reads files itself, no wrapper.
        key: Its place in the config.
        max_share: Share of the samples that may be replaced, in [0, 1]; None
            replaces none. Nor is one replaced in test mode: a metric over
            other images is another metric.
        out: File for the account.

    Returns:
        What checks them; None where the dataset has no pipeline that reads
        image files.
    """
    if not hasattr(dataset, 'prepare_data') or not len(dataset):
        return None
    if find_loader(getattr(dataset, 'pipeline', None)) is None:
        return None
    limit = None
    if max_share is not None and not dataset.test_mode:
        limit = int(max_share * len(dataset))
    guard = ImageGuard(dataset, key, limit, out)
    dataset.prepare_data = guard
    return guard
