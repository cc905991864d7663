import pytest

from mmvision_ext.datasets.errors import AnnotationError
from mmvision_ext.datasets.json_files import read_json


def test_content(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{"name": "Sofá"}', encoding='utf-8')
    assert read_json(path) == {'name': 'Sofá'}


@pytest.mark.parametrize(
    ('written', 'place'),
    [
        (b'{"images": [\n  1,, 2]}', 'line 2, column 5: expected JSON'),
        (b'', 'line 1, column 1: expected JSON'),
        (b'{"name": "\xff"}', 'expected JSON, found .* byte 0xff in position'),
    ],
)
def test_a_fault_is_placed_and_has_a_remedy(tmp_path, written, place):
    path = tmp_path / 'a.json'
    path.write_bytes(written)
    with pytest.raises(AnnotationError, match=place) as found:
        read_json(path)
    message = str(found.value)
    assert message.startswith(str(path))
    assert 'download the file again' in message
