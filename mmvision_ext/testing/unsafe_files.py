"""Checkpoints that run code when they are unpickled.

Each payload makes a file, the marker, and does nothing else. With
``pickle.load`` all of them do, so that a marker that is absent says something.
"""

import io
import itertools
import marshal
import operator
import pickle
import pkgutil
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from mmvision_ext.utils import InputError

_SHELL, _CODE, _MARKER = '<shell>', '<code>', '<marker>'
_ARGV = ['touch', _MARKER]
_FILE = '/etc/passwd'  # any file that exists
_clock = time.perf_counter

#: One call: name of the function to its arguments.
_CALLS: dict[str, tuple] = {
    'builtins:eval': (_CODE,),
    'builtins:exec': (_CODE,),
    'builtins:open': (_MARKER, 'w'),
    'cProfile:run': (_CODE, '/dev/null'),
    'codecs:open': (_MARKER, 'w'),
    'gzip:open': (_MARKER, 'wb'),
    'io:FileIO': (_MARKER, 'w'),
    'logging:FileHandler': (_MARKER,),
    'mmengine.config:Config.fromstring': (f'x = {_CODE}', '.py'),
    'numpy:memmap': (_MARKER, 'uint8', 'w+', 0, (1,)),
    'numpy.f2py.crackfortran:myeval': (_CODE, {}, {}),
    'os:mkdir': (_MARKER,),
    'os:makedirs': (_MARKER,),
    'os:mkfifo': (_MARKER,),
    'os:spawnvp': (0, 'touch', _ARGV),
    'os:symlink': (_FILE, _MARKER),
    'os:system': (_SHELL,),
    'profile:run': (_CODE, '/dev/null'),
    'pydoc:pipepager': ('', _SHELL),
    'shutil:copy': (_FILE, _MARKER),
    'shutil:copyfile': (_FILE, _MARKER),
    'subprocess:call': (_ARGV,),
    'subprocess:check_call': (_ARGV,),
    'subprocess:check_output': (_ARGV,),
    'subprocess:getoutput': (_SHELL,),
    'subprocess:getstatusoutput': (_SHELL,),
    'subprocess:run': (_ARGV,),
    'tarfile:open': (_MARKER, 'w'),
    'timeit:repeat': (_CODE, 'pass', _clock, 1, 1),
    'torch:save': ({}, _MARKER),
    'torch.fx.graph_module:_exec_with_source': (_CODE, {}),
    'torch.jit.unsupported_tensor_ops:execWrapper': (_CODE, {}, {}),
    'torch.utils.collect_env:run': (_SHELL,),
    'zipfile:ZipFile': (_MARKER, 'w'),
}


class Call:
    """A call that unpickling makes, as a part of a pickle.

    Args:
        function: A function that pickle finds by its name, or a call that
            gives one.
        arguments: Its arguments, calls among them.
        state: What the result is then given, as ``__setstate__`` takes it.
    """

    def __init__(
        self, function: Any, *arguments: Any, state: Any = None
    ) -> None:
        self.parts = (function, arguments, state)

    def __reduce__(self) -> tuple:
        return self.parts

    def __call__(self) -> None:
        """Let pickle take it for a function."""


def payloads(marker: Path) -> dict[str, Any]:
    """Objects that make a file when they are unpickled.

    Args:
        marker: The file.

    Returns:
        Name of the means to the object.
    """
    calls = {
        name: Call(pkgutil.resolve_name(name), *_filled(arguments, marker))
        for name, arguments in _CALLS.items()
    }
    return calls | _chains(marker) | _inside_what_is_admitted(marker)


def _code(marker: Path) -> str:
    return f'open({str(marker)!r}, "w").close()'


def _filled(value: Any, marker: Path) -> Any:
    """Arguments with the marker in the place of what stands for it."""
    if isinstance(value, str):
        return (
            value.replace(_SHELL, f'touch {marker}')
            .replace(_CODE, _code(marker))
            .replace(_MARKER, str(marker))
        )
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(part, marker) for part in value)
    return value


def _attribute(owner: Any, *names: str) -> Any:
    for name in names:
        owner = Call(getattr, owner, name)
    return owner


