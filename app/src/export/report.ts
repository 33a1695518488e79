import { modelTitle } from '../engine/model-title.ts';
import type { Picture } from '../state/library.ts';
import { allPrompts, classList, modeOf } from '../state/select.ts';
import type { AppState } from '../state/state.ts';

export const NOTICE = 'Research use only - not a medical device';

/** `<stem>.json` in the command line's words: where the masks came from, and how to make them again. */
export function report(state: AppState, picture: Picture) {
  const { model } = state.engine;
  const { result, encodeMilliseconds } = state.session;
  if (model === null || result === null) return null;
  const names = classList(state);
  return {
    notice: NOTICE,
    picture: picture.name,
    width: result.width,
    height: result.height,
    model: { file: model.name, title: modelTitle(model) },
    mode: modeOf(state),
    prompts: Object.entries(allPrompts(state)).map(([key, { box, points }]) => ({
      class: Number(key),
      box,
      points,
    })),
    classes: result.results.map(({ classNumber, iou, objectScore, area, box, predictedBox }) => ({
      class: classNumber,
      name: names[classNumber - 1]?.name ?? '',
      ...{ iou, objectScore, area, box, predictedBox },
    })),
    adapter: model.adapter,
    milliseconds: { encode: encodeMilliseconds, predict: result.milliseconds },
  };
}
