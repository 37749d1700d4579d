import { z } from 'zod';
import * as control from './control-messages.js';

/** One event of the control channel. */
export interface ControlEvent {
  readonly from: 'worker' | 'coordinator';
  readonly to: 'coordinator' | 'worker' | 'observers';
  /** Null: none. */
  readonly content: z.ZodType | null;
  /** What the acknowledgement carries; null: none is wanted. */
  readonly answer: z.ZodType | null;
}

const asked = (content: z.ZodType, answer: z.ZodType): ControlEvent => ({
  from: 'coordinator',
  to: 'worker',
  content,
  answer,
});
const announced = (content: z.ZodType): ControlEvent => ({ from: 'coordinator', to: 'worker', content, answer: null });
const reported = (content: z.ZodType | null, answer: z.ZodType | null = null): ControlEvent => ({
  from: 'worker',
  to: 'coordinator',
  content,
  answer,
});
const observed = (content: z.ZodType): ControlEvent => ({
  from: 'coordinator',
  to: 'observers',
  content,
  answer: null,
});

/** All events of the control channel by name; docs/protocol-tables.md is made from it. */
export const CONTROL_EVENTS = {
  hello: reported(control.hello, control.admission),
  assign: asked(control.assign, control.ready),
  introduce: asked(control.introduce, control.introduced),
  begin: announced(control.plan),
  done: reported(control.done),
  failed: reported(control.failed),
  abort: announced(control.abort),
  settle: announced(control.settle),
  collect: announced(control.collect),
  waits: asked(control.nothing, control.waits),
  stop: asked(control.stop, control.nothing),
  goodbye: reported(null),
  welcome: observed(control.welcome),
  progress: observed(control.progress),
  seats: observed(control.seats),
  over: observed(control.over),
} as const satisfies Readonly<Record<string, ControlEvent>>;

/** A schema of messages as JSON Schema; what that cannot say is `{}`. */
export function jsonSchemaOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }) as Readonly<Record<string, unknown>>;
}

/** Schemas of the packed messages by their type. */
export const PACKED_TYPES: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  control.packed.options.map((option) => [option.shape.type.value, option]),
);
