"""The two ways a run fails: it cannot start, or one input cannot be read."""


class ConfigError(Exception):
    """The run cannot start; the message names what is wrong and the remedy. Exit code 2."""


class ArchiveError(Exception):
    """One input cannot be read, from a byte offset on; the run goes on without it. Exit code 3.

    ``reason`` is one of the ledger's closed set of reasons; ``offset`` is in bytes from the
    start of the file, or -1 when nothing of it could be opened.
    """

    def __init__(self, uri: str, reason: str, message: str, offset: int = -1) -> None:
        super().__init__(f"{uri}: {message}")
        self.uri = uri
        self.reason = reason
        self.offset = offset
