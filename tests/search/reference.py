"""The same search, slow and plain: over the lines of an exported log, a node at a time, a letter at a time."""

import re
import time
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from trajectories import exporters, representations
from trajectories.models import Run

Json = dict[str, Any]
SPACE = " \t\r\n\f\v\u00a0\u3000"
SCOPES = {
    "code": ["code"],
    "prompt": ["request", "question", "notes"],
    "reply": ["response", "reasoning", "reason"],
    "output": ["stdout", "shown"],
    "thought": ["thought"],
    "answer": ["answer"],
    "error": ["error"],
    "name": ["name"],
}

# ------------------------------------------------------------------------------------------------- what is asked for


def slow_tokens(line: str) -> list[tuple[bool, str, str]]:
    """(minus, text, how), by walking along the line."""
    found = []
    rest = line
    while rest := rest.lstrip(SPACE):
        negated = rest[0] == "-" and len(rest) > 1 and (rest[1] in '"/_' or rest[1].isalnum())
        if negated:
            rest = rest[1:]
        text, how, rest = _one(rest)
        found.append((negated, text, how))
    return found


def _one(rest: str) -> tuple[str, str, str]:
    if rest[0] == '"':
        inside, _, after = rest[1:].partition('"')
        return inside, "phrase", after
    if rest[0] == "/" and (end := _closing_slash(rest)) is not None:
        return rest[1:end], "expression", rest[end + 1 :]
    word = ""
    while rest and rest[0] not in SPACE:
        word, rest = word + rest[0], rest[1:]
        if word[-1] == '"' and word[:-1].endswith(":") and word[:-2].isalpha() and word[:-2].isascii():
            inside, _, rest = rest.partition('"')
            end = ""
            while rest and rest[0] not in SPACE:
                end, rest = end + rest[0], rest[1:]
            return inside + end, word[:-1].lower(), rest
    return word, "word", rest


def _closing_slash(rest: str) -> int | None:
    """Of an expression: the first slash without a backslash, if the word ends there."""
    at = 1
    while at < len(rest) and rest[at] != "/":
        at += 2 if rest[at] == "\\" else 1
    if at == 1 or at >= len(rest) or rest[at : at + 1] != "/":
        return None
    return at if at + 1 == len(rest) or rest[at + 1] in SPACE else None


# ------------------------------------------------------------------------------------------------- what there is


def nodes_of(run: Run) -> list[Json]:
    """Each node with its figures, `texts` [(name, text)…] and `reads`, read from the exported log alone."""
    exporter = exporters.find("jsonl")
    assert exporter is not None
    lines = b"".join(exporter.export(representations.recorded(run, {}))).splitlines()
    texts: dict[str, str] = {}
    nodes: dict[int, Json] = {}
    for line in map(orjson.loads, lines[1:]):
        if "sha" in line:
            texts[line["sha"]] = line["text"]
        elif line["node"] is not None:
            _fold(nodes, line)
    said: dict[int, set[str]] = {}
    for node in nodes.values():
        _name_steps(nodes, node)
        _add_texts(nodes, node, texts, said)
    return list(nodes.values())


def _fold(nodes: dict[int, Json], line: Json) -> None:
    node = nodes.setdefault(line["node"], {"number": line["node"], "references": {}, "retries": [], "label": ""})
    data, at = line["data"], datetime.fromisoformat(line["at"]).timestamp()
    if line["type"] == "lm.retried":
        node["retries"].append(data)
        return
    node["references"] |= data.get("texts") or {}
    node |= {key: value for key, value in data.items() if key not in ("texts", "label")}
    node["began" if line["type"] == "node.started" else "ended"] = at


def _name_steps(nodes: dict[int, Json], node: Json) -> None:
    if node["kind"] == "cell":
        node["label"] = node["name"]
        step = nodes.get(node["parent"] or 0)
        if step and step["kind"] == "step":
            step["label"] = ", ".join(filter(None, [step["label"], node["name"]]))
    elif node["kind"] != "step":
        node["label"] = ""


def _add_texts(nodes: dict[int, Json], node: Json, texts: dict[str, str], said: dict[int, set[str]]) -> None:
    node["texts"] = [("name", node["name"])]
    error = node.get("error")
    troubles = [f"{each['kind']}: {each['message']}" for each in ([error] if error else []) + node["retries"]]
    troubles.append((error or {}).get("traceback") or "")
    node["texts"].append(("error", "\n".join(troubles).strip()))
    node["texts"].append(("notes", "\n".join(node.get("notes") or [])))
    home = _home(nodes, node)
    for name, reference in node["references"].items():
        if "messages" not in reference:
            node["texts"].append((name, texts[reference["sha"]]))
            if home and name == "response":
                said.setdefault(home, set()).add(texts[reference["sha"]])
            continue
        for message in reference["messages"]:
            content = texts[message["sha"]]
            if home and content in said.setdefault(home, set()):
                continue
            if home:
                said[home].add(content)
            node["texts"].append((name, content))


