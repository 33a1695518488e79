import { runtimeOf } from '../host/runtimes.ts';
import { readLadder } from '../kernels/ladder.ts';
import { ladderTable, roofLines } from '../print/kernels.ts';
import { provenance, save } from '../results.ts';
import type { Options } from './options.ts';

/** Each ladder's kernel of now against its version 0. */
export async function climb({ runtime: name, rounds, only, large }: Options): Promise<number> {
  const runtime = runtimeOf(name, (line) => console.error(line));
  const about = await runtime.about();
  const report = await runtime.do('ladder', { ladder: readLadder(), options: { rounds, only, large } });
  const where = provenance(report.adapter, about.runtime, about.driver);
  console.log(`${where.adapter}; ${where.runtime}; times by ${report.clock}\n${roofLines(report.roofs)}`);
  for (const remark of report.remarks) console.log(`note: ${remark}`);
  console.log(ladderTable(report));
  console.log(save(`ladder-${name}${large ? '-large' : ''}`, where, report));
  return 0;
}
