import { render } from 'lit-html';
import { type App, setOptions } from './app.ts';
import { header } from './header.ts';
import { help } from './help.ts';
import { invitation } from './invitation.ts';
import { noticeBar } from './notice.ts';
import { panel } from './panel.ts';
import { statusLine } from './status.ts';
import { strip } from './strip.ts';
import { toolbar } from './toolbar.ts';
import { unsupported } from './unsupported.ts';

/** The element of index.html with this id. */
export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no element #${id}`);
  return found;
}

/** Draws every part of the page again after a change, once a frame. */
export function keepRendered(app: App): void {
  const dialog = element('help') as HTMLDialogElement;
  dialog.addEventListener('close', () => setOptions(app, { help: false }));
  let frame = 0;
  const draw = () => {
    frame = 0;
    const { state } = app.store;
    render(header(app), element('header'));
    render(strip(state, app), element('strip'));
    render(toolbar(state, app), element('toolbar'));
    render(panel(state, app), element('panel'));
    render(statusLine(state), element('status'));
    render(noticeBar(state, app), element('notice'));
    render(invitation(state, app), element('invitation'));
    render(help(state, app), dialog);
    if (state.options.help !== dialog.open) state.options.help ? dialog.showModal() : dialog.close();
    const reason = state.engine.unsupported;
    element('unsupported').hidden = reason === null;
    if (reason !== null) render(unsupported(reason), element('unsupported'));
  };
  const schedule = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  app.store.subscribe(schedule);
  draw();
}
