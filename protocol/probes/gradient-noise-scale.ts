import { GradswarmError } from '../errors.js';
import type { MessageKinds, PartyId, ReadonlyVector } from '../method.js';
import { tracesWithin } from '../methods/large-batch/parts/batch-parts.js';
import { GradientStatistics } from '../methods/large-batch/parts/gradient-statistics.js';
import { type Module, modulesOf } from '../methods/large-batch/parts/modules.js';
import { defineProbe, type ProbeRound, probedKind, vectorOf } from '../probe.js';
import { decay, text } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';

const settings = defineSettings({
  kind: text(required, "Kind whose messages each carry one client's gradient, or an update that stands for one"),
  field: text(null, "Its vector; null: the kind's first"),
  weight: text(
    null,
    'Its number of examples; null: `examples` where the kind has that, else every message counts as one example',
  ),
  within: text(
    null,
    "Kind with `spread` and `parts`, how the parts of the client's own batch differ (VRGD's `moments`): sampling noise alone. " +
      "Null: differences between the clients' data count as noise",
  ),
  decay: decay(0.95, 'Decay factor of the running means of tr(Sigma) and |G|^2'),
});
type Settings = SettingsOf<typeof settings>;

/** Running means, module by module; empty before the first estimate. */
interface State {
  readonly trace: Float64Array;
  readonly signal: Float64Array;
  /** tr(Sigma) between the clients, drift included; the same as `trace` without `within`. */
  readonly between: Float64Array;
}

/** Share of tr(Sigma) below which |G|^2 cannot be distinguished from 0: the noise scale is at most its inverse. */
const LEAST_SIGNAL = 1e-8;

/** tr(Sigma) / |G|^2 in examples, of sums over some modules. A negative average becomes the least signal. */
function ratio(trace: number, signal: number): number {
  return trace === 0 ? 0 : trace / Math.max(signal, LEAST_SIGNAL * trace);
}

interface Fields {
  readonly vector: string;
  readonly weight: string | null;
}

function fieldsOf({ kind, field, weight }: Settings, messages: MessageKinds): Fields {
  const { vectors = [], scalars = [] } = messages[kind]!;
  return { vector: field ?? vectors[0]!, weight: weight ?? (scalars.includes('examples') ? 'examples' : null) };
}

function check(settings: Settings, messages: MessageKinds): void {
  const refuse = (path: string, expected: string, got: unknown): never => {
    throw new GradswarmError('ERR_SCENARIO', `${path}: expected ${expected}, got ${JSON.stringify(got)}`);
  };
  const { kind, within } = settings;
  const known = Object.keys(messages).filter((name) => (probedKind(messages, name)?.vectors ?? []).length > 0);
  if (!known.includes(kind))
    refuse('kind', `a kind with a vector that clients send to the coordinator (${known.join(', ') || 'none'})`, kind);
  const { vectors = [], scalars = [] } = messages[kind]!;
  const fields = fieldsOf(settings, messages);
  if (!vectors.includes(fields.vector)) refuse('field', `one of ${vectors.join(', ')}`, fields.vector);
  if (fields.weight !== null && !scalars.includes(fields.weight))
    refuse('weight', `a number of '${kind}' (${scalars.join(', ') || 'none'}) or null`, fields.weight);
  const spread = within === null ? null : probedKind(messages, within);
  if (spread !== null && !(spread?.vectors?.includes('spread') && spread.scalars?.includes('parts')))
    refuse('within', 'a kind with spread and parts, or null', within);
}

/** tr(Sigma) of each module from within the clients' batches: their mean by examples. */
class TracesWithin {
  private readonly sums: Float64Array;
  private examples = 0;

  constructor(moduleCount: number) {
    this.sums = new Float64Array(moduleCount);
  }

  add(examples: number, traces: ReadonlyVector): void {
    this.examples += examples;
    for (let m = 0; m < this.sums.length; m++) this.sums[m] = this.sums[m]! + examples * traces[m]!;
  }

  /** Null before the first batch. */
  mean(): Float64Array | null {
    return this.examples === 0 ? null : this.sums.map((sum) => sum / this.examples);
  }
}

