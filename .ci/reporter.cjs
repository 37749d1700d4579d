// Mocha's dots, the skipped tests by name, and a last line that scripts can read: N passed, N failed.
const { reporters, Runner } = require('mocha');

module.exports = class extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      for (const title of skipped) console.log(`skipped: ${title}`);
      const tail = pending > 0 ? `, ${pending} skipped` : '';
      process.once('exit', () => console.log(`${passes} passed, ${failures} failed${tail}`));
    });
  }
};
