/** Address of an object of the library, or of numbers. 0: none. */
export type Handle = number;

const CPU = 1;
const IN_ORDER = 1;
const FLOAT32 = 3;
const ANY_FORMAT = 1;
/** Instead of an address: the library makes room. */
const ALLOCATE = 2n ** 64n - 1n;
const RELU = 0x20;
const STATUSES = [
  'success',
  'out of memory',
  'invalid arguments',
  'unimplemented',
  'last implementation',
  'runtime error',
];
/** Of a forward pass whose gradients follow, and of a convolution. */
const TRAINING = 64;
const DIRECT = 1;

/** What a primitive takes: arguments by their numbers in the C header. */
export const ARGUMENT = {
  src: 1,
  dst: 17,
  weights: 33,
  bias: 41,
  diffSrc: 129,
  diffDst: 145,
  diffWeights: 161,
} as const;
/** Layouts of a primitive, by their numbers there. */
const CHOSEN = { weights: 131, diffWeights: 132 } as const;

/** Of the functions, as koffi reads them. */
export const DECLARATIONS = {
  engineCreate: 'int dnnl_engine_create(void *engine, int kind, size_t index)',
  streamCreate: 'int dnnl_stream_create(void *stream, uintptr_t engine, unsigned int flags)',
  streamWait: 'int dnnl_stream_wait(uintptr_t stream)',
  layoutWithStrides:
    'int dnnl_memory_desc_create_with_strides(void *layout, int rank, const void *dims, int type, const void *strides)',
  layoutWithTag: 'int dnnl_memory_desc_create_with_tag(void *layout, int rank, const void *dims, int type, int tag)',
  layoutEqual: 'int dnnl_memory_desc_equal(uintptr_t a, uintptr_t b)',
  memoryCreate: 'int dnnl_memory_create(void *memory, uintptr_t layout, uintptr_t engine, uintptr_t handle)',
  setHandle: 'int dnnl_memory_set_data_handle(uintptr_t memory, uintptr_t handle)',
  attributesCreate: 'int dnnl_primitive_attr_create(void *attributes)',
  postOpsCreate: 'int dnnl_post_ops_create(void *ops)',
  appendSum: 'int dnnl_post_ops_append_sum(uintptr_t ops, float scale, int zero, int type)',
  appendElementwise: 'int dnnl_post_ops_append_eltwise(uintptr_t ops, int kind, float alpha, float beta)',
  setPostOps: 'int dnnl_primitive_attr_set_post_ops(uintptr_t attributes, uintptr_t ops)',
  matmul:
    'int dnnl_matmul_primitive_desc_create(void *made, uintptr_t engine, uintptr_t src, uintptr_t weights, uintptr_t bias, uintptr_t dst, uintptr_t attributes)',
  reorder:
    'int dnnl_reorder_primitive_desc_create(void *made, uintptr_t from, uintptr_t engine, uintptr_t to, uintptr_t engine2, uintptr_t attributes)',
  convolution:
    'int dnnl_convolution_forward_primitive_desc_create(void *made, uintptr_t engine, int direction, int algorithm, uintptr_t src, uintptr_t weights, uintptr_t bias, uintptr_t dst, const void *strides, const void *dilates, const void *before, const void *after, uintptr_t attributes)',
  convolutionByInput:
    'int dnnl_convolution_backward_data_primitive_desc_create(void *made, uintptr_t engine, int algorithm, uintptr_t src, uintptr_t weights, uintptr_t dst, const void *strides, const void *dilates, const void *before, const void *after, uintptr_t forward, uintptr_t attributes)',
  convolutionByFilter:
    'int dnnl_convolution_backward_weights_primitive_desc_create(void *made, uintptr_t engine, int algorithm, uintptr_t src, uintptr_t weights, uintptr_t bias, uintptr_t dst, const void *strides, const void *dilates, const void *before, const void *after, uintptr_t forward, uintptr_t attributes)',
  chosenLayout: 'uintptr_t dnnl_primitive_desc_query_md(uintptr_t description, int what, int index)',
  primitiveCreate: 'int dnnl_primitive_create(void *primitive, uintptr_t description)',
  execute: 'int dnnl_primitive_execute(uintptr_t primitive, uintptr_t stream, int count, const void *args)',
} as const;

export type Functions = Readonly<Record<keyof typeof DECLARATIONS, (...args: unknown[]) => unknown>>;

/** Padding, strides and layouts of a convolution. */
export interface ConvolutionLayouts {
  readonly src: Handle;
  readonly weights: Handle;
  readonly bias: Handle;
  readonly dst: Handle;
  readonly strides: readonly [number, number];
  /** Above and left. */
  readonly before: readonly [number, number];
  /** Below and right. */
  readonly after: readonly [number, number];
}

