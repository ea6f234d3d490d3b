"""The parts of a path that steps get without being named."""

from __future__ import annotations

from archcalc.language.steps import ChainStep, LayerStep, MergeStep, PassStep, Step, TensorStep


def label_steps(steps: list[Step]) -> None:
    """Gives each unnamed step of a chain its part of the path.

    A part is the layer kind, numbered when the chain has several of it. A chain with one unnamed
    loop, or one unnamed merge, does without a part for it; a merge of tensors alone is a row.
    """
    counts: dict[str, int] = {}
    loops = merges = 0
    for step in steps:
        if step.name is not None:
            continue
        word = word_of(step)
        counts[word] = counts.get(word, 0) + 1
        loops += is_looped(step) and not is_row(step)
        merges += isinstance(step, MergeStep) and not step.bare
    seen: dict[str, int] = {}
    for step in steps:
        if step.name is not None:
            continue
        word = word_of(step)
        seen[word] = seen.get(word, 0) + 1
        number = str(seen[word]) if counts[word] > 1 else ""
        looped = is_looped(step)
        silent = not looped and type(step) is ChainStep
        if looped and not is_row(step):
            silent = loops == 1
        elif isinstance(step, MergeStep) and not step.bare:
            silent = merges == 1
        step.label = "" if silent or not word else word + number


def is_looped(step: Step) -> bool:
    """Whether it has turns, with numbers of their own in the path."""
    return step.repeat is not None or step.loop_values is not None


def is_row(step: Step) -> bool:
    """Whether it is one row, not several under one path."""
    return isinstance(step, LayerStep) or (isinstance(step, MergeStep) and step.bare)


def word_of(step: Step) -> str:
    """What an unnamed step is called."""
    if isinstance(step, LayerStep):
        return step.kind.kind
    if isinstance(step, (PassStep, TensorStep)):
        return ""
    if type(step) is ChainStep:
        return "for" if step.loop_values is not None else "do"
    return step.label
