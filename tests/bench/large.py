"""Large texts through the whole product: `python -m tests.bench.large [--mb 100] [--upload-mb 400]`.

Uploads by the API in chunks, asks by the API, and reads what the scripted model server was sent. Three promises: the
root's largest prompt is the same for 8 KB and for a text thousands of times as long, within 5 %; an upload costs the
server no memory; a first look at 400 MB takes less than 1.5 s, another less than 0.2 s.
"""

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor

from tests.bench.memory import MB, Peak, memory_of
from tests.bench.upload import upload, wait_ready
from tests.house import House
from tests.model_server import ModelServer, RecordedRequest
from tests.serving.asking import ended

SMALL = 8_000
POLICY = {"models": {"root": "openai/root", "worker": "openai/worker"}, "max_depth": 1}
STRATEGY = [
    "print(len(context))\nprint(peek(400))",
    "for found in grep(r'pulls the sea', limit=10):\n    print(found)",
    "step = max(1, len(context) // 8)\n"
    "parts = [context[at : at + min(step, 50_000)] for at in range(0, 8 * step, step)]\n"
    "told = llm_batch([f'What is said of the moon?\\n\\n{part}' for part in parts])\nprint(told)",
    "FINAL('The moon pulls the sea.', sources=grep(r'moon', limit=3))",
]
GLANCE = "One glance, please."
GLANCES = ["print(len(context), context[:60])", "FINAL('seen')"]


def largest_prompt(models: ModelServer) -> int:
    """Characters of the longest request of the root, which has gone through its whole strategy."""
    requests = [request for request in models.requests if request["model"] == "root"]
    assert len(requests) == len(STRATEGY), requests[-1]["messages"][-1]
    return max(map(_chars, requests))


def _chars(request: RecordedRequest) -> int:
    return sum(len(message["content"]) for message in request["messages"])


def asked(house: House, document: str, question: str) -> float:
    """Seconds of the run, all told."""
    body = {"question": question, "documents": [document], "policy": POLICY}
    began = time.perf_counter()
    run_id = house.client.post("/api/v1/runs", json=body).raise_for_status().json()["id"]
    run = ended(house, run_id)
    assert run["status"] == "succeeded", run["error"]
    return time.perf_counter() - began


def prompts(house: House, models: ModelServer, large: int) -> None:
    """How long the root's prompts get on the same strategy."""
    chars = {}
    for size in (SMALL, large):
        document = wait_ready(house, upload(house, size))
        models.reset()
        seconds = asked(house, document["id"], "What does the moon do?")
        chars[size] = largest_prompt(models)
        print(
            f"{size / MB:10,.3f} MB: the root's largest prompt has {chars[size]:,} characters; run of {seconds:.2f} s"
        )
    print(f"{'':10} growth: {chars[large] / chars[SMALL] - 1:+.1%}   (promise: within 5 %)")


def uploaded(house: House, size: int) -> str:
    """The id of a new document; tells the memory of the server and all below it while it comes in and is read."""
    before = memory_of(house.pid).own_share
    with Peak(house.pid) as coming:
        began = time.perf_counter()
        document = upload(house, size)
        sent = time.perf_counter() - began
    with Peak(house.pid) as reading:
        began = time.perf_counter()
        wait_ready(house, document)
        read = time.perf_counter() - began
    print(f"{size / MB:,.0f} MB sent in {sent:.1f} s, read in {read:.1f} s; memory of serve and its children:")
    _tell(before=before, coming_in=coming.bytes, being_read=reading.bytes, after=memory_of(house.pid).own_share)
    return str(document["id"])


def glances(house: House, document: str) -> None:
    """A glance at a large text: how long it takes again and again, then what it takes of memory."""
    seconds = [asked(house, document, GLANCE) for _ in range(4)]
    print(f"a glance at it: first {seconds[0]:.2f} s, then {', '.join(f'{each:.2f}' for each in seconds[1:])} s")
    for runs in (1, 2):
        with Peak(house.pid) as peak, ThreadPoolExecutor(runs) as pool:
            list(pool.map(asked, [house] * runs, [document] * runs, [GLANCE] * runs))
        print(f"memory of serve and its children with {runs} at once: at most {peak.bytes / MB:.0f} MB")


def _tell(**figures: int) -> None:
    print("   " + ", ".join(f"{name.replace('_', ' ')} {bytes_ / MB:.0f} MB" for name, bytes_ in figures.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=100, help="the large text for the prompts")
    parser.add_argument("--upload-mb", type=int, default=400, help="the upload whose memory is looked at")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    environment = {"OPENAI_API_KEY": "none", "RLM_SANDBOX_MIN": "none"}
    with ModelServer() as models, House(OPENAI_BASE_URL=models.url, **environment) as house:
        models.replies("root", [f"```repl\n{cell}\n```" for cell in STRATEGY])
        models.replies("root", [f"```repl\n{cell}\n```" for cell in GLANCES], when=GLANCE)
        prompts(house, models, options.mb * MB)
        glances(house, uploaded(house, options.upload_mb * MB))


if __name__ == "__main__":
    main()
