"""Why a task runs: what of its inputs is another than in the run before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitops.model.plan import History
from gitops.model.task_inputs import BuildInputs
from gitops.model.task_runs import Cause, CauseKind
from gitops.model.wanted import WantedImage
from gitops.plan.builds.remembered import last_inputs

_DIGITS = 8


def causes_of(new: BuildInputs, old: BuildInputs | None, trouble: str = "") -> tuple[Cause, ...]:
    """Return every difference, the weightiest first; nothing is known without a run before.

    `trouble` is how that run ended, if not well.
    """
    if old is None:
        return ()
    return tuple(_differences(new, old)) or (
        Cause(CauseKind.RETRY, trouble)
        if trouble
        else Cause(CauseKind.MISSING, "the registry has no image of these inputs any more"),
    )


def causes_of_image(image: WantedImage, history: History) -> tuple[Cause, ...]:
    """Return why a task runs; of what is beside its own image, the pull request or the tag."""
    if image.by_hand:
        return (Cause(CauseKind.MANUAL, f"by {image.by_hand}"),)
    last = history.built.get(image.task)
    trouble = last.trouble if last is not None else ""
    old = last_inputs(history, image.task)
    if image.offshoot and (old is None or old.commit != image.commit):
        return (_of_offshoot(image, old),)
    found = causes_of(image.inputs, old, trouble)
    if not image.pushes and found[:1] and found[0].kind is CauseKind.MISSING:
        return (Cause(CauseKind.MISSING, "nothing tells that these inputs have run"),)
    return found


def _of_offshoot(image: WantedImage, old: BuildInputs | None) -> Cause:
    """Return the cause for a pull request or a tag that is new, or that has another commit."""
    before = f"{short(old.commit)}→" if old is not None else ""
    if image.pull:
        moved = f"{before}{short(image.commit)}" if before else f"at {short(image.commit)}"
        return Cause(CauseKind.PULL_REQUEST, f"{image.pull} {moved}")
    moved = f" {before}{short(image.commit)}" if before else ""
    return Cause(CauseKind.TAG, f"{image.offshoot}{moved}")


def source_words(image: WantedImage) -> str:
    """Return what a task runs on, in words."""
    if not image.commit:
        return "the folder as it is"
    if image.pull:
        return f"pull request {image.pull} at {image.commit[:8]}"
    tag = f" of tag {image.offshoot}" if image.offshoot else ""
    return f"commit {image.commit[:8]}{tag}"


def urgent(causes: tuple[Cause, ...]) -> bool:
    """Say whether the run goes before others: a change of our source, or a wish by hand."""
    patient = (
        *(CauseKind.BASE_IMAGE, CauseKind.SCHEDULE, CauseKind.AFTER),
        CauseKind.PULL_REQUEST,  # a stranger's wish does not hold up the branch
    )
    return not causes or any(cause.kind not in patient for cause in causes)


def _differences(new: BuildInputs, old: BuildInputs) -> Iterator[Cause]:
    if new.tree != old.tree:
        yield Cause(CauseKind.COMMIT, _moved(new, old))
    if new.recipe != old.recipe:
        yield Cause(CauseKind.CONFIG, "dockerfile")
    if new.config != old.config:
        yield Cause(CauseKind.CONFIG, "spec")
    for image, digest in _changed(new.bases, old.bases):
        before = short(old.bases.get(image, ""))
        yield Cause(CauseKind.BASE_IMAGE, f"{image} {before}→{short(digest)}")
    for name, _ in _changed(new.scheduled, old.scheduled):
        yield Cause(CauseKind.SCHEDULE, name)
    for task, _ in _changed(new.after, old.after):
        yield Cause(CauseKind.AFTER, task)


def _changed(new: Mapping[str, str], old: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in sorted(new.items()):
        if old.get(name) != value:
            yield name, value


def _moved(new: BuildInputs, old: BuildInputs) -> str:
    if not new.commit:
        return "the folder was changed"
    return f"{short(old.commit)}→{short(new.commit)}"


def short(digest: str) -> str:
    """Return the first digits of a digest, a commit or our own tag; a question mark for none."""
    return digest.removeprefix("sha256:").removeprefix("gitops-")[:_DIGITS] or "?"
