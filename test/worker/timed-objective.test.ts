import { expect } from 'chai';
import type { Objective, ReadonlyVector, Vector } from '../../protocol/method.js';
import { TimedObjective } from '../../worker/timed-objective.js';

const noWatch = { beginComputing() {}, endComputing() {} };

/** params becomes 3 params + (first index of the batch), in float64; `calls` counts the batches of each call. */
function tripling(calls: number[], slowMs: number): Objective {
  return {
    exampleCount: 1000,
    segments: [],
    descend(
      params: ReadonlyVector,
      batches: readonly Uint32Array[],
      _rate: number,
      into = new Float64Array(1),
    ): Vector {
      calls.push(batches.length);
      into.set(params as Float64Array);
      for (const batch of batches) {
        for (const until = performance.now() + slowMs; performance.now() < until; );
        into[0] = (3 * into[0]! + batch[0]!) % 1e6;
      }
      return into;
    },
  } as unknown as Objective;
}

describe('an objective on a simulated clock', () => {
  const batches = Array.from({ length: 40 }, (_, i) => Uint32Array.of(i));

  it('descends in slices with the bits of one call, and serves timers in between', async () => {
    const whole = await tripling([], 0).descend!(Float64Array.of(1), batches, 0.1);
    const calls: number[] = [];
    let timers = 0;
    const timer = setInterval(() => timers++, 1);
    const sliced = await new TimedObjective(tripling(calls, 5), noWatch).descend!(Float64Array.of(1), batches, 0.1);
    clearInterval(timer);
    expect(sliced).to.deep.equal(whole);
    expect(calls.length).to.be.above(1);
    expect(calls.reduce((sum, count) => sum + count)).to.equal(40);
    expect(timers).to.be.above(0);
  });

  it('descends in one call where the objective lets the event loop run, and is stopped between its steps', async () => {
    const clock = { clockMs: 0, isAborted: false };
    let [calls, steps] = [0, 0];
    const inner = {
      ...tripling([], 0),
      async descendWhole(
        params: ReadonlyVector,
        all: readonly Uint32Array[],
        _rate: number,
        room: (() => Vector) | undefined,
        between: () => void,
      ) {
        calls++;
        for (const _ of all) {
          between();
          steps++;
          // Longer than a slice.
          await new Promise((resolve) => setTimeout(resolve, 10));
          clock.isAborted = calls > 1 && steps >= 43;
        }
        return room ? room() : params;
      },
    };
    const objective = new TimedObjective(inner as unknown as Objective, noWatch);
    objective.clock = clock;
    await objective.descend!(Float64Array.of(1), batches, 0.1);
    expect([calls, steps]).to.deep.equal([1, 40]);
    const message = await Promise.resolve(objective.descend!(Float64Array.of(1), batches, 0.1)).then(
      () => 'it continued',
      (error: Error) => error.message,
    );
    expect(message).to.equal('ERR_STOPPED: attempt aborted');
    expect(steps).to.equal(43);
  });

  it('descends into a vector that the objective asks for, where one descent waits for another', async () => {
    const given = Float64Array.of(7);
    const inner = {
      ...tripling([], 0),
      descendWhole: async (_params: ReadonlyVector, _all: unknown, _rate: number, room: () => Vector) => room(),
    };
    const objective = new TimedObjective(inner as unknown as Objective, noWatch);
    expect(await objective.descendInto!(Float64Array.of(1), batches, 0.1, () => given)).to.equal(given);
    expect(await objective.descend!(Float64Array.of(1), batches, 0.1, given)).to.equal(given);
    expect(new TimedObjective(tripling([], 0), noWatch).descendInto).to.equal(undefined);
  });

  it('stops to compute for an aborted attempt', async () => {
    const calls: number[] = [];
    const objective = new TimedObjective(tripling(calls, 5), noWatch);
    const clock = { clockMs: 0, isAborted: false };
    objective.clock = clock;
    setTimeout(() => {
      clock.isAborted = true;
    }, 20);
    const message = await Promise.resolve(objective.descend!(Float64Array.of(1), batches, 0.1)).then(
      () => 'it continued',
      (error: Error) => error.message,
    );
    expect(message).to.equal('ERR_STOPPED: attempt aborted');
  });

  it('asks for gradients joined with those of other clients, but for its own alone where their time is measured', async () => {
    const inner = {
      exampleCount: 4,
      segments: [],
      gradient: () => Float64Array.of(1),
      joinedGradient: async () => Float64Array.of(2),
    } as unknown as Objective;
    const objective = new TimedObjective(inner, noWatch);
    const gradient = async () => (await objective.gradient(Float64Array.of(0), Uint32Array.of(0)))[0];
    expect(await gradient()).to.equal(2);
    objective.clock = { clockMs: 0, isAborted: false, computed: { examples: 0, ms: 0 } };
    expect(await gradient()).to.equal(1);
  });
});
