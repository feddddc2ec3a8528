"""The real product for tests: `manage.py serve` as a child process, on a free port, in a data folder of its own."""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

PROJECT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 40.0
"""A first start makes the tables and collects the static files, on a machine that may be busy."""
SECONDS_TO_STOP = 10.0


class HouseError(Exception):
    """The process ended, or did not say in time that it is ready. The message has all it printed."""


class House:
    """`with House() as house:`; the same data folder can be started again (`stop`, `start`)."""

    def __init__(self, data_dir: Path | None = None, **environment: str) -> None:
        """Further environment variables go to the process, for example RLM_SANDBOX_MIN="none"."""
        self._scratch = None if data_dir else tempfile.TemporaryDirectory(prefix="rlm-house-")
        self.data_dir = data_dir or Path(self._scratch.name if self._scratch else "")
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("RLM_", "OPENAI_", "ANTHROPIC_"))
            },
            "RLM_DATA_DIR": str(self.data_dir),
            "DJANGO_SETTINGS_MODULE": "rlm_web.settings",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.seconds_to_start = 0.0
        self.sign_in_token = ""
        """Of the printed link; works once."""
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._token = ""
        self._client: httpx.Client | None = None

    def __enter__(self) -> "House":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._scratch:
            self._scratch.cleanup()

    # ------------------------------------------------------------------------------------------ life

    def start(self, *options: str) -> "House":
        began = time.monotonic()
        self._log = (self.data_dir / "serve.log").open("a+")
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *(options or ("--port", "0"))],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        line = self._first_line(began + SECONDS_TO_START)
        found = re.fullmatch(r"Open (http://\S+)/\?token=(\S+)", line)
        if found is None:
            raise HouseError(self._ended(f"serve printed {line!r}"))
        self.seconds_to_start = time.monotonic() - began
        self.url, self.sign_in_token = found.groups()
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit status; by default as a service manager would stop it."""
        if self._client:
            self._client.close()
            self._client = None
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(number)
        try:
            return process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise HouseError(self._ended("serve did not stop")) from error
        finally:
            assert process.stdout is not None
            process.stdout.close()
            self._log.close()

    def kill(self) -> None:
        """As a power cut would."""
        self.stop(signal.SIGKILL)

    @property
    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "start it first"
        return self._process.pid

    @property
    def log(self) -> str:
        """All it wrote to stderr."""
        return (self.data_dir / "serve.log").read_text()

    # ------------------------------------------------------------------------------------------ doors

    @property
    def token(self) -> str:
        """An API token of the owner."""
        if not self._token:
            self._token = self.manage("token", "--name", "tests").stdout.strip()
        return self._token

    @property
    def client(self) -> httpx.Client:
        """Sends the token with each request; paths are relative to `url`."""
        if self._client is None:
            headers = {"Authorization": f"Bearer {self.token}"}
            self._client = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        return self._client

    @property
    def socket_url(self) -> str:
        return self.url.replace("http://", "ws://", 1)

    def sign_in_url(self) -> str:
        """A fresh link: open it in a browser to be the owner there."""
        return self.manage("signin").stdout.strip()

    def manage(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Another command of `manage.py` on the same data folder. Raises when it fails, unless `check=False`."""
        settings: dict[str, Any] = {"check": True, "timeout": 120, "env": self.environment, **options}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            **settings,
        )

    def memory(self) -> int:
        """Resident bytes of the process."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found, "the kernel says how much memory a process has"
        return int(found[1]) * 1024

    # ------------------------------------------------------------------------------------------ inside

    def _first_line(self, deadline: float) -> str:
        assert self._process is not None and self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            self._process.kill()
            raise HouseError(self._ended("serve said nothing"))
        return self._process.stdout.readline().rstrip("\n")

    def _ended(self, what: str) -> str:
        return f"{what}; it wrote:\n{self.log}"
