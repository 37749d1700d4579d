import { GradswarmError } from '../errors.js';
import type { MessageKinds, ReadonlyVector, Segment } from '../method.js';
import { defineProbe, probedKind, vectorOf } from '../probe.js';
import { count, integer, number, text } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';

const settings = defineSettings({
  kind: text(required, "Kind whose messages each carry one client's change of the model, or its gradient"),
  field: text(null, "Its vector; null: the kind's first"),
  tensor: text(null, 'Name of the tensor whose inputs are the features; null: the first one that is a matrix'),
  window: count(
    5,
    'Newest messages of a client that are compared with its earlier ones; more of them show a fainter change, later',
  ),
  memory: integer(20, 'Earlier messages over which mean and variance of a profile run, exponentially forgotten', {
    least: 8,
  }),
  warmUp: integer(8, 'Messages before those of the window without which no client is an alarm', { least: 4 }),
  threshold: number(
    5,
    "A client whose shift is above this is an alarm; 1: changes as large as this client's usual ones",
    { above: 1 },
  ),
});
type Settings = SettingsOf<typeof settings>;

/** Columns of single clients, at most. */
const MOST_CLIENTS = 100;

/** Of one client's messages since it was last an alarm. */
interface History {
  /** Profiles of the newest messages, at most `window`. */
  readonly recent: readonly Float64Array[];
  /** Messages before them, and running mean and variance of their profiles; null: there are none. */
  readonly count: number;
  readonly mean: Float64Array | null;
  readonly variance: Float64Array | null;
  /** Running mean of `changeOf`, and over how many. */
  readonly usual: number;
  readonly changes: number;
}
/** By client. */
type State = Readonly<Record<string, History>>;

/** What a change is taken to be before there was one, so that a first one that is large by chance is no alarm. */
const USUAL_AT_FIRST = 3;
/** Share of an input's own variance in the one that it is compared with; the rest is the mean over inputs, since variances of few messages vary. */
const OWN_VARIANCE = 0.5;
/** A client whose messages never change would be an alarm at the first that does in the last digit. */
const LEAST_VARIANCE = 1e-10;

/**
 * Square root of the share of each input in the squares of a matrix [inputs, outputs] or a convolution's kernel: a vector of norm 1. A gradient of such a tensor is a
 * sum of products of the inputs with what comes back from the outputs: the shares show which features it is made of, however long the step is, and their roots vary
 * by chance about equally, whether they are large or small. Null where the matrix is 0.
 */
export function inputProfile(values: ReadonlyVector, outputs: number): Float64Array | null {
  const inputs = values.length / outputs;
  const shares = new Float64Array(inputs);
  let whole = 0;
  for (let i = 0; i < inputs; i++) {
    let sum = 0;
    for (let o = 0; o < outputs; o++) {
      const value = values[i * outputs + o]!;
      sum += value * value;
    }
    shares[i] = sum;
    whole += sum;
  }
  if (!(whole > 0 && Number.isFinite(whole))) return null;
  for (let i = 0; i < inputs; i++) shares[i] = Math.sqrt(shares[i]! / whole);
  return shares;
}

function check({ kind, field }: Settings, messages: MessageKinds): void {
  const vectors = probedKind(messages, kind)?.vectors ?? [];
  const refuse = (path: string, expected: string, got: string): never => {
    throw new GradswarmError('ERR_SCENARIO', `${path}: expected ${expected}, got '${got}'`);
  };
  if (vectors.length === 0) refuse('kind', 'a kind with a vector that clients send to the coordinator', kind);
  if (field !== null && !vectors.includes(field)) refuse('field', `one of ${vectors.join(', ')}`, field);
}

function comparedIn(segments: readonly Segment[], tensor: string | null): Segment {
  const matrices = segments.filter(({ shape }) => shape.length >= 2);
  const found = tensor === null ? matrices[0] : matrices.find(({ name }) => name === tensor);
  if (found) return found;
  const names = matrices.map(({ name }) => name).join(', ');
  throw new GradswarmError('ERR_SCENARIO', `tensor: expected one of ${names || 'none'}, got '${tensor}'`);
}

/**
 * Whether clients' features change over rounds, from their messages alone. A client's change is the mean, over inputs, of the squared difference between the mean
 * profile (`inputProfile`) of its newest `window` messages and that of its earlier ones, over the variance that chance gives this difference: about 1 while nothing
 * changes, more while the model does. Its shift is the change over the usual change of this client, at least 1. Columns: `featureShift` (mean over the clients),
 * `featureShift/<client>`, and `featureShiftAlarms`, the number of clients with a shift above the threshold. After an alarm a client's history begins again.
 *
 * An alarm says that a client's data has changed, not how: what comes back from the outputs changes with the labels and with a factor on all features too (a factor is
 * not seen while the model gives every example the same answer), and with the model, for other clients, in the rounds after a shift of some. What it sees was counted,
 * not derived: docs/scenarios.md.
 */
