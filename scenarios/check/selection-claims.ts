import { decodeState, encodeState } from '../../protocol/party/state-codec.js';
import type { Chosen, Report, Selection, SelectionFamily } from '../../protocol/selection/selection.js';
import { type Claim, claim, ensure, ensureEqual } from './claim.js';
import { stream } from './parts/codec-inputs.js';

const CLIENTS = 6;
/** A prime: what is counted beside the state has another phase after them. */
const ROUNDS = 31;

/** The contract of a selection: clients of the run, each once, the same from the same state, which is plain data and is not changed. */
export function selectionClaims(family: SelectionFamily, settings: () => object): readonly Claim[] {
  const open = () =>
    family.create(settings(), {
      clientCount: CLIENTS,
      cohort: 3,
      exampleCounts: [4, 8, 12, 4, 20, 12],
      shares: [4, 8, 12, 4, 20, 12].map((count) => count / 60),
    });
  return [
    claim(`names different clients of the run in each of ${ROUNDS} rounds, and some in one of them`, () => {
      const rounds = play(open());
      for (const [round, { invited, chosen }] of rounds.entries()) {
        expectWhole(invited, `round ${round}, invite`);
        if (!chosen) continue;
        expectWhole(chosen, `round ${round}, choose`);
        const known = new Set(invited.map(({ client }) => client));
        for (const { client } of chosen)
          ensure(known.has(client), `round ${round}, choose: expected clients that were invited, got ${client}`);
      }
      ensure(
        rounds.some(({ invited, chosen }) => (chosen ?? invited).length > 0),
        `expected clients in some of ${ROUNDS} rounds, got none`,
      );
    }),
    claim('keeps plain data as state, which it does not change, and does the same again from the same state', () => {
      const selection = open();
      const first = play(selection);
      const again = play(selection, true);
      ensureEqual(again, first, 'rounds, played again with copied states');
      ensureEqual(play(open()), first, 'rounds, played by another instance');
    }),
  ];
}

interface Played {
  readonly invited: readonly Chosen[];
  readonly chosen: readonly Chosen[] | null;
}

function play(selection: Selection, copied = false): readonly Played[] {
  let state = selection.init();
  return Array.from({ length: ROUNDS }, (_, index) => {
    const bytes = encodeState(state, 'state of the selection');
    if (copied) state = decodeState(bytes);
    const before = structuredClone(state);
    const invited = selection.invite(state, { index, rng: stream(index).derive('invite') });
    const reports: readonly Report[] = [...invited]
      .sort((a, b) => a.client - b.client)
      .map(({ client }) => ({ client, value: 1 + ((client * 7 + index * 3) % 5), weight: 1 + client }));
    const chosen = selection.choose?.(reports, { index, rng: stream(index).derive('choose') }) ?? null;
    const durationMs = new Map((chosen ?? invited).map(({ client }) => [client, 10 + client]));
    const next = selection.learn?.(state, { index, reports, durationMs }) ?? state;
    ensureEqual(state, before, `round ${index}: its state after invite, choose and learn`);
    state = next;
    return { invited, chosen };
  });
}

function expectWhole(chosen: readonly Chosen[], where: string): void {
  const clients = chosen.map(({ client }) => client);
  const wrong = clients.find((client) => !(Number.isInteger(client) && client >= 0 && client < CLIENTS));
  ensure(wrong === undefined, `${where}: expected clients from 0 to ${CLIENTS - 1}, got ${wrong}`);
  ensureEqual(new Set(clients).size, clients.length, `${where}: different clients`);
  for (const { client, factor } of chosen)
    ensure(
      factor === null || (factor > 0 && factor < Infinity),
      `${where}: expected null or a positive number as the factor of client ${client}, got ${factor}`,
    );
}
