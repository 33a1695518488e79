import { html, nothing, type TemplateResult } from 'lit-html';
import type { KernelRow } from '../../census/measure.ts';
import type { KernelReport } from '../../kernel-report.ts';
import type { ModelReport } from '../../models/measure.ts';
import type { BenchReport } from '../../report.ts';
import { ratiosOf } from '../ratios.ts';
import type { SideBySide } from '../side-by-side.ts';
import { differs, familyOf, rowsOf } from './points.ts';
import { kernelName, number, percent, times } from './words.ts';

/** What became of a kernel since another result: a ratio of its shares of the roof, and whether it is beyond the noise. */
function change(row: KernelRow, old: KernelRow | undefined): TemplateResult {
  if (!old) return html`<td class="number quiet">new</td>`;
  const ratio = row.ofRoof.median / old.ofRoof.median;
  const mood = differs(row, old) ? (ratio < 1 ? 'worse' : 'better') : 'quiet';
  return html`<td class="number ${mood}">${times(ratio)}</td>`;
}

export function kernelTable(report: KernelReport, part: string, other?: KernelReport): TemplateResult {
  const before = new Map(other?.rows.map((row) => [row.key, row]));
  return html`<table class="kernels ${other ? 'two' : ''}">
    <thead>
      <tr>
        <th>kernel</th><th>shape</th><th class="number">runs</th><th class="number">ms</th>
        <th class="number">GFLOP/s</th><th class="number">GB/s</th><th class="wide">of its roof</th>
        <th class="number">share of time</th>
        ${other ? html`<th class="number">older</th><th class="number">now / older</th>` : nothing}
      </tr>
    </thead>
    <tbody>
      ${rowsOf(report, part).map((row) => {
        const old = before.get(row.key);
        const { median, q1, q3 } = row.ofRoof;
        return html`<tr title="${row.label}: ${row.kernel}">
          <td><span class="dot ${familyOf(row.kernel)}"></span>${kernelName(row.kernel)}</td>
          <td class="shape">${row.shape}</td>
          <td class="number">${row.uses.find((use) => use.part === part)?.count}</td>
          <td class="number">${number(row.ms.median)}</td>
          <td class="number">${row.flops > 0 ? number(row.gflops) : ''}</td>
          <td class="number">${number(row.gbps)}</td>
          <td class="wide">${bar(median, q1, q3)}<span class="of">${percent(median)}</span><span class="quiet">${row.roof}</span></td>
          <td class="number">${percent(row.share[part] ?? 0)}</td>
          ${other ? html`<td class="number">${old ? percent(old.ofRoof.median) : ''}</td>${change(row, old)}` : nothing}
        </tr>`;
      })}
    </tbody>
  </table>`;
}

/** A share from 0 to 1, and between which two half of the rounds lie. */
function bar(share: number, q1: number, q3: number): TemplateResult {
  const at = (value: number) => `${(100 * Math.min(1, Math.max(0, value))).toFixed(1)}%`;
  return html`<span class="bar"><i style="width: ${at(share)}"></i><b style="left: ${at(q1)}; width: ${at(Math.min(1, q3) - Math.min(1, q1))}"></b></span>`;
}

export function roofTable(report: KernelReport, other?: KernelReport): TemplateResult {
  return html`<table class="roofs">
    <thead>
      <tr><th>roof</th><th class="number">measured</th><th class="number">quartiles</th>
        ${other ? html`<th class="number">older</th>` : nothing}<th>what is counted</th></tr>
    </thead>
    <tbody>
      ${report.roofs.map(({ name, unit, rate, note, what }) => {
        const old = other?.roofs.find((roof) => roof.name === name)?.rate;
        return html`<tr>
          <td>${name}</td>
          <td class="number">${rate ? `${number(rate.median)} ${unit}` : html`<span class="quiet">${note}</span>`}</td>
          <td class="number quiet">${rate ? `${number(rate.q1)} to ${number(rate.q3)}` : ''}</td>
          ${other ? html`<td class="number">${old ? `${number(old.median)} ${unit}` : ''}</td>` : nothing}
          <td class="quiet">${what}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

export function modelTables({ result: { models } }: BenchReport, other?: BenchReport): TemplateResult[] {
  return models.map((model) => {
    const old = other?.result.models.find((each) => each.model === model.model);
    return html`<h3>${model.model}, S = ${model.imageSize}</h3>
      <table>
        <thead>
          <tr><th>call</th><th class="number">cold, ms</th><th class="number">warm, ms</th><th class="number">CPU / cores, ms</th>
            <th class="number">dispatches</th><th class="number">submits</th>
            ${other ? html`<th class="number">older, warm</th><th class="number">now / older</th>` : nothing}</tr>
        </thead>
        <tbody>
          ${model.calls.map(({ call, cold, warm, cpu, dispatches, submits }) => {
            const was = old?.calls.find((each) => each.call === call)?.warm;
            const known = warm.rounds > 0;
            return html`<tr>
              <td>${call}</td><td class="number">${number(cold)}</td>
              <td class="number">${known ? number(warm.median) : ''}</td>
              <td class="number">${cpu ? number(cpu.median) : ''}</td>
              <td class="number">${dispatches ?? ''}</td><td class="number">${submits ?? ''}</td>
              ${other ? html`<td class="number">${was && was.rounds > 0 ? number(was.median) : ''}</td><td class="number">${was && known && was.rounds > 0 ? times(warm.median / was.median) : ''}</td>` : nothing}
            </tr>`;
          })}
        </tbody>
      </table>
      ${backwardLine(model)}`;
  });
}

function backwardLine({ backward }: ModelReport): TemplateResult | typeof nothing {
  if (!backward) return nothing;
  const { batch, ratio, cpuRatio } = backward;
  const cpu = cpuRatio ? `, of CPU time ${times(cpuRatio.median)}` : '';
  return html`<p class="quiet">backward pass over forward pass of ${batch}: ${times(ratio.median)}${cpu}</p>`;
}

export function sideBySideTable(result: SideBySide): TemplateResult {
  return html`<table>
    <thead>
      <tr><th>graph</th><th>engine</th><th class="number">ms</th><th class="number">rounds</th><th class="number">of ours</th></tr>
    </thead>
    <tbody>
      ${ratiosOf(result).map(
        ({ graph, engine, ms, rounds, ratio }) => html`<tr class=${engine === 'sam2rad' ? 'ours' : ''}>
          <td>${graph}</td><td>${engine === 'sam2rad' ? 'sam2rad' : engine.replace('ort', 'onnxruntime-web')}</td>
          <td class="number">${number(ms)}</td><td class="number">${rounds}</td><td class="number">${times(ratio)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}
