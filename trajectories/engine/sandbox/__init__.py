"""Isolated REPLs for the model's code: the wall between it and everything else.

house      SandboxHouse: opens REPLs, proves the isolation
process    kind `process`: a forked child that has given everything up
zygote     the process that forks them       handover   documents as open files
cell       one cell: clock, calls, kill      wire, received   hostile frames, checked
worker/    what runs in the child
"""

from trajectories.engine.sandbox.house import SandboxHouse, check
from trajectories.engine.sandbox.isolation import Report
from trajectories.engine.sandbox.process import ProcessSandbox

__all__ = ["ProcessSandbox", "Report", "SandboxHouse", "check"]
