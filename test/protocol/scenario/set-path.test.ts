import { expect } from 'chai';
import { type ScenarioInput, sweep } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import type { Json } from '../../../protocol/scenario/scenario.js';
import { assign, parseAssignment, setPath, valueAtPath } from '../../../protocol/scenario/set-path.js';
import { tinyCatalogue } from '../../support/tiny-catalogue.js';

const tiny: ScenarioInput = { name: 'tiny', method: 'fedavg', data: { name: 'mnist', partition: 'dirichlet' } };
const set = (text: string, input: ScenarioInput = tiny) => assign(input, parseAssignment(text));

describe('--set', () => {
  const values: readonly [text: string, value: Json][] = [
    ['rounds=50', 50],
    ['rounds=1e2', 100],
    ['clock=wall', 'wall'],
    ['description="50"', '50'],
    ['description=', ''],
    ['description=a=b', 'a=b'],
    ['topology=null', null],
    ['method={"name":"fedavg"}', { name: 'fedavg' }],
    ['devices=[]', []],
  ];
  for (const [text, value] of values) {
    it(`reads '${text}' as ${JSON.stringify(value)}`, () => {
      expect(parseAssignment(text).value).to.deep.equal(value);
    });
  }

  for (const text of ['rounds', '=3', 'data..alpha=1', '.seed=1', 'method={"name":', '']) {
    it(`refuses '${text}'`, () => {
      expect(() => parseAssignment(text)).to.throw(/^ERR_USAGE: --set/);
    });
  }

  it('turns a bare name on the way into a spec', async () => {
    const { data } = await resolveScenario(set('data.partition.alpha=0.1'), tinyCatalogue);
    expect(data.partition).to.deep.equal({ name: 'dirichlet', alpha: 0.1 });
  });

  it('reaches a default that was not written down', async () => {
    const { privacy, method } = await resolveScenario(
      set('privacy.delta=1e-3', set('method.clipping.adaptive.quantile=0.25')),
      tinyCatalogue,
    );
    expect(privacy.delta).to.equal(1e-3);
    expect(method.clipping).to.deep.equal({ radius: 1, adaptive: { quantile: 0.25 } });
  });

  it('means the same for the short and the long form of a codec', async () => {
    for (const update of ['top-k', { name: 'top-k' }, { codec: 'top-k' }]) {
      const { codecs } = await resolveScenario(
        set('codecs.update.codec.fraction=0.5', { ...tiny, codecs: { update } }),
        tinyCatalogue,
      );
      expect(codecs.update!.codec).to.deep.equal({ name: 'top-k', fraction: 0.5, values: { name: 'identity' } });
    }
  });

  it('changes one place of a list, or adds one', async () => {
    const devices = [{ clients: 'all' as const, msPerExample: 2 }];
    const changed = set('devices.0.msPerExample=3', { ...tiny, devices });
    const { devices: three } = set('devices.1={"clients":[4],"msPerExample":9}', changed);
    expect(three).to.deep.equal([
      { clients: 'all', msPerExample: 3 },
      { clients: [4], msPerExample: 9 },
    ]);
    expect(devices[0]!.msPerExample).to.equal(2);
    expect(set('devices.0.clients=all').devices).to.deep.equal([{ clients: 'all' }]);
  });

  it('says which places a list has', () => {
    const input = { ...tiny, devices: [{ clients: 'all' as const }] };
    expect(() => set('devices.2.msPerExample=3', input)).to.throw(
      "ERR_USAGE: devices.2: expected a place in the list (0 to 0, or 1 to add one), got '2'",
    );
    expect(() => set('devices.first=3', input)).to.throw("got 'first'");
  });

  it('cannot go into a number', () => {
    expect(() => set('rounds.x=3', { ...tiny, rounds: 5 })).to.throw(
      "rounds.x: expected an object or a list at 'rounds', got 5",
    );
  });

  for (const [text, hint] of [
    ['data.partition.alhpa=1', "data.partition.alhpa: expected the name of a setting, got 'alhpa'; nearest is 'alpha'"],
    [
      'participaton.cohort=3',
      "participaton: expected the name of a setting, got 'participaton'; nearest is 'participation'",
    ],
    ['__proto__.polluted=1', '__proto__: expected the name of a setting'],
    ['method.__proto__.polluted=1', 'method.__proto__: expected the name of a setting'],
  ]) {
    it(`'${text}' is refused when the scenario is resolved: ${hint}`, async () => {
      let message = '';
      await resolveScenario(set(text!), tinyCatalogue).catch((error: Error) => {
        message = error.message;
      });
      expect(message).to.include(hint);
      expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
    });
  }

  it('leaves the input as it was', () => {
    const before = structuredClone(tiny);
    set('data.partition.alpha=3');
    expect(tiny).to.deep.equal(before);
  });
});

describe('--set in a sweep', () => {
  const swept = sweep('many', {
    base: { method: 'fedavg', data: 'mnist' },
    over: { seed: [1, 2], 'data.partition': ['iid', 'dirichlet'] },
  });

  it('changes the base', () => {
    expect(assign(swept, { path: 'rounds', value: 7 }).base.rounds).to.equal(7);
  });

  it('keeps one value of a swept path', () => {
    expect(assign(swept, { path: 'seed', value: 9 }).over).to.deep.equal({
      seed: [9],
      'data.partition': ['iid', 'dirichlet'],
    });
  });

  for (const path of ['data.partition.alpha', 'data']) {
    it(`refuses '${path}', which an axis would undo`, () => {
      expect(() => assign(swept, { path, value: 1 })).to.throw("meets the axis 'data.partition'");
    });
  }
});

describe('paths', () => {
  it('what was set is found again, and nothing where the path leads nowhere', () => {
    const target = setPath({ a: [{ b: 1 }] }, 'a.0.c.d', 2);
    expect(target).to.deep.equal({ a: [{ b: 1, c: { d: 2 } }] });
    expect(valueAtPath(target, 'a.0.c.d')).to.equal(2);
    expect(valueAtPath(target, 'a.1.c')).to.equal(undefined);
    expect(valueAtPath(target, 'a.0.b.x')).to.equal(undefined);
    expect(valueAtPath(target, 'toString')).to.equal(undefined);
  });

  it('of a swept path frees it in the points that the sweep lists, and keeps what is then left once', () => {
    const over = { 'method.localEpochs': [1, 2], seed: [1, 2] };
    const points = [
      { 'method.localEpochs': 1, seed: 1 },
      { 'method.localEpochs': 2, seed: 1 },
      { 'method.localEpochs': 2, seed: 2 },
    ];
    const listed = sweep('listed', { base: { method: 'fedavg', data: 'mnist' }, over, points });
    expect(assign(listed, parseAssignment('method.localEpochs=5'))).to.deep.include({
      over: { 'method.localEpochs': [5], seed: [1, 2] },
      points: [{ seed: 1 }, { seed: 2 }],
    });
  });
});
