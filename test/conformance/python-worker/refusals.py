"""What goes wrong, by whose fault it is: it decides what ends, a message, a connection, a half or the worker."""


class Refusal(Exception):
    """The base: a code for the other end and a sentence for a person."""

    code = "ERR_HALF_FAILED"

    def __init__(self, message, code=None):
        super().__init__(message)
        if code is not None:
            self.code = code


class Breach(Refusal):
    """The other end broke the protocol: its connection is closed."""

    code = "ERR_PROTOCOL"


class Unsupported(Refusal):
    """The scenario asks for what this worker does not have: `assign` is answered with an error."""

    code = "ERR_SCENARIO"


class Rejected(Refusal):
    """A message's content cannot be used: its sender is absent, `rejected`."""

    code = "ERR_FRAME_LENGTH"


def malformed(message):
    """A payload that no encoder writes."""
    return Rejected(message, "ERR_CODEC_MALFORMED")


def not_finite(message):
    return Rejected(message, "ERR_CODEC_NOT_FINITE")