def _chains(marker: Path) -> dict[str, Any]:
    """Payloads that reach their function by several calls."""
    shell, code = f'touch {marker}', _code(marker)
    end = Call(eval, code)
    module = Call(__import__, 'os')
    program = Call(compile, code, 'x', 'exec')
    marshalled = marshal.dumps(compile(code, 'x', 'exec'))
    stored = io.BytesIO()
    torch.save(end, stored)
    history = _attribute(HistoryBuffer, '__init__', '__globals__')
    find = pkgutil.resolve_name
    function = Call(find, 'types:FunctionType')
    return {
        'getattr of __import__': Call(_attribute(module, 'system'), shell),
        'import_module': Call(
            _attribute(Call(find('importlib:import_module'), 'os'), 'system'),
            shell,
        ),
        'resolve_name': Call(Call(find, 'os:system'), shell),
        'attrgetter': Call(
            Call(Call(operator.attrgetter, 'system'), module), shell
        ),
        'methodcaller': Call(Call(operator.methodcaller, 'touch'), marker),
        'itemgetter': Call(
            Call(
                Call(operator.itemgetter, 'eval'),
                Call(vars, Call(__import__, 'builtins')),
            ),
            code,
        ),
        'partial': Call(Call(find('functools:partial'), eval, code)),
        'map': Call(list, Call(map, eval, [code])),
        'filter': Call(list, Call(filter, eval, [code])),
        'starmap': Call(list, Call(itertools.starmap, eval, [(code,)])),
        'compile and exec': Call(exec, program),
        'function of code': Call(Call(function, program, {})),
        'marshal': Call(Call(function, Call(marshal.loads, marshalled), {})),
        'Path.touch': Call(marker.touch),
        'Path.write_text': Call(marker.write_text, ''),
        'pickle.loads': Call(pickle.loads, pickle.dumps(end)),
        'torch.storage._load_from_bytes': Call(
            find('torch.storage:_load_from_bytes'), stored.getvalue()
        ),
        'numpy.load': Call(
            np.load, Call(io.BytesIO, array_of_objects(end)), None, True
        ),
        'ctypes': Call(
            _attribute(Call(find('ctypes:CDLL'), None), 'system'),
            shell.encode(),
        ),
        'os.popen': Call(_attribute(Call(find('os:popen'), shell), 'read')),
        'mmengine.get_object_from_string': Call(
            Call(find('mmengine.utils:get_object_from_string'), 'os.system'),
            shell,
        ),
        'ndarray.tofile': Call(_attribute(np.zeros(1), 'tofile'), str(marker)),
        'HistoryBuffer.__init__.__globals__': Call(
            _attribute(Call(_attribute(history, 'get'), 'np'), 'savetxt'),
            str(marker),
            [0],
        ),
    }


def _inside_what_is_admitted(marker: Path) -> dict[str, Any]:
    """Payloads in the arguments and states of what a checkpoint may hold."""
    end = Call(eval, _code(marker))
    storage = torch.zeros(1)._typed_storage()
    utils = torch._utils
    return {
        'array of objects': np.array([end], dtype=object),
        'scalar of objects': Call(
            pkgutil.resolve_name('numpy:_core.multiarray.scalar'),
            np.dtype('O'),
            end,
        ),
        'state of a HistoryBuffer': Call(HistoryBuffer, state={'a': end}),
        'state of an OrderedDict': Call(OrderedDict, state={'a': end}),
        'end of a slice': slice(0, end),
        'hooks of a tensor': Call(
            utils._rebuild_tensor_v2, storage, 0, (1,), (1,), False, end
        ),
        'state of a parameter': Call(
            utils._rebuild_parameter_with_state,
            torch.zeros(1),
            False,
            OrderedDict(),
            {'a': end},
        ),
        'type of a tensor': Call(
            torch._tensor._rebuild_from_type_v2,
            eval,
            torch.Tensor,
            (_code(marker),),
            {},
        ),
    }


def array_of_objects(value: Any) -> bytes:
    """An ``.npy`` file of one object.

    Args:
        value: The object.

    Returns:
        Content of the file.
    """
    file = io.BytesIO()
    np.save(file, np.array([value], dtype=object), allow_pickle=True)
    return file.getvalue()


def _training() -> dict[str, Any]:
    """What mmengine saves, in small."""
    weight = torch.ones(2)
    return dict(
        meta=dict(epoch=1, iter=1, dataset_meta=dict(classes=('a',))),
        state_dict=OrderedDict(weight=weight),
        ema_state_dict=OrderedDict(weight=weight),
        message_hub=dict(
            log_scalars=dict(loss=HistoryBuffer([1.0], [1])),
            runtime_info=dict(iter=1),
        ),
        optimizer=dict(state={0: dict(step=1)}, param_groups=[dict(lr=1.0)]),
        param_schedulers=[dict(last_step=1)],
    )


