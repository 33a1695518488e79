import { html, type TemplateResult } from 'lit-html';
import { adviceFor } from './browser.ts';

/** In place of the viewer where nothing can be computed. */
export function unsupported(reason: string): TemplateResult {
  return html`
    <div class="unsupported" role="alert">
      <h2>This page needs WebGPU, and there is none here</h2>
      <p>${reason}</p>
      ${window.isSecureContext ? '' : html`<p><strong>Open this page over https or on localhost:</strong> browsers offer WebGPU to secure pages only.</p>`}
      <dl>${adviceFor(navigator.userAgent).map(({ browser, advice }) => html`<dt>${browser}</dt><dd>${advice}</dd>`)}</dl>
      <p>If that does not help, update the graphics driver. Then reload the page. <button @click=${() => location.reload()}>Reload</button></p>
    </div>`;
}
