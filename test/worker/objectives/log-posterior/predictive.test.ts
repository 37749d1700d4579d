import { expect } from 'chai';
import {
  averagedProbabilities,
  classificationEvaluation,
  expectedCalibrationError,
  logMeanExp,
  negativeLogPredictive,
} from '../../../../worker/objectives/log-posterior/predictive.js';

describe('worker/objectives/log-posterior/predictive', () => {
  it('ln of a mean of exponentials: ln((1 + 3)/2), and no underflow at -1000', () => {
    expect(logMeanExp([0, Math.log(3)] as never)).to.be.closeTo(Math.log(2), 1e-15);
    expect(logMeanExp(Float64Array.of(-1000, -1000))).to.equal(-1000);
    expect(logMeanExp(Float64Array.of(Number.NEGATIVE_INFINITY))).to.equal(Number.NEGATIVE_INFINITY);
  });

  it('the predictive density averages densities, not their logarithms: -ln((0.2 + 0.4)/2)', () => {
    const estimates = [Float64Array.of(0.2), Float64Array.of(0.4)];
    expect(negativeLogPredictive(estimates, 3, (params) => Math.log(params[0]!))).to.be.closeTo(-Math.log(0.3), 1e-15);
  });

  it('probabilities are averaged over estimates before loss and accuracy', () => {
    const estimates = [Float64Array.of(0.9), Float64Array.of(0.3)];
    const averaged = averagedProbabilities(estimates, 1, 2, (params, _example, into) => {
      into[0] = params[0]!;
      into[1] = 1 - params[0]!;
    });
    expect(averaged[0]).to.be.closeTo(0.6, 1e-15);
    const { loss, accuracy } = classificationEvaluation(averaged, Int32Array.of(0), 2);
    expect(loss).to.be.closeTo(-Math.log(0.6), 1e-15);
    expect(accuracy).to.equal(1);
  });

  it('a probability of 0 for the right class costs 708 nats, not infinity', () => {
    expect(classificationEvaluation(Float64Array.of(1, 0), Int32Array.of(1), 2).loss).to.be.closeTo(708.4, 0.01);
  });

  it('calibration error: two bins, (2/4) |1/2 - 0.85| + (2/4) |1 - 0.6| = 0.375; perfect confidence in right answers 0', () => {
    const probabilities = Float64Array.of(0.9, 0.1, 0.8, 0.2, 0.6, 0.4, 0.4, 0.6);
    const labels = Int32Array.of(0, 1, 0, 1);
    // Bins of width 1/3: confidences 0.9, 0.8 in the last, 0.6, 0.6 in the middle one.
    expect(expectedCalibrationError(probabilities, labels, 2, 3)).to.be.closeTo(0.375, 1e-15);
    // A confidence on an edge belongs to the bin below: 0.6 and 0.7 are apart with five bins.
    const edge = Float64Array.of(0.6, 0.4, 0.7, 0.3);
    expect(expectedCalibrationError(edge, Int32Array.of(1, 0), 2, 5)).to.be.closeTo((0.6 + 0.3) / 2, 1e-15);
    expect(expectedCalibrationError(Float64Array.of(1, 0), Int32Array.of(0), 2)).to.equal(0);
  });
});