#: Where a payload lies: keys from the outside to the dict or list it is in.
PLACES: dict[str, tuple] = {
    'beside the weights': (),
    'meta': ('meta',),
    'class names': ('meta', 'dataset_meta'),
    'weights': ('state_dict',),
    'moving average': ('ema_state_dict',),
    'log': ('message_hub', 'log_scalars'),
    'runtime information': ('message_hub', 'runtime_info'),
    'state of the optimizer': ('optimizer', 'state'),
    'state of a parameter': ('optimizer', 'state', 0),
    'parameter group': ('optimizer', 'param_groups', 0),
    'schedule': ('param_schedulers', 0),
}


def unsafe_checkpoint(payload: Any, place: str) -> dict[str, Any]:
    """A checkpoint as mmengine saves it, with a payload in it.

    Args:
        payload: One of :func:`payloads`.
        place: A key of :data:`PLACES`.

    Returns:
        Its content.
    """
    content = _training()
    inner: Any = content
    for key in PLACES[place]:
        inner = inner[key]
    inner['payload'] = payload
    return content


def _stream(content: Any, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


def _pickled(protocol: int) -> Callable[[Any, Path], Any]:
    def write(content: Any, path: Path) -> None:
        path.write_bytes(pickle.dumps(content, protocol))

    return write


def _joblib(content: Any, path: Path) -> None:
    pkgutil.resolve_name('joblib:dump')(content, path)


def _npy(content: Any, path: Path) -> None:
    path.write_bytes(array_of_objects(content))


#: Kind of file: its suffix, and how content is written to a path.
FORMS: dict[str, tuple[str, Callable[[Any, Path], Any]]] = {
    'archive of torch.save': ('.pth', torch.save),
    'stream of torch.save before 1.6': ('.pth', _stream),
    'pickle, protocol 0': ('.pkl', _pickled(0)),
    'pickle, protocol 2': ('.pkl', _pickled(2)),
    'pickle, protocol 4': ('.pth', _pickled(4)),
    'pickle, protocol 5': ('.pickle', _pickled(5)),
    'pickle, named safetensors': ('.safetensors', _pickled(2)),
    'joblib': ('.joblib', _joblib),
    'numpy array of objects': ('.npy', _npy),
}


def write_unsafe(
    folder: Path, marker: Path, payload: str, place: str, form: str
) -> Path:
    """Write a checkpoint with a payload.

    Args:
        folder: Where it is written.
        marker: File that the payload makes when it is run.
        payload: A key of what :func:`payloads` gives.
        place: A key of :data:`PLACES`.
        form: A key of :data:`FORMS`.

    Returns:
        The file.
    """
    suffix, write = FORMS[form]
    path = folder / f'unsafe{suffix}'
    write(unsafe_checkpoint(payloads(marker)[payload], place), path)
    return path


def kinds() -> list[tuple[str, str, str]]:
    """Every payload in every form, in places that take turns.

    Returns:
        Payload, place and form of each file, for :func:`write_unsafe`.
    """
    names = payloads(Path('marker'))
    places = itertools.cycle(PLACES)
    return [(name, next(places), form) for form in FORMS for name in names]


def attack(
    read: Callable[[Path], Any],
    folder: Path,
    attacks: list[tuple[str, str, str]],
) -> tuple[list[str], list[str]]:
    """Let a loader read unsafe files.

    Args:
        read: The loader; takes a file.
        folder: Empty folder for the files.
        attacks: Of :func:`kinds`.

    Returns:
        The attacks whose payload was run, and those that the loader did not
        answer with an ``InputError``, by name.
    """
    executed, accepted = [], []
    for attack_of in attacks:
        was_run, error = attack_once(read, folder, attack_of)
        if was_run:
            executed.append(', '.join(attack_of))
        if not isinstance(error, InputError):
            accepted.append(', '.join(attack_of))
    return executed, accepted


def attack_once(
    read: Callable[[Path], Any], folder: Path, attack_of: tuple[str, str, str]
) -> tuple[bool, Exception | None]:
    """Let a loader read an unsafe file.

    Args:
        read: The loader; takes a file.
        folder: Folder for the file and the marker.
        attack_of: One of :func:`kinds`.

    Returns:
        Whether the payload was run, and the loader's error, None without.
    """
    marker = folder / 'marker'
    path = write_unsafe(folder, marker, *attack_of)
    error = None
    try:
        read(path)
    except Exception as raised:  # which of them, is for the caller to judge
        error = raised
    was_run = marker.is_symlink() or marker.exists()
    if was_run:
        remove_marker(marker)
    return was_run, error


def remove_marker(marker: Path) -> None:
    """Remove what a payload made.

    Args:
        marker: The file; some payloads make a folder.
    """
    if marker.is_dir() and not marker.is_symlink():
        marker.rmdir()
    else:
        marker.unlink(missing_ok=True)
