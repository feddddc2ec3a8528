"""A REPL of the reduced interpreter (pydantic-monty): the model's code runs in a process of that interpreter, and this
one answers what it calls, as the REPL of kind `process` does for its own.

    host ── frames over two pipes ──▶ this process ── pydantic-monty's own frames ──▶ the interpreter's process

Before each cell the interpreter's state is kept as bytes: code that had to be stopped, or that crashed it, leaves the
variables as they were before.
"""

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydantic_monty as monty

from . import patterns, reduced_mistakes, search
from .calls import Calls, LLMError
from .channel import Frame
from .endings import Ended, Endings
from .frames import Done, bare_done_frame, done_frame, plain_error
from .hints import Surroundings
from .matches import Matches
from .output import Output, Printer
from .pipes import CAN_RING, Alarms, PipeChannel
from .prelude import OWN, PRELUDE
from .quoting import Quoter
from .reduced_code import Cell, prepared
from .reduced_interpreter import Interpreter, Worker
from .reduced_values import Variables, described, failure, looks, received, sent
from .scanning import Hit
from .texts import ContextText, Record, Texts, whole_text
from .variables import Listed

_SUSPENSIONS = 1_000_000_000
_SPARE = 64 << 20
_TIME_IS_OVER = "TimeoutError: feed time limit"
_RAISED = (TypeError, ValueError, IndexError, KeyError, NameError, TimeoutError, MemoryError)
"""What our functions raise, as it is raised in the interpreter; all else is a RuntimeError there."""


def main() -> None:
    """Serves one REPL, or as the helper for one, over standard input and output."""
    given, taken = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for file in (0, 1, 2):
        os.dup2(nothing, file)
    _binary(given, taken)
    interrupts = Alarms()
    interrupts.install()
    worker = Worker()
    channel = PipeChannel(given, taken, interrupts, worker.stop, worker.kill)
    opened, pieces = _opening(channel)
    record = Record()
    texts = [_text(place, number, record, pieces) for number, place in enumerate(opened["texts"])]
    _limit(opened["memory_bytes"] + 8 * sum(map(sys.getsizeof, texts)))
    ready = {"t": "ready", "layers": {"interpreter": monty.__version__}, "chars": list(map(len, texts))}
    if opened["for"] == "search":
        channel.send(ready)
        search.serve(channel, texts)
    repl = ReducedRepl(channel, interrupts, Texts(texts, record), opened, worker)
    channel.send(ready)
    repl.serve()


def _binary(*files: int) -> None:
    """Windows would take line ends for something else."""
    if sys.platform == "win32":
        import msvcrt

        for file in files:
            msvcrt.setmode(file, os.O_BINARY)


def _opening(channel: PipeChannel) -> tuple[Frame, Iterator[str]]:
    """The frame that says what there is, and the pieces of texts that came before it."""
    pieces = []
    while (frame := channel.next_command())["t"] == "text":
        pieces.append(frame["text"])
    return frame, iter(pieces)


def _text(place: list[Any], number: int, record: Record, pieces: Iterator[str]) -> ContextText:
    """`place` is ["path", where] or ["frames", how many pieces are its own]."""
    kind, what = place
    if kind == "path":
        return whole_text(str(Path(what).read_bytes(), "utf-8"), number, record)
    return whole_text("".join(itertools.islice(pieces, what)), number, record)


def _limit(memory: int) -> None:
    """Where the system has such limits, the interpreter's process included: no files are written, no memory dumped."""
    try:
        import resource
    except ImportError:
        return
    most = memory + (4 << 30)
    for what, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, most)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (limit, limit))


class ReducedCalls(Calls):
    """Calls to models whose line the interpreter knows."""

    interpreter: Interpreter

    def _line(self) -> int | None:
        return self.interpreter.line


class ReducedSearch(search.Search):
    def _found_here(self, texts: Any, regex: Any, most: int) -> tuple[list[Hit], bool] | None:
        """Where there are no alarms, whatever may take long is the helper's."""
        if not CAN_RING and not patterns.is_literal(regex):
            return None
        return super()._found_here(texts, regex, most)


