import type { Box } from '../../../src/index.ts';

/** A picture of the left strip. Its bytes are kept outside of the state, by id. */
export interface Picture {
  readonly id: string;
  readonly name: string;
  /** Without its ending, for the names of downloads. */
  readonly stem: string;
  /** Which class list it uses where the model has none of its own. */
  readonly group: string;
  /** A URL of a small view of it. */
  readonly thumbnail: string;
  readonly removable: boolean;
  /** Boxes around its classes to try, in the order of their numbers. */
  readonly exampleBoxes: readonly Box[];
  /** Known once it was opened. */
  readonly size: { readonly width: number; readonly height: number } | null;
}

export interface LibraryState {
  readonly pictures: readonly Picture[];
  readonly open: string | null;
}

export type LibraryAction =
  | { readonly type: 'library/add'; readonly pictures: readonly Picture[] }
  | { readonly type: 'library/open'; readonly id: string }
  | { readonly type: 'library/size'; readonly id: string; readonly width: number; readonly height: number }
  | { readonly type: 'library/remove'; readonly id: string };

export const INITIAL_LIBRARY: LibraryState = { pictures: [], open: null };

export function libraryReducer(state: LibraryState, action: LibraryAction): LibraryState {
  const { pictures, open } = state;
  switch (action.type) {
    case 'library/add':
      return { ...state, pictures: [...pictures, ...action.pictures] };
    case 'library/open':
      return pictures.some(({ id }) => id === action.id) ? { ...state, open: action.id } : state;
    case 'library/size': {
      const { id, width, height } = action;
      return {
        ...state,
        pictures: pictures.map((p) => (p.id === id ? { ...p, size: { width, height } } : p)),
      };
    }
    case 'library/remove': {
      const at = pictures.findIndex(({ id }) => id === action.id);
      const rest = pictures.filter(({ id }) => id !== action.id);
      const neighbour = rest[Math.min(at, rest.length - 1)]?.id ?? null;
      return { pictures: rest, open: open === action.id ? neighbour : open };
    }
  }
}
