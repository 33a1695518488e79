import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { modelsTable, README, withTable } from '../../tools/models-table-text.ts';

test('the README’s table of models is what the recordings say today; `npm run models-table` writes it', async () => {
  const readme = readFileSync(README, 'utf8');
  expect(readme).toBe(withTable(readme, await modelsTable()));
});
