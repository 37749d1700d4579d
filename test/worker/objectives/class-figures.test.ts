import { expect } from 'chai';
import { classFigures } from '../../../worker/objectives/class-figures.js';

describe('precision, recall and F1', () => {
  it('are means over classes: labels 0 0 0 1 1 2, predicted 0 0 1 1 2 2', () => {
    // By class: precision 1, 1/2, 1/2; recall 2/3, 1/2, 1; F1 4/5, 1/2, 2/3.
    const { precision, recall, f1 } = classFigures([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2]);
    expect(precision).to.be.closeTo(2 / 3, 1e-12);
    expect(recall).to.be.closeTo(13 / 18, 1e-12);
    expect(f1).to.be.closeTo(59 / 90, 1e-12);
  });

  it('a class that is only predicted, or only occurs, counts as 0', () => {
    expect(classFigures([0, 0], [0, 5])).to.deep.equal({ precision: 0.5, recall: 0.25, f1: 1 / 3 });
    expect(classFigures([4], [4])).to.deep.equal({ precision: 1, recall: 1, f1: 1 });
  });
});
