import { expect } from 'chai';
import { needsIn } from '../../../scenarios/check/contract-needs.js';

const provides = [{ name: 'sign-vote' }, { name: 'lion' }];

describe('what a module says of its contract', () => {
  it('is of all its things, and by name of each', () => {
    const needsOf = needsIn({ contract: { peak: 0.2, loss: null }, contracts: { lion: { peak: 0.3 } } }, provides);
    expect(needsOf('sign-vote')).to.deep.equal({ peak: 0.2, loss: null });
    expect(needsOf('lion')).to.deep.equal({ peak: 0.3, loss: null });
    expect(needsIn({}, provides)('lion')).to.deep.equal({});
  });

  it('is refused with another shape, an unknown key, and a name that the module does not define', () => {
    const refused = (exported: object) => () => needsIn(exported as never, provides);
    expect(refused({ contract: 3 })).to.throw('contract: expected an object');
    expect(refused({ contract: { convergance: {} } })).to.throw("nearest is 'convergence'");
    expect(refused({ contracts: { 'sign-vot': {} } })).to.throw("nearest is 'sign-vote'");
    expect(refused({ contracts: { lion: { peek: 1 } } })).to.throw('contracts.lion.peek');
  });
});
