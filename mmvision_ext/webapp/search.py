"""Indexes of image folders that the page searches."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmvision_ext.apis.retrieval import ImageIndex, SearchResult, load_index
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError
from mmvision_ext.visualization.draw import Picture

from .uploads import read_upload, thumbnail


@dataclass(frozen=True)
class NamedIndex:
    """An index with scores of attributes.

    Attributes:
        name: What the page calls it.
        index: The index.
    """

    name: str
    index: ImageIndex


def read_indexes(folders: Sequence[str | Path]) -> list[NamedIndex]:
    """Read the indexes that ``tools/retrieve.py build`` wrote.

    Args:
        folders: Their folders.

    Returns:
        The indexes.

    Raises:
        InputError: There is none in a folder, it is damaged, or it has no
            scores of attributes.
    """
    found = []
    for folder in folders:
        index = load_index(folder)
        if not index.names:
            raise InputError(
                f'--index: expected an index with scores of attributes, found '
                f'none in {folder}. Build it with --model: python '
                'tools/retrieve.py build --help'
            )
        found.append(NamedIndex(str(folder), index))
    return found


def hit_pictures(result: SearchResult) -> list[tuple[Picture, str]]:
    """Small pictures of what was found.

    Args:
        result: N images.

    Returns:
        At most N pictures, RGB, (H, W, 3), uint8, with rank, score and name;
        one that has gone or changed to something else is left out.
    """
    pictures = []
    for hit in result.hits:
        try:
            source: ImageSource = read_upload(result.folder / hit.path)
        except InputError:
            continue
        name = Path(hit.path).name
        pictures.append(
            (thumbnail(source), f'{hit.rank}. {hit.score:.2f} {name}')
        )
    return pictures
