// Required, not imported: it is CommonJS, and an import first scans its text for exports, for longer than it takes to run it.
import tf = require('@tensorflow/tfjs-core');

/** TensorFlow.js. */
export { tf };
