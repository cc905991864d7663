"""Which datasets there are, and where."""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from urllib.parse import urlparse


@dataclass(frozen=True)
class DownloadFile:
    """One file of a dataset.

    Attributes:
        url: http(s) address.
        checksum: ``md5:`` or ``sha1:`` or ``sha256:`` and what is published.
        unpack: First the folder, below that of all data, that the archive is
            unpacked into, then archives that it holds.
        result: What is there afterwards, below the folder of all data; empty
            where that of the dataset tells.
    """

    url: str
    checksum: str
    unpack: tuple[str, ...]
    result: str = ''

    @property
    def name(self) -> str:
        """File name of the archive."""
        return PurePosixPath(urlparse(self.url).path).name


@dataclass(frozen=True)
class DownloadSet:
    """A dataset.

    Attributes:
        name: What the command line calls it.
        title: What it is.
        page: Page of its authors.
        result: What is there afterwards, below the folder of all data.
        files: Its files; none where a person has to fetch them.
        by_hand: How a person does; empty where a program can.
    """

    name: str
    title: str
    page: str
    result: str
    files: tuple[DownloadFile, ...]
    by_hand: str = ''


def read_catalogue() -> dict[str, DownloadSet]:
    """Read ``metadata/downloads.json``.

    Returns:
        Name to dataset.
    """
    text = (
        files('mmvision_ext.datasets.metadata') / 'downloads.json'
    ).read_text('utf-8')
    return {
        name: DownloadSet(
            name=name,
            title=content['title'],
            page=content['page'],
            result=content['result'],
            by_hand=content.get('by_hand', ''),
            files=tuple(
                DownloadFile(
                    file['url'],
                    file['checksum'],
                    tuple(file['unpack']),
                    file.get('result', ''),
                )
                for file in content['files']
            ),
        )
        for name, content in json.loads(text)['sets'].items()
    }
