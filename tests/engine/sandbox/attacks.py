"""More attacks, of the same form as attacks.json: on the kernel, on the channel, on the interpreter and on resources.

For real: run only by `attacking.py` inside namespaces of their own. A third kind of `after` is "lost": the next cell may
be told that its REPL was replaced, the one after it must work.
"""
# ruff: noqa: E501, N802 - an attack is a line

from typing import Any

SYSTEM = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
def raw(x86, arm, *arguments):
    ctypes.set_errno(0)
    values = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(x86 if X86 else arm), *values)
    return result, ctypes.get_errno()
def refused(name, x86, arm, *arguments):
    # EPERM and ENOSYS are the filter's words; whatever else is said, the kernel has been reached
    result, error = raw(x86, arm, *arguments)
    if result >= 0 or error not in (1, 38): print("PWNED", name, result, error)
buffer = ctypes.create_string_buffer(4096)
"""
CHANNEL = """
import gc, json, os, struct, threading, time
channel = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
def send(frame, raw=None):
    data = json.dumps(frame).encode() if raw is None else raw
    os.write(channel._file, struct.pack(">I", len(data)) + data)
"""
DONE = (
    '{"t": "done", "id": number, "out": "PWNED", "out_chars": 5, "truncated": False, "error": None, "ending": None, '
    '"variables": [], "hash": "", "reads": [], "notes": []}'
)


def system(id: str, code: str, expect: str = "contained", after: str = "alive", timeout: int = 3) -> dict[str, Any]:
    return _attack(id, "system", SYSTEM + code, expect, after, timeout)


def channel(id: str, code: str, expect: str = "contained", after: str = "any", timeout: int = 3) -> dict[str, Any]:
    return _attack(id, "channel", CHANNEL + code, expect, after, timeout)


def python(id: str, code: str, expect: str = "bounded", after: str = "any", timeout: int = 3) -> dict[str, Any]:
    return _attack(id, "python", code, expect, after, timeout)


def _attack(id: str, group: str, code: str, expect: str, after: str, timeout: int) -> dict[str, Any]:
    return {"id": id, "group": group, "code": code, "timeout": timeout, "expect": expect, "after": after}


ON_THE_SYSTEM = [
    system(
        "every_call_that_is_not_listed", "for number in @REFUSED@: refused(number, number, number, 0, 0, 0, 0, 0, 0)"
    ),
    system(
        "memfd_and_fexecve",
        "refused('memfd_create', 319, 279, buffer, 0)\nrefused('execveat', 322, 281, 3, buffer, 0, 0, 0x1000)",
    ),
    system(
        "io_uring",
        "refused('setup', 425, 425, 8, buffer)\nrefused('enter', 426, 426, 3, 1, 1, 0, 0)\nrefused('register', 427, 427, 3, 0, 0, 0)",
    ),
    system("userfaultfd", "refused('userfaultfd', 323, 282, 1)"),
    system(
        "perf_and_bpf",
        "refused('perf_event_open', 298, 241, buffer, 0, -1, -1, 0)\nrefused('bpf', 321, 280, 5, buffer, 64)",
    ),
    system(
        "keyrings",
        "refused('add_key', 248, 217, b'user', b'n', b'v', 1, -3)\nrefused('keyctl', 250, 219, 0, -3, 0)\nrefused('request_key', 249, 218, b'user', b'n', 0, -3)",
    ),
    system(
        "memory_of_the_sibling",
        "for pid in (@SIBPID@, @HOSTPID@, 1, 0):\n    refused('readv', 310, 270, pid, buffer, 1, buffer, 1, 0)\n    refused('writev', 311, 271, pid, buffer, 1, buffer, 1, 0)",
    ),
    system(
        "files_of_the_host_by_pidfd",
        "for pid in (@HOSTPID@, @SIBPID@, os.getpid()): refused('pidfd_open', 434, 434, pid, 0)\nfor fd in range(3, 8): refused('pidfd_getfd', 438, 438, fd, 0, 0)",
    ),
    system(
        "ptrace_in_all_ways",
        "for request in (0, 16, 0x4206): refused(f'ptrace {request}', 101, 117, request, @SIBPID@, 0, 0)",
    ),
    system(
        "signals_by_every_door",
        "for pid in {@SIBPID@, @HOSTPID@, os.getppid()} - {os.getpid()}:\n    refused('tkill', 200, 130, pid, 9)\n    refused('tgkill', 234, 131, pid, pid, 9)\n    refused('tgkill abort', 234, 131, pid, pid, 6)\n    refused('queue', 129, 138, pid, 9, buffer)\n    refused('tqueue', 297, 240, pid, pid, 9, buffer)\n    refused('pidfd', 424, 424, 3, 9, 0, 0)",
    ),
    system(
        "signals_to_oneself",
        "import signal, threading\nfor number in (9, 19, 15, 10):\n    refused(f'tgkill {number}', 234, 131, os.getpid(), threading.get_native_id(), number)\ntry:\n    signal.raise_signal(signal.SIGSTOP); print('PWNED')\nexcept OSError: pass",
    ),
    system(
        "limits_of_others",
        "refused('prlimit', 302, 261, @SIBPID@, 0, 0, buffer)\nrefused('prlimit high', 302, 261, 1 << 32 | @SIBPID@, 0, 0, buffer)\nrefused('own, new', 302, 261, 0, 7, buffer, 0)\nrefused('setrlimit', 160, 164, 7, buffer)",
    ),
    system(
        "pointers_whose_low_half_is_null",
        """
