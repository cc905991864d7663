"""What there is to label: images of a folder, or boxes of a COCO file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmvision_ext.datasets.coco_checks import check_coco
from mmvision_ext.datasets.json_files import read_json
from mmvision_ext.utils import InputError, brief

from .attribute_results import Box
from .image_folder import check_names, list_images
from .sources import ImageSource

Content = dict[str, Any]


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
    images: str | Path,
    annotations: str | Path | None,
    recursive: bool = False,
) -> tuple[list[LabelTask], Content, int]:
    """List what is to be labelled.

    Args:
        images: Folder of images.
        annotations: COCO-format JSON whose boxes are labelled; its
            ``file_name`` are files of the folder. None labels the images,
            whose ``id`` is for the caller to give.
        recursive: Whether images of the folders in it are labelled as well.

    Returns:
        The images; what else the result takes over: everything of the file
        but its images and annotations; and the number of folders in the
        folder whose images are left out, 0 with annotations.

    Raises:
        InputError: There is no such folder or it has no images, or the file
            is malformed, names an image twice or has none; or a name is not
            UTF-8.
    """
    folder = Path(images).expanduser()
    if annotations is None:
        files, left_out = list_images(folder, recursive)
        tasks = [
            LabelTask(
                dict(file_name=path.relative_to(folder).as_posix()), path
            )
            for path in files
        ]
        return tasks, dict(licenses=[], categories=[]), left_out
    if not folder.is_dir():
        raise InputError(f'images: expected a folder, found none at {folder}.')
    content = read_json(Path(annotations))
    check_coco(content, annotations)
    info = content.get('info')
    if not isinstance(info, (dict, type(None))):
        raise InputError(
            f"{annotations}: 'info': expected an object, found {brief(info)}. "
            'Mend or remove it.'
        )
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
    check_names(names)
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
    return tasks, rest, 0


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
