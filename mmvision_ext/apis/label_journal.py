"""What a labelling run has done so far, in a file that only grows."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from mmvision_ext.utils import InputError, brief

Identity = Mapping[str, Any]
Record = dict[str, Any]


class LabelJournal:
    """Records of finished images, a line a batch, each safe on disk.

    The first line says what made the records (``identity``). A run that was
    killed goes on from the last complete line. A record counts as long as its
    image file has the same size and time of change; numbers of images count
    whatever happens to the file.

    Args:
        path: The file; made where missing.
        identity: What has to be the same for records to be used again.
        restart: Whether records that are there are thrown away.

    Raises:
        InputError: The file is no journal, or was made by something else.
    """

    def __init__(
        self, path: Path, identity: Identity, restart: bool = False
    ) -> None:
        self.path = path
        self._records: dict[str, Record] = {}
        self._ids: dict[str, int] = {}
        anew = restart or not path.is_file()
        complete = 0 if anew else self._read(identity)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open('ab')
        self._file.truncate(complete)  # a line that was cut off
        if not complete:
            self._write({'identity': dict(identity)})

    def __enter__(self) -> 'LabelJournal':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def get(self, name: str, stamp: Sequence[int]) -> Record | None:
        """The record of an image, if it is still good.

        Args:
            name: Its name.
            stamp: See :func:`file_stamp`.

        Returns:
            The record; None where there is none, or the file has changed.
        """
        record = self._records.get(name)
        if record is None or record['stamp'] != list(stamp):
            return None
        return record

    def add(self, records: Mapping[str, Record]) -> None:
        """Write the records of a batch, all or none.

        Args:
            records: Image to its record, JSON with a ``stamp``.
        """
        self._write({'images': dict(records)})
        self._records |= records

    def number(self, names: Iterable[str]) -> dict[str, int]:
        """Number images. One that has a number keeps it for good.

        Args:
            names: The images.

        Returns:
            Image to its number, from 1. New ones get the next in their
            order, behind the highest that was ever given.
        """
        highest = max(self._ids.values(), default=0)
        new = [name for name in names if name not in self._ids]
        ids = {name: id_ for id_, name in enumerate(new, highest + 1)}
        if ids:
            self._write({'ids': ids})
            self._ids |= ids
        return dict(self._ids)

    def _write(self, line: Mapping[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False)
        self._file.write(text.encode() + b'\n')
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self, identity: Identity) -> int:
        """Take the records over; returns the bytes of complete lines."""
        content = self.path.read_bytes()
        complete = content.rfind(b'\n') + 1
        lines = content[:complete].splitlines()
        try:
            parsed = [json.loads(line) for line in lines]
            if parsed:
                _check_identity(self.path, parsed[0]['identity'], identity)
            for line in parsed[1:]:
                if 'ids' in line:
                    self._ids |= {k: int(v) for k, v in line['ids'].items()}
                else:
                    self._records |= line['images']
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f'{self.path}: expected the journal of a labelling run, found '
                f'something else ({error}). Start anew (--restart), which '
                'replaces it.'
            ) from error
        return complete


def file_stamp(path: Path) -> tuple[int, int]:
    """What tells that a file has changed.

    Args:
        path: The file.

    Returns:
        Its size in bytes and its time of change in nanoseconds; zeros where
        it cannot be looked at.
    """
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _check_identity(path: Path, found: Identity, expected: Identity) -> None:
    wanted = json.loads(json.dumps(expected))
    different = [
        f'{key} is {brief(found.get(key))} there and '
        f'{brief(wanted.get(key))} now'
        for key in {**found, **wanted}
        if found.get(key) != wanted.get(key)
    ]
    if different:
        raise InputError(
            f'{path}: expected labels of this very model and input, found '
            f'others: {"; ".join(different)}. Name another --out, or start '
            'anew (--restart), which throws the labels there away.'
        )
