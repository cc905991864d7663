"""Pickles made by hand to crash what reads them, each in another process."""

import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest

from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.datasets.joblib_files import read_joblib
from mmvision_ext.datasets.restricted_pickle import read_arrays
from mmvision_ext.utils.plain_arrays import PlainDtype, array

READ = """
import sys, resource
from pathlib import Path
import numpy as np
from mmvision_ext.datasets.joblib_files import read_joblib
from mmvision_ext.datasets.restricted_pickle import read_arrays
from mmvision_ext.utils import InputError
resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
paths = sorted(Path(sys.argv[1]).iterdir())
for path in paths:
    for read in (read_arrays, read_joblib):
        print(path.name, read.__name__, end=' ', flush=True)
        try:
            found = read(path)
            whole = repr(found) if isinstance(found, np.ndarray) else ''
            print('read', type(found).__name__, whole[:60], flush=True)
        except InputError as error:
            print('refused', error, flush=True)
"""


def text(value):
    return b'X' + struct.pack('<I', len(value)) + value.encode()


def number(value):
    return b'\x8a\x08' + struct.pack('<q', value)


def raw(value):
    return b'B' + struct.pack('<I', len(value)) + value


def dtype(name, *, order='|', parts=b'NNN', sizes=(-1, -1), flags=0, more=b''):
    head = b'cnumpy\ndtype\n(' + text(name) + b'\x89\x88tR'
    state = b'(K\x03' + text(order) + parts
    for value in (*sizes, flags):
        state += number(value)
    return head + state + more + b'tb'


def filled(of, shape=(1,), content=b'\x41' * 8, order=b'\x89'):
    lengths = b'('
    for length in shape:
        lengths += number(length)
    head = (
        b'cnumpy.core.multiarray\n_reconstruct\n'
        b'(cnumpy\nndarray\nK\x00\x85C\x01btR'
    )
    return (
        head + b'(K\x01' + lengths + b't' + of + order + raw(content) + b'tb'
    )


POINTER = filled(dtype('O8'))
ATTACKS = dict(
    pointer=(POINTER, "dtype 'O8'"),
    pointer_read=(b'(' + POINTER + b'K\x01l', "dtype 'O8'"),
    object_flags=(filled(dtype('f8', flags=63)), 'state of a dtype'),
    subarray=(
        filled(dtype('f8', parts=dtype('O8') + b'K\x02\x85\x86NN')),
        "dtype 'O8'",
    ),
    subarray_of_floats=(
        filled(dtype('f8', parts=dtype('f8') + b'K\x01\x85\x86NN')),
        'state of a dtype',
    ),
    fields=(
        filled(dtype('V8', parts=b'N' + text('a') + b'\x85}')),
        "dtype 'V8'",
    ),
    fields_of_float=(
        filled(dtype('f8', parts=b'N' + text('a') + b'\x85}')),
        'state of a dtype',
    ),
    item_size=(filled(dtype('f8', sizes=(800, 1))), 'state of a dtype'),
    metadata=(filled(dtype('f8', more=b'}')), 'state of a dtype'),
    byte_order=(filled(dtype('f8', order='x')), 'state of a dtype'),
    no_size=(filled(dtype('S0'), (2**60,), b''), "dtype 'S0'"),
    comma_types=(filled(dtype('f8,O')), "dtype 'f8,O'"),
    huge=(filled(dtype('f8'), (2**40,)), f'8 bytes for an array of {2**43}'),
    wraps=(filled(dtype('f8'), (2**62, 4)), 'that numpy cannot hold'),
    empty_wraps=(
        filled(dtype('f8'), (2**62, 2**62, 0), b''),
        'that numpy cannot hold',
    ),
    negative=(filled(dtype('f8'), (-1,)), 'a shape of other than lengths'),
    two_negatives=(filled(dtype('f8'), (-1, -1)), 'a shape of other than'),
    many_dimensions=(
        filled(dtype('f8'), (1,) * 100),
        'that numpy cannot hold',
    ),
    too_short=(filled(dtype('f8'), (2,)), '8 bytes for an array of 16'),
    text_dtype=(filled(text('O')), 'a dtype of str'),
    no_dtype_init=(
        filled(b'cnumpy\ndtype\n)\x81'),
        'AttributeError',
    ),
    filled_twice=(
        filled(dtype('f8'))
        + b'(K\x01K\x01\x85'
        + dtype('u1')
        + b'\x89C\x01atb',
        'a second state of an array',
    ),
    array_class=(b'cnumpy\nndarray\nK\x09\x85R', 'TypeError'),
    array_new=(b'cnumpy\nndarray\nK\x09\x85\x81', 'TypeError'),
    scalar_pointer=(
        b'cnumpy.core.multiarray\nscalar\n('
        + dtype('O8')
        + raw(b'A' * 8)
        + b'tR',
        "dtype 'O8'",
    ),
    scalar_short=(
        b'cnumpy.core.multiarray\nscalar\n(' + dtype('f8') + raw(b'A') + b'tR',
        '1 bytes for an array of 8',
    ),
    buffer_pointer=(
        b'cnumpy.core.numeric\n_frombuffer\n('
        + raw(b'A' * 8)
        + dtype('O8')
        + b'K\x01\x85'
        + text('C')
        + b'tR',
        "dtype 'O8'",
    ),
    buffer_of_array=(
        b'cnumpy.core.numeric\n_frombuffer\n('
        + filled(dtype('f8'))
        + dtype('f8')
        + b'K\x01\x85'
        + text('C')
        + b'tR',
        'an array of ndarray',
    ),
    state_of_class=(b'cbuiltins\nset\n}b', 'a state of type'),
    state_of_function=(b'c_codecs\nencode\n}b', 'a state of function'),
    state_of_dict=(b'}' + b'}b', 'a state of dict'),
    state_of_list=(b']' + b'}b', 'a state of list'),
    state_of_header_class=(b'cnumpy\ndtype\n}b', 'a state of type'),
    hash_of_deep_tuples=(
        b'}K\x00' + b'\x85' * 300_000 + b'K\x00s',
        'over 8 tuples in each other',
    ),
    deep_defaultdicts=(
        b'ccollections\ndefaultdict\n'
        + b'q\x000'
        + b'h\x00)RK\x00' * 100_000
        + b'K\x00'
        + b's' * 100_000,
        'read',
    ),
    memo_bomb=(b']q\x00' + b'(h\x00h\x00lq\x00' * 3, 'read'),
    claimed_bytearray=(b'\x96' + struct.pack('<Q', 2**36), 'EOFError'),
    claimed_bytes=(b'B' + struct.pack('<I', 2**32 - 1), 'Error'),
    cut=(b'\x95\x00', 'cannot be read'),
    out_of_band=(b'\x97', 'UnpicklingError'),
    persistent=(b'Pa\n', 'UnpicklingError'),
    extension=(b'\x82\x01', 'ValueError'),
)


