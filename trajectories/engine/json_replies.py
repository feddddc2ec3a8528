"""JSON in replies and answers: read, and checked against a schema."""

import json
import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from trajectories.engine.errors import ProviderError

_FENCED = re.compile(r"^\s*```[a-z]*\n(.*)\n```\s*$", re.DOTALL)


def fitting(text: str, schema: Any) -> Any:
    """The JSON value in a text, checked against a JSON Schema. Raises `ProviderError` of the kind `schema`."""
    fenced = _FENCED.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text)
        Draft202012Validator(schema).validate(value)
    except ValidationError as error:
        raise ProviderError("schema", f"The reply does not fit the schema: {error.message[:300]}") from error
    except RecursionError:
        raise ProviderError("schema", "The reply is nested too deeply.") from None
    except ValueError:
        raise ProviderError("schema", f"The reply is not JSON: {text[:200]}") from None
    return value
