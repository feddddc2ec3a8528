// @ts-check
// What each tab of the detail pane shows; a file each in panels/.
import { code } from './panels/code.js';
import { cost } from './panels/cost.js';
import { dissent } from './panels/dissent.js';
import { prompt } from './panels/prompt.js';
import { raw } from './panels/raw.js';
import { reads } from './panels/reads.js';
import { response } from './panels/response.js';
import { variables } from './panels/variables.js';

/** @typedef {import('./detail.js').Subject} Subject */
/** @typedef {import('./panels/pieces.js').Shown} Shown */

/** @type {Record<string, (subject: Subject) => Shown | Promise<Shown>>} */
export const PANELS = {
  'Code + output': code, Prompt: prompt, Response: response, Variables: variables, Dissent: dissent, Reads: reads,
  Cost: cost, Raw: raw,
};