def _home(nodes: dict[int, Json], node: Json) -> int | None:
    above = nodes.get(node["parent"] or 0) if node["kind"] == "lm" else None
    while above and above["kind"] != "cell":
        if above["kind"] == "rlm":
            return int(above["number"])
        above = nodes.get(above["parent"] or 0)
    return None


# ------------------------------------------------------------------------------------------------- which fit


def slow_search(run: Run, line: str, nodes: list[Json]) -> list[int]:
    """Of `nodes_of(run)`."""
    now = time.time()
    tokens = slow_tokens(line)
    asked = [word for negated, text, how in tokens for word in _scopes(text, how) if not negated] or list(SCOPES)
    without = [word for negated, text, how in tokens for word in _scopes(text, how) if negated]
    scopes = [scope for scope in asked if scope not in without]
    names = dict(run.documents.values_list("id", "name"))
    return [
        node["number"]
        for node in nodes
        if all(
            _fits(node, text, how, scopes, names, now) != negated
            for negated, text, how in tokens
            if not _scopes(text, how)
        )
    ]


def _scopes(text: str, how: str) -> list[str]:
    return text[3:].split(",") if how == "word" and text.startswith("in:") else []


def _fits(node: Json, text: str, how: str, scopes: list[str], names: dict[str, str], now: float) -> bool:
    if how.endswith(":"):
        return _condition(node, how[:-1], text, names, now)
    name, colon, value = text.partition(":")
    if how == "word" and colon and name in FIGURES | NAMES | {"reads"}:
        return _condition(node, name, value, names, now)
    if how == "expression":
        pattern = text
    else:
        pattern = r"\s+".join(re.escape(word) for word in text.split())
    wanted = {name for scope in scopes for name in SCOPES[scope]}
    return any(re.search(pattern, content, re.I | re.M) for name, content in node["texts"] if name in wanted)


NAMES = {"kind", "status", "error", "model", "role", "tier", "label"}
FIGURES = {"cost", "time", "tokens", "depth", "node", "batch"}


def _condition(node: Json, name: str, value: str, names: dict[str, str], now: float) -> bool:
    if name == "reads":
        document, at, stretch = value.rpartition("@") if "@" in value else (value, "", "")
        start, _, end = stretch.partition("-") if at else ("0", "", "9" * 18)
        return any(
            document.lower() in names.get(read["document"], "\0").lower()
            and read["start"] < int(end or int(start) + 1)
            and int(start) < read["end"]
            for read in node.get("reads") or []
        )
    if name in ("kind", "status"):
        return (node.get(name) or "running") in value.lower().split(",")
    if name in NAMES:
        own = (node.get("error") or {}).get("kind", "") if name == "error" else node.get(name) or ""
        return any(part.lower() in own.lower() for part in value.split(","))
    figure = _figure(node, name, now)
    if figure is None:
        return False
    if ".." in value:
        low, high = value.split("..")
        return _read(low) <= figure <= _read(high)
    sign = re.match(r"[<>]?=?", value)
    assert sign
    bound = _read(value[len(sign[0]) :])
    return {
        ">": figure > bound, ">=": figure >= bound, "<": figure < bound, "<=": figure <= bound,
    }.get(sign[0], figure == bound)  # fmt: skip


def _figure(node: Json, name: str, now: float) -> Any:
    match name:
        case "cost":
            cost = (node.get("subtree") or {}).get("cost") or node.get("cost") or {}
            usd = cost.get("usd")
            if usd is None or (cost.get("unpriced_calls") and not Decimal(usd)):
                return None
            return round(Decimal(usd), 12)
        case "time":
            ended = node.get("ended", now)
            return max(0.0, ended - min(node["began"] + (node.get("queued_ms") or 0) / 1000, ended))
        case "tokens":
            usage = node.get("usage")
            return usage["input_tokens"] + usage["output_tokens"] if usage and node["kind"] == "lm" else None
        case "node":
            return node["number"]
    return node.get(name)


def _read(text: str) -> Decimal:
    found = re.fullmatch(r"\$?([\d.]+)(ms|s|min|m|h|k|)", text)
    assert found, text
    unit = {"ms": "0.001", "s": "1", "min": "60", "m": "60", "h": "3600", "k": "1000", "": "1"}[found[2]]
    return Decimal(found[1]) * Decimal(unit)
