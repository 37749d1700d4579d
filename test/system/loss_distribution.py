"""Bounds on epsilon by dp-accounting's privacy loss distributions, for the settings on standard input."""

import json
import logging
import sys

logging.disable(logging.WARNING)
from dp_accounting.pld import privacy_loss_distribution as pld  # noqa: E402


def composed(groups, interval, pessimistic):
    total = None
    for q, z, steps in groups:
        one = pld.from_gaussian_mechanism(
            z,
            sampling_prob=q,
            value_discretization_interval=interval,
            pessimistic_estimate=pessimistic,
            use_connect_dots=pessimistic,
        ).self_compose(steps)
        total = one if total is None else total.compose(one)
    return total


answers = []
for setting in json.load(sys.stdin):
    groups, delta, interval = setting["groups"], setting["delta"], setting["interval"]
    answers.append(
        {
            "upper": composed(groups, interval, True).get_epsilon_for_delta(delta),
            "lower": composed(groups, interval, False).get_epsilon_for_delta(delta),
        }
    )
json.dump(answers, sys.stdout)