export default defineProbe<Settings, State>({
  name: 'feature-shift',
  summary:
    "Change of each client's profile of input features against what is usual for it: an alarm where features change",
  settings,
  measures: ['featureShift', 'featureShiftAlarms', 'featureShift/*'],
  check,
  create({ kind, field, tensor, ...rule }, { messages, segments }) {
    const { offset, shape } = comparedIn(segments, tensor);
    const end = offset + shape.reduce((product, side) => product * side, 1);
    const vector = field ?? messages[kind]!.vectors![0]!;
    return {
      kinds: [kind],
      init: () => ({}),
      begin(state) {
        const profiles = new Map<number, Float64Array>();
        return {
          take(_kind, message) {
            const sent = vectorOf(message, vector);
            const profile = sent.length < end ? null : inputProfile(sent.subarray(offset, end), shape.at(-1)!);
            if (profile) profiles.set(Number(message.from), profile);
          },
          finish(measure, measureClient) {
            const next: Record<string, History> = { ...state };
            let [sum, known, alarms] = [0, 0, 0];
            for (const [client, profile] of profiles) {
              const seen = continued(state[client], profile, rule);
              const change = seen.count >= rule.warmUp ? changeOf(seen, rule) : null;
              if (change === null) {
                next[client] = seen;
                continue;
              }
              const shift = change / Math.max(1, seen.usual);
              const isAlarm = shift > rule.threshold;
              next[client] = isAlarm ? continued(undefined, profile, rule) : withChange(seen, change, rule);
              sum += shift;
              known++;
              if (isAlarm) alarms++;
              measureClient(client, 'featureShift', shift);
              if (client < MOST_CLIENTS) measure(`featureShift/${client}`, shift);
            }
            if (known > 0) measure('featureShift', sum / known);
            if (profiles.size > 0) measure('featureShiftAlarms', alarms);
            return next;
          },
        };
      },
    };
  },
});

const NOTHING: History = { recent: [], count: 0, mean: null, variance: null, usual: USUAL_AT_FIRST, changes: 1 };

type Rule = Pick<Settings, 'window' | 'memory' | 'threshold'>;

/** With one more message: the one that leaves the window joins the earlier ones. */
function continued(before: History = NOTHING, profile: Float64Array, { window, memory }: Rule): History {
  const recent = [...before.recent, profile];
  if (recent.length <= window) return { ...before, recent };
  const [leaving, ...rest] = recent as [Float64Array, ...Float64Array[]];
  const count = before.count + 1;
  const { mean, variance } = before;
  if (!mean || !variance)
    return { ...before, recent: rest, count, mean: leaving, variance: new Float64Array(leaving.length) };
  const weight = 1 / Math.min(count, memory);
  return {
    ...before,
    recent: rest,
    count,
    mean: mean.map((value, i) => value + weight * (leaving[i]! - value)),
    variance: variance.map((value, i) => (1 - weight) * (value + weight * (leaving[i]! - mean[i]!) ** 2)),
  };
}

/** Expected to be 1 for independent normal profiles of one law. */
function changeOf({ recent, count, mean, variance }: History, { window, memory }: Rule): number {
  // As many messages of equal weight have the variance of such a running mean.
  const n = Math.min(count, 2 * memory - 1);
  const unbiased = n / (n - 1);
  const overall = (unbiased * variance!.reduce((sum, value) => sum + value, 0)) / variance!.length;
  let sum = 0;
  for (let i = 0; i < mean!.length; i++) {
    let newest = 0;
    for (const profile of recent) newest += profile[i]!;
    const spread = OWN_VARIANCE * unbiased * variance![i]! + (1 - OWN_VARIANCE) * overall + LEAST_VARIANCE;
    sum += (newest / window - mean![i]!) ** 2 / spread;
  }
  return ((sum / mean!.length / (1 / window + 1 / n)) * (n - 3)) / (n - 1);
}

/** Without what would be an alarm: it counts as one at the threshold. */
function withChange(history: History, change: number, { memory, threshold }: Rule): History {
  const changes = history.changes + 1;
  const counted = Math.min(change, threshold * history.usual);
  const usual = history.usual + (counted - history.usual) / Math.min(changes, memory);
  return { ...history, changes, usual };
}
