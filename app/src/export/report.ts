import type { Picture } from '../state/library.ts';
import { allPrompts, classList, modeOf } from '../state/select.ts';
import type { AppState } from '../state/state.ts';

export const NOTICE = 'Research use only - not a medical device';

/** What `<stem>.json` says: enough to know where a mask came from, and to make it again. Null before there is one. */
export function report(state: AppState, picture: Picture) {
  const { model } = state.engine;
  const { result, encodeMilliseconds } = state.session;
  if (model === null || result === null) return null;
  const classes = classList(state);
  const { family, size, version, imageSize } = model.config;
  return {
    notice: NOTICE,
    image: { name: picture.name, width: result.width, height: result.height },
    model: { name: model.name, family: version ?? family, size, imageSize },
    adapter: model.adapter,
    mode: modeOf(state),
    milliseconds: { encode: rounded(encodeMilliseconds), predict: rounded(result.milliseconds) },
    classes: result.results.map(({ classNumber, iou, objectScore, box, area }) => ({
      class: classNumber,
      name: classes[classNumber - 1]?.name ?? '',
      iou,
      objectScore,
      box,
      area,
    })),
    prompts: Object.entries(allPrompts(state)).map(([key, { box, points }]) => ({
      class: Number(key),
      box,
      points: points.map(({ x, y, label }) => [x, y, label]),
    })),
  };
}

function rounded(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 10) / 10;
}
