"""Files of joblib and pickle: their arrays are read, their code is not run."""

import bz2
import collections
import gzip
import io
import lzma
import os
import pickle
import zlib

import joblib
import numpy as np
import pytest

from mmvision_ext.datasets.errors import AnnotationError
from mmvision_ext.datasets.joblib_files import read_joblib


@pytest.fixture
def content():
    """What the published file holds, in small."""
    rng = np.random.default_rng(0)
    return dict(
        ann_vecs={7: rng.random(5), 8: np.asfortranarray(rng.random((3, 2)))},
        patch_id_to_ann_id=collections.defaultdict(int, {7: 70, 8: 80}),
        split={7: 'train2014', 8: 'val2014'},
        attributes=[dict(id=1, name='small', weight=np.float64(0.25))],
        empty=np.empty((0, 3)),
        plain=(1, 2.5, None, True, b'bytes', {'a'}, 10**30),
    )


def check_same(found, expected):
    if isinstance(expected, dict):
        assert type(found) is dict  # in the place of defaultdict as well
        assert list(found) == list(expected)
        for key in expected:
            check_same(found[key], expected[key])
        return
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


@pytest.mark.parametrize(
    'compress', [0, 6, ('gzip', 3), ('bz2', 3), ('lzma', 3), ('xz', 3)]
)
@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_joblib_files_of_every_packing(tmp_path, content, compress, protocol):
    path = tmp_path / 'a.jbl'
    joblib.dump(content, path, compress=compress, protocol=protocol)
    check_same(read_joblib(path), content)


def test_the_container_of_joblib_before_0_10(tmp_path, content):
    packed = pickle.dumps(content, protocol=2)
    head = b'ZF' + hex(len(packed)).encode().ljust(len(hex(2**64)))
    for space in (b'', b' '):  # joblib up to 0.8.4 wrote one more
        path = tmp_path / 'a.jbl'
        path.write_bytes(head + space + zlib.compress(packed))
        check_same(read_joblib(path), content)


@pytest.mark.parametrize('protocol', [0, 2, 4, 5])
@pytest.mark.parametrize('pack', [bytes, gzip.compress, bz2.compress])
def test_pickle_files(tmp_path, content, protocol, pack):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pack(pickle.dumps(content, protocol=protocol)))
    check_same(read_joblib(path), content)


def test_a_pickle_of_python_2(tmp_path):
    path = tmp_path / 'a.pkl'
    # {'a\xe9': numpy.float64(0.5)} with the byte strings of Python 2.
    path.write_bytes(
        b"(dp0\nS'a\\xe9'\np1\ncnumpy.core.multiarray\nscalar\np2\n"
        b"(cnumpy\ndtype\np3\n(S'f8'\np4\nI0\nI1\ntp5\nRp6\n"
        b"(I3\nS'<'\np7\nNNNI-1\nI-1\nI0\ntp8\nb"
        b"S'\\x00\\x00\\x00\\x00\\x00\\x00\\xe0?'\np9\ntp10\nRp11\ns."
    )
    assert read_joblib(path) == {'aé': 0.5}


