"""Hugging Face's hub through its own client, which draws progress, resumes downloads and reports a file's digest."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memos_cli.errors import ModelUnavailable, UsageError, extra
from memos_cli.ports.ports import Remote


class HuggingFace:
    """A `Hub`. Nothing is imported or sent before its first use.

    Args:
        progress: whether to draw bars on stderr.
    """

    def __init__(self, *, progress: bool) -> None:
        self._progress = progress

    def files(self, repo: str) -> list[Remote]:
        """As `Hub.files`."""
        client = self._client()
        with _translated(client, repo):
            info = client.HfApi().model_info(repo, files_metadata=True)
        return [_remote(repo, str(info.sha), file) for file in info.siblings or () if file.rfilename.lower().endswith(".gguf")]

    def fetch(self, remote: Remote, folder: Path) -> Path:
        """As `Hub.fetch`; what was downloaded already lies in a cache inside of `folder`."""
        client = self._client()
        with _translated(client, remote.repo):
            return Path(client.hf_hub_download(remote.repo, remote.file, revision=remote.revision, local_dir=folder))

    def _client(self) -> Any:  # noqa: ANN401 -- a module without types
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        if not self._progress:
            os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        try:
            import huggingface_hub
            import huggingface_hub.errors
        except ImportError:
            raise ModelUnavailable("huggingface_hub is not installed", hint=extra("llm")) from None
        return huggingface_hub


def _remote(repo: str, revision: str, file: Any) -> Remote:  # noqa: ANN401 -- the client's own type
    stored = getattr(file, "lfs", None)
    sha256 = stored.get("sha256") if isinstance(stored, dict) else getattr(stored, "sha256", None)
    return Remote(repo, file.rfilename, revision, int(file.size or 0), sha256)


@contextmanager
def _translated(client: Any, repo: str) -> Iterator[None]:  # noqa: ANN401 -- a module without types
    """Raise the client's errors as errors of memos."""
    # The client lets errors of its HTTP library through, whichever that is: that library's base class is an ancestor here.
    ancestors = client.errors.HfHubHTTPError.__mro__
    foreign = tuple(kind for kind in ancestors if kind not in {Exception, BaseException, object})
    try:
        yield
    except client.errors.HFValidationError:
        raise UsageError(f"no repository can be called {repo!r}", hint="memos model pull OWNER/NAME:FILE.gguf") from None
    except (*foreign, OSError, RuntimeError, ValueError) as error:
        raise _unreachable(repo, error) from None


def _unreachable(repo: str, error: Exception) -> ModelUnavailable:
    lines = [line for line in str(error).splitlines() if line.strip()]
    reason = (lines[0] if lines else type(error).__name__)[:200]
    return ModelUnavailable(
        f"cannot pull {repo} from the hub: {reason}", hint="any GGUF file that is here already serves: memos model use PATH"
    )
