"""Printing of findings, as a table where rich is installed."""

from .finding import Finding, Level

COLOURS = {Level.OK: 'green', Level.NOTE: 'yellow', Level.MEND: 'bold red'}


def print_findings(findings: list[Finding]) -> None:
    """Print the table, then every command that mends something.

    Commands follow the table on lines of their own, unwrapped, so that they
    can be copied.

    Args:
        findings: What the checks found.
    """
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        for item in findings:
            print(f'{item.level.value:<5}{item.subject:<24}{item.text}')
    else:
        table = Table('', 'what', 'found', box=box.SIMPLE)
        for item in findings:
            colour = COLOURS[item.level]
            table.add_row(
                Text(item.level.value, colour),
                Text(item.subject),
                Text(item.text),
            )
        Console().print(table)
    commands: dict[str, list[str]] = {}
    for item in findings:
        if item.command:
            commands.setdefault(item.command, []).append(item.subject)
    for command, subjects in commands.items():
        print(f'For {", ".join(subjects)}, run:\n    {command}')


def summary(findings: list[Finding]) -> str:
    """The last line of the report.

    Args:
        findings: What the checks found.

    Returns:
        How many things must be mended.
    """
    count = sum(item.level is Level.MEND for item in findings)
    if count == 0:
        return 'Nothing has to be mended.'
    return f'{count} thing{"s" if count > 1 else ""} must be mended.'
