import {
  type AnyMethod,
  type CoordinatorRound,
  defineMethod,
  type MessageKinds,
  type Vector,
} from '../../protocol/method.js';
import { defineSettings } from '../../protocol/settings/settings.js';

/**
 * Methods that tests write in a few lines: one vector of state a party, halves that see no types of their own kinds. What they
 * post and take is checked when they run.
 */
export interface LooseState {
  readonly x: Vector;
  readonly rounds: number;
  readonly note: readonly (string | number)[];
}

// biome-ignore lint/suspicious/noExplicitAny: tests post what the types forbid, to see it refused.
export type LooseRound = any;
export type LooseHalf = (state: LooseState, at: LooseRound) => Promise<Partial<LooseState>>;

export const SMALL_KINDS = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
  update: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['delta'],
    otherLengths: ['delta'],
    scalars: ['examples'],
    lossy: 'any',
  },
} as const satisfies MessageKinds;

/** `rounds` of the state counts the rounds that were kept, whatever the half does. */
export function smallMethod(messages: MessageKinds, client: LooseHalf, coordinator?: LooseHalf): AnyMethod {
  const half = (round: LooseHalf) => ({
    init: ({ initialParams }: { readonly initialParams: Vector }): LooseState => ({
      x: initialParams,
      rounds: 0,
      note: [],
    }),
    round: async (state: LooseState, at: unknown): Promise<LooseState> => ({
      ...state,
      ...(await round(state, at)),
      rounds: state.rounds + 1,
    }),
    estimates: ({ x }: LooseState) => [x],
  });
  return defineMethod({
    name: 'small',
    paper: { title: 'none', url: 'none', algorithm: 'of a test' },
    settings: defineSettings({}),
    messages,
    client: half(client),
    ...(coordinator ? { coordinator: half(coordinator) as never } : {}),
  }) as AnyMethod;
}

/** One broadcast and one answer: the state of every party moves. */
export const updateClient: LooseHalf = async ({ x }, at) => {
  const [model] = await at.take('model');
  if (!model) return {};
  const delta = await at.objective.gradient(model.params, Uint32Array.of(0));
  at.post('update', 'coordinator', { delta, examples: 1 });
  return { x: delta.slice() as Vector, note: x.length > 0 ? [at.index] : [] };
};

export const updateCoordinator: LooseHalf = async ({ x }, at: CoordinatorRound<unknown, MessageKinds> & LooseRound) => {
  at.post('model', at.cohort, { params: x });
  const next = x.slice() as Vector;
  for (const { delta } of await at.take('update')) for (let i = 0; i < next.length; i++) next[i]! -= 0.02 * delta[i]!;
  return { x: next };
};
