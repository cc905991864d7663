"""Registries of the ``mmvision_ext`` scope.

Every registry is a child of mmengine's root registry, so that
``type='mmvision_ext.X'`` resolves under any host's ``default_scope``:
mmengine imports ``<scope>.registry`` on the first look-up of a scope and then
each module in ``locations``. This file therefore imports neither host.

Whoever uses a type of this scope also has mmengine read checkpoints without
running code from them, see :func:`use_safe_loader`; whoever merely has this
package installed has not.
"""

from mmengine.registry import DATA_SAMPLERS as ROOT_DATA_SAMPLERS
from mmengine.registry import DATASETS as ROOT_DATASETS
from mmengine.registry import FUNCTIONS as ROOT_FUNCTIONS
from mmengine.registry import HOOKS as ROOT_HOOKS
from mmengine.registry import METRICS as ROOT_METRICS
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import (
    OPTIM_WRAPPER_CONSTRUCTORS as ROOT_OPTIM_WRAPPER_CONSTRUCTORS,
)
from mmengine.registry import OPTIM_WRAPPERS as ROOT_OPTIM_WRAPPERS
from mmengine.registry import RUNNERS as ROOT_RUNNERS
from mmengine.registry import TRANSFORMS as ROOT_TRANSFORMS
from mmengine.registry import Registry

from mmvision_ext.engine.checkpointing.sources import use_safe_loader

SCOPE = 'mmvision_ext'

use_safe_loader()


def _child(name: str, parent: Registry, *locations: str) -> Registry:
    modules = [f'{SCOPE}.{location}' for location in locations]
    return Registry(name, parent=parent, scope=SCOPE, locations=modules)


RUNNERS = _child('runner', ROOT_RUNNERS, 'engine.runner', 'engine.safe_runner')
HOOKS = _child('hook', ROOT_HOOKS, 'engine.hooks')
DATASETS = _child('dataset', ROOT_DATASETS, 'datasets')
DATA_SAMPLERS = _child('data sampler', ROOT_DATA_SAMPLERS, 'datasets')
FUNCTIONS = _child('function', ROOT_FUNCTIONS, 'datasets')
TRANSFORMS = _child('transform', ROOT_TRANSFORMS, 'datasets.transforms')
MODELS = _child('model', ROOT_MODELS, 'models')
METRICS = _child('metric', ROOT_METRICS, 'evaluation.metrics')
OPTIM_WRAPPERS = _child(
    'optimizer wrapper', ROOT_OPTIM_WRAPPERS, 'engine.optimizers'
)
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    'optimizer wrapper constructor',
    ROOT_OPTIM_WRAPPER_CONSTRUCTORS,
    'engine.optimizers',
)
