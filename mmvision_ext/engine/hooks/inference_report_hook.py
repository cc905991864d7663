"""A report of every test."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvision_ext.registry import HOOKS


@HOOKS.register_module()
class InferenceReportHook(Hook):
    """Write a report when a test ends.

    See :func:`mmvision_ext.apis.inference_report.write_inference_report`. The
    first process measures the speed and writes. An ``AttributeMetric`` writes
    its tables into the same folder, unless it has an ``out_dir`` of its own.

    Args:
        out_dir: Folder for the report; None takes ``inference_report`` in the
            dated folder of the test.
    """

    priority = 'LOWEST'

    def __init__(self, out_dir: str | None = None) -> None:
        self.out_dir = out_dir
        self._epoch: int | None = None
        self._attributes: Path | None = None
        self._metrics: Mapping[str, float] = {}

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the epoch of the checkpoint.

        Args:
            runner: Not used.
            checkpoint: The checkpoint.
        """
        self._epoch = (checkpoint.get('meta') or {}).get('epoch')

    def before_test(self, runner: Runner) -> None:
        """Ask an ``AttributeMetric`` for its tables.

        Args:
            runner: The runner.
        """
        from mmvision_ext.evaluation.metrics import AttributeMetric

        for metric in runner.test_evaluator.metrics:
            if isinstance(metric, AttributeMetric):
                metric.out_dir = metric.out_dir or str(self._folder(runner))
                self._attributes = Path(metric.out_dir) / 'attributes.csv'
                break

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Keep the results.

        Args:
            runner: Not used.
            metrics: Results of the evaluator.
        """
        self._metrics = metrics or {}

    def after_test(self, runner: Runner) -> None:
        """Measure the speed and write the report.

        Args:
            runner: The runner.
        """
        if not is_main_process():
            return
        # apis imports mmdet, which needs this package's registry.
        from mmvision_ext.apis.inference_report import (
            describe_inference,
            write_inference_report,
        )

        files = write_inference_report(
            describe_inference(runner, self._metrics, self._epoch),
            self._folder(runner),
            self._attributes,
        )
        runner.logger.info(
            f'InferenceReportHook: wrote {", ".join(map(str, files))}'
        )

    def _folder(self, runner: Runner) -> Path:
        return Path(self.out_dir or Path(runner.log_dir) / 'inference_report')
