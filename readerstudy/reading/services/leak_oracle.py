"""Keeping what the leak oracle found on a study."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from ..leaks.judging import Finding, Judgement
from ..models import LeakOracleRun, Study
from ..recording import record_study


@transaction.atomic
def leak_oracle_store(
    *, study: Study, reads: int, judgement: Judgement
) -> LeakOracleRun:
    """Keep a judgement of `reads` reads; the log learns how it ended."""
    run = LeakOracleRun.objects.create(
        study=study,
        at=timezone.now(),
        reads=reads,
        draws=judgement.draws,
        confidence=judgement.confidence,
        p=judgement.p,
        findings=[_described(finding) for finding in judgement.findings],
    )
    after = {"p": f"{run.p:.4f}", "leaks": run.leaks, "reads": reads}
    record_study("study.leak_oracle", study=study, by=None, after=after)
    return run


def _described(finding: Finding) -> dict[str, Any]:
    names = ("target", "family", "auc", "by_design", "low", "high", "leaks")
    return {name: getattr(finding, name) for name in names}
