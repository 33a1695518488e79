/** `npm run models-table`: the table of models in the README, made anew from the recordings that run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { modelsTable, README, withTable } from './models-table-text.ts';

const table = await modelsTable();
console.log(table);
writeFileSync(README, withTable(readFileSync(README, 'utf8'), table));
