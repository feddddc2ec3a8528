"""What runs in the child: standard library only (`reduced` has pydantic-monty too), imported as the package `worker`.

The wall is the process, never Python's namespaces: once `lockdown` is done, whatever runs here is taken for hostile,
our own modules included, because the model's code can reach them. Nothing here may be trusted by the host.

    zygote → lockdown, filters → repl → texts, search, calls, endings …
    reduced → pipes, prelude, reduced_… → texts, search, calls, endings …      kind `monty`, on any system
"""
