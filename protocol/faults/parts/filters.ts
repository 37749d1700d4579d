import { direction, messageKind, parties } from '../../scenario/selectors.js';

/** Settings of the messages that a rule acts on; by default all. */

/** For rules that act on a post, the same for all its receivers. */
export const postFilter = {
  kind: messageKind,
  direction,
  senders: parties('all', 'Who sends'),
};

/** For rules that act on each frame. */
export const frameFilter = {
  ...postFilter,
  receivers: parties('all', 'Who receives'),
};
