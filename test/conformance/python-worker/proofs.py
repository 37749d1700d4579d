"""Both ends show that they know the run's token, and neither sends it."""

import base64
import hashlib
import hmac
import secrets


def draw_nonce():
    """32 characters, 192 random bits."""
    return secrets.token_urlsafe(24)


def proof(token, prover, challenge, nonce, role="worker"):
    """The proof of a prover, `joiner` or `coordinator`: HMAC-SHA256 as base64url without padding."""
    lines = "\n".join(["gradswarm", prover, role, challenge, nonce])
    digest = hmac.new(token.encode(), lines.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def same(a, b):
    """Compares without telling by its time where two proofs differ."""
    return hmac.compare_digest(a.encode(), b.encode())
