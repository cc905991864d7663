"""Building of an index, and bringing it up to date."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from mmvision_ext.utils import InputError
from mmvision_ext.utils.output_folder import check_folder

from ..image_folder import list_images
from ..progress import track
from ..sources import ImageSource
from .encoder import Encoder, Prepared
from .index import (
    INDEX_FILE,
    ImageIndex,
    IndexedImage,
    load_index,
    save_index,
)

#: An interrupted build goes on from the last multiple of so many images.
SAVE_EVERY = 2000


class _File(NamedTuple):
    """An image file: path relative to the folder, bytes, time of change."""

    path: str
    bytes: int
    mtime_ns: int


class _Row(NamedTuple):
    """What an index holds of an image: vector (D,) and scores (A,)."""

    image: IndexedImage
    vector: NDArray[np.float32]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class Changes:
    """What an update did, in images.

    Attributes:
        added: Files that were new.
        changed: Files that had changed since.
        removed: Files that were gone, or can no longer be read.
        unchanged: Files that were not read again.
        left_out: Folders in the folder whose images are not in the index.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    left_out: int


def update_index(
    encoder: Encoder,
    images: str | Path,
    folder: str | Path,
    batch_size: int = 32,
    workers: int = 0,
    progress: bool = True,
    recursive: bool = False,
) -> tuple[ImageIndex, Changes]:
    """Build an index of a folder, or bring it up to date.

    Images whose size or time of change differs from what the index says are
    read anew; those that are gone leave it.

    Args:
        encoder: The model.
        images: Folder of images.
        folder: Folder of the index; made where missing.
        batch_size: Images that run through the model at once.
        workers: Processes that read images; 0 reads in this one.
        progress: Show a progress bar with the time left.
        recursive: Whether images of the folders in it are taken as well;
            otherwise they leave the index.

    Returns:
        The index as it now lies in the folder, and what was done. Files that
        could not be read are named in it, and tried again by every update.

    Raises:
        InputError: There is no such folder, or no image in it that can be
            read, or a name is not UTF-8; the index in the folder is damaged,
            or of another model or folder of images.
    """
    if batch_size < 1 or workers < 0:
        raise InputError(
            'batch_size and workers: expected at least 1 and 0, found '
            f'{batch_size} and {workers}.'
        )
    check_folder(folder)
    root = Path(images).expanduser().resolve()
    files, left_out = _image_files(root, Path(folder).resolve(), recursive)
    rows = _known_rows(encoder, root, Path(folder))
    before = dict(rows)
    by_path = {file.path: file for file in files}
    rows = {
        path: row
        for path, row in rows.items()
        if path in by_path and _file(row.image) == by_path[path]
    }
    unchanged = len(rows)
    todo = [file for file in files if file.path not in rows]
    unreadable: dict[str, str] = {}
    for number, row in enumerate(
        track(
            _encoded(encoder, root, todo, batch_size, workers),
            'indexing',
            len(todo),
            progress,
        ),
        1,
    ):
        if isinstance(row, _Row):
            rows[row.image.path] = row
        else:
            unreadable |= row
        if number % SAVE_EVERY == 0 and rows:
            save_index(_index(encoder, root, rows, unreadable), folder)
    _check_any(rows, unreadable, root)
    index = _index(encoder, root, rows, unreadable)
    save_index(index, folder)
    return index, Changes(
        added=len(rows.keys() - before.keys()),
        changed=len(rows.keys() & before.keys()) - unchanged,
        removed=len(before.keys() - rows.keys()),
        unchanged=unchanged,
        left_out=left_out,
    )


def _check_any(
    rows: Mapping[str, Any], unreadable: Mapping[str, str], root: Path
) -> None:
    """Raise where no image could be read."""
    if not rows:
        raise InputError(
            f'images: expected some that can be read in {root}, found '
            f'{len(unreadable)} that cannot:\n  '
            + '\n  '.join(list(unreadable.values())[:5])
        )


def _image_files(
    root: Path, index: Path, recursive: bool
) -> tuple[list[_File], int]:
    """Image files of a folder, by path, without those of the index; and the
    number of folders in it that are left out."""
    paths, left_out = list_images(root, recursive)
    files = []
    for path in paths:
        if index not in path.parents:
            stat = path.stat()
            name = path.relative_to(root).as_posix()
            files.append(_File(name, stat.st_size, stat.st_mtime_ns))
    return files, left_out


def _known_rows(encoder: Encoder, root: Path, folder: Path) -> dict[str, _Row]:
    """What the index in a folder holds; nothing where there is none."""
    if not (folder / INDEX_FILE).exists():
        return {}
    index = load_index(folder)
    index.require(encoder.identity)
    if index.folder != root:
        raise InputError(
            f'index {folder}: expected the folder of images that it was built '
            f'of, {index.folder}, found {root}. Name another folder for a '
            'new index.'
        )
    return {
        image.path: _Row(image, vector, scores)
        for image, vector, scores in zip(
            index.images, index.vectors, index.scores, strict=True
        )
    }


def _file(image: IndexedImage) -> _File:
    return _File(image.path, image.bytes, image.mtime_ns)


def _index(
    encoder: Encoder,
    root: Path,
    rows: dict[str, _Row],
    unreadable: dict[str, str],
) -> ImageIndex:
    """Put rows together, by path."""
    ordered = [rows[path] for path in sorted(rows)]
    return ImageIndex(
        encoder.identity,
        root,
        encoder.names,
        tuple(row.image for row in ordered),
        np.stack([row.vector for row in ordered]),
        np.stack([row.scores for row in ordered]),
        dict(sorted(unreadable.items())),
    )


class _Images(Dataset):
    """Files as an encoder takes them; a text where one cannot be read."""

    def __init__(
        self, encoder: Encoder, root: Path, files: Sequence[_File]
    ) -> None:
        self.encoder = encoder
        self.root = root
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[_File, Prepared | str]:
        file = self.files[index]
        path = self.root / file.path
        try:
            return file, self.encoder.prepare(ImageSource(str(path), path))
        except InputError as error:
            return file, str(error)


def _encoded(
    encoder: Encoder,
    root: Path,
    files: Sequence[_File],
    batch_size: int,
    workers: int,
) -> Iterator[_Row | dict[str, str]]:
    """A row of each file; path to reason where one cannot be read."""
    loader = DataLoader(
        _Images(encoder, root, files),
        batch_size,
        num_workers=workers,
        collate_fn=list,
    )
    for batch in loader:
        good = []
        for file, prepared in batch:
            if isinstance(prepared, str):
                yield {file.path: prepared}
            else:
                good.append((file, prepared))
        if not good:
            continue
        vectors, scores = encoder.encode([prepared for _, prepared in good])
        for (file, prepared), vector, row in zip(
            good, vectors, scores, strict=True
        ):
            image = IndexedImage(
                file.path,
                file.bytes,
                file.mtime_ns,
                prepared.width,
                prepared.height,
            )
            yield _Row(image, vector, row)
