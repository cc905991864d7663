"""An index of images: their vectors and attribute scores, in a folder.

``index.json`` names the model, the images and the two array files, with their
checksums. It is replaced last and in one step, so that a folder always holds
a whole index, the old one or the new one.
"""

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.engine.checkpointing.durable import (
    finish,
    write_text,
    write_unfinished,
)
from mmvision_ext.utils import InputError

FORMAT = 'mmvision_ext image index 1'
INDEX_FILE = 'index.json'
ARRAYS = ('vectors', 'scores')

_ARRAY_FILE = re.compile(r'(vectors|scores)-[0-9a-f]{12}\.npy')


@dataclass(frozen=True)
class ModelIdentity:
    """The model that made an index.

    Attributes:
        vectors: What its vectors are: ``'features'``, the pooled features of
            a classifier, ``'joint'``, the embeddings that a cross-modal
            classifier shares between images and attributes, or ``'clip'``.
        name: Config or architecture, for messages.
        checkpoint: Its weights as the user named them, for messages.
        sha256: Checksum of the weights.
        settings: Checksum of the model's config and its preprocessing.
    """

    vectors: str
    name: str
    checkpoint: str
    sha256: str
    settings: str

    def __str__(self) -> str:
        return (
            f'{self.name} with {self.checkpoint} (vectors: {self.vectors}, '
            f'weights {self.sha256[:12]}, settings {self.settings[:12]})'
        )

    def require_words(self) -> None:
        """Refuse a model that has no vectors for words.

        Raises:
            InputError: Its vectors are the features of a classifier.
        """
        if self.vectors == 'features':
            raise InputError(
                'text: expected vectors that words have as well, found the '
                f'features of {self.name}. Search by --attributes (in Python '
                'by_attributes), or build the index with --clip, or with '
                '--joint where the model is a CrossModalAttributeClassifier.'
            )

    def matches(self, other: 'ModelIdentity') -> bool:
        """Whether two give the same for every image.

        Args:
            other: The other.

        Returns:
            Whether weights, settings and the kind of vectors are equal; names
            and places of files do not matter.
        """
        return (self.vectors, self.sha256, self.settings) == (
            other.vectors,
            other.sha256,
            other.settings,
        )


@dataclass(frozen=True)
class IndexedImage:
    """One image of an index.

    Attributes:
        path: Relative to the folder of the images, with ``/``.
        bytes: Size of the file.
        mtime_ns: When the file was changed, in nanoseconds since 1970.
        width: In pixels.
        height: In pixels.
    """

    path: str
    bytes: int
    mtime_ns: int
    width: int
    height: int


@dataclass(frozen=True)
class ImageIndex:
    """Vectors and scores of N images.

    Attributes:
        model: What made it.
        folder: Where the images are.
        names: Names of the A attributes or classes; none for CLIP.
        images: The images, by path, N of them.
        vectors: Of length 1, shape (N, D), float32.
        scores: From 0 to 1, shape (N, A), float32.
        unreadable: Path to reason of the files that are no images.
    """

    model: ModelIdentity
    folder: Path
    names: tuple[str, ...]
    images: tuple[IndexedImage, ...]
    vectors: NDArray[np.float32]
    scores: NDArray[np.float32]
    unreadable: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.images)

    def file_of(self, image: IndexedImage) -> Path:
        """The file of one of its images.

        Args:
            image: The image.

        Returns:
            Its path.
        """
        return self.folder / image.path

    def require(self, model: ModelIdentity) -> None:
        """Refuse another model than that of the index.

        Args:
            model: A model.

        Raises:
            InputError: It is another.
        """
        if not self.model.matches(model):
            raise InputError(
                f'index: expected the model that made it,\n  {self.model}\n'
                f'found\n  {model}\nVectors of two models cannot be compared: '
                'name that model, or another folder for a new index.'
            )


