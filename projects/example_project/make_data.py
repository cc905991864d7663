"""Make the data of the example study: striped images in class folders.

Example:
    python projects/example_project/make_data.py work_dirs/example_data
"""

import argparse
from pathlib import Path

from mmvision_ext.testing.image_folders import make_class_folders

CLASSES = tuple(f'stripes_{index:02d}' for index in range(12))
NUM_TRAIN, NUM_VAL = 30, 10  # images a class


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('root', type=Path, help='folder to make')
    return parser.parse_args()


def main() -> None:
    """Write the images, then train.txt and val.txt: file and label a line."""
    root = parse_args().root
    make_class_folders(root / 'images', CLASSES, NUM_TRAIN + NUM_VAL)
    for split, numbers in (
        ('train', range(1, NUM_TRAIN + 1)),
        ('val', range(NUM_TRAIN + 1, NUM_TRAIN + NUM_VAL + 1)),
    ):
        lines = [
            f'{name}/image_{number:04d}.jpg {label}\n'
            for label, name in enumerate(CLASSES)
            for number in numbers
        ]
        (root / f'{split}.txt').write_text(''.join(lines))
    print(f'{len(CLASSES) * (NUM_TRAIN + NUM_VAL)} images in {root}')


if __name__ == '__main__':
    main()
