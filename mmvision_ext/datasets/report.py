"""The account of what was read from a dataset, and what was not used."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

EXAMPLES_SHOWN = 3
NAMES_SHOWN = 20
PLACE_SHOWN = 80  # characters of a place or name


class Fate(Enum):
    """What happened to something that is not an ordinary sample."""

    DROPPED = 'dropped'
    IGNORED = 'ignored (ignore_flag=1)'
    EXPECTED = 'as annotated or configured'
    NOTED = 'noted'


class Reason(Enum):
    """Why something was dropped, ignored, left out or noted."""

    # What the annotations lack: lost unless the user mends it.
    NO_MASK_FILE = (Fate.DROPPED, 'images without a mask file')
    UNKNOWN_CLASS = (
        Fate.DROPPED,
        'objects whose class is not in metainfo classes',
    )
    ORPHAN_MASK = (Fate.DROPPED, 'masks without an annotated object')
    UNKNOWN_CATEGORY = (
        Fate.DROPPED,
        'annotations whose category_id has no category',
    )
    BAD_BOX = (Fate.DROPPED, 'annotations without a usable box')
    ZERO_AREA = (
        Fate.DROPPED,
        'annotations smaller than a pixel or with area 0',
    )
    OUTSIDE = (Fate.DROPPED, 'annotations whose box is outside the image')
    NO_MATCH = (Fate.IGNORED, 'objects that no mask fits')
    OTHER_CLASS = (
        Fate.IGNORED,
        'objects that only a mask of another class fits',
    )
    NO_SEGMENTATION = (Fate.IGNORED, 'annotations without segmentation')
    BAD_SEGMENTATION = (
        Fate.IGNORED,
        'annotations with an invalid segmentation',
    )
    # What the data or the config says: counted, not lost.
    DIFFICULT = (Fate.EXPECTED, "objects marked 'difficult' (ignore_flag=1)")
    CROWD = (Fate.EXPECTED, "annotations marked 'iscrowd' (ignore_flag=1)")
    MARKED_IGNORE = (Fate.EXPECTED, "annotations marked 'ignore'")
    OTHER_CLASSES = (
        Fate.EXPECTED,
        'objects of classes that metainfo leaves out',
    )
    EMPTY_IMAGE = (
        Fate.EXPECTED,
        'images without objects (filter_cfg filter_empty_gt)',
    )
    SMALL_IMAGE = (Fate.EXPECTED, 'images too small (filter_cfg min_size)')
    CLASS_FLAG = (Fate.EXPECTED, 'images marked -1 in the image list')
    # Used all the same.
    SIZE_DIFFERS = (
        Fate.NOTED,
        'images of another size than their annotation '
        "says (the image's own is used)",
    )
    CLIPPED = (Fate.NOTED, 'boxes clipped to the image')
    PARTLY_BAD = (Fate.NOTED, 'annotations of which some polygons are invalid')

    def __init__(self, fate: Fate, text: str) -> None:
        self.fate = fate
        self.text = text


_ABOUT_CLASSES = (
    Reason.UNKNOWN_CLASS,
    Reason.UNKNOWN_CATEGORY,
    Reason.OTHER_CLASSES,
    Reason.EMPTY_IMAGE,
)


@dataclass
class DatasetReport:
    """Counts of one reading of a dataset.

    Attributes:
        source: What was read, for the headline.
        images_read: Images that the list or file names.
        images_used: Images that became samples.
        objects_read: Annotated objects in the images read, without those of
            images that were dropped.
        objects_used: Objects with ``ignore_flag=0`` in the samples.
        objects_ignored: Objects with ``ignore_flag=1`` in the samples.
        masks_used: Of ``objects_used``, those with a mask.
        classes: Names that were expected, the metainfo classes.
        found: How often each class name occurs in the files.
        counts: How often each reason occurred.
        examples: The first few places of each reason.
    """

    source: str
    classes: tuple[str, ...] = ()
    images_read: int = 0
    images_used: int = 0
    objects_read: int = 0
    objects_used: int = 0
    objects_ignored: int = 0
    masks_used: int = 0
    found: Counter[str] = field(default_factory=Counter)
    counts: Counter[Reason] = field(default_factory=Counter)
    examples: dict[Reason, list[str]] = field(default_factory=dict)

    def add(self, reason: Reason, place: str) -> None:
        """Count one occurrence.

        Args:
            reason: What happened.
            place: Where, for example ``'2008_000008: cat'``.
        """
        self.counts[reason] += 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < EXAMPLES_SHOWN:
            shown.append(place[:PLACE_SHOWN])

    def set_used(
        self, images: int, objects: Iterable[tuple[bool, bool]]
    ) -> None:
        """Set what became samples.

        Args:
            images: Number of samples.
            objects: Of each object in them, whether it is ignored and
                whether it has a mask.
        """
        kinds = Counter(objects)
        self.images_used = images
        self.objects_ignored = kinds[True, True] + kinds[True, False]
        self.objects_used = kinds[False, True] + kinds[False, False]
        self.masks_used = kinds[False, True]

    def reasons(self, *fates: Fate) -> list[Reason]:
        """Reasons that occurred, of the given fates.

        Args:
            fates: Which to list.

        Returns:
            The reasons in the order of their definition.
        """
        return [
            reason
            for reason in Reason
            if self.counts[reason] and reason.fate in fates
        ]

    @property
    def lost(self) -> int:
        """Number of images, objects and masks dropped or ignored, although
        neither the data nor the config asks for it."""
        return sum(
            self.counts[reason]
            for reason in self.reasons(Fate.DROPPED, Fate.IGNORED)
        )

    def text(self) -> str:
        """The account as lines for a log or a terminal.

        Returns:
            A headline and one indented line per reason.
        """
        lines = [
            f'{self.source}: {self.images_used} of {self.images_read} images '
            f'used, {self.objects_used} of {self.objects_read} objects used '
            f'({self.masks_used} with masks), {self.objects_ignored} ignored'
        ]
        for reason in self.reasons(*Fate):
            count = self.counts[reason]
            shown = ', '.join(self.examples[reason])
            more = ', ...' if count > len(self.examples[reason]) else ''
            lines.append(
                f'  {reason.fate.value}: {reason.text}: {count} '
                f'({shown}{more})'
            )
        if any(self.counts[reason] for reason in _ABOUT_CLASSES):
            lines += self.class_lines()
        return '\n'.join(lines)

    def class_lines(self) -> list[str]:
        """File against metainfo class names, where they differ.

        Returns:
            No line when both agree, else up to two.
        """
        outside = [
            f'{name[:PLACE_SHOWN]} ({count})'
            for name, count in self.found.most_common()
            if name not in self.classes
        ]
        unseen = [name for name in self.classes if name not in self.found]
        lines = []
        for where, names in (
            ('in the files, not in metainfo classes', outside),
            ('in metainfo classes, not in the files', unseen),
        ):
            if names:
                more = len(names) - NAMES_SHOWN
                lines.append(
                    f'  {where}: {", ".join(names[:NAMES_SHOWN])}'
                    + (f' and {more} more' if more > 0 else '')
                )
        return lines
