"""The REPL: one namespace, cell after cell, with the names the model was promised."""

import ast
import threading
import time
import types
from typing import Any

from . import mistakes, variables
from .calls import Calls, LLMError
from .channel import Channel, Frame
from .digests import kind_of
from .endings import Ended, Endings
from .frames import Done, bare_done_frame, done_frame
from .hints import Surroundings
from .interpreter import Interpreter
from .interrupts import Interrupts
from .output import Output, Printer
from .quoting import Quoter
from .search import Search
from .texts import Texts


class Listing(str):
    """What a function of the REPL tells: shown as it is, also when a cell just ends with the call."""

    def __repr__(self) -> str:
        return str(self)


class Repl:
    def __init__(self, channel: Channel, interrupts: Interrupts, given: Texts, opened: Frame) -> None:
        """`opened` is the host's first frame: documents, limits, depth."""
        texts, record = given
        self._channel = channel
        self._interrupts = interrupts
        self._record = record
        self._texts = texts
        self._opened = opened
        self._main = types.ModuleType("__main__")
        self._namespace = vars(self._main)
        self._variables = variables.Variables(interrupts)
        self._output = Output(opened["stdout_chars"])
        self._printer = Printer(self._output, record)
        self._interpreter = Interpreter(self._main, self._output, self._printer)
        self._endings = Endings(texts, self._answerable)
        self._quoter = Quoter(texts, record)
        self._calls = Calls(channel, self._quoter, opened["depth"])
        names = [document["name"] for document in opened["documents"]]
        self._search = Search(texts, names, interrupts, channel, opened["grep_seconds"])
        self._reserved = self._names()

    def serve(self) -> None:
        """Runs cells until the host closes the channel."""
        self._interpreter.take_over()
        number = 0
        while True:
            command = self._channel.next_command()
            number += 1
            done = self._run_cell(command, number)
            try:
                self._channel.end_cell(done)
            except (ValueError, MemoryError) as failure:
                self._channel.end_cell(bare_done_frame(command["id"], kind_of(failure)))

    def _names(self) -> dict[str, Any]:
        calls, search, endings = self._calls, self._search, self._endings
        whole: Any = list(self._texts) if self._opened["context_is_list"] else (self._texts[0] if self._texts else "")
        return {
            "context": whole,
            "documents": [dict(document) for document in self._opened["documents"]],
            "images": [dict(image) for image in self._opened["images"]],
            "peek": search.peek,
            "grep": search.grep,
            **calls.functions(self._opened["tools"]),
            "LLMError": LLMError,
            "FINAL": endings.final,
            "FINAL_VAR": endings.final_var,
            "answer": endings.answer,
            "SHOW_VARS": self._show_vars,
        }

    def _run_cell(self, command: Frame, number: int) -> Frame:
        name = f"{mistakes.CELL}{number}>"
        self._begin(name)
        began = time.process_time()
        error = self._execute(command["code"], name)
        self._output.end()
        try:
            return self._done(command["id"], error, began)
        except BaseException as failure:  # noqa: BLE001 - memory may be short; the host must hear something
            return bare_done_frame(command["id"], kind_of(failure))

    def _begin(self, name: str) -> None:
        if "answer" in self._namespace:
            self._endings.adopt(self._namespace["answer"])
        self._reserved = self._names()
        self._namespace.update(self._reserved)
        self._endings.begin()
        self._calls.begin(name)
        self._search.begin_cell()
        self._output.begin()
        self._channel.begin_cell()

    def _execute(self, code: str, name: str) -> dict[str, str] | None:
        """Runs the code; returns what went wrong."""
        try:
            try:
                mistakes.remember_source(name, code)
                self._interrupts.begin()
                self._run(ast.parse(code, name), name)
            finally:
                self._interpreter.put_right()
                self._interrupts.end()
        except Ended:
            return None
        except BaseException as error:  # noqa: BLE001 - whatever the model's code raises is data
            return self._described(error)
        return None

    def _run(self, tree: ast.Module, name: str) -> None:
        """Only what is printed comes back: the value of a last expression is not shown, unless it is a `Listing`."""
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec", dont_inherit=True), self._namespace)
        if isinstance(last, ast.Expr):
            expression = compile(ast.Expression(last.value), name, "eval", dont_inherit=True)
            value = eval(expression, self._namespace)
            if isinstance(value, Listing):
                self._printer.print(value)

    def _described(self, error: BaseException) -> dict[str, str]:
        timed_out = isinstance(error, KeyboardInterrupt) and self._interrupts.fired
        try:
            return mistakes.described(error, timed_out, self._opened["cell_seconds"], self._surroundings())
        except BaseException as second:  # noqa: BLE001 - str() of an exception is the model's code
            name = kind_of(error)[:200]
            message = f"{name} (it could not be shown: {kind_of(second)})"
            return {"kind": name, "message": message, "traceback": message}

    def _surroundings(self) -> Surroundings:
        names = [document["name"] for document in self._opened["documents"]]
        memory = self._opened["memory_bytes"]
        return Surroundings(
            self._namespace, self._reserved, names, self._opened["libraries"], memory, self._calls.asked
        )

    def _done(self, number: int, error: dict[str, str] | None, began: float) -> Frame:
        if isinstance(self._namespace.get("answer"), dict):
            self._endings.adopt(self._namespace["answer"])
        try:
            ending = self._endings.take()
        except BaseException as wrong:  # noqa: BLE001 - the answer is the model's object
            ending, error = None, error or self._described(wrong)
        self._printer.find_printed(self._quoter)
        done = Done(error, ending, self._listed(), _notes())
        return done_frame(number, done, self._output, self._record, began)

    def _listed(self) -> variables.Listed:
        try:
            return self._variables.after_cell(self._user_variables())
        except BaseException:  # noqa: BLE001 - what a cell printed is not lost because something in it cannot be listed
            return variables.Listed([], "")

    def _user_variables(self) -> dict[str, Any]:
        return variables.user_variables(self._namespace, self._reserved)

    def _answerable(self) -> dict[str, Any]:
        """With names of the REPL that this cell has given to something of its own."""
        made = self._user_variables()
        for name, own in self._reserved.items():
            mine = self._namespace.get(name)
            if mine is not None and mine is not own:
                made[name] = mine
        return made

    def _show_vars(self) -> Listing:
        """The variables made so far, one a line."""
        listed = self._variables.listed(self._user_variables())
        lines = [f"{one['name']}: {one['type']}{_length(one['size'])} = {one['preview']}" for one in listed]
        return Listing("\n".join(lines) if lines else "no variables yet")


def _notes() -> list[str]:
    """What the model may not have noticed."""
    threads = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if not threads:
        return []
    names = ", ".join(thread.name[:40] for thread in threads[:3]) + (", …" if len(threads) > 3 else "")
    one = len(threads) == 1
    return [
        f"{len(threads)} {'thread' if one else 'threads'} ({names}) still {'runs' if one else 'run'} after the end of "
        "the cell. Between cells threads stand still, what they print is lost, and their calls to models are dropped: "
        "join threads before a cell ends."
    ]


def _length(size: int | None) -> str:
    return "" if size is None else f" of {size:,}"
