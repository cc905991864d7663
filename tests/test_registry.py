"""Types resolve from either host, and every location can be imported."""

import importlib
import inspect
import subprocess
import sys

import pytest
from mmengine.registry import Registry

from mmvision_ext import registry as registries

ALL = [
    value
    for _, value in inspect.getmembers(registries)
    if isinstance(value, Registry) and value.scope == registries.SCOPE
]


@pytest.mark.parametrize('registry', ALL, ids=lambda r: r.name)
def test_every_location_imports(registry: Registry) -> None:
    assert registry._locations
    for location in registry._locations:
        importlib.import_module(location)


def test_names_are_unique_over_registries() -> None:
    for registry in ALL:
        registry.import_from_location()
    names = [name for registry in ALL for name in registry.module_dict]
    assert names and len(names) == len(set(names))


@pytest.mark.parametrize('host', ['mmdet', 'mmpretrain'])
def test_prefix_resolves_from_a_host_without_an_import(host: str) -> None:
    code = (
        'from mmengine.registry import DATASETS, init_default_scope\n'
        f'init_default_scope("{host}")\n'
        f'from {host}.registry import OPTIM_WRAPPER_CONSTRUCTORS, RUNNERS\n'
        f'from {host}.registry import DATASETS\n'
        'runner = RUNNERS.get("mmvision_ext.Runner")\n'
        'dataset = DATASETS.get("mmvision_ext.VOCInstanceDataset")\n'
        'constructor = OPTIM_WRAPPER_CONSTRUCTORS.get('
        '"mmvision_ext.LayerDecayOptimWrapperConstructor")\n'
        'print(runner.__module__, dataset.__name__, constructor.__name__)'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    # The hosts print lines of their own while they are imported.
    assert done.stdout.splitlines()[-1] == (
        'mmvision_ext.engine.runner VOCInstanceDataset '
        'LayerDecayOptimWrapperConstructor'
    )


def test_registry_file_imports_mmengine_only() -> None:
    code = (
        'import sys, mmvision_ext.registry\n'
        'print([m for m in ("mmcv", "mmdet", "mmpretrain", "open_clip") '
        'if m in sys.modules])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == '[]'