/**
 * The gradient noise scale B_simple = tr(Sigma) / |G|^2: columns `noiseScale` (in examples) and `noiseScale/<module>`; with
 * `within`, where sampling noise comes from alone, also `driftShare`, the share of the variance between clients that is not
 * sampling noise. `gradientVariance` and `gradientSquared` are this round's tr(Sigma) and |G|^2, which may be negative. The noise
 * scale of several rounds is the ratio of their sums, not a mean of `noiseScale`. A round with fewer than two gradients adds
 * nothing. Averages are bounded only when divided.
 *
 * Source: McCandlish et al., "An Empirical Model of Large-Batch Training", 2018, appendix A.1, for unequal batches
 * (reconstructed, not checked against the paper).
 */
export default defineProbe<Settings, State>({
  name: 'gradient-noise-scale',
  summary: 'tr(Sigma) / |G|^2 of the gradients of one kind, in examples, over the model and by module',
  settings,
  measures: ['noiseScale*', 'gradientVariance*', 'gradientSquared*', 'driftShare'],
  check,
  create(settings, { messages, segments, parameterCount }) {
    const modules = modulesOf(segments, parameterCount);
    const fields = fieldsOf(settings, messages);
    const kinds = [settings.kind, ...(settings.within === null ? [] : [settings.within])];
    return {
      kinds,
      init: () => ({ trace: new Float64Array(0), signal: new Float64Array(0), between: new Float64Array(0) }),
      begin: (state) => new NoiseScaleRound(state, settings, fields, modules),
    };
  },
});

class NoiseScaleRound implements ProbeRound<State> {
  private readonly statistics: GradientStatistics;
  private readonly within: TracesWithin;
  private readonly batches = new Map<PartyId, number>();

  constructor(
    private readonly state: State,
    private readonly settings: Settings,
    private readonly fields: Fields,
    private readonly modules: readonly Module[],
  ) {
    this.statistics = new GradientStatistics(modules, settings.within !== null);
    this.within = new TracesWithin(modules.length);
  }

  take(kind: string, message: Parameters<ProbeRound<State>['take']>[1]): void {
    const { statistics, fields, batches, modules } = this;
    if (kind === this.settings.kind) {
      const examples = fields.weight === null ? 1 : Number(message[fields.weight]);
      if (!(examples > 0)) return;
      statistics.add(examples, vectorOf(message, fields.vector));
      batches.set(message.from, examples);
      return;
    }
    const examples = batches.get(message.from);
    const parts = Number(message.parts);
    // Without its gradient the spread has nothing to spread around.
    if (examples === undefined || !(parts >= 2)) return;
    const spread = vectorOf(message, 'spread');
    statistics.addParts(examples, parts, spread);
    this.within.add(examples, tracesWithin(spread, parts, examples, modules));
  }

  finish(measure: (name: string, value: number) => void): State {
    const { state, modules, statistics } = this;
    const estimates = statistics.noise();
    if (!estimates) return state;
    const within = this.within.mean();
    const { decay } = this.settings;
    const average = (from: Float64Array, m: number, value: number) => decay * (from[m] ?? 0) + (1 - decay) * value;
    const next = {
      trace: new Float64Array(modules.length),
      signal: new Float64Array(modules.length),
      between: new Float64Array(modules.length),
    };
    let [traceSum, signalSum, betweenSum] = [0, 0, 0];
    let [roundTrace, roundSignal] = [0, 0];
    for (let m = 0; m < modules.length; m++) {
      const { trace: between, signal } = estimates[m]!;
      const trace = within ? within[m]! : between;
      next.trace[m] = average(state.trace, m, trace);
      // |g|^2 - tr(Sigma) / B with the sampling noise alone: the mean of all batches has no other.
      const unbiased = signal + (between - trace) / statistics.weight;
      next.signal[m] = average(state.signal, m, unbiased);
      roundTrace += trace;
      roundSignal += unbiased;
      next.between[m] = average(state.between, m, between);
      traceSum += next.trace[m]!;
      signalSum += next.signal[m]!;
      betweenSum += next.between[m]!;
    }
    // Averages begin at 0; the usual correction 1 - decay^t is the same for both and cancels.
    measure('noiseScale', ratio(traceSum, signalSum));
    measure('gradientVariance', roundTrace);
    measure('gradientSquared', roundSignal);
    for (const [m, { name }] of modules.entries())
      measure(`noiseScale/${name}`, ratio(next.trace[m]!, next.signal[m]!));
    if (within && betweenSum > 0) measure('driftShare', Math.max(0, 1 - traceSum / betweenSum));
    return next;
  }
}
