import { expect } from 'chai';
import type { Catalogue, Table } from '../../../protocol/scenario/catalogue.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';

const catalogue = await loadCatalogue();

/** A table in which an entry also stands under a name of one's own. */
function also<E>(table: Table<E>, name: string, like: string): Table<E> {
  return { names: () => table.names(), find: (asked) => table.find(asked === name ? like : asked) };
}

async function problemOf(input: object, own: Partial<Catalogue> = {}): Promise<string> {
  const scenario = { name: 'tiny', data: 'gaussian-clusters', ...input } as ScenarioInput;
  return resolveScenario(scenario, { ...catalogue, ...own }).then(
    () => 'none',
    (error: Error) => error.message,
  );
}

describe('what a codec and its memory must declare', () => {
  it('a codec with several levels, whatever its name, is refused on messages of the coordinator', async () => {
    const own = { codecs: also(catalogue.codecs, 'of-my-own', 'adaptive') };
    expect(await problemOf({ method: 'fedavg', codecs: { model: 'of-my-own' } }, own)).to.match(
      /codecs\.model\.codec: expected a codec of one level/,
    );
    expect(await problemOf({ method: 'fedavg', codecs: { update: 'of-my-own' } }, own)).to.equal('none');
  });

  it('a codec with several levels, whatever its name, is refused under an asynchronous method', async () => {
    const own = { codecs: also(catalogue.codecs, 'of-my-own', 'adaptive') };
    const problem = (codec: string) => problemOf({ method: 'fedbuff', codecs: { update: codec } }, own);
    expect(await problem('of-my-own')).to.match(
      /codecs\.update\.codec: expected a codec of one level, since 'fedbuff' is asynchronous, got 'of-my-own'/,
    );
    expect(await problem('qsgd')).to.not.match(/of one level/);
  });

  it('no codec of several levels stands on the ladder of another', async () => {
    const codecs = { update: { name: 'adaptive', ladder: ['adaptive'] } };
    expect(await problemOf({ method: 'fedavg', codecs })).to.match(
      /codecs\.update\.codec\.ladder: expected at most 255 codecs, each of one level/,
    );
  });

  it('a memory with copies at the receivers is refused where the graph changes, whatever its name', async () => {
    const own = { topologies: also(catalogue.topologies, 'of-my-own', 'one-peer-exponential') };
    const input = { method: 'dgd', clients: 4, codecs: { iterate: { codec: 'top-k', memory: 'ef21' } } };
    expect(await problemOf({ ...input, topology: 'of-my-own' }, own)).to.match(
      /codecs\.iterate\.memory: expected a memory without copies at the receivers, since the graph changes/,
    );
    expect(await problemOf({ ...input, topology: 'ring' }, own)).to.not.match(/the graph changes/);
    const periodic = (graphs: readonly string[]) => problemOf({ ...input, topology: { name: 'periodic', graphs } });
    expect(await periodic(['ring', 'complete'])).to.match(/the graph changes/);
  });
});
