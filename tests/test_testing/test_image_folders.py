import numpy as np
from PIL import Image

from mmvision_ext.testing.image_folders import make_class_folders


def read(root):
    return {
        str(path.relative_to(root)): np.asarray(Image.open(path))
        for path in sorted(root.glob('*/*.jpg'))
    }


def test_folders_hold_images_that_can_be_told_apart(tmp_path):
    root = make_class_folders(tmp_path / 'a', ('x', 'y'), 4, size=24)
    images = read(root)
    assert list(images)[:2] == ['x/image_0001.jpg', 'x/image_0002.jpg']
    assert len(images) == 8
    assert {image.shape for image in images.values()} == {(24, 24, 3)}
    means = {
        name: [
            images[f'{name}/image_000{index}.jpg'].mean((0, 1))
            for index in range(1, 5)
        ]
        for name in ('x', 'y')
    }
    between = np.linalg.norm(np.mean(means['x'], 0) - np.mean(means['y'], 0))
    within = max(np.std(values, axis=0).max() for values in means.values())
    assert between > 3 * within


def test_the_seed_decides_the_pixels(tmp_path):
    first, same, other = (
        read(make_class_folders(tmp_path / name, ('x',), 2, 16, seed))
        for name, seed in (('a', 0), ('b', 0), ('c', 1))
    )
    for name, image in first.items():
        assert (image == same[name]).all()
        assert (image != other[name]).any()
