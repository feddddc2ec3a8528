"""A run's record for those who may not read everything of it: the same story, with what is blacked out in it."""

from dataclasses import replace

from frontend.story.traced import Happening, Traced
from trajectories.sharing import Carries, Redactor, is_call


def shown(traced: Traced, redactor: Redactor) -> Traced:
    """A copy."""
    if not redactor.redaction:
        return traced
    kinds = {number: node.kind for number, node in traced.nodes.items()}
    calls = {
        number
        for number, node in traced.nodes.items()
        if is_call(node.kind, None if node.parent is None else kinds.get(node.parent, ""))
    }
    nodes = {
        number: replace(
            node,
            name=redactor.text(node.name, Carries.NAME, is_call=number in calls),
            model=redactor.words(node.model),
        )
        for number, node in traced.nodes.items()
    }

    def happening(each: Happening) -> Happening:
        return replace(each, data=redactor.node(dict(each.data), is_call=each.node in calls))

    return Traced(
        nodes=nodes,
        details={number: redactor.node(dict(each), is_call=number in calls) for number, each in traced.details.items()},
        happenings=[happening(each) for each in traced.happenings],
        seen=traced.seen,
        document_names=traced.document_names,
        status=traced.status,
        ended_by=traced.ended_by,
        error=traced.error,
    )
