"""What there is to label: images of a folder, or boxes of a COCO file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmvision_ext.datasets.coco_checks import check_coco
from mmvision_ext.datasets.json_files import read_json
from mmvision_ext.utils import InputError

from .sources import ImageSource, list_sources

Content = dict[str, Any]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelTask:
    """An image to label, or the boxes in it.

    Attributes:
        entry: The image as COCO lists it, with ``file_name``.
        path: Its file.
        annotations: COCO annotations to label; None labels the image itself.
    """

    entry: Content
    path: Path
    annotations: Sequence[Content] | None = None

    @property
    def name(self) -> str:
        """The ``file_name``, which no other image has."""
        return str(self.entry['file_name'])

    @property
    def source(self) -> ImageSource:
        """The image, to be read when it is needed."""
        return ImageSource(str(self.path), self.path)


def list_tasks(
    images: str | Path, annotations: str | Path | None
) -> tuple[list[LabelTask], Content]:
    """List what is to be labelled.

    Args:
        images: Folder of images.
        annotations: COCO-format JSON whose boxes are labelled; its
            ``file_name`` are files of the folder. None labels the images.

    Returns:
        The images, and what else the result takes over: everything of the
        file but its images and annotations.

    Raises:
        InputError: There is no such folder or it has no images, or the file
            is malformed, names an image twice or has none.
    """
    folder = Path(images).expanduser()
    if not folder.is_dir():
        raise InputError(f'images: expected a folder, found none at {folder}.')
    if annotations is None:
        tasks = [
            LabelTask(dict(id=number, file_name=path.name), path)
            for number, path in enumerate(_files(folder), start=1)
        ]
        return tasks, dict(licenses=[], categories=[])
    content = read_json(Path(annotations))
    check_coco(content, annotations)
    of_image: dict[Any, list[Content]] = {
        entry['id']: [] for entry in content['images']
    }
    for annotation in content['annotations']:
        of_image[annotation['image_id']].append(annotation)
    tasks = [
        LabelTask(entry, folder / entry['file_name'], of_image[entry['id']])
        for entry in content['images']
    ]
    names = {task.name for task in tasks}
    if len(names) < len(tasks) or not content['annotations']:
        raise InputError(
            f'{annotations}: expected annotations, and images with different '
            f'file_name, found {len(content["annotations"])} annotations and '
            f'{len(names)} names of {len(tasks)} images.'
        )
    rest = {
        key: value
        for key, value in content.items()
        if key not in ('images', 'annotations')
    }
    return tasks, rest


def annotation_box(annotation: Mapping[str, Any]) -> Box:
    """Box of a COCO annotation.

    Args:
        annotation: An entry with ``id`` and ``bbox`` (x, y, width, height in
            pixels).

    Returns:
        x1, y1, x2, y2 in pixels.

    Raises:
        InputError: There is no box.
    """
    box = annotation.get('bbox')
    try:
        x, y, width, height = map(float, box or ())
    except (TypeError, ValueError):
        raise InputError(
            'expected a bbox of four numbers (x, y, width, height), found '
            f'{box!r}.'
        ) from None
    return x, y, x + width, y + height


def _files(folder: Path) -> list[Path]:
    """Images of a folder, by name."""
    return [Path(source.name) for source in list_sources(folder)]
