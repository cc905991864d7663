"""The check of a kernel size that keeps the size of a feature map."""

from mmvision_ext.utils import InputError


def check_kernel_size(key: str, kernel_size: int) -> None:
    """Refuse a kernel that padding by half of it does not centre.

    Args:
        key: Layer and argument, for the message.
        kernel_size: Kernel size in pixels or channels.

    Raises:
        InputError: If it is no odd number of at least 1.
    """
    if (
        not isinstance(kernel_size, int)
        or kernel_size < 1
        or kernel_size % 2 == 0
    ):
        raise InputError(
            f'{key}: expected an odd number of at least 1, such as 3, found '
            f'{kernel_size!r}'
        )
