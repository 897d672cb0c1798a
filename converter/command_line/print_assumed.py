"""What was found out about a model, and what was assumed."""

from typing import Sequence

from rich.console import Console

from converter.command_line.print_table import print_tables
from converter.heads.evidence import Recognised
from converter.inputs.finding import Finding
from converter.tables.preprocessing_facts import column_remarks, evidence_tables
from converter.terminal.console import print_line


def print_assumed(recognised: Recognised, console: Console) -> None:
    """A line for each thing that neither options nor names nor values show."""
    for clause in recognised.assumed:
        print_line(console, f"assumed: {clause}", "yellow")


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """A line for each finding, what is known first, and the figures behind them."""
    for finding in sorted(findings, key=lambda one: (one.caution, one.assumed)):
        text = f"{finding.subject}: {finding.text}"
        if finding.assumed or finding.caution:
            kind = "caution" if finding.caution else "assumed"
            print_line(console, f"{kind}: {text}", "yellow")
        else:
            print_line(console, text)
    print_tables(evidence_tables(findings), console)
    for remark in column_remarks(findings):
        print_line(console, remark)
