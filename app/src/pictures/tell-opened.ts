import type { Notice } from '../state/session.ts';
import type { Store } from '../state/store.ts';

/** So many problems are told one by one. */
const MOST_TOLD = 3;

/** Says of files that were opened what did not go well, else which labels they made. @returns what was said, if anything */
export function tellOpened(store: Store, drafts: number, problems: readonly string[]): Notice | null {
  const notice = noticeOf(drafts, problems);
  if (notice !== null) store.dispatch({ type: 'session/notice', notice });
  return notice;
}

function noticeOf(drafts: number, problems: readonly string[]): Notice | null {
  if (problems.length > 0) {
    const rest = problems.length - MOST_TOLD;
    const more = rest > 0 ? [`${rest} more ${rest === 1 ? 'file was' : 'files were'} left out.`] : [];
    return { tone: 'error', text: [...problems.slice(0, MOST_TOLD), ...more].join(' ') };
  }
  if (drafts === 0) return null;
  const masks = drafts === 1 ? '1 mask is a draft label' : `${drafts} masks are draft labels`;
  return { tone: 'info', text: `${masks} now.` };
}
