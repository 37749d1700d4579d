import { GradswarmError } from '../../errors.js';
import type {
  AnyClientHalf,
  AnyCoordinatorHalf,
  AnyMethod,
  MessageKinds,
  PartyId,
  ReadonlyVector,
  RunConstants,
} from '../../method.js';
import { WeightedMean } from '../../methods/parts/weighted-mean.js';
import { inFrontOf } from '../../selection/parts/selected-client.js';
import { edgeKind, SENDERS, tieredMessages } from './tier-kinds.js';

type ClientRound = Parameters<AnyClientHalf['round']>[1];
type Fields = Readonly<Record<string, unknown>>;
type Weighing = 'examples' | 'clients';

/**
 * The method with edge servers between its clients and its coordinator: the same halves. Clients exchange with their edge server what they
 * would with the coordinator. An edge server passes on what comes from above, and sends up the mean of what its clients sent, weighted as the
 * method weighs it, with the sum of their examples and their number, so that the coordinator's mean is that of all clients, but for
 * rounding to the precision of the run at each edge server. Messages are folded in the order of clients below, of edge servers above.
 */
export function tieredMethod(method: AnyMethod): AnyMethod {
  const { client, coordinator, messages } = method;
  const weighing = ({ hyperparameters }: RunConstants<unknown>): Weighing => method.weighsBy!(hyperparameters);
  return {
    ...method,
    messages: tieredMessages(messages),
    client: (run: RunConstants<unknown>) =>
      tieredClientHalf(typeof client === 'function' ? client(withoutEdges(run)) : client, messages, run, weighing(run)),
    coordinator: (run: RunConstants<unknown>) =>
      tieredCoordinatorHalf(
        typeof coordinator === 'function' ? coordinator(withoutEdges(run)) : coordinator!,
        run,
        weighing(run),
      ),
  };
}

/** The run as the method knows it: of clients with data alone. */
function withoutEdges(run: RunConstants<unknown>): RunConstants<unknown> {
  const { edgeServers, exampleCounts, ...rest } = run;
  const clientCount = run.clientCount - (edgeServers?.length ?? 0);
  return {
    ...rest,
    clientCount,
    ...(exampleCounts && { exampleCounts: () => exampleCounts().slice(0, clientCount) }),
  };
}

function tieredClientHalf(
  half: AnyClientHalf,
  messages: MessageKinds,
  run: RunConstants<unknown>,
  weighing: Weighing,
): AnyClientHalf {
  const { edgeServers = [] } = run;
  const { clientCount } = withoutEdges(run);
  const answered = answeredKinds(messages);
  return {
    ...half,
    async round(state, at) {
      if (edgeServers.includes(at.self)) {
        await passOn(at, messages, weighing);
        return state;
      }
      const edges = at.links.outNeighbors;
      const below = {
        clientCount,
        take: (kind: string) => at.take(edgeKind(kind)),
        stream: (kind: string) => at.stream(edgeKind(kind)),
        post: (kind: string, to: PartyId | readonly PartyId[], payload: never) => {
          if (answered.has(kind)) at.postEach(kind, []);
          return at.post(edgeKind(kind), to === 'coordinator' ? edges : (to as never), payload);
        },
      };
      return half.round(state, inFrontOf(at, below));
    },
  };
}

/**
 * Kinds of clients behind which the coordinator sends more: it would wait for them from clients below edge servers until their round is
 * over, so these say that they send it none.
 */
function answeredKinds(messages: MessageKinds): ReadonlySet<string> {
  const kinds = Object.entries(messages);
  const last = kinds.findLastIndex(([, { from }]) => from === 'coordinator');
  return new Set(kinds.flatMap(([kind, { from }], i) => (from === 'clients' && i < last ? [kind] : [])));
}

