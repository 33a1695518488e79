import { contour, type MemoryReport, type Model, pathData } from '../../../src/index.ts';
import { composeClassMap } from './compose.ts';
import type { ClassMasks } from './predict-scene.ts';
import type { ClassResult, LoadedModel, SceneResult } from './protocol.ts';

/** What the page may know of a model. */
export function describeModel(model: Model, name: string): LoadedModel {
  const { config, adapter, classes, storage, memory, warnings } = model;
  return {
    name,
    config,
    adapter: { ...adapter },
    classes: [...classes],
    hasPredictor: config.ppn !== undefined,
    storage,
    memory: copyMemory(memory),
    warnings: [...warnings],
  };
}

/** Getters do not cross between threads; numbers do. */
export function copyMemory({ weights, planned, unshared, largestBinding }: MemoryReport): MemoryReport {
  return { weights, planned, unshared, largestBinding };
}

/** Masks as what the page draws: one class map, an outline for each class in it, and the numbers. */
export function describeScene(
  masks: readonly ClassMasks[],
  size: { readonly width: number; readonly height: number },
): Omit<SceneResult, 'milliseconds' | 'memory'> {
  const { width, height } = size;
  const picked = masks.flatMap(({ classNumber, results, chosen }) => {
    const result = results[chosen];
    return result === undefined ? [] : [{ classNumber, result }];
  });
  const classMap = composeClassMap(picked, width, height);
  const outlines: Record<number, string> = {};
  for (const { classNumber } of picked)
    outlines[classNumber] = pathData(contour(classMap, width, height, classNumber));
  return { width, height, classMap, outlines, results: masks.flatMap(summarise) };
}

function summarise({ classNumber, results, chosen }: ClassMasks): ClassResult[] {
  const result = results[chosen];
  if (result === undefined) return [];
  const { area, box, predictedBox, iou, objectScore } = result;
  const choices = results.length > 1 ? results.map((r) => ({ iou: r.iou, area: r.area })) : [];
  return [{ classNumber, area, box, predictedBox, iou, objectScore, choices, chosen }];
}