def save_index(index: ImageIndex, folder: str | Path) -> None:
    """Write an index, whole or not at all.

    Args:
        index: The index.
        folder: Where to; made where missing. The array files of an index in
            it are removed at the end.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    old = _array_files(folder)
    arrays = {
        name: _write_array(folder, name, getattr(index, name))
        for name in ARRAYS
    }
    content = dict(
        format=FORMAT,
        model=asdict(index.model),
        folder=str(index.folder),
        names=list(index.names),
        arrays=arrays,
        images=[asdict(image) for image in index.images],
        unreadable=dict(index.unreadable),
    )
    write_text(folder / INDEX_FILE, json.dumps(content))
    for name in old - {entry['file'] for entry in arrays.values()}:
        (folder / name).unlink(missing_ok=True)


def load_index(folder: str | Path) -> ImageIndex:
    """Read an index; no code in it is run.

    Args:
        folder: Where :func:`save_index` wrote it.

    Returns:
        The index.

    Raises:
        InputError: There is none, or a file is missing, damaged or not what
            ``index.json`` says.
    """
    folder = Path(folder)
    path = folder / INDEX_FILE
    if not path.is_file():
        raise InputError(
            f'index: expected a folder with {INDEX_FILE}, found none at '
            f'{folder}. Build one: python tools/retrieve.py build --help'
        )
    try:
        content = json.loads(path.read_text('utf-8'))
        return _parse(content, folder)
    except InputError:
        raise
    except (
        AttributeError,
        KeyError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise _damaged(path, f'{type(error).__name__}: {error}') from error


def _parse(content: dict[str, Any], folder: Path) -> ImageIndex:
    """Check the content of ``index.json`` and read the arrays."""
    path = folder / INDEX_FILE
    if content['format'] != FORMAT:
        raise _damaged(path, f'the format {content["format"]!r}', FORMAT)
    images = tuple(IndexedImage(**entry) for entry in content['images'])
    names = tuple(content['names'])
    for image in images:
        parts = PurePosixPath(image.path)
        if parts.is_absolute() or '..' in parts.parts:
            raise _damaged(path, f'the image {image.path!r} outside of it')
        integers = (image.bytes, image.mtime_ns, image.width, image.height)
        if not all(isinstance(value, int) for value in integers):
            raise _damaged(path, f'no whole numbers for {image.path!r}')
    arrays = {
        name: _read_array(folder, name, content['arrays'][name])
        for name in ARRAYS
    }
    if not all(isinstance(name, str) for name in names):
        raise _damaged(path, 'names that are no text')
    shapes = [array.shape for array in arrays.values()]
    if any(
        len(shape) != 2 or shape[0] != len(images) for shape in shapes
    ) or shapes[1][1] != len(names):
        raise _damaged(
            path,
            f'arrays of {shapes[0]} and {shapes[1]}',
            f'vectors ({len(images)}, D) and scores ({len(images)}, '
            f'{len(names)})',
        )
    return ImageIndex(
        ModelIdentity(**content['model']),
        Path(content['folder']),
        names,
        images,
        **arrays,
        unreadable=dict(content['unreadable']),
    )


def _write_array(
    folder: Path, name: str, array: NDArray[np.float32]
) -> dict[str, str]:
    """Write an array under its checksum; what ``index.json`` says of it."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    data = buffer.getbuffer()
    digest = hashlib.sha256(data).hexdigest()
    path = folder / f'{name}-{digest[:12]}.npy'
    write_unfinished(path, lambda file: file.write(data))
    finish(path)
    return dict(file=path.name, sha256=digest)


def _read_array(
    folder: Path, name: str, entry: Mapping[str, str]
) -> NDArray[np.float32]:
    """Read an array and compare its checksum."""
    path = folder / entry['file']
    if not _ARRAY_FILE.fullmatch(entry['file']):
        raise _damaged(folder / INDEX_FILE, f'the array file {path.name!r}')
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != entry['sha256']:
        raise _damaged(path, 'another checksum', entry['sha256'])
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (EOFError, MemoryError, ValueError) as error:
        raise _damaged(path, str(error), 'an array') from error
    if array.dtype != np.float32 or not np.isfinite(array).all():
        raise _damaged(path, f'{array.dtype}', f'finite float32 {name}')
    return array


def _array_files(folder: Path) -> set[str]:
    """Array files of the index that is in a folder; none where it is no
    index."""
    try:
        content = json.loads((folder / INDEX_FILE).read_text('utf-8'))
        files = {content['arrays'][name]['file'] for name in ARRAYS}
    except (KeyError, OSError, RecursionError, TypeError, ValueError):
        return set()
    return {name for name in files if _ARRAY_FILE.fullmatch(str(name))}


def _damaged(path: Path, found: str, expected: str = 'an index') -> InputError:
    return InputError(
        f'{path}: expected {expected}, found {found}. The index is damaged: '
        f'remove {path.parent} and build it again.'
    )
