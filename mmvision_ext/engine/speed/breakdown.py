"""Where the time of a training iteration goes."""

import statistics
from collections.abc import Iterator
from typing import Any

from mmvision_ext.engine.clock import now

from .contenders import RunnerContender

PARTS = (
    'data',
    'hooks before',
    'preprocess',
    'forward and loss',
    'backward',
    'optimizer',
    'hooks after',
)


def measure_parts(contender: RunnerContender) -> dict[str, float]:
    """Time the parts of the iterations of an epoch.

    The device is waited for after every part, so their sum is more than an
    iteration takes where parts overlap, as on a GPU.

    Args:
        contender: A training in one process.

    Returns:
        Part, of :data:`PARTS`, to median milliseconds.
    """
    times: dict[str, list[float]] = {part: [] for part in PARTS}
    contender.runner.call_hook('before_train_epoch')
    contender.runner.model.train()
    batches = iter(contender.loop.dataloader)
    for index in range(contender.num_iterations):
        last = now()
        for part in _iteration(contender, index, batches):
            end = now()
            times[part].append(1000 * (end - last))
            last = end
    contender.runner.call_hook('after_train_epoch')
    contender.loop._epoch += 1
    return {part: statistics.median(values) for part, values in times.items()}


def _iteration(
    contender: RunnerContender, index: int, batches: Iterator[Any]
) -> Iterator[str]:
    """A training step of mmengine's BaseModel, part by part.

    Yields:
        The part that is done.
    """
    runner, wrapper = contender.runner, contender.runner.optim_wrapper
    batch = next(batches)
    yield 'data'
    runner.call_hook('before_train_iter', batch_idx=index, data_batch=batch)
    yield 'hooks before'
    with wrapper.optim_context(runner.model):
        data = runner.model.data_preprocessor(batch, True)
        yield 'preprocess'
        losses = runner.model(**data, mode='loss')
    loss, log_vars = runner.model.parse_losses(losses)
    yield 'forward and loss'
    wrapper.backward(wrapper.scale_loss(loss))
    yield 'backward'
    wrapper.step()
    wrapper.zero_grad()
    yield 'optimizer'
    runner.call_hook(
        'after_train_iter',
        batch_idx=index,
        data_batch=batch,
        outputs=log_vars,
    )
    contender.loop._iter += 1
    yield 'hooks after'
