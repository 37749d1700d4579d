import { type AnyMethod, makeHalves, type Objective, type Segment } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';

type Payload = Readonly<Record<string, unknown>>;

export interface ClientStep {
  readonly state: Readonly<Record<string, unknown>>;
  readonly posts: readonly { readonly kind: string; readonly to: unknown; readonly payload: Payload }[];
  readonly measures: ReadonlyMap<string, number>;
}

/** One client of a method alone, given what the coordinator would have sent in each round: by kind, or null where nothing came. What else `around` has is part of each round. */
export async function scriptedClient(
  method: AnyMethod,
  given: object,
  around: {
    readonly start: Float64Array;
    readonly segments?: readonly Segment[];
    readonly edgeServers?: readonly number[];
    readonly objective: Pick<Objective, 'exampleCount' | 'gradient'> & Partial<Objective>;
    readonly [more: string]: unknown;
  },
  rounds: readonly (Readonly<Record<string, Payload>> | null)[],
): Promise<ClientStep[]> {
  const { start, segments = [], edgeServers = [], objective, ...more } = around;
  const hyperparameters = { ...method.settings.defaults, ...given };
  const run = { hyperparameters, segments, parameterCount: start.length, clientCount: 8, edgeServers };
  const client = makeHalves(method, run).client!;
  const rng = rootStream(5, 'float64');
  let state = client.init({
    hyperparameters,
    initialParams: start,
    segments,
    clientCount: 8,
    rng,
    shared: rng,
    objective,
  } as never);
  const steps: ClientStep[] = [];
  for (const [index, received] of rounds.entries()) {
    const posts: { kind: string; to: unknown; payload: Payload }[] = [];
    const measures = new Map<string, number>();
    const at = {
      ...{ index, self: 3, hyperparameters, segments, clientCount: 8, objective, rng: rng.derive(index) },
      take: async (kind: string) => (received?.[kind] ? [{ from: 'coordinator', ...received[kind] }] : []),
      post: (kind: string, to: unknown, payload: Payload) => posts.push({ kind, to, payload }),
      measure: (name: string, value: number) => measures.set(name, value),
      ...more,
    };
    state = await client.round(state, at as never);
    steps.push({ state: state as never, posts, measures });
  }
  return steps;
}
