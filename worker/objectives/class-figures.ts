/** Figures of a classification by class, each in [0, 1]. */
export interface ClassFigures {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Means of precision, recall and F1 over the classes that occur among the labels or the predictions, each class with equal weight (macro
 * averages). A quotient of nothing counts as 0: the precision of a class that is never predicted, the recall of one that does not occur.
 */
export function classFigures(labels: ArrayLike<number>, predicted: ArrayLike<number>): ClassFigures {
  const classes = new Map<number, { right: number; labelled: number; predicted: number }>();
  const of = (name: number) => {
    const counts = classes.get(name) ?? { right: 0, labelled: 0, predicted: 0 };
    classes.set(name, counts);
    return counts;
  };
  for (let i = 0; i < labels.length; i++) {
    of(labels[i]!).labelled++;
    of(predicted[i]!).predicted++;
    if (labels[i] === predicted[i]) of(labels[i]!).right++;
  }
  let [precision, recall, f1] = [0, 0, 0];
  for (const counts of classes.values()) {
    if (counts.right === 0) continue;
    precision += counts.right / counts.predicted;
    recall += counts.right / counts.labelled;
    f1 += (2 * counts.right) / (counts.predicted + counts.labelled);
  }
  const count = classes.size;
  return count === 0
    ? { precision: 0, recall: 0, f1: 0 }
    : { precision: precision / count, recall: recall / count, f1: f1 / count };
}
