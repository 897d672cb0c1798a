"""What the findings of a model's files say."""

from __future__ import annotations

from converter.inputs.model_files.facts import ModelFiles


def told(facts: ModelFiles, subject: str) -> str:
    """The text of the one finding about ``subject``; empty without any."""
    texts = [finding.text for finding in facts.findings if finding.subject == subject]
    assert len(texts) <= 1, texts
    return texts[0] if texts else ""