class ReducedRepl:
    """One namespace, cell after cell, in the interpreter; the functions of it that are answered here."""

    def __init__(self, channel: PipeChannel, interrupts: Alarms, given: Texts, opened: Frame, worker: Worker) -> None:
        """`opened` is the host's first frame: documents, limits, depth."""
        self._texts, self._record = given
        self._channel = channel
        self._opened = opened
        self._worker = worker
        self._output = Output(opened["stdout_chars"])
        self._printer = Printer(self._output, self._record)
        self._quoter = Quoter(self._texts, self._record)
        self._named: dict[str, Any] = {}
        """Variables that FINAL_VAR may name: without values, but for the one that is asked for."""
        self._endings = Endings(self._texts, lambda: self._named)
        self._calls = ReducedCalls(channel, self._quoter, opened["depth"])
        names = [document["name"] for document in opened["documents"]]
        self._search = ReducedSearch(self._texts, names, interrupts, channel, opened["grep_seconds"])
        self._variables = Variables()
        self._awaited: tuple[str, Any] | None = None
        """The variable that is the answer, and the sources given with it."""
        self._ended = False
        self._full: set[int] = set()
        """Limits that searches of this cell have reached."""
        self._cells: dict[str, str] = {}
        self._functions = {name: self._answering(name, call) for name, call in self._host_functions().items()}
        self._reserved = {*self._functions, *OWN, "context", "documents", "images", "answer"}
        self._interpreter = self._opened_interpreter()

    def serve(self) -> None:
        """Runs cells until the host closes the channel."""
        number = 0
        while True:
            command = self._channel.next_command()
            number += 1
            done = self._run_cell(command, number)
            try:
                self._channel.end_cell(done)
            except (ValueError, MemoryError) as failed:
                self._channel.end_cell(bare_done_frame(command["id"], type(failed).__name__))
            self._interpreter.keep()  # while the host thinks

    def _opened_interpreter(self) -> Interpreter:
        limits: monty.ResourceLimits = {
            "max_feed_duration_secs": self._opened["cell_seconds"],
            "max_memory": self._opened["memory_bytes"] + sum(map(sys.getsizeof, self._texts)) + _SPARE,
            "max_suspensions": _SUSPENSIONS,
        }
        interpreter = self._calls.interpreter = Interpreter(self._worker, limits, self._functions)
        plain = [str(text) for text in self._texts]
        whole: Any = plain if self._opened["context_is_list"] else (plain[0] if plain else "")
        interpreter.begin(PRELUDE, {"context": whole, "_rlm_reserved": self._reserved})
        return interpreter

    def _host_functions(self) -> dict[str, Callable[..., Any]]:
        calls = self._calls
        return {
            "peek": lambda *given, **named: str(self._search.peek(*given, **named)),
            **calls.functions(self._opened["tools"]),
            "FINAL": self._endings.final,
            "FINAL_VAR": self._final_var,
            "_rlm_grep": self._grep,
            "_rlm_listing": self._listing,
        }

    def _answering(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The function as the interpreter calls it: with its kinds of values and errors."""

        def answer(*given: Any, **named: Any) -> Any:
            try:
                return sent(call(*received(given, self._texts), **received(named, self._texts)))
            except Ended:
                self._ended = True
                raise KeyboardInterrupt("the run has its answer") from None
            except LLMError as error:
                raise RuntimeError(failure(error)) from None
            except _RAISED as error:
                kind = next(kind for kind in _RAISED if isinstance(error, kind))
                raise kind(str(error.args[0]) if error.args else "") from None
            except Exception as error:  # noqa: BLE001 - what the model's code gave may be anything
                raise RuntimeError(str(error) or type(error).__name__) from None

        answer.__name__ = answer.__qualname__ = name
        return answer

    def _grep(self, pattern: Any, ignore_case: bool, limit: int | None, around: int, document: Any) -> list[Any]:
        """Matches as the interpreter's `Match` is made of them."""
        found: Matches = self._search.grep(pattern, ignore_case, limit, around, document)
        if not found.complete:
            self._full.add(len(found))
        return [(hit.document, hit.start, hit.end, hit.line, str(hit.text), str(hit)) for hit in found]

    def _final_var(self, name: str, sources: Any = None) -> None:
        """The value is asked for when the cell is over, which it is with this."""
        if not isinstance(name, str):
            raise TypeError("FINAL_VAR wants the variable's name in quotes, as in FINAL_VAR('report')")
        self._awaited = (name.strip().strip("\"'`"), sources)
        raise Ended

    def _listing(self, told: Any) -> str:
        """What SHOW_VARS() tells."""
        lines = [
            f"{one['name']}: {one['type']}{'' if one['size'] is None else ' of {:,}'.format(one['size'])} "
            f"= {one['preview']}"
            for one in map(described, looks(told, self._texts)[1][-100:])
        ]
        return "\n".join(lines) if lines else "no variables yet"

    def _run_cell(self, command: Frame, number: int) -> Frame:
        began = time.process_time()
        self._begin(number)
        failed = self._execute(prepared(command["code"]), number)
        self._output.end()
        try:
            return self._done(command["id"], failed, began)
        except BaseException as error:  # noqa: BLE001 - memory may be short; the host must hear something
            return bare_done_frame(command["id"], type(error).__name__)
        finally:
            self._worker.in_cell = False

    def _begin(self, number: int) -> None:
        self._endings.begin()
        self._awaited, self._ended = None, False
        self._full.clear()
        self._calls.begin(f"cell {number}")
        self._search.begin_cell()
        self._output.begin()
        self._channel.begin_cell()
        self._worker.stopped = False
        self._worker.in_cell = True

    def _execute(self, code: Cell, number: int) -> Exception | None:
        """Runs the code; returns what went wrong."""
        names = {name: call for name, call in self._functions.items() if not name.startswith("_")}
        own = {
            **names,
            "answer": self._endings.answer,
            "documents": [dict(document) for document in self._opened["documents"]],
            "images": [dict(image) for image in self._opened["images"]],
            "_rlm_reserved": self._reserved,
        }
        try:
            self._interpreter.feed("_rlm_restore()")
            self._cells[self._interpreter.next_name] = f"cell {number}"
            value = self._interpreter.feed(code.text, own, self._print)
            if code.lists and isinstance(value, str):
                self._print("stdout", value + "\n")
        except Exception as error:  # noqa: BLE001 - the model's, or what cannot be carried to or from the interpreter
            return error
        return None

    def _print(self, stream: str, text: str) -> None:
        self._output.write(text)

    def _described(self, error: Exception) -> dict[str, str] | None:
        """None for what ended the cell as it should."""
        if not isinstance(error, monty.MontyError):
            return plain_error("Error", f"the code could not be run ({type(error).__name__}: {str(error)[:300]})")
        if self._ended and isinstance(error.exception(), KeyboardInterrupt):
            return None
        return reduced_mistakes.described(error, self._cells, self._surroundings())

    def _gone_back(self, error: Exception) -> dict[str, str]:
        """After a stop, which may leave the interpreter in the middle of something, or the end of its process."""
        self._worker.in_cell = False  # a stop that comes late is not for the new one
        timed_out = self._worker.stopped or str(error).startswith(_TIME_IS_OVER)
        kept = self._interpreter.left
        self._interpreter.go_back()
        if timed_out:
            seconds = f"{self._opened['cell_seconds']:g} s"
            return plain_error("Timeout", f"The cell ran longer than {seconds} and was stopped. {kept}")
        if isinstance(error, monty.MontyCrashedError | RuntimeError):
            return plain_error("Killed", f"The code made the reduced interpreter crash. {kept}")
        return plain_error("Killed", f"The code disturbed the REPL's own workings. {kept}")

    def _surroundings(self) -> Surroundings:
        names = [document["name"] for document in self._opened["documents"]]
        whole = [*self._texts] if self._opened["context_is_list"] else ""
        reserved = {**dict.fromkeys(self._reserved - {"print"}), "context": whole}
        made = {**reserved, **dict.fromkeys(self._variables.names)}
        return Surroundings(made, reserved, names, (), self._opened["memory_bytes"], self._calls.asked)

    def _done(self, number: int, failed: Exception | None, began: float) -> Frame:
        error = self._gone_back(failed) if failed and _is_over(failed) else None
        listed, unlisted = self._listed()
        error = error or unlisted or (self._described(failed) if failed else None)
        try:
            ending = self._ending()
        except monty.MontyError as wrong:
            ending, error = None, error or self._gone_back(wrong)
        except Exception as wrong:  # noqa: BLE001 - the answer is the model's object
            ending, error = None, error or plain_error(type(wrong).__name__, str(wrong))
        self._printer.find_printed(self._quoter)
        notes = [f"grep reached its limit of {limit:,}: there are more (set limit=)." for limit in self._full]
        return done_frame(number, Done(error, ending, listed, notes), self._output, self._record, began)

    def _listed(self) -> tuple[Listed, dict[str, str] | None]:
        """The variables, and what went wrong where these could not be looked at: repr() may be the model's code."""
        try:
            return self._look(), None
        except Exception as error:  # noqa: BLE001 - what a cell printed is not lost because of what cannot be listed
            short = isinstance(error, monty.MontyError) and isinstance(error.exception(), MemoryError)
            over = isinstance(error, monty.MontyError | RuntimeError) and not short
            if not over:
                return Listed([], ""), None
            wrong = self._gone_back(error)
            return self._look(), wrong

    def _look(self) -> Listed:
        count, made = looks(self._interpreter.feed("_rlm_look(locals())"), self._texts)
        return self._variables.after_cell(count, made)

    def _ending(self) -> dict[str, Any] | None:
        """How this cell ended the run. Raises what was wrong with the answer."""
        answer = self._picked("answer")
        if isinstance(answer, dict):
            self._endings.adopt(answer)
        if self._awaited is None:
            if not isinstance(answer, dict):
                self._endings.adopt(answer)
            return self._endings.take()
        name, sources = self._awaited
        self._named = dict.fromkeys(self._variables.names)
        if name in self._named or (name == "answer" and not isinstance(answer, dict)):
            self._named[name] = self._picked(name)
        with contextlib.suppress(Ended):
            self._endings.final_var(name, sources)
        return self._endings.take()

    def _picked(self, name: str) -> Any:
        there, value = self._interpreter.feed("_rlm_pick(locals(), _rlm_name)", {"_rlm_name": name})
        return received(value, self._texts) if there else None


def _is_over(error: Exception) -> bool:
    """Whether this session of the interpreter must not go on."""
    return isinstance(error, monty.MontyCrashedError | RuntimeError) or str(error).startswith(_TIME_IS_OVER)
