import { defineProbe, defineSettings, GradswarmError, norm, probedKind, required, text, vectorOf } from 'gradswarm/probe';

/** For `gradswarm check`, whose run is of SGD. */
export const contract = { settings: { kind: 'gradient' } };

/** Smallest and largest norm of a round's messages of one kind: columns `leastNorm` and `mostNorm`. */
export default defineProbe({
  name: 'message-norms',
  summary: 'Smallest and largest norm of the messages of one kind',
  settings: defineSettings({ kind: text(required, 'Kind whose messages clients send to the coordinator') }),
  measures: ['leastNorm', 'mostNorm'],
  check({ kind }, messages) {
    if ((probedKind(messages, kind)?.vectors ?? []).length === 0)
      throw new GradswarmError('ERR_SCENARIO', `kind: expected a kind with a vector that goes to the coordinator, got '${kind}'`);
  },
  create({ kind }, { messages }) {
    const field = messages[kind]!.vectors![0]!;
    return {
      kinds: [kind],
      init: () => null,
      begin() {
        const norms: number[] = [];
        return {
          take: (_kind, message) => void norms.push(norm(vectorOf(message, field))),
          finish(measure) {
            if (norms.length > 0) {
              measure('leastNorm', Math.min(...norms));
              measure('mostNorm', Math.max(...norms));
            }
            return null;
          },
        };
      },
    };
  },
});