/** An oneDNN with one thread. Its objects are made once for each shape, and stay until the process ends. */
export class Onednn {
  private readonly engine: Handle;
  private readonly stream: Handle;

  constructor(
    private readonly functions: Functions,
    /** The file it was loaded from, and what it says of itself. */
    readonly detail: string,
  ) {
    this.engine = this.made('engineCreate', CPU, 0);
    this.stream = this.made('streamCreate', this.engine, IN_ORDER);
  }

  /** Layout of float32 numbers, with strides in numbers; without: as the primitive likes it. */
  layout(dims: readonly number[], strides?: readonly number[]): Handle {
    return strides
      ? this.made('layoutWithStrides', dims.length, int64(dims), FLOAT32, int64(strides))
      : this.made('layoutWithTag', dims.length, int64(dims), FLOAT32, ANY_FORMAT);
  }

  areEqual(a: Handle, b: Handle): boolean {
    return this.functions.layoutEqual(a, b) === 1;
  }

  /** Numbers of this layout, at an address that is set before each use. */
  memory(layout: Handle): Handle {
    return this.made('memoryCreate', layout, this.engine, 0);
  }

  /** The same, in memory of the library. */
  allocated(layout: Handle): Handle {
    return this.made('memoryCreate', layout, this.engine, ALLOCATE);
  }

  place(memory: Handle, address: number): void {
    this.checked('setHandle', memory, address);
  }

  /** What is done to each result: added to what is there, then max(0, .). 0: nothing. */
  attributes({ adds, relu }: { readonly adds: boolean; readonly relu: boolean }): Handle {
    if (!adds && !relu) return 0;
    const ops = this.made('postOpsCreate');
    if (adds) this.checked('appendSum', ops, 1, 0, FLOAT32);
    if (relu) this.checked('appendElementwise', ops, RELU, 0, 0);
    const attributes = this.made('attributesCreate');
    this.checked('setPostOps', attributes, ops);
    return attributes;
  }

  matmul(src: Handle, weights: Handle, bias: Handle, dst: Handle, attributes: Handle): Handle {
    return this.made('matmul', this.engine, src, weights, bias, dst, attributes);
  }

  reorder(from: Handle, to: Handle): Handle {
    return this.made('reorder', from, this.engine, to, this.engine, 0);
  }

  convolution(layouts: ConvolutionLayouts, attributes: Handle): Handle {
    const { src, weights, bias, dst } = layouts;
    const window = windowOf(layouts);
    return this.made('convolution', this.engine, TRAINING, DIRECT, src, weights, bias, dst, ...window, attributes);
  }

  convolutionByInput(layouts: ConvolutionLayouts, forward: Handle): Handle {
    const { src, weights, dst } = layouts;
    return this.made('convolutionByInput', this.engine, DIRECT, src, weights, dst, ...windowOf(layouts), forward, 0);
  }

  convolutionByFilter(layouts: ConvolutionLayouts, forward: Handle): Handle {
    const { src, weights, dst } = layouts;
    const window = windowOf(layouts);
    return this.made('convolutionByFilter', this.engine, DIRECT, src, weights, 0, dst, ...window, forward, 0);
  }

  /** The layout that a primitive has chosen. */
  chosen(description: Handle, what: keyof typeof CHOSEN): Handle {
    return Number(this.functions.chosenLayout(description, CHOSEN[what], 0));
  }

  primitive(description: Handle): Handle {
    return this.made('primitiveCreate', description);
  }

  /** `args`: numbers of arguments and memories, in pairs. */
  execute(primitive: Handle, args: BigUint64Array): void {
    this.checked('execute', primitive, this.stream, args.length / 2, args);
    this.checked('streamWait', this.stream);
  }

  /** What a function writes to its first argument. */
  private made(name: keyof typeof DECLARATIONS, ...args: unknown[]): Handle {
    const into = new BigUint64Array(1);
    this.checked(name, into, ...args);
    return Number(into[0]);
  }

  private checked(name: keyof typeof DECLARATIONS, ...args: unknown[]): void {
    const status = this.functions[name](...args) as number;
    if (status === 0) return;
    const what = /\w+(?=\()/.exec(DECLARATIONS[name])![0];
    throw new Error(`${what}: ${STATUSES[status] ?? `status ${status}`}`);
  }
}

function windowOf({ strides, before, after }: ConvolutionLayouts): readonly BigInt64Array[] {
  return [strides, [0, 0], before, after].map(int64);
}

function int64(numbers: readonly number[]): BigInt64Array {
  return BigInt64Array.from(numbers, BigInt);
}
