import { expect } from 'chai';
import { MessageRefused } from '../../../protocol/errors.js';
import type { MessageKind } from '../../../protocol/method.js';
import { loadMethod, methods } from '../../../protocol/method-loader.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { builtInNames } from '../../../scenarios/plug-ins/extension-points.js';
import { openProblem } from '../../../worker/problem.js';
import { LIES, withLie } from '../../support/lying-client.js';
import { parityProblem } from '../../support/tiny-needs.js';

const LIAR = 1;

/** What false but finite numbers may do: the sums overflow, as in a run that diverges by itself. */
function hasDiverged(error: unknown): boolean {
  return /^(ERR_NOT_FINITE: .*the run diverged|ERR_PRIVACY: .*noise needs finite numbers)/.test(
    (error as Error).message,
  );
}

/** The folder is the list: a method is tried as soon as its file is there. */
describe('a client that sends what no half sends, in frames that are in order', function () {
  this.timeout(120_000);

  for (const name of builtInNames(methods))
    it(`makes no half of ${name} throw: it is refused, counted absent, or its numbers are used as they are`, async () => {
      const method = await loadMethod(name);
      const scenario = await parityProblem(method, 'float64', { rounds: 3, evaluation: { everyRounds: 3 } });
      const problem = await openProblem(scenario);
      const thrown: string[] = [];
      let sent = 0;
      for (const [kind, declared] of Object.entries(method.messages as Readonly<Record<string, MessageKind>>))
        for (const lie of declared.from === 'clients' ? LIES.filter(({ applies }) => applies(declared)) : []) {
          const { method: lying, lied } = withLie(method, lie, kind, LIAR);
          try {
            await runTiny(scenario, lying, { problem });
          } catch (error) {
            if (error instanceof MessageRefused && error.from === LIAR) continue;
            if (hasDiverged(error) && /1e[+]?(308|30)$/.test(lie.name)) continue;
            thrown.push(`'${kind}', ${lie.name}: ${(error as Error).message}`);
          } finally {
            sent += lied();
          }
        }
      expect(sent).to.be.above(0);
      expect(thrown.join('\n')).to.equal('');
    });
});
