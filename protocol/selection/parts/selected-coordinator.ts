import { GradswarmError } from '../../errors.js';
import type { AnyCoordinatorHalf, ClientIndex, PartyId, ReadonlyVector } from '../../method.js';
import { scale } from '../../numerics/vector.js';
import type { Chosen, Report, Selection } from '../selection.js';
import { CHOICE, REPORT } from './kinds.js';
import { inFrontOf } from './selected-client.js';

type Round = Parameters<AnyCoordinatorHalf['round']>[1] & {
  readonly clockMs: number;
  readonly arrivedMs: ReadonlyMap<PartyId, number>;
};
type Message = { readonly from: PartyId } & Readonly<Record<string, unknown>>;

export interface CoordinatorSelection {
  readonly rule: Selection;
  readonly reports: boolean;
  /** What each client counts in the mean over all. */
  readonly shares: readonly number[];
  /** Kinds of clients with vectors, with the names of these. */
  readonly weighed: ReadonlyMap<string, readonly string[]>;
  /** By what the method weighs a message's vectors. */
  weigh(message: object): number;
}

/** What the coordinator carries from round to round. */
export interface SelectedState {
  /** Of the method's half. */
  readonly method: object;
  /** Of the rule. */
  readonly rule: unknown;
  /** The clients of the next round. */
  readonly invited: readonly Chosen[];
}

/** The coordinator's half of the method, and the rule that selects whom it works with. */
export function selectedCoordinatorHalf(half: AnyCoordinatorHalf, selection: CoordinatorSelection): AnyCoordinatorHalf {
  const { rule } = selection;
  const clientCount = selection.shares.length;
  const { estimates, draws, personal, digested } = half;
  return {
    init(setup): SelectedState {
      const state = rule.init();
      const at = { index: 0, rng: setup.shared.derive('selection') };
      return { method: half.init(setup), rule: state, invited: wholeChoice(rule.invite(state, at), clientCount) };
    },
    async round(state: SelectedState, at) {
      const round = at as Round;
      const startMs = round.clockMs;
      const exchange = new Exchange(round, state.invited, selection);
      const method = await half.round(state.method, exchange.at);
      await exchange.choose();
      const outcome = {
        index: at.index,
        reports: exchange.reports,
        durationMs: new Map([...round.arrivedMs].map(([from, ms]) => [from as ClientIndex, ms - startMs])),
      };
      const learned = rule.learn?.(state.rule, outcome) ?? state.rule;
      const next = { index: at.index + 1, rng: at.shared.derive('selection') };
      return { method, rule: learned, invited: wholeChoice(rule.invite(learned, next), clientCount) };
    },
    ...(estimates && { estimates: ({ method }: SelectedState) => estimates(method) }),
    ...(draws && { draws: ({ method }: SelectedState) => draws(method) }),
    ...(personal && { personal: ({ method }: SelectedState, own: ReadonlyVector | null) => personal(method, own) }),
    digested: ({ method, ...rest }: SelectedState) => ({ ...rest, method: digested?.(method) ?? method }),
  };
}

/** Different clients of the run, each factor null or a positive number. Throws ERR_MODULE. */
function wholeChoice(chosen: readonly Chosen[], clientCount: number): readonly Chosen[] {
  const wrong = (expected: string, got: unknown) =>
    new GradswarmError('ERR_MODULE', `participation.sampling: expected ${expected}, got ${got}`);
  const seen = new Set<ClientIndex>();
  for (const { client, factor } of chosen) {
    if (!(Number.isInteger(client) && client >= 0 && client < clientCount))
      throw wrong(`clients from 0 to ${clientCount - 1}`, client);
    if (seen.has(client)) throw wrong('each client once in a round', `client ${client} twice`);
    seen.add(client);
    if (factor !== null && !(factor > 0 && factor < Infinity))
      throw wrong(`null or a positive number as the factor of client ${client}`, factor);
  }
  return chosen;
}

/** The round as the method's half sees it. */
class Exchange {
  readonly at: Round;
  reports: readonly Report[] = [];
  private chosen: readonly Chosen[];
  private hasChosen = false;

  constructor(
    private readonly round: Round,
    invited: readonly Chosen[],
    private readonly selection: CoordinatorSelection,
  ) {
    this.chosen = invited;
    this.at = inFrontOf(round, {
      post: (kind: string, to: PartyId | readonly PartyId[], payload: never) =>
        round.post(kind, this.stillChosen(to) as never, payload),
      take: async (kind: string) => {
        await this.choose();
        const inbox = await round.take(kind);
        return Object.assign(this.weighed(kind, inbox as readonly Message[]), { absent: inbox.absent });
      },
      stream: (kind: string) => this.stream(kind),
      total: async (kind: string, bound: number) => {
        await this.choose();
        return round.total(kind, bound);
      },
    });
  }

  /** Takes the reports and sends the choice, once: before the half takes what the clients send. */
  async choose(): Promise<void> {
    const { round, selection } = this;
    if (this.hasChosen) return;
    this.hasChosen = true;
    if (!selection.reports) return;
    const inbox = (await round.take(REPORT as never)) as readonly Message[];
    this.reports = inbox.map(({ from, value, weight }) => ({
      client: from as ClientIndex,
      value: value as number,
      weight: weight as number,
    }));
    if (!selection.rule.choose) return;
    const at = { index: round.index, rng: round.shared.derive('selection choice') };
    this.chosen = wholeChoice(selection.rule.choose(this.reports, at), selection.shares.length);
    round.post(CHOICE as never, this.chosen.map(({ client }) => client) as never, {} as never);
  }

  /** Of the receivers those that take part still. */
  private stillChosen(to: PartyId | readonly PartyId[]): PartyId | readonly PartyId[] {
    if (!this.hasChosen || !this.selection.rule.choose || !Array.isArray(to)) return to;
    const clients = new Set<PartyId>(this.chosen.map(({ client }) => client));
    return (to as readonly PartyId[]).filter((party) => clients.has(party));
  }

  private stream(kind: string) {
    const source = this.round.stream(kind);
    const { selection } = this;
    const read = async function* (exchange: Exchange) {
      await exchange.choose();
      if (!exchange.hasFactors || !selection.weighed.has(kind)) {
        yield* source;
        return;
      }
      const inbox: Message[] = [];
      for await (const message of source) inbox.push(message as Message);
      yield* exchange.weighed(kind, inbox);
    };
    return Object.defineProperties(
      { [Symbol.asyncIterator]: () => read(this) },
      { absent: { get: () => source.absent, enumerable: true } },
    );
  }

  private get hasFactors(): boolean {
    return this.chosen.some(({ factor }) => factor !== null);
  }

  /**
   * The messages with their vectors multiplied so that the method's mean, which divides by the weights of the messages that came,
   * gives each client its share times its factor.
   */
  private weighed(kind: string, inbox: readonly Message[]): readonly Message[] {
    const { selection } = this;
    const fields = selection.weighed.get(kind);
    if (!fields || !this.hasFactors) return [...inbox];
    const factors = new Map<PartyId, number>(this.chosen.map(({ client, factor }) => [client, factor ?? 1]));
    const total = inbox.reduce((sum, message) => sum + selection.weigh(message), 0);
    return inbox.map((message) => {
      const share = selection.shares[message.from as ClientIndex]!;
      const multiple = ((factors.get(message.from) ?? 0) * share * total) / selection.weigh(message);
      const scaled = fields.map((field) => [field, scale(multiple, message[field] as ReadonlyVector)] as const);
      return { ...message, ...Object.fromEntries(scaled) };
    });
  }
}
