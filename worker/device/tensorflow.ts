import { createRequire } from 'node:module';
import type * as core from '@tensorflow/tfjs-core';

/** TensorFlow.js. Required, not imported: it is CommonJS, and an import first scans its text for exports, for longer than it takes to run it. */
export const tf: typeof core = createRequire(import.meta.url)('@tensorflow/tfjs-core');

/** Its types. */
export declare namespace tf {
  export type Rank = core.Rank;
  export namespace Rank {
    export type R2 = core.Rank.R2;
    export type R3 = core.Rank.R3;
    export type R4 = core.Rank.R4;
  }
  export type KernelConfig = core.KernelConfig;
  export type KernelFunc = core.KernelFunc;
  export type Tensor<R extends core.Rank = core.Rank> = core.Tensor<R>;
  export type Tensor1D = core.Tensor1D;
  export type Tensor2D = core.Tensor2D;
  export type Tensor4D = core.Tensor4D;
}
