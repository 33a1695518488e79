/**
 * Which views of a picture are learned from. none: the picture as it is. mirror: and its mirror image. full: and six more,
 * drawn as the reference draws its augmentation.
 */
export const AUGMENTATIONS = ['none', 'mirror', 'full'] as const;
export type Augmentation = (typeof AUGMENTATIONS)[number];

/**
 * An affine map from a pixel's middle in a view to the place in the upright square that it shows:
 * x = a q + b r + shiftX, y = c q + d r + shiftY.
 */
export interface View {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly shiftX: number;
  readonly shiftY: number;
}

/** The picture's part of the square, from the top left. */
export interface Content {
  readonly width: number;
  readonly height: number;
}

const UPRIGHT: View = { a: 1, b: 0, c: 0, d: 1, shiftX: 0, shiftY: 0 };
/** Views of a picture. */
const VIEWS: Readonly<Record<Augmentation, number>> = { none: 1, mirror: 2, full: 8 };
/** The reference's (datasets/main.py): largest rotation in degrees, shift, smallest crop, and how often. */
const ROTATION = 90;
const TRANSLATION = 0.2;
const SMALLEST_CROP = 0.8;
const CHANCE = 0.3;
const CENTRE_CROP_CHANCE = 0.5;

/**
 * The views of a picture: a fixed set, so that the frozen encoder sees each of them once and its features are kept.
 *
 * @param centre of the labelled pixels in the upright square, for crops around them
 * @param random numbers in [0, 1)
 */
export function viewsOf(
  augmentation: Augmentation,
  content: Content,
  centre: readonly [number, number],
  random: () => number,
): View[] {
  const views = [UPRIGHT];
  if (augmentation !== 'none') views.push(mirrored(content));
  if (augmentation === 'full')
    while (views.length < VIEWS.full) views.push(drawView(content, centre, random));
  return views;
}

/** How many `viewsOf` gives. */
export const viewCount = (augmentation: Augmentation): number => VIEWS[augmentation];

const mirrored = ({ width }: Content): View => ({ ...UPRIGHT, a: -1, shiftX: width });

/** Two of rotation with shift, mirroring and crop, each by chance; then a crop around the labels, by chance. */
function drawView(content: Content, centre: readonly [number, number], random: () => number): View {
  const kinds = [
    () => turned(content, random),
    () => mirrored(content),
    () => cropped(content, random, undefined),
  ];
  kinds.splice(Math.floor(random() * kinds.length), 1);
  let view = UPRIGHT;
  for (const draw of kinds) if (random() < CHANCE) view = after(view, draw());
  if (random() < CENTRE_CROP_CHANCE) view = after(view, cropped(content, random, shownAt(view, centre)));
  return view;
}

/** A view through another: what `second` shows of what `first` shows. */
function after(first: View, second: View): View {
  return {
    a: first.a * second.a + first.b * second.c,
    b: first.a * second.b + first.b * second.d,
    c: first.c * second.a + first.d * second.c,
    d: first.c * second.b + first.d * second.d,
    shiftX: first.a * second.shiftX + first.b * second.shiftY + first.shiftX,
    shiftY: first.c * second.shiftX + first.d * second.shiftY + first.shiftY,
  };
}

function turned({ width, height }: Content, random: () => number): View {
  const angle = ((2 * random() - 1) * ROTATION * Math.PI) / 180;
  const [x, y] = [width, height].map((side) => (2 * random() - 1) * TRANSLATION * side) as [number, number];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [middleX, middleY] = [width / 2, height / 2];
  return {
    a: cos,
    b: -sin,
    c: sin,
    d: cos,
    shiftX: middleX - cos * (middleX + x) + sin * (middleY + y),
    shiftY: middleY - sin * (middleX + x) - cos * (middleY + y),
  };
}

/** A part of the picture, as large as the picture: around a place, or anywhere. */
function cropped(
  { width, height }: Content,
  random: () => number,
  around: readonly [number, number] | undefined,
): View {
  const scale = SMALLEST_CROP + (1 - SMALLEST_CROP) * random();
  const start = (side: number, place: number | undefined) => {
    const room = side * (1 - scale);
    if (place === undefined) return random() * room;
    return Math.min(Math.max(place - (side * scale) / 2, 0), room);
  };
  const shiftX = start(width, around?.[0]);
  return { a: scale, b: 0, c: 0, d: scale, shiftX, shiftY: start(height, around?.[1]) };
}

/** Where a view shows a place of the upright square. */
function shownAt({ a, b, c, d, shiftX, shiftY }: View, [x, y]: readonly [number, number]): [number, number] {
  const determinant = a * d - b * c;
  const [right, down] = [x - shiftX, y - shiftY];
  return [(d * right - b * down) / determinant, (a * down - c * right) / determinant];
}

/** The class numbers of a picture. */
export interface Labels {
  readonly width: number;
  readonly height: number;
  /** [height, width]: 0 is background. */
  readonly classMap: Uint8Array;
}

/** The labels as a view of the square shows them: the nearest pixel's, 0 beyond the picture. @returns [side, side] */
export function labelsSeen(
  { width, height, classMap }: Labels,
  content: Content,
  { a, b, c, d, shiftX, shiftY }: View,
  side: number,
): Uint8Array {
  const seen = new Uint8Array(side * side);
  for (let r = 0; r < side; r++)
    for (let q = 0; q < side; q++) {
      const x = Math.floor(((a * (q + 0.5) + b * (r + 0.5) + shiftX) * width) / content.width);
      const y = Math.floor(((c * (q + 0.5) + d * (r + 0.5) + shiftY) * height) / content.height);
      if (x >= 0 && y >= 0 && x < width && y < height) seen[r * side + q] = classMap[y * width + x] ?? 0;
    }
  return seen;
}

/** The middle of all labelled pixels in the upright square; of the picture where there are none. */
export function centreOf({ width, height, classMap }: Labels, content: Content): [number, number] {
  let [count, x, y] = [0, 0, 0];
  classMap.forEach((label, i) => {
    if (label === 0) return;
    count += 1;
    x += (i % width) + 0.5;
    y += Math.floor(i / width) + 0.5;
  });
  if (count === 0) return [content.width / 2, content.height / 2];
  return [((x / count) * content.width) / width, ((y / count) * content.height) / height];
}
