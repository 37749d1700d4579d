"""Seals: how many steps of each kind a half has posted, for all parties that might wait for more."""

_MOST_RECEIVERS = 131072
_COST_OF_A_SEAL = 20


def seals_of(half):
    """The seal of a half that returned or failed."""
    method = half.setup.method
    to = []
    if method.coordinated:
        to.append("coordinator")
    elif method.between_clients:
        to += half.setup.others(half.client.index)
    return {
        "round": half.round.index, "attempt": half.round.attempt, "from": half.client.index,
        "counts": [half.posted_steps[kind.name] for kind in method.kinds], "to": to,
    }


def in_messages(seal):
    """Contents of packed messages for one seal: more receivers than one message may name go into several."""
    most = _MOST_RECEIVERS - _COST_OF_A_SEAL
    for start in range(0, len(seal["to"]), most):
        yield {"type": "seals", "seals": [{**seal, "to": seal["to"][start : start + most]}]}