import mmap
NO_REPLACE, ANONYMOUS, PRIVATE = 0x100000, 0x20, 2
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
at = libc.mmap(1 << 32, 4096, 3, NO_REPLACE | ANONYMOUS | PRIVATE, -1, 0)
if at == 1 << 32:
    address = (1).to_bytes(2, "little") + b"@DGRAM@"
    ctypes.memmove(at, address, len(address))
    for fd in range(3, 8): refused("sendto", 44, 206, fd, buffer, 1, 0, at, len(address))
    refused("prlimit", 302, 261, 0, 7, at, 0)
""",
    ),
    system(
        "arguments_beyond_32_bits",
        "high = 1 << 32\nrefused('fcntl', 72, 25, 3, high | 1031, 1 << 20)\nrefused('ioctl', 16, 29, 3, high | 0x5412, buffer)\nrefused('socketpair', 53, 199, high | 1, high | 2, 0, buffer)\nrefused('socketpair inet', 53, 199, high | 2, 1, 0, buffer)\nrefused('clone', 56, 220, high | 17, 0, 0, 0, 0)\nrefused('mprotect', 10, 226, 0, 4096, high | 7)",
    ),
    system(
        "descriptors_by_message",
        "for fd in range(3, 8):\n    refused('recvmsg', 47, 212, fd, buffer, 0x40)\n    refused('sendmsg', 46, 211, fd, buffer, 0x40)\n    refused('recvmmsg', 299, 243, fd, buffer, 1, 0x40, 0)\n    refused('sendmmsg', 307, 269, fd, buffer, 1, 0x40)",
    ),
    system(
        "splicing_the_channel",
        "r, w = os.pipe()\nfor fd in range(3, 8):\n    refused('splice', 275, 76, fd, 0, w, 0, 10, 0)\n    refused('tee', 276, 77, r, w, 10, 0)\n    refused('vmsplice', 278, 75, w, buffer, 1, 0)\n    refused('sendfile', 40, 71, fd, r, 0, 10)\n    refused('copy_file_range', 326, 285, fd, 0, w, 0, 10, 0)",
    ),
    system(
        "sockets_of_every_family",
        "for family in (1, 2, 10, 16, 17, 31, 38, 40, 44):\n    for kind in (1, 2, 3, 5, 1 | 0x800): refused(f'socket {family} {kind}', 41, 198, family, kind, 0)",
    ),
    system(
        "sockets_in_pairs",
        "for family, kind in ((1, 2), (1, 5), (2, 1), (10, 1), (16, 3), (30, 1), (1, 2 | 0o2000000)):\n    refused(f'pair {family} {kind}', 53, 199, family, kind, 0, buffer)",
    ),
    system(
        "a_pair_that_connects_out",
        """
