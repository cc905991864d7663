"""A report of every training."""

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError


@HOOKS.register_module()
class TrainingReportHook(Hook):
    """Write a report when a training ends.

    What the training is started with goes into the dated folder of the start,
    the report into the work directory: see
    :func:`mmvision_ext.apis.training_report.write_training_report`, which can
    also be called later, and for a training that was killed. The first process
    writes. A report that cannot be written is a warning: the training is done.

    Args:
        out_dir: Folder for the report; None takes ``training_report`` in the
            work directory.
    """

    priority = 'LOWEST'  # after what freezes parameters

    def __init__(self, out_dir: str | None = None) -> None:
        self.out_dir = out_dir

    def before_train(self, runner: Runner) -> None:
        """Write down what the training is started with.

        Args:
            runner: The runner.
        """
        if is_main_process():
            # apis imports mmdet, which needs this package's registry.
            from mmvision_ext.apis.training_facts import record_start

            record_start(runner)

    def after_train(self, runner: Runner) -> None:
        """Write the report.

        Args:
            runner: The runner.
        """
        if not is_main_process():
            return
        from mmvision_ext.apis.training_report import write_training_report

        try:
            files = write_training_report(runner.work_dir, self.out_dir)
        except (InputError, OSError) as error:
            runner.logger.warning(f'TrainingReportHook: no report: {error}')
            return
        runner.logger.info(
            f'TrainingReportHook: wrote {", ".join(map(str, files))}'
        )
