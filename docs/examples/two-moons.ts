import {
  atLeastZero,
  cosineOfTurns,
  count,
  defineDataset,
  defineSettings,
  type Examples,
  NO_TARGETS,
  type Rng,
  sineOfTurns,
  standardNormal,
} from 'gradswarm/dataset';

/** Two half circles that interlock, one a class, in turn. */
function draw(rng: Rng, count: number, noise: number): Examples {
  const features = new Float32Array(2 * count);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  for (let i = 0; i < count; i++) {
    // Sines of this package have the same bits on every machine.
    const turns = 0.5 * rng.uniform();
    const [x, y] = [cosineOfTurns(turns), sineOfTurns(turns)];
    features[2 * i] = (labels[i] === 0 ? x : 1 - x) + noise * standardNormal(rng);
    features[2 * i + 1] = (labels[i] === 0 ? y : 0.5 - y) + noise * standardNormal(rng);
  }
  return { count, features, labels, targets: NO_TARGETS };
}

export default defineDataset({
  name: 'two-moons',
  summary: 'Drawn: two interlocking half circles, one a class',
  settings: defineSettings({
    examples: count(1000, 'Training examples'),
    testExamples: count(200, 'Test examples'),
    noise: atLeastZero(0.1, 'Standard deviation about the half circles'),
  }),
  load: ({ examples, testExamples, noise }, rng) => ({
    name: 'two-moons',
    source: `drawn: two half circles of radius 1, noise standard deviation ${noise}`,
    featureShape: [2],
    classCount: 2,
    train: draw(rng.derive('train'), examples, noise),
    test: draw(rng.derive('test'), testExamples, noise),
  }),
});
