"""A run that is still going on, followed through a link: its log grows, its words come only where nothing is hidden."""

import asyncio
import json

from tests.house import House
from tests.model_server import ModelServer, ScriptedReply
from tests.serving.asking import POLICY, add_text, events_in
from tests.serving.conftest import modelled, models
from tests.sharing.conftest import frames_of, path_of

__all__ = ["modelled", "models"]

SECRET = "sk-live-4242424242"


async def test_a_followed_run_tells_words_only_where_nothing_is_blacked_out(
    modelled: House, models: ModelServer
) -> None:
    words = [f"The code of the lamp room is {SECRET[:8]}", f"{SECRET[8:]}. ", *["Marta keeps the light. "] * 12]
    reply = ScriptedReply("".join(words) + "\nFINAL(Marta)", chunks=[*words, "\nFINAL(Marta)"], chunk_delay=0.2)
    models.replies("root", [reply])

    def begin() -> tuple[str, list[str]]:
        body = {"question": "Who?", "documents": [add_text(modelled)], "policy": {**POLICY, "exploration": "off"}}
        run = modelled.client.post("/api/v1/runs", json=body).json()["id"]
        redactions = [{}, {"patterns": [SECRET]}, {"documents": True}, {"prompts": True}]
        made = [
            modelled.client.post(f"/api/v1/runs/{run}/shares", json={"scope": "trajectory", "redact": each}).json()
            for each in redactions
        ]
        return run, [path_of(each)[3:] for each in made]

    run, tokens = await asyncio.to_thread(begin)
    watched = await asyncio.gather(*(frames_of(modelled, f"/ws/runs/{run}?share={token}") for token in tokens))
    for frames, code in watched:
        assert code == 1000 and frames[-1] == {"type": "end"}
        numbers = [event["seq"] for event in events_in(frames)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert events_in(frames)[-1]["type"] == "run.finished"
    told = [any(frame["type"] == "delta" for frame in frames) for frames, _ in watched]
    assert told == [True, False, False, False]
    assert SECRET[8:] not in json.dumps(watched[1][0])
