"""What a sender keeps of what codecs leave out, and the levels of adaptive codecs: docs/protocol-codecs.md."""

from derive import Vector, single


class Memories:
    """Of a client in one attempt: `kept` as the last settled round left them, `now` as this attempt does."""

    def __init__(self, kept, wide):
        self.kept, self.now, self.wide = kept, dict(kept), wide

    def vector(self, values):
        return Vector(values if self.wide else map(single, values), self.wide)

    def state(self, key, memory, length):
        names = {"error-feedback": ["error"], "ef21": ["estimate"], "dgc": ["momentum", "accumulated"]}[memory["name"]]
        return self.now.get(key) or {name: self.vector([0.0] * length) for name in names}

    def prepared(self, key, memory, v):
        """What is encoded in place of v."""
        if memory is None:
            return v
        state = self.state(key, memory, len(v))
        if memory["name"] == "error-feedback":
            return self.vector(e + x for e, x in zip(state["error"], v))
        if memory["name"] == "ef21":
            return self.vector(x - g for x, g in zip(v, state["estimate"]))
        return self.vector(a + u for a, u in zip(state["accumulated"], self.velocity(memory, state, v)))

    def velocity(self, memory, state, v):
        return self.vector(x + memory["momentum"] * u for x, u in zip(v, state["momentum"]))

    def sent(self, key, memory, v, p, c):
        """After c of p was sent for v."""
        if memory is None:
            return
        state = self.state(key, memory, len(v))
        if memory["name"] == "error-feedback":
            self.now[key] = {"error": self.vector(x - y for x, y in zip(p, c))}
        elif memory["name"] == "ef21":
            self.now[key] = {"estimate": self.vector(g + y for g, y in zip(state["estimate"], c))}
        else:
            u = self.velocity(memory, state, v)
            self.now[key] = {"momentum": self.vector(0.0 if y else x for x, y in zip(u, c)),
                             "accumulated": self.vector(0.0 if y else x for x, y in zip(p, c))}

    def received(self, key, memory, c):
        """The value of a receiver."""
        if memory is None or memory["name"] != "ef21":
            return c
        estimate = self.vector(g + y for g, y in zip(self.state(key, memory, len(c))["estimate"], c))
        self.now[key] = {"estimate": estimate}
        return estimate

    def level(self, key):
        return self.now.get("level " + key, {"level": 0})["level"]

    def measured(self, key, spec, compression, sampling):
        """The level after a round that measures."""
        ladder = len(spec["ladder"])
        state = self.now.get("level " + key) or {"level": 0, "measurements": 0, "tooCoarseAt": [-1] * ladder}
        level, m, marks = state["level"], state["measurements"] + 1, list(state["tooCoarseAt"])
        if not compression <= spec["share"] * sampling:
            marks[level] = m
            level = max(0, level - 1)
        elif level + 1 < ladder and (marks[level + 1] < 0 or m - marks[level + 1] >= spec["retryAfter"]):
            level += 1
        self.now["level " + key] = {"level": level, "measurements": m, "tooCoarseAt": marks}
        return level
