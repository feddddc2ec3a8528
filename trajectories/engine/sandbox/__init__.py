"""Isolated REPLs for the model's code: the wall between it and everything else.

house      SandboxHouse: chooses the kind, opens REPLs, proves the isolation (`isolation`)
process    kind `process`: a forked child that has given everything up
container  kind `container`: by Docker or Podman (docker_engine), from an image of this Python (image)
modal_cloud  kind `modal`: on other machines
monty      kind `monty`: a reduced interpreter, on any system        companion: the process beside it
boxes      what these two have in common: a worker behind a stream, which forks REPLs
repl       one REPL, wherever its process is
nursery    where its children come from: zygote, or a holder of decoded texts (holding)
forker     the host's end of a process that forks      child   … of what was forked
handover   documents as open files
cell       one cell: clock, calls, kill                wire, received   hostile frames, checked
worker/    what runs in the child

A further kind is a class with the methods of `house.Kind`, in a file of its own, named in `house.KINDS`.
"""

from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.house import KINDS, Openable, SandboxHouse, check, refusal
from trajectories.engine.sandbox.isolation import Report
from trajectories.engine.sandbox.options import Options
from trajectories.engine.sandbox.process import ProcessKind
from trajectories.engine.sandbox.repl import ReplSandbox

__all__ = [
    "KINDS",
    "Held",
    "Openable",
    "Options",
    "ProcessKind",
    "ReplSandbox",
    "Report",
    "SandboxHouse",
    "check",
    "refusal",
]