class Runs:
    """What a malicious file asks for."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.fixture
def mark(tmp_path):
    """A file that is there only if code was run."""
    return tmp_path / 'run'


def write_pickle(path, content):
    path.write_bytes(pickle.dumps(content))


def write_joblib(path, content):
    joblib.dump(content, path)


def write_zlib(path, content):
    joblib.dump(content, path, compress=6)


@pytest.mark.parametrize('write', [write_pickle, write_joblib, write_zlib])
@pytest.mark.parametrize('place', ['top', 'inside', 'array', 'factory'])
def test_code_is_named_and_not_run(tmp_path, mark, write, place):
    bomb = Runs(os.system, f'touch {mark}')
    content = dict(
        top=bomb,
        inside={'ann_vecs': {1: np.zeros(3), 2: [bomb]}},
        array=np.array([0, bomb], object),
        factory=Runs(collections.defaultdict, os.getcwd, [('a', 1)]),
    )[place]
    path = tmp_path / 'a.jbl'
    write(path, content)
    reason = '(system|getcwd), which was not run'
    if place == 'array':
        reason = "an array of dtype 'O8'"  # before its objects are read
    with pytest.raises(AnnotationError, match=f'a.jbl: .*{reason}'):
        read_joblib(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ('module', 'name'),
    [
        ('builtins', 'eval'),
        ('builtins', 'getattr'),
        ('numpy', 'load'),
        ('numpy', 'core.multiarray.scalar'),
        ('joblib', 'load'),
        ('joblib.numpy_pickle', 'NDArrayWrapper'),
        ('subprocess', 'Popen'),
    ],
)
@pytest.mark.parametrize('protocol', [2, 4])
def test_every_other_name_is_refused(tmp_path, module, name, protocol):
    path = tmp_path / 'a.pkl'
    if protocol == 2:
        path.write_bytes(b'\x80\x02c' + f'{module}\n{name}\n.'.encode())
    else:
        strings = b''.join(
            b'\x8c' + bytes([len(text)]) + text.encode()
            for text in (module, name)
        )
        path.write_bytes(b'\x80\x04' + strings + b'\x93.')
    with pytest.raises(AnnotationError, match=f'call of {module}.{name}, wh'):
        read_joblib(path)


def test_a_file_cannot_change_what_reads_it(tmp_path, content):
    # A state for the class itself: BUILD would set its attributes.
    path = tmp_path / 'a.pkl'
    path.write_bytes(
        b'\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n'
        b'N}X\x05\x00\x00\x00shapeK\x01s\x86b.'
    )
    with pytest.raises(AnnotationError, match='Error: a state of type'):
        read_joblib(path)
    joblib.dump(content, path)
    check_same(read_joblib(path), content)


def header(**fields):
    """A file of joblib whose only array has this header."""
    state = dict(
        subclass=np.ndarray,
        shape=(2,),
        order='C',
        dtype=np.dtype('f8'),
        allow_mmap=False,
    )
    wrapper = joblib.numpy_pickle.NumpyArrayWrapper.__new__(
        joblib.numpy_pickle.NumpyArrayWrapper
    )
    wrapper.__dict__.update({**state, **fields})
    file = io.BytesIO()
    pickle.Pickler(file, 2).dump(wrapper)
    return file.getvalue()[:-1]


def test_array_headers(tmp_path):
    path = tmp_path / 'a.jbl'
    values = np.array([0.5, 2.0])
    path.write_bytes(header() + values.tobytes() + b'.')
    np.testing.assert_array_equal(read_joblib(path), values)
    # Padding of joblib 1.1 and later.
    path.write_bytes(
        header(numpy_array_alignment_bytes=16)
        + b'\x03\xff\xff\xff'
        + values.tobytes()
        + b'.'
    )
    np.testing.assert_array_equal(read_joblib(path), values)
    for fields, message in (
        (dict(shape=(10**15,)), 'EOFError'),
        (dict(shape=(-2,)), 'UnpicklingError'),
        (dict(shape=('2',)), 'UnpicklingError'),
        (dict(shape=None), 'UnpicklingError'),
        (dict(dtype=np.dtype('O')), 'UnpicklingError'),
        (dict(dtype='f8'), 'UnpicklingError'),
    ):
        path.write_bytes(header(**fields) + values.tobytes() + b'.')
        with pytest.raises(AnnotationError, match=message):
            read_joblib(path)


def test_damaged_files_are_named(tmp_path, content):
    path = tmp_path / 'a.jbl'
    for compress in (0, 6):
        joblib.dump(content, path, compress=compress)
        whole = path.read_bytes()
        for end in (0, 1, 2, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:end])
            with pytest.raises(AnnotationError, match='a.jbl: expected a fi'):
                read_joblib(path)
    for text in (b'no pickle', b'ZF0x', lzma.compress(b'N')):
        path.write_bytes(text)
        with pytest.raises(AnnotationError, match='a.jbl: expected a file'):
            read_joblib(path)


def test_packed_data_beyond_any_sense_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(
        'mmvision_ext.datasets.joblib_files._MOST_BYTES', 2**16
    )
    path = tmp_path / 'a.jbl'
    path.write_bytes(zlib.compress(pickle.dumps(np.zeros(2**14))))
    with pytest.raises(AnnotationError, match='over 65536 bytes'):
        read_joblib(path)
