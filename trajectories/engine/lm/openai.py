"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, Ollama, llama.cpp, OpenRouter and many more.

They agree on the wire format and differ in the extras. An extra that a server refuses for a model (structured answers,
usage in streams, a temperature, the name of the output limit) is remembered and done without from then on.
Source: https://platform.openai.com/docs/api-reference/chat, https://openrouter.ai/docs/api-reference.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from trajectories.engine.errors import ProviderError
from trajectories.engine.lm.failures import Complaint, complaint_in, complaint_of, failure
from trajectories.engine.lm.http import HTTP, Answer, Stream, address_of, host_of
from trajectories.engine.lm.openai_wire import ReplyParts, body_of, loads, reply_of
from trajectories.engine.lm.sse import EventReader
from trajectories.engine.types import Connection, OnDelta, Reply, Request
