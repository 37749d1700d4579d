export interface DensePredictionSettings {
  /** Channels of the backbone's convolution, and of the neck. */
  readonly backboneChannels: number;
  readonly neckChannels: number;
  /** Side of the backbone's square kernels; zero padding keeps the image's size. */
  readonly kernelSize: number;
  /** Weight of the detection loss beside the segmentation loss. */
  readonly detectionWeight: number;
}
