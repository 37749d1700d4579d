import { expect } from 'chai';
import type * as control from '../../../protocol/wire/control-messages.js';
import { stackName, type Task } from '../../../scenarios/swarm/deployment.js';
import { statusRows } from '../../../scenarios/swarm/status.js';

const task = (Name: string, more: Partial<Task> = {}): Task => ({
  ID: Name,
  Name,
  Node: 'node1',
  DesiredState: 'Running',
  CurrentState: 'Running 3 seconds ago',
  Error: '',
  ...more,
});

const seats: control.Seats = {
  phase: 'running',
  epoch: 2,
  round: 7,
  rounds: 9,
  seats: [
    { seat: 0, generation: 3, name: 'worker-2', state: 'ready', clients: 4, silentMs: 1250 },
    { seat: 1, generation: 1, name: 'worker-1', state: 'open', clients: 4, silentMs: null },
  ],
  spares: ['worker-3'],
};

describe('scenarios/swarm/status', () => {
  it('joins tasks and seats by slot: holder, one whose seat is open, spare, and one that is not placed', () => {
    const tasks = [
      task('a_coordinator.1'),
      task('a_worker.1', { CurrentState: 'Starting 1 second ago' }),
      task('a_worker.1', { DesiredState: 'Shutdown', CurrentState: 'Failed' }),
      task('a_worker.2'),
      task('a_worker.3'),
      task('a_worker.4', { Node: '', CurrentState: 'Pending 1 second ago', Error: 'no suitable node' }),
    ];
    expect(statusRows(tasks, seats)).to.deep.equal([
      ['a_coordinator.1', 'node1', 'Running 3 seconds ago', '', '', '', ''],
      ['a_worker.1', 'node1', 'Starting 1 second ago', '-', 'not joined', '', ''],
      ['a_worker.2', 'node1', 'Running 3 seconds ago', '0', 'ready', '4', '1.3 s ago'],
      ['a_worker.3', 'node1', 'Running 3 seconds ago', '-', 'spare', '', ''],
      ['a_worker.4', '-', 'Pending 1 second ago: no suitable node', '-', 'not joined', '', ''],
    ]);
  });

  it('a coordinator that does not answer leaves the seats empty', () => {
    expect(statusRows([task('a_worker.1')], null)[0]).to.deep.equal([
      'a_worker.1',
      'node1',
      'Running 3 seconds ago',
      '',
      '',
      '',
      '',
    ]);
  });

  it('a stack is named as docker allows', () => {
    expect(stackName('My Run, no. 3')).to.equal('my-run-no-3');
    expect(stackName('quick-start')).to.equal('quick-start');
    expect(stackName('???')).to.equal('run');
    expect(stackName('x'.repeat(90))).to.have.length(40);
  });
});