/** An edge server's round: each kind once, in the order in which the method declares them. */
async function passOn(at: ClientRound, messages: MessageKinds, weighing: Weighing): Promise<void> {
  for (const [kind, { from, vectors = [], scalars = [] }] of Object.entries(messages)) {
    if (from === 'coordinator') {
      const [message] = (await at.take(kind)) as readonly (Fields & { readonly from: PartyId })[];
      // A step that is not used is used up, so that the next one is paired with that of the clients.
      if (!message) at.postEach(edgeKind(kind), []);
      else {
        const { from: _, ...payload } = message;
        at.post(edgeKind(kind), at.links.outNeighbors, payload as never);
      }
      continue;
    }
    const sum = new EdgeSum(vectors, scalars, weighing);
    for await (const message of at.stream(edgeKind(kind))) {
      sum.add(message as Fields);
      for (const field of vectors) at.giveBack((message as Fields)[field] as ReadonlyVector);
    }
    if (sum.senders === 0) at.postEach(kind, []);
    else at.post(kind, 'coordinator', sum.message() as never);
  }
}

/** Of the messages of one edge server's clients: means of vectors and scalars by weight, the sum of their examples, and their number. */
class EdgeSum {
  senders = 0;
  private weight = 0;
  private readonly means: readonly (readonly [field: string, mean: WeightedMean])[];
  private readonly totals: Record<string, number>;

  constructor(
    vectors: readonly string[],
    scalars: readonly string[],
    private readonly weighing: Weighing,
  ) {
    this.means = vectors.map((field) => [field, new WeightedMean()]);
    this.totals = Object.fromEntries(scalars.map((field) => [field, 0]));
  }

  add(message: Fields): void {
    const weight = this.weighing === 'examples' ? (message.examples as number) : 1;
    for (const [field, mean] of this.means) mean.add(weight, message[field] as ReadonlyVector);
    for (const field of Object.keys(this.totals))
      this.totals[field]! += (field === 'examples' ? 1 : weight) * (message[field] as number);
    this.weight += weight;
    this.senders++;
  }

  message(): Fields {
    const { totals, weight, senders } = this;
    return {
      ...Object.fromEntries(this.means.map(([field, mean]) => [field, mean.value()])),
      ...Object.fromEntries(
        Object.entries(totals).map(([field, total]) => [field, field === 'examples' ? total : total / weight]),
      ),
      [SENDERS]: senders,
    };
  }
}

function tieredCoordinatorHalf(
  half: AnyCoordinatorHalf,
  run: RunConstants<unknown>,
  weighing: Weighing,
): AnyCoordinatorHalf {
  const { edgeServers = [] } = run;
  const { clientCount } = withoutEdges(run);
  const refuse = (what: string) => () => {
    throw new GradswarmError(
      'ERR_PROTOCOL',
      `coordinator, ${what}: expected a method whose coordinator posts to all and takes a mean, since edge servers stand before the clients`,
    );
  };
  return {
    ...half,
    round: (state, at) =>
      half.round(
        state,
        inFrontOf(at, {
          clientCount,
          cohort: at.cohort.filter((client) => edgeServers.includes(client)),
          // One message may stand for several.
          giveBack() {},
          take: async (kind: string) => {
            const inbox = await at.take(kind);
            return Object.assign(
              (inbox as readonly Fields[]).flatMap((message) => asSent(message, weighing)),
              {
                absent: inbox.absent,
              },
            );
          },
          stream: (kind: string) => {
            const source = at.stream(kind);
            const read = async function* () {
              for await (const message of source) yield* asSent(message as Fields, weighing);
            };
            return Object.defineProperties(
              { [Symbol.asyncIterator]: read },
              { absent: { get: () => source.absent, enumerable: true } },
            );
          },
          postEach: refuse('postEach'),
          total: refuse('total'),
        }),
      ),
  };
}

/** An edge server's message as those of its clients, each at their mean: one of the weight of all, or one for each. */
function asSent(message: Fields, weighing: Weighing): readonly Fields[] {
  const { [SENDERS]: senders, ...rest } = message as Fields & { readonly [SENDERS]: number };
  if (weighing === 'examples') return [rest];
  const one = 'examples' in rest ? { ...rest, examples: (rest.examples as number) / senders } : rest;
  return new Array<Fields>(senders).fill(one);
}
