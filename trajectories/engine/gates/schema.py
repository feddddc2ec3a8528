"""Refuses a reply or an answer that is not JSON of the form wanted.

A schema that code passes to a call, and the policy's `answer_schema`, are checked without this gate; it is for replies
whose form the policy wants although the code did not ask for one.
"""

from jsonschema import Draft202012Validator, SchemaError

from trajectories.engine.errors import PolicyError, ProviderError
from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict, refused
from trajectories.engine.json_replies import fitting

TITLE = "JSON Schema"
SAYS = "The text is JSON that fits a schema."
PLACES = ("call", "answer")
OPTIONS: dict[str, Options] = {"schema": {"type": "object", "x-required": True}}
FREE = True


class _Schema:
    def __init__(self, schema: Options) -> None:
        self._schema = schema

    async def judge(self, claim: Claim) -> Verdict:
        try:
            fitting(claim.text, self._schema)
        except ProviderError as error:
            return refused(str(error))
        return ACCEPTED


def make(options: Options) -> Gate:
    try:
        Draft202012Validator.check_schema(options["schema"])
    except SchemaError as error:
        raise PolicyError(f"The schema of the gate is not a JSON Schema: {error.message[:200]}") from error
    return _Schema(options["schema"])
