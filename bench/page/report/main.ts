/** Draws one result of the bench, or two of them against each other: files of `?file=` or dropped onto the page. */
import { html, nothing, render, type TemplateResult } from 'lit-html';
import type { KernelRow } from '../../census/measure.ts';
import { type BenchReport, parseReport } from '../../report.ts';
import { roofline } from './roofline.ts';
import { kernelTable, modelTables, roofTable, sideBySideTable } from './tables.ts';
import { kernelName, number, percent } from './words.ts';

const state: {
  /** The one that is drawn comes first, an older one after it. */
  reports: { readonly name: string; readonly report: BenchReport }[];
  part: string | undefined;
  problem: string | undefined;
  hovered: { readonly row: KernelRow; readonly x: number; readonly y: number } | undefined;
} = { reports: [], part: undefined, problem: undefined, hovered: undefined };

const place = document.getElementById('report');

function update(change: Partial<typeof state> = {}): void {
  Object.assign(state, change);
  if (place) render(page(), place);
}

/** Takes one or two results; newer ones are drawn, older ones compared with. */
function take(files: readonly (readonly [name: string, text: string])[]): void {
  try {
    const read = files.map(([name, text]) => ({ name, report: parseReport(name, text) }));
    const all = [...read, ...(read.length === 1 ? state.reports.slice(0, 1) : [])];
    const reports = all.slice(0, 2).sort((a, b) => b.report.date.localeCompare(a.report.date));
    update({ reports, part: undefined, problem: undefined });
  } catch (error) {
    update({ problem: error instanceof Error ? error.message : String(error) });
  }
}

function page(): TemplateResult {
  const [now, older] = state.reports;
  return html`
    <header>
      <h1>Kernels under their roofs</h1>
      <label class="choose">open results<input type="file" accept=".json" multiple @change=${chosen} /></label>
    </header>
    ${state.problem ? html`<p class="problem" role="alert">${state.problem}</p>` : nothing}
    ${now ? shown(now, older) : invitation()} ${tooltip()}
  `;
}

const invitation = () =>
  html`<section class="invitation">
    <p>Drop one result of <code>npm run bench</code> here, or two to compare them.</p>
    <p class="quiet">They lie in bench/results.</p>
  </section>`;

type Named = (typeof state.reports)[number];

function shown({ name, report }: Named, older: Named | undefined): TemplateResult {
  const { kernels, sideBySide } = report.result;
  const before = older?.report.result.kernels ?? undefined;
  const parts = kernels?.parts ?? [];
  const part = state.part ?? parts[0]?.part ?? '';
  const own = parts.find((each) => each.part === part);
  return html`
    <section class="places">${origin(name, report, older ? 'now' : '')} ${older ? origin(older.name, older.report, 'older') : nothing}</section>
    ${remarksOf(report).map((remark) => html`<p class="remark">${remark}</p>`)}
    ${
      kernels
        ? html`<nav aria-label="part of the model">
              ${parts.map((each) => html`<button aria-pressed=${each.part === part} @click=${() => update({ part: each.part })}>${each.part}<small>${percent(each.ofRoof)} of the roofs</small></button>`)}
            </nav>
            <p class="sum">${own ? `${own.dispatches} dispatches, ${number(own.gflop)} GFLOP, ${number(own.ms)} ms of kernels by ${kernels.clock}` : ''}</p>
            ${roofline(kernels, part, { enter: (row, { clientX, clientY }) => update({ hovered: { row, x: clientX, y: clientY } }), leave: () => update({ hovered: undefined }) }, before)}
            <h2>Roofs</h2>
            ${roofTable(kernels, before)}
            <h2>Kernels of ${part}</h2>
            ${kernelTable(kernels, part, before)}`
        : nothing
    }
    ${report.result.models.length > 0 ? html`<h2>Models</h2>${modelTables(report, older?.report)}` : nothing}
    ${sideBySide ? html`<h2>Beside onnxruntime-web ${sideBySide.ortVersion}</h2>${sideBySideTable(sideBySide)}` : nothing}
  `;
}

/** With whose figures they are about; what could not be measured comes first. */
function remarksOf({ result: { kernels, models, sideBySide, failures } }: BenchReport): readonly string[] {
  return [
    ...failures,
    ...(kernels?.remarks ?? []),
    ...models.flatMap(({ model, remarks }) => remarks.map((remark) => `${model}: ${remark}`)),
    ...(sideBySide?.remarks ?? []).map((remark) => `beside onnxruntime-web: ${remark}`),
  ];
}

function origin(
  name: string,
  { adapter, runtime, driver, date, commit, cpu, cores }: BenchReport,
  role: string,
) {
  return html`<div>
    <strong>${role ? html`<em>${role}</em> ` : nothing}${adapter}</strong>
    <span>${runtime}</span><span class="quiet">${driver}</span>
    <span class="quiet">${cpu}, ${cores} cores · ${date.slice(0, 16).replace('T', ' ')} · ${commit} · ${name}</span>
  </div>`;
}

function tooltip(): TemplateResult | typeof nothing {
  if (!state.hovered) return nothing;
  const { row, x, y } = state.hovered;
  const { median, q1, q3 } = row.ofRoof;
  const side = x > innerWidth / 2 ? `right: ${innerWidth - x + 16}px` : `left: ${x + 16}px`;
  const end = y > innerHeight / 2 ? `bottom: ${innerHeight - y + 12}px` : `top: ${y + 12}px`;
  return html`<aside class="tooltip" style="${side}; ${end}">
    <strong>${kernelName(row.kernel)}</strong>
    <span>${row.shape}</span><span class="quiet">${row.label}</span>
    <span>${number(row.ms.median)} ms (${number(row.ms.q1)} to ${number(row.ms.q3)})</span>
    <span>${row.flops > 0 ? `${number(row.gflops)} GFLOP/s, ` : ''}${number(row.gbps)} GB/s</span>
    <span>${percent(median)} (${percent(q1)} to ${percent(q3)}) of its roof: ${row.roof}</span>
    ${row.uses.map(({ part, count }) => html`<span class="quiet">${part}: ${count} times, ${percent(row.share[part] ?? 0)}</span>`)}
  </aside>`;
}

async function chosen({ target }: Event): Promise<void> {
  if (target instanceof HTMLInputElement) await takeFiles([...(target.files ?? [])]);
}

async function takeFiles(files: readonly File[]): Promise<void> {
  take(await Promise.all(files.slice(0, 2).map(async (file) => [file.name, await file.text()] as const)));
}

addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  void takeFiles([...(event.dataTransfer?.files ?? [])]);
});

update();
const addresses = new URLSearchParams(location.search).getAll('file').slice(0, 2);
if (addresses.length > 0)
  take(
    await Promise.all(
      addresses.map(
        async (address) =>
          [address.split('/').at(-1) ?? address, await (await fetch(address)).text()] as const,
      ),
    ),
  );
