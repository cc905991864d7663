"""The account that datasets and the converter give."""

from mmvision_ext.datasets.report import DatasetReport, Fate, Reason


def test_counts_by_fate():
    report = DatasetReport('train.txt')
    assert report.lost == 0
    for index in range(5):
        report.add(Reason.NO_MATCH, f'image{index}: cat')
    report.add(Reason.NO_MASK_FILE, 'other')
    report.add(Reason.DIFFICULT, 'hard')
    report.add(Reason.CLIPPED, 'edge')
    assert report.lost == 6
    assert report.reasons(Fate.EXPECTED) == [Reason.DIFFICULT]
    assert report.examples[Reason.NO_MATCH] == [
        'image0: cat',
        'image1: cat',
        'image2: cat',
    ]
    text = report.text()
    assert (
        'ignored (ignore_flag=1): objects that no mask fits: 5 '
        '(image0: cat, image1: cat, image2: cat, ...)'
    ) in text
    assert 'images without a mask file: 1 (other)' in text


def test_used_objects():
    report = DatasetReport('train.txt')
    report.set_used(
        3,
        [
            (False, True),
            (False, False),
            (True, True),
            (True, False),
            (False, True),
        ],
    )
    assert report.images_used == 3
    assert report.objects_used == 3
    assert report.objects_ignored == 2
    assert report.masks_used == 2


def test_class_names_only_where_they_matter():
    report = DatasetReport('train.txt', classes=('cat', 'dog'))
    report.found.update(cat=2, cow=7, yak=8)
    assert 'cow' not in report.text()
    report.add(Reason.UNKNOWN_CLASS, 'a: cow')
    assert 'not in metainfo classes: yak (8), cow (7)' in report.text()
    assert 'not in the files: dog' in report.text()


def test_long_name_lists_are_cut():
    report = DatasetReport('train.txt', classes=('cat',))
    report.found.update({f'class{index}': 1 for index in range(30)})
    line = report.class_lines()[0]
    assert line.endswith('class19 (1) and 10 more')


def test_every_reason_is_its_own():
    texts = [reason.text for reason in Reason]
    assert len(set(texts)) == len(texts)
