import { expect } from 'chai';
import { checked, failed, hello } from '../../../protocol/wire/control-messages.js';
import { PROTOCOL_VERSION } from '../../../protocol/wire/limits.js';
import { printable } from '../../../protocol/wire/printable.js';

describe('texts from outside that a person is shown', () => {
  it('have no line feed, no escape of a terminal and no change of direction; other letters stay', () => {
    expect(printable('a\u001b[2J\nb\u009bc\u202ed\u2066')).to.equal('a\ufffd[2J\ufffdb\ufffdc\ufffdd\ufffd');
    expect(printable('Zürich, 東京, worker-1')).to.equal('Zürich, 東京, worker-1');
  });

  it('are so where they come in: the name of a worker, the message of a failure, what an error has of a wrong message', () => {
    const greeting = { version: PROTOCOL_VERSION, name: 'a\u001b[31m', pid: 1, process: 'p', seat: null };
    expect(checked(hello, greeting, 'hello').name).to.equal('a\ufffd[31m');
    const failure = { epoch: 0, generation: 0, index: 0, attempt: 0, code: 'x', message: 'a\nVALID' };
    expect(checked(failed, failure, 'failed').message).to.equal('a\ufffdVALID');
    expect(() => checked(failed, { ...failure, '\u001b[2J': 1 }, 'w\n')).to.throw(/^\P{Cc}*$/u);
  });
});