def test_attacks_are_errors_and_no_crashes(tmp_path):
    for name, (content, _) in ATTACKS.items():
        (tmp_path / name).write_bytes(b'\x80\x05' + content + b'.')
    done = subprocess.run(
        [sys.executable, '-c', READ, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [
        line
        for line in done.stdout.splitlines()
        if line.split(' ')[0] in ATTACKS
    ]
    assert done.returncode == 0, (lines[-1:], done.stderr[-2000:])
    assert len(lines) == 2 * len(ATTACKS)
    for line in lines:
        name, _, outcome, _ = line.split(' ', 3)
        reason = ATTACKS[name][1]
        assert outcome == 'read' or reason != 'read', line
        assert reason in line


def test_numpy_believes_the_first_attack():
    # So that the test above is one of something.
    found = pickle.loads(
        b'\x80\x05' + POINTER[:-1].replace(b'A' * 8, bytes(8)) + b'b.'
    )
    assert found.dtype == object


@pytest.mark.parametrize('protocol', [0, 2, 4, 5])
@pytest.mark.parametrize('read', [read_arrays, read_joblib])
def test_plain_arrays_of_every_kind(tmp_path, protocol, read):
    names = '? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 >i4 >f8 <u2'.split()
    one = np.arange(6).reshape(2, 3)
    content = {name: one.astype(name) for name in names}
    content['fortran'] = np.asfortranarray(one)
    content['empty'] = np.empty((3, 0), np.float32)
    content['scalar'] = np.array(2.5)
    content['again'] = content['u1']
    path = tmp_path / 'a'
    path.write_bytes(pickle.dumps(content, protocol))
    found = read(path)
    assert list(found) == list(content)
    for name, expected in content.items():
        native = expected.dtype.newbyteorder('=')
        assert found[name].dtype.newbyteorder('=') == native
        assert found[name].shape == expected.shape
        np.testing.assert_array_equal(found[name], expected)
    assert found['again'] is found['u1']


@pytest.mark.parametrize('kind', ['O', 'S3', 'U2', 'V4', 'c8', 'M8[s]'])
def test_other_types_are_named(tmp_path, kind):
    path = tmp_path / 'a'
    path.write_bytes(pickle.dumps(np.zeros(2, kind)))
    with pytest.raises(DatasetError, match=f"a: .*dtype '{kind[0]}"):
        read_arrays(path)


def test_an_array_is_a_copy():
    content = bytearray(8)
    found = array(content, PlainDtype('f8'), (1,))
    content[7] = 64
    content += b'more'
    assert found.tolist() == [0.0]