import socket
a, b = socket.socketpair()
for name, x86, arm, arguments in (
    ("connect", 42, 203, (b"@UNIX@", 50)), ("bind", 49, 200, (b"x", 1)), ("listen", 50, 201, (1,)), ("accept", 43, 202, (0, 0)),
    ("setsockopt", 54, 208, (1, 26, buffer, 16)),
): refused(name, x86, arm, a.fileno(), *arguments)
""",
    ),
    system(
        "new_namespaces",
        "for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x80): refused(hex(flag), 272, 97, flag)\nfor fd in range(8): refused('setns', 308, 268, fd, 0)",
    ),
    system(
        "mounts_old_and_new",
        "for name, x86, arm in (('mount', 165, 40), ('umount', 166, 39), ('pivot_root', 155, 41), ('chroot', 161, 51), ('open_tree', 428, 428), ('move_mount', 429, 429), ('fsopen', 430, 430), ('fsconfig', 431, 431), ('fsmount', 432, 432), ('fspick', 433, 433), ('mount_setattr', 442, 442)): refused(name, x86, arm, buffer, buffer, 0, 0, 0)",
    ),
    system(
        "files_by_handle",
        "refused('open_by_handle_at', 304, 265, -100, buffer, 0)\nrefused('name_to_handle_at', 303, 264, -100, b'/', buffer, buffer, 0)\nrefused('fanotify_init', 300, 262, 0, 0)\nrefused('inotify_init1', 294, 26, 0)",
    ),
    system(
        "paths_relative_to_anything",
        "for fd in (*range(64), -100):\n    for name, x86, arm, arguments in (('openat', 257, 56, (b'@SECRET@', 0)), ('openat path', 257, 56, (b'.', 0x200000)), ('openat tmp', 257, 56, (b'@MARK@', 0x410002, 0o600)), ('readlinkat', 267, 78, (b'/proc/self/exe', buffer, 100)), ('newfstatat', 262, 79, (b'', buffer, 0x1000)), ('faccessat', 269, 48, (b'/', 0)), ('mkdirat', 258, 34, (b'@MARK@/d', 0o777)), ('unlinkat', 263, 35, (b'@SECRET@', 0)), ('linkat', 265, 37, (b'@SECRET@', -100, b'@MARK@/l', 0)), ('symlinkat', 266, 36, (b'x', fd, b'@MARK@/s')), ('renameat2', 316, 276, (b'@SECRET@', -100, b'@MARK@/r', 0)), ('fchmodat', 268, 53, (b'@SECRET@', 0o777))):\n        refused(f'{name} {fd}', x86, arm, fd, *arguments)",
    ),
    system(
        "files_through_libc",
        """
for name, arguments in (
    ("open", (b"@SECRET@", 0)), ("creat", (b"@MARK@/c", 0o600)), ("truncate", (b"@DB@", 0)), ("chmod", (b"@SECRET@", 0)),
    ("rename", (b"@SECRET@", b"@MARK@/x")), ("unlink", (b"@SECRET@",)), ("mkdir", (b"@MARK@/y", 0o777)), ("chdir", (b"/tmp",)),
    ("mknod", (b"@MARK@/z", 0o10600, 0)), ("access", (b"/etc/passwd", 0)), ("system", (b"echo x > @MARK@/system",)),
):
    if getattr(libc, name)(*arguments) == 0: print("PWNED", name)
libc.fopen.restype = libc.popen.restype = libc.opendir.restype = libc.dlopen.restype = ctypes.c_void_p
for name, arguments in (("fopen", (b"@SECRET@", b"r")), ("popen", (b"id", b"r")), ("opendir", (b"/",)), ("dlopen", (b"/lib/x86_64-linux-gnu/libm.so.6", 2))):
    if name != "dlopen" and getattr(libc, name)(*arguments): print("PWNED", name)
