import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { defineFault } from '../../../protocol/faults/fault.js';
import { faults, ruleOf } from '../../../protocol/faults/parts/load-fault.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import type { FaultRule } from '../../../protocol/scenario/scenario.js';
import { probability } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defaultExports } from '../../support/default-exports.js';
import { frameOf, judge, networkOf } from '../../support/hand-made-frames.js';

const FOLDER = new URL('../../../protocol/faults/', import.meta.url);
const found = await defaultExports(FOLDER);

/** Settings without a default, as a script gives them to the function of the fault's file. */
const EXAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  availability: [{ onToOff: 0.5, offToOn: 0.5 }],
  'availability-trace': [
    {
      trace: {
        rows: [
          [0, 0, 1],
          [1, 0, 0],
        ],
      },
    },
  ],
  'bandwidth-trace': [{ trace: { rows: [[0, 0, 10, 5]] } }],
  'broadcast-noise': [{ stddev: 1 }],
  'burst-loss': [{ goodToBad: 1, badToGood: 0, lossInGood: 1 }],
  byzantine: [{ clients: [0], attack: 'sign-flip' }],
  'channel-noise': [{ stddev: 1 }],
  'concept-drift': [{}],
  corrupt: [{ probability: 1 }],
  crash: [{ client: 1, memory: 'lost' }],
  delay: [{ delayMs: 1 }],
  'diurnal-availability': [{ mean: 0.5, amplitude: 0.5, roundsPerDay: 4 }],
  drop: [{ probability: 1 }],
  duplicate: [{ probability: 1 }],
  'feature-skew': [{ scale: 2 }],
  'feature-walk': [{ stddev: 1 }],
  'gradient-noise': [{ scale: 1 }],
  'label-availability': [{ byLabel: [0] }],
  'label-flip': [{ clients: [0] }],
  'label-noise': [{ rate: 0.5 }],
  partition: [['coordinator', 0], [1]],
  'probabilistic-quantiser': [{ step: 1 }],
  scale: [{ factor: -1 }],
  slow: [{ clients: [1], factor: 2 }],
  'speed-trace': [{ trace: { rows: [[0, 0, 0.5]] } }],
  'symmetric-drop': [{ probability: 1 }],
};

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

async function helperOf(name: string): Promise<(...given: readonly unknown[]) => FaultRule> {
  const module: Readonly<Record<string, unknown>> = await import(new URL(`${name}.js`, FOLDER).href);
  return module[camel(name)] as (...given: readonly unknown[]) => FaultRule;
}

