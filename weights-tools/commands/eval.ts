import { openDataset } from '../dataset/dataset.ts';
import { checkClasses, contend, planEntries } from '../eval/contend.ts';
import { WorstCases, writeFiles } from '../eval/files.ts';
import { type Contender, makeReport, reportText } from '../eval/report.ts';
import { parseEval } from '../eval/request.ts';
import { loadPeers } from '../node/peers.ts';
import { Progress } from '../node/progress.ts';
import { printable, type Terminal } from '../terminal.ts';

/** `sam2rad eval`: how well a model's masks agree with the true ones. */
export async function evaluate(argv: readonly string[], terminal: Terminal): Promise<number> {
  const request = parseEval(argv);
  if (typeof request === 'string') {
    terminal.out(request);
    return 0;
  }
  const { signal } = terminal;
  const [first, ...others] = await planEntries(request, signal);
  const peers = await loadPeers();
  const sharp = peers.sharp;
  const progress = new Progress(terminal.err, request.json);
  try {
    const dataset = await openDataset(sharp, request.dataset, 'Test', {
      signal,
      groupBy: request.groupBy,
      classNames: request.classNames,
      onProgress: (done, total) => progress.show('reading pictures', done / total),
    });
    checkClasses(first, dataset, request);
    const warnings = [...first.warnings, ...others.flatMap((entry) => entry.warnings), ...dataset.warnings];
    const warn = (texts: readonly string[]) => {
      progress.clear();
      for (const text of request.json ? [] : texts)
        terminal.err.write(`sam2rad: warning: ${printable(text)}\n`);
    };
    warn(warnings);

    const worst = new WorstCases(request.worst);
    const work = { request, peers, terminal, progress };
    const { contenders, adapter, notes } = await contend(first, dataset, { ...work, worst });
    for (const entry of others) {
      const more = await contend(entry, dataset, work);
      contenders.push(...more.contenders);
      notes.push(...more.notes.filter((note) => !notes.includes(note)));
    }
    warn(notes);
    const [leading, ...beside] = contenders;
    if (!leading) throw new Error('no mode was measured');
    const all: [Contender, ...Contender[]] = [leading, ...beside];
    const { folder, classNames } = dataset;
    const report = makeReport(all, {
      ...{ request, folder, classNames, adapter },
      warnings: [...warnings, ...notes],
    });
    const drawn = { cases: dataset.cases, worst };
    const files =
      request.folder === undefined ? [] : await writeFiles(sharp, request.folder, all, report, drawn);
    progress.clear();
    const written = files.length > 0 ? `\n${files.join(' ')}` : '';
    terminal.out(request.json ? JSON.stringify({ ...report, files }, null, 2) : reportText(report) + written);
    return 0;
  } finally {
    progress.clear();
  }
}