""",
    ),
    system(
        "a_library_loaded_late",
        "for path in ('@MARK@/x.so', '/usr/lib/x86_64-linux-gnu/libcrypt.so.1', 'libcurses.so'):\n    try: ctypes.CDLL(path); print('PWNED', path)\n    except OSError: pass",
    ),
    system(
        "readable_means_executable",
        "refused('personality', 135, 92, 0x0400000)\nimport mmap\nfor prot in (4, 5, 6, 7):\n    try: mmap.mmap(-1, 4096, prot=prot); print('PWNED', prot)\n    except OSError: pass\n    refused(f'mprotect {prot}', 10, 226, 0, 0, prot)\n    refused(f'pkey_mprotect {prot}', 329, 288, 0, 0, prot, -1)\nrefused('remap_file_pages', 216, 234, 0, 4096, 0, 0, 0)\nrefused('shmat', 30, 196, 0, 0, 0o100000)",
    ),
    system(
        "machine_code_in_a_buffer",
        "code = ctypes.create_string_buffer(b'\\x31\\xc0\\xc3' if X86 else b'\\x00\\x00\\x80\\x52\\xc0\\x03\\x5f\\xd6')\nctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(code))()\nprint('PWNED')",
        "bounded",
        "any",
    ),
    system(
        "another_filter_that_listens",
        "refused('seccomp', 317, 277, 1, 8, buffer)\nrefused('seccomp strict', 317, 277, 0, 0, 0)\nrefused('prctl seccomp', 157, 167, 22, 2, buffer, 0, 0)",
    ),
    system(
        "prctl_in_all_ways",
        "for option in (1, 4, 8, 15, 22, 24, 26, 28, 35, 36, 38, 47, 50, 53, 59, 0x59616D61): refused(f'prctl {option}', 157, 167, option, 0, 0, 0, 0)",
    ),
    system(
        "another_identity",
        "for name, x86, arm in (('setuid', 105, 146), ('setgid', 106, 144), ('setresuid', 117, 147), ('setresgid', 119, 149), ('setgroups', 116, 159), ('setfsuid', 122, 151), ('capset', 126, 91), ('setsid', 112, 157), ('setpgid', 109, 154), ('setreuid', 113, 145)): refused(name, x86, arm, 0, 0, 0)",
    ),
    system(
        "a_better_place_in_the_queue",
        "for name, x86, arm in (('setscheduler', 144, 119), ('setparam', 142, 118), ('setattr', 314, 274), ('setaffinity', 203, 122), ('setpriority', 141, 140), ('ioprio_set', 251, 30)): refused(name, x86, arm, 0, 1, buffer)",
    ),
    system(
        "memory_shared_with_others",
        "for name, x86, arm in (('shmget', 29, 194), ('semget', 64, 190), ('msgget', 68, 186), ('mq_open', 240, 180), ('memfd_secret', 447, 447), ('process_madvise', 440, 440), ('mlockall', 151, 230), ('mlock', 149, 228), ('mbind', 237, 235), ('move_pages', 279, 239)): refused(name, x86, arm, 0, 10, 0o1666)",
    ),
    system(
        "clocks_and_names",
        "for name, x86, arm in (('timer_create', 222, 107), ('timerfd_create', 283, 85), ('signalfd4', 289, 74), ('sethostname', 170, 161), ('getcpu', 309, 168), ('sysinfo', 99, 179), ('syslog', 103, 116), ('kcmp', 312, 272), ('getdents64', 217, 61)): refused(name, x86, arm, 0, buffer, 10)",
    ),
    system(
        "threads_that_are_none",
        "import signal\nfor name, flags in (('vm alone', 0x100), ('vfork', 0x4100 | 17), ('no handlers', 0x10100), ('parent', 0x8000 | 17), ('thread alone', 0x10000), ('namespaced', 0x3D0F00 | 0x20000000), ('timed', 0x3D0F00 | 0x80)):\n    result, error = raw(56, 220, flags, 0, 0, 0, 0)\n    if result == 0: libc._exit(0)\n    if result > 0 or error not in (1, 38): print('PWNED', name, result, error)",
    ),
    system(
        "robust_lists_and_restartable_sequences",
        "raw(273, 99, 8, 24)\nraw(334, 293, buffer, 32, 0, 0x53053053)\nimport threading\nt = threading.Thread(target=lambda: raw(273, 99, 16, 24)); t.start(); t.join()\nprint('ok')",
        "bounded",
        "any",
    ),
    system(
        "all_processors_disturbed",
        "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: raw(324, 283, 1, 0, 0)",
        "bounded",
    ),
    system(
        "the_old_page_of_calls",
        "if X86:\n    ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(0xffffffffff600400)(None)\nprint('ok')",
        "bounded",
        "any",
    ),
    system(
        "commands_on_descriptors",
        "for fd in range(3, 8):\n    for command in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1024, 1026, 1031, 1033, 1034, 1035, 1036): refused(f'fcntl {command}', 72, 25, fd, command, 1 << 20)",
    ),
]

ON_THE_CHANNEL = [
    channel(
        "done_from_the_worker_s_own_frames",
        f"import sys\nframe = sys._getframe()\nwhile frame.f_back: frame = frame.f_back\nnumber = None\nfor thing in gc.get_objects():\n    if isinstance(thing, dict) and thing.get('t') == 'exec': number = thing['id']\nif number: \n    done = {DONE}\n    done['out'] = 'forged, and no more than its own cell'\n    channel.end_cell(done); channel.end_cell(dict(done, out='PWNED'))",
    ),
    channel(
        "done_for_the_next_cell",
        f"def late():\n    time.sleep(0.3)\n    for number in range(100000): send({DONE})\nthreading.Thread(target=late, daemon=True).start()",
        after="lost",
    ),
    channel(
        "the_next_command_stolen",
        "def steal():\n    while True: os.read(channel._file, 1)\nfor _ in range(8): threading.Thread(target=steal, daemon=True).start()\ntime.sleep(0.1)",
        "bounded",
        "lost",
    ),
    channel(
        "the_channel_s_lock_kept",
        "def hold():\n    channel._turn.acquire(); time.sleep(1000)\nthreading.Thread(target=hold, daemon=True).start(); time.sleep(0.1)",
        "bounded",
    ),
    channel(
        "another_socket_in_its_place",
        "import socket\na, b = socket.socketpair()\nos.dup2(a.fileno(), channel._file)",
        "bounded",
    ),
    channel(
        "a_hundred_searches_at_once",
        "for n in range(1, 200): send({'t': 'search', 'id': n, 'pattern': '(a+)+$', 'flags': 8, 'documents': [0], 'most': 10})\ntime.sleep(1)",
    ),
    channel(
        "a_search_in_documents_of_others",
        "send({'t': 'search', 'id': 1, 'pattern': 'x', 'flags': 8, 'documents': [0, 1, 99], 'most': 10})\ntime.sleep(1)",
    ),
    channel(
        "a_search_with_strange_flags",
        "send({'t': 'search', 'id': 1, 'pattern': 'x', 'flags': 1 << 20, 'documents': [0], 'most': 10})\ntime.sleep(1)",
    ),
    channel(
        "a_search_for_a_pattern_that_breaks_the_compiler",
        "channel.open_call()\nsend({'t': 'search', 'id': 1, 'pattern': '(' * 100000, 'flags': 8, 'documents': [0], 'most': 10})\nprint(channel.wait(1))",
        after="alive",
    ),
    channel(
        "found_instead_of_done",
        "send({'t': 'found', 'id': 1, 'error': None, 'hits': [[0, 0, 1, 1]], 'complete': True})\ntime.sleep(1)",
    ),
    channel(
        "notes_without_end",
        "import sys\nfor thing in gc.get_objects():\n    if type(thing).__name__ == 'Repl': type(thing)._done = lambda self, number, error, began: {'t': 'done', 'id': number, 'out': '', 'out_chars': 0, 'truncated': False, 'error': None, 'ending': None, 'variables': [], 'hash': '', 'reads': [], 'notes': ['PWNED' * 1000] * 1000}",
    ),
    channel(
        "answers_to_oneself",
        "channel.open_call()\nchannel._put_away({'t': 'ret', 'id': 1, 'items': [{'value': 'x'}], 'last': True})\nprint(channel.wait(1))",
        after="alive",
    ),
    channel(
        "a_call_of_a_tool_that_is_not_offered",
        "channel.open_call()\nsend({'t': 'call', 'id': 1, 'op': 'tool', 'count': 1, 'batch': False, 'role': 'delete_everything', 'model': None, 'schema': None, 'line': 1})\nsend({'t': 'items', 'id': 1, 'items': [[['x'], None, False]]})\nprint(channel.wait(1))",
        timeout=2,
    ),
    channel(
        "bytes_one_by_one",
        "data = json.dumps({'t': 'done'}).encode()\nfor byte in struct.pack('>I', len(data) + 1000) + data:\n    os.write(channel._file, bytes([byte])); time.sleep(0.01)\nwhile True: time.sleep(1)",
        "bounded",
        timeout=1,
    ),
    channel("text_that_no_unicode_is", 'send(None, b\'{"t": "done", "id": "\\xed\\xa0\\x80\\xff"}\')\ntime.sleep(1)'),
    channel(
        "keys_without_end",
        "send(None, b'{\"t\": \"call\", ' + b', '.join(b'\"k%d\": 1' % n for n in range(1000000)) + b'}')\ntime.sleep(1)",
        timeout=5,
    ),
    channel(
        "numbers_of_a_million_digits",
        "send(None, b'{\"t\": \"done\", \"id\": 1' + b'0' * 1000000 + b'}')\ntime.sleep(1)",
    ),
    channel(
        "wake_up_bytes",
        "import signal\nsignal.set_wakeup_fd(channel._file, warn_on_full_buffer=False)\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\ntime.sleep(0.5)",
        "bounded",
    ),
    channel(
        "tracebacks_into_the_channel",
        "import faulthandler\nfaulthandler.dump_traceback_later(0.05, repeat=True, file=channel._file)\ntime.sleep(0.5)",
        "bounded",
    ),
]

ON_PYTHON = [
    python(
        "a_trace_of_our_own_code",
        "import sys, threading\ndef trace(frame, event, argument):\n    if 'worker' in frame.f_code.co_filename: raise SystemExit('PWNED')\n    return trace\nsys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)",
        after="alive",
    ),
    python(
        "a_trace_without_end",
        "import sys\ndef trace(frame, event, argument):\n    while True: pass\nsys.settrace(trace)",
    ),
    python(
        "audit_hooks",
        "import sys\ndef hook(event, arguments):\n    if event in ('compile', 'exec'): raise RuntimeError('PWNED')\ntry: sys.addaudithook(hook)\nexcept RuntimeError as error: print('refused')",
        after="alive",
    ),
    python(
        "builtins_that_lie",
        "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.compile = builtins.exec = builtins.eval = None\nbuiltins.__import__ = None\nbuiltins.print = lambda *a: None",
        after="alive",
    ),
    python(
        "builtins_that_are_gone",
        "import builtins\nfor name in list(vars(builtins)):\n    if name not in ('list', 'vars', 'delattr'): delattr(builtins, name)",
    ),
    python("modules_that_are_gone", "import sys\nsys.modules.clear()"),
    python(
        "modules_replaced",
        "import sys, json, os, struct, threading, time\nfor module in (json, os, struct, threading, time):\n    for name in list(vars(module)):\n        if not name.startswith('__'): setattr(module, name, lambda *a, **k: 'PWNED'[:0])",
        timeout=2,
    ),
    python("no_recursion_left", "import sys\nsys.setrecursionlimit(50)", after="alive"),
    python(
        "a_switch_that_never_comes",
        "import sys, threading\nsys.setswitchinterval(10 ** 9)\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()",
        after="lost",
    ),
    python(
        "collector_s_callbacks",
        "import gc\ndef called(phase, info):\n    raise SystemExit\ngc.callbacks.append(called); gc.set_threshold(1)",
        after="alive",
    ),
    python(
        "exit_handlers",
        "import atexit, os\natexit.register(lambda: os.write(1, b'PWNED'))\natexit.register(open, '@MARK@/atexit', 'w')\natexit._run_exitfuncs()\nprint('ok')",
        after="alive",
    ),
    python(
        "a_context_of_another_class",
        "class Other(type(context)):\n    __slots__ = ()\n    def __getitem__(self, key): return 'x'\n    def __len__(self): return 10 ** 12\ncontext.__class__ = Other\nprint(context[0:5], grep('victim', limit=1) and 1)\nllm_call(context)",
        "bounded",
    ),
    python(
        "a_document_that_claims_other_places",
        "piece = context[0:50]\npiece.document = 7\npiece.start = -5\nllm_call(piece)\nFINAL('x', sources=[piece])",
    ),
    python(
        "strings_that_lie_about_their_length",
        "class Long(str):\n    def __len__(self): return 3\nprint(llm_call(Long('x' * 1000)))\nprint(Long('y' * 10))",
        after="alive",
    ),
    python(
        "keys_that_never_compare",
        "class Key:\n    def __hash__(self): return 1\n    def __eq__(self, other):\n        while True: pass\nd = {Key(): 1}\nglobals()['x'] = d\nd.get(Key())",
    ),
    python(
        "an_answer_that_is_a_trap",
        "class Trap(dict):\n    def items(self):\n        while True: pass\n    def __str__(self):\n        while True: pass\nFINAL(Trap(a=1))",
    ),
    python(
        "a_size_that_never_comes",
        "class Slow:\n    def __len__(self):\n        while True: pass\nslow = Slow()",
        after="alive",
    ),
    python(
        "a_type_with_a_property_for_a_name",
        "class Meta(type):\n    @property\n    def __name__(cls):\n        raise SystemExit\nclass Odd(metaclass=Meta): pass\nodd = Odd()",
    ),
    python(
        "an_exception_of_an_exception",
        "class E(Exception):\n    @property\n    def __traceback__(self): raise SystemExit\n    __cause__ = property(lambda self: self)\n    __context__ = property(lambda self: self)\nraise E",
        after="alive",
    ),
    python(
        "an_exception_with_a_million_notes",
        "e = ValueError('x' * 10_000_000)\nfor n in range(100_000): e.add_note('n' * 100)\nraise e",
        after="alive",
        timeout=5,
    ),
    python(
        "a_ring_of_causes",
        "a, b = ValueError(1), ValueError(2)\na.__cause__, b.__cause__ = b, a\nraise a",
        after="alive",
    ),
    python(
        "brackets_too_deep",
        "for opening in ('(', '[', '{', '-', 'lambda:', 'f(', 'not '):\n    try: compile(opening * 100_000, 'x', 'eval')\n    except (SyntaxError, MemoryError, RecursionError, ValueError) as error: print(type(error).__name__)",
        timeout=10,
    ),
    python(
        "garbage_for_bytecode",
        "import types\ndef f(): pass\nexec(f.__code__.replace(co_code=bytes(range(256)) * 4, co_stacksize=1))",
    ),
    python(
        "recursion_in_c",
        "import sys, json, copy\nsys.setrecursionlimit(10 ** 8)\nx = []\nfor _ in range(1_000_000): x = [x]\nfor act in (repr, json.dumps, copy.deepcopy, hash, str):\n    try: act(x)\n    except BaseException as error: print(type(error).__name__)",
        timeout=10,
    ),
    python(
        "digits_without_end",
        "import sys\nsys.set_int_max_str_digits(0)\nx = 10 ** 10_000_000\nprint(len(str(x)))",
        timeout=2,
    ),
    python("a_power_without_end", "x = 9 ** 9 ** 9", timeout=2),
    python("a_factorial_without_end", "import math\nmath.factorial(10_000_000)", timeout=2),
    python(
        "a_bomb_of_zeros",
        "import zlib, bz2, lzma\nfor module in (zlib, bz2, lzma):\n    packed = module.compress(bytes(40 << 20))\n    try: print(len(module.decompress(packed)) + len(module.decompress(packed) * 100))\n    except MemoryError: print('short of memory')",
        after="alive",
        timeout=30,
    ),
    python(
        "laughs_by_the_billion",
        "import xml.etree.ElementTree as E\nentities = ''.join(f'<!ENTITY l{n} \"{(f\"&l{n-1};\" * 10)}\">' for n in range(1, 12))\ntry: E.fromstring(f'<!DOCTYPE x [<!ENTITY l0 \"lol\">{entities}]><x>&l11;</x>')\nexcept Exception as error: print(type(error).__name__)\nexcept MemoryError: print('memory')",
        after="alive",
        timeout=10,
    ),
    python(
        "fields_of_any_width",
        "for make in (lambda: '%10000000000d' % 1, lambda: f'{1:>10000000000}', lambda: '{:0{w}}'.format(1, w=10 ** 11), lambda: 'x'.ljust(10 ** 11), lambda: bytes(10 ** 11)):\n    try: make(); print('PWNED')\n    except (MemoryError, OverflowError, ValueError): pass",
        after="alive",
    ),
    python(
        "iterators_without_end",
        "import itertools\nfor make in (lambda: list(itertools.repeat(0)), lambda: tuple(itertools.count()), lambda: ''.join(itertools.repeat('x')), lambda: dict.fromkeys(itertools.count()), lambda: set(itertools.count())):\n    try: make(); print('PWNED')\n    except MemoryError: print('short of memory')",
        timeout=20,
    ),
    python(
        "small_things_without_end",
        "kept = []\ntry:\n    while True: kept.append({len(kept): [object()]})\nexcept MemoryError:\n    n = len(kept); del kept; print('short of memory')",
        timeout=20,
    ),
    python(
        "maps_without_end",
        "import mmap\nkept = []\ntry:\n    while True: kept.append(mmap.mmap(-1, 4096, prot=1 + len(kept) % 2 * 2))\nexcept (OSError, MemoryError) as error: print(type(error).__name__)\ndel kept",
        timeout=20,
    ),
    python(
        "descriptors_without_end",
        "import os\nkept = []\ntry:\n    while True: kept += os.pipe()\nexcept OSError as error: print(len(kept) < 64)",
        after="alive",
    ),
    python(
        "pipes_full_of_bytes",
        "import os, socket\nn = 0\ntry:\n    while True:\n        r, w = os.pipe(); os.set_blocking(w, False)\n        try:\n            while True: n += os.write(w, b'x' * 65536)\n        except BlockingIOError: pass\nexcept OSError: print(n < 64 << 20)",
        after="alive",
    ),
    python(
        "polls_within_polls",
        "import select\ntry:\n    inner = select.epoll()\n    for _ in range(40):\n        outer = select.epoll(); outer.register(inner.fileno(), 1); inner = outer\nexcept OSError as error: print(error)\nprint('ok')",
        after="alive",
    ),
    python(
        "large_stacks",
        "import threading, time\nthreading.stack_size(256 << 20)\ntry:\n    for _ in range(64): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\nexcept (RuntimeError, MemoryError, ValueError): print('refused')",
    ),
    python(
        "timers_that_end_the_process",
        "import signal, time\nsignal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)\nwhile True: pass",
        timeout=2,
    ),
    python(
        "control_characters",
        "print('\\x1b]0;PWN\\x07\\x1b[2J\\ud800\\udfff\\x00\\u202e<script>' + chr(0x10ffff))\nprint('ok')",
        "contained",
        "alive",
    ),
    python(
        "files_of_the_library",
        "import importlib.resources, pkgutil, linecache, tokenize, inspect, json\nfor act in (lambda: linecache.getlines('@SECRET@'), lambda: pkgutil.get_data('json', '../../../../@SECRET@'), lambda: inspect.getsource(json), lambda: tokenize.open('@SECRET@'), lambda: importlib.resources.files('json').joinpath('decoder.py').read_text()):\n    try:\n        found = act()\n        if found: print('PWNED', str(found)[:50])\n    except BaseException as error: print(type(error).__name__)",
        "contained",
        "alive",
    ),
    python(
        "programs_by_the_library",
        "import os, pty, webbrowser, platform, shutil, runpy, asyncio, concurrent.futures\ndef spawn(): return asyncio.run(asyncio.create_subprocess_exec('/bin/id'))\ndef pool():\n    with concurrent.futures.ProcessPoolExecutor(1) as p: return p.submit(os.getpid).result(1)\nfor act in (lambda: os.system('echo x > @MARK@/system') == 0, lambda: pty.fork()[0] >= 0, lambda: os.posix_spawn('/bin/id', ['id'], {}), lambda: os.popen('id').read(), lambda: runpy.run_path('@SECRET@'), spawn, pool):\n    try:\n        if act(): print('PWNED')\n    except BaseException as error: print(type(error).__name__)",
        "contained",
        "any",
        timeout=5,
    ),
    python(
        "networks_by_the_library",
        "import asyncio, http.client, smtplib, ftplib, socket, ssl, xmlrpc.client\nfor act in (lambda: http.client.HTTPConnection('127.0.0.1', @PORT@, timeout=1).request('GET', '/'), lambda: smtplib.SMTP('127.0.0.1', @PORT@, timeout=1), lambda: asyncio.run(asyncio.open_connection('127.0.0.1', @PORT@)), lambda: asyncio.run(asyncio.open_unix_connection('@UNIX@')), lambda: socket.create_server(('', 0)), lambda: socket.getaddrinfo('localhost', 80), lambda: socket.socket(fileno=0).connect('@UNIX@'), lambda: xmlrpc.client.ServerProxy('http://127.0.0.1:@PORT@').x()):\n    try: act(); print('PWNED')\n    except BaseException as error: print(type(error).__name__)",
        "contained",
        "alive",
        timeout=5,
    ),
    python(
        "databases_by_the_library",
        "import sqlite3\nfor act in (lambda: sqlite3.connect('@DB@').execute('select * from kept'), lambda: sqlite3.connect('file:@DB@?mode=ro', uri=True).execute('select 1'), lambda: sqlite3.connect(':memory:').execute(\"vacuum into '@MARK@/v.db'\"), lambda: sqlite3.connect(':memory:').load_extension('x'), lambda: __import__('dbm.dumb').dumb.open('@MARK@/d', 'c'), lambda: __import__('shelve').open('@MARK@/s')):\n    try: act(); print('PWNED')\n    except BaseException as error: print(type(error).__name__)",
        "contained",
        "alive",
    ),
    python(
        "pickles_that_run_things",
        "import pickle, os\nfor thing, arguments in ((os.system, ('echo x > @MARK@/p',)), (os.mkdir, ('@MARK@/p',)), (open, ('@MARK@/p', 'w')), (os.kill, (@SIBPID@, 9))):\n    class P:\n        def __reduce__(self): return thing, arguments\n    try:\n        if pickle.loads(pickle.dumps(P())) == 0: print('PWNED')\n    except BaseException as error: print(type(error).__name__)",
        "contained",
        "alive",
    ),
    python(
        "a_hundred_thousand_variables", "for n in range(100_000): globals()[f'v{n}'] = [n]", after="alive", timeout=5
    ),
    python(
        "threads_that_print_for_ever",
        "import threading, sys\ndef shout():\n    while True: print('LATE'); sys.stderr.write('LATE')\nfor _ in range(8):\n    try: threading.Thread(target=shout, daemon=True).start()\n    except RuntimeError: pass\nprint('ok')",
        after="alive",
    ),
]

ATTACKS = ON_THE_SYSTEM + ON_THE_CHANNEL + ON_PYTHON
