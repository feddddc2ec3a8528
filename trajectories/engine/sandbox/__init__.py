"""Isolated REPLs for the model's code: the wall between it and everything else.

house      SandboxHouse: chooses the kind, opens REPLs, proves the isolation (`isolation`)
process    kind `process`: a forked child that has given everything up
nursery    where its children come from: zygote, or a holder of decoded texts (holding)
forker     the host's end of a process that forks      child   … of what was forked
handover   documents as open files
cell       one cell: clock, calls, kill                wire, received   hostile frames, checked
worker/    what runs in the child

A further kind is a class with the methods of `house.Kind`, in a file of its own, named in `house.KINDS`.
"""

from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.house import Openable, SandboxHouse, check
from trajectories.engine.sandbox.isolation import Report
from trajectories.engine.sandbox.process import ProcessKind
from trajectories.engine.sandbox.repl import ReplSandbox

__all__ = ["Held", "Openable", "ProcessKind", "ReplSandbox", "Report", "SandboxHouse", "check"]
