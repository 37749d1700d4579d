import { defineProbe, defineSettings, GradswarmError, norm, type PartyId, probedKind, required, text, vectorOf } from 'gradswarm/probe';

/** For `gradswarm check`, whose run is of SGD. */
export const contract = { settings: { kind: 'gradient' } };

/** Norms of a round's messages of one kind: columns `leastNorm` and `mostNorm`, and `messageNorm` of each client. */
export default defineProbe({
  name: 'message-norms',
  summary: 'Norms of the messages of one kind',
  settings: defineSettings({ kind: text(required, 'Kind whose messages clients send to the coordinator') }),
  measures: ['leastNorm', 'mostNorm', 'messageNorm'],
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
        const norms = new Map<PartyId, number>();
        return {
          take: (_kind, message) => void norms.set(message.from, norm(vectorOf(message, field))),
          finish(measure, measureClient) {
            if (norms.size > 0) {
              measure('leastNorm', Math.min(...norms.values()));
              measure('mostNorm', Math.max(...norms.values()));
            }
            // Lines of metrics-by-client.csv, under `evaluation.perClient`.
            for (const [client, value] of norms) measureClient(client, 'messageNorm', value);
            return null;
          },
        };
      },
    };
  },
});