describe('faults', () => {
  it('are the files of their folder, and nothing else', () => {
    expect(faults.names()).to.deep.equal([...found.keys()]);
    expect(faults.names()).to.deep.equal(Object.keys(EXAMPLES));
  });

  for (const name of found.keys()) {
    it(`${name}: its function gives plain data that its settings accept and complete, rounds first`, async () => {
      const rule = (await helperOf(name))(...EXAMPLES[name]!);
      expect(JSON.parse(JSON.stringify(rule))).to.deep.equal(rule);
      const { fault, ...given } = rule;
      expect(fault).to.equal(name);
      const complete = faults.get(name).settings.parse('faults.0', given);
      expect(Object.keys(complete).slice(0, 2)).to.deep.equal(['from', 'until']);
      expect(complete).to.deep.include({ from: 0, until: null });
      expect(faults.get(name).settings.parse('faults.0', complete)).to.deep.equal(complete);
    });

    it(`${name}: rounds that end before they begin, and unknown settings, are refused`, async () => {
      const { fault: _, ...given } = (await helperOf(name))(...EXAMPLES[name]!);
      const { settings } = faults.get(name);
      expect(() => settings.parse('faults.0', { ...given, from: 3, until: 3 })).to.throw(
        'ERR_SCENARIO: faults.0.until: expected a round after from = 3, got 3',
      );
      expect(() => settings.parse('faults.0', { ...given, untill: 3 })).to.throw(
        "ERR_SCENARIO: faults.0.untill: expected the name of a setting, got 'untill'; nearest is 'until'",
      );
    });

    it(`${name}: says that receivers may miss messages exactly if it loses frames or clients`, async () => {
      const rule = { ...(await helperOf(name))(...EXAMPLES[name]!), from: 0, until: 1 };
      const network = networkOf([rule]);
      const lost = [
        ['update', 1, 'coordinator'],
        ['iterate', 0, 1],
      ] as const;
      const loses = lost.some(([kind, from, to]) => {
        const passage = judge(network, kind, frameOf(kind, { from, to }));
        return passage?.lost === 'dropped' || (passage?.corruptedBit ?? null) !== null;
      });
      const everyRound = Array.from({ length: 10 }, (_, round) => round);
      const unlimited = networkOf([{ ...rule, until: null }]);
      const away = everyRound.some((round) => unlimited.scriptedAbsences(round, [0, 1, 2, 3]).length > 0);
      expect(faults.get(name).losesMessages ?? false).to.equal(loses || away);
      const forgets = everyRound.some((round) => network.forgotten(round).length > 0);
      expect(faults.get(name).losesState?.(rule) ?? false).to.equal(forgets);
    });
  }

  it('one from outside needs nothing but defineFault: its settings are completed, and its rule gets them', () => {
    const family = defineFault({
      name: 'gremlin',
      summary: 'Client 2 stays away',
      settings: defineSettings({ probability: probability(required, 'Of each round') }),
      create: ({ from, until, probability }, { streams }) => ({
        keepsAway: (client, round) =>
          client === 2 &&
          round >= from &&
          (until === null || round < until) &&
          streams.derive(round).uniform() < probability,
      }),
    });
    const settings = family.settings.parse('faults.0', { probability: 1, until: 4 });
    expect(settings).to.deep.equal({ from: 0, until: 4, probability: 1 });
    const rule = family.create(settings, { streams: rootStream(1, 'float64') });
    expect([1, 2].map((client) => rule.keepsAway!(client, 3, 0))).to.deep.equal([false, true]);
    expect(rule.keepsAway!(2, 4, 0)).to.equal(false);
    expect(() => family.settings.parse('faults.0', { probability: 2 })).to.throw(
      'ERR_SCENARIO: faults.0.probability: expected a number in [0, 1], got 2',
    );
  });

  it('settings are refused where nothing could follow from them: an empty group, no time zone, a period that ends within the trace', () => {
    const parse = (fault: string, given: object) => faults.get(fault).settings.parse('faults.0', given);
    expect(() => parse('partition', { groups: [[0], []] })).to.throw('ERR_SCENARIO: faults.0.groups.1: expected');
    const day = { mean: 0.5, amplitude: 0.5, roundsPerDay: 4 };
    expect(() => parse('diurnal-availability', { ...day, timeZones: 0 })).to.throw('ERR_SCENARIO: faults.0.timeZones');
    expect(parse('diurnal-availability', { ...day, timeZones: 1 })).to.include({ timeZones: 1 });
    const traced = (period: number, ...rows: number[][]) => parse('speed-trace', { period, trace: { rows } });
    expect(() => traced(2, [0, 0, 1], [0, 2, 3])).to.throw(
      'faults.0.period: expected above the last time of the trace, 2',
    );
    expect(traced(2.001, [0, 0, 1], [0, 2, 3])).to.include({ period: 2.001 });
    expect(traced(0.001, [0, 0, 1])).to.include({ period: 0.001 });
  });

  it('are refused by path where a rule is made of wrong settings, as in a record that was edited', () => {
    const rule = { fault: 'drop', from: 0, until: null, probability: 2 } as FaultRule;
    expect(() => ruleOf(rule, 'faults.3', { streams: rootStream(1, 'float64') })).to.throw(
      'ERR_SCENARIO: faults.3.probability: expected a number in [0, 1], got 2',
    );
  });
});
