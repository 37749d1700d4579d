"""What every codec has."""

from functions import ordered_sum


class Codec:
    """A vector as bytes and back.

    `precision`: numpy's type of the run's vectors. Vectors come and go as float64 with the values of that type; `decode` leaves the
    rounding to its caller. A codec keeps nothing between vectors.
    """

    random = False  # does it round at random, so that its error is an expectation?

    def __init__(self, settings, precision):
        self.settings = settings
        self.precision = precision

    def encode(self, x, stream):
        """The payload of x; coins come from the stream."""
        raise NotImplementedError

    def decode(self, body, length):
        """The vector of a payload; raises Rejected for what no encoder writes."""
        raise NotImplementedError

    def size(self, length):
        """Bytes of any vector of this length, or None where it depends on the numbers."""
        raise NotImplementedError

    def expected_error(self, x, decoded):
        """The expected squared error of encoding x; `decoded`: what this encoding became."""
        return float(ordered_sum((decoded - x) ** 2))
