/** One wait of a run's processes: who waits for what, how long at most, and what follows. */
interface Wait {
  readonly what: string;
  readonly limit: string;
  readonly next: string;
}

/** Every wait; docs/limits.md is made from it. Names with a dot are settings of a scenario. */
export const WAITS: readonly Wait[] = [
  { what: 'a connection that has not shown the token', limit: 'handshakeMs', next: 'it is closed' },
  {
    what: 'a worker: challenge, control connection, answer to `hello`',
    limit: 'handshakeMs each',
    next: 'tried again, after 0.5 to 30 s',
  },
  { what: 'a worker without a coordinator', limit: '`--retry-for` (one hour)', next: 'it ends with 75' },
  { what: 'open seats', limit: '`workers.joinTimeoutMs`', next: 'the run ends and can be resumed' },
  {
    what: 'the answer to an assignment, which loads data and model',
    limit: '`workers.computeMs`',
    next: 'the seat is lost',
  },
  {
    what: 'a worker: its frame link, at an assignment',
    limit: '10 s, or `workers.heartbeatMs` where that is longer',
    next: 'the seat is lost',
  },
  { what: 'a sign of life of a worker', limit: '`workers.heartbeatMs`', next: 'the seat is lost' },
  {
    what: 'anything on a connection',
    limit: 'half of `workers.heartbeatMs`',
    next: 'it is opened again, after 25 ms to 1 s',
  },
  {
    what: 'a worker whose control connection is away',
    limit: 'while its frame link is up, then `workers.heartbeatMs`',
    next: 'it joins again',
  },
  {
    what: 'a link to another worker',
    limit: '3 s to open, `workers.peerDownMs` when it is down',
    next: 'frames go through the coordinator',
  },
  {
    what: 'the next message of a round',
    limit: '`participation.deadlineMs`, where it is set',
    next: 'the round continues without',
  },
  {
    what: 'a round in which nothing moves',
    limit: '`workers.stallMs`; `workers.computeMs` while a half computes',
    next: 'a worker that has not taken what was sent to it loses its seat; else the run ends, naming who waits for what',
  },
  { what: 'the coordinator: who waits for what', limit: '2 s', next: 'the worker counts as computing' },
  { what: 'records and estimates of workers', limit: '`workers.computeMs`', next: 'the seat is lost' },
  { what: 'the same when the user stops the run', limit: '0.5 s of silence', next: 'the checkpoint before stays' },
  {
    what: 'room in a send queue, or for what is not acknowledged',
    limit: 'sendQueueBytes; the link ends with its seat',
    next: 'the sender continues, or its epoch is over',
  },
  { what: 'the acknowledgement of what was received', limit: 'ackMs', next: 'it is sent' },
  {
    what: 'another epoch after one without a round done',
    limit: '0.5, 1, 2, … 60 s; five ends of one seat in one round',
    next: 'the run ends with the reason',
  },
  { what: 'a worker that is let go', limit: '1 s; 0.3 s when the run is stopped', next: 'its connection is closed' },
  { what: 'a worker that was refused', limit: '1 s to read why', next: 'its connection is closed' },
  { what: 'the end of a worker process of this machine', limit: '3 s; 0.3 s after Ctrl-C', next: 'it is killed' },
  { what: 'a local worker process that ended', limit: '0.2 to 10 s, five times', next: 'its seat stays open' },
  { what: 'sockets of an epoch that is over', limit: '10 s', next: 'they are closed' },
  { what: 'the other end of a websocket that is closed', limit: '1 s', next: 'it is cut off' },
  { what: 'the round under way at Ctrl-C', limit: '0.3 s', next: 'it is aborted' },
  {
    what: 'a call that computes at Ctrl-C',
    limit: '1 s',
    next: 'it is cut off; a checkpoint that is written is waited for',
  },
  { what: 'the lock of another machine', limit: '30 s without renewal', next: 'it is taken over' },
];
