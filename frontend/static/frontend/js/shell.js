// @ts-check
// What can be done on every page, and the header's search box, which opens the palette.
import { register, press } from './actions.js';
import { unmarkAll, marked } from './marks.js';
import { openPalette } from './palette.js';
import './reach.js';
import './swap.js';
import { $, copy, openDialog } from './ui.js';

const EVERYWHERE = 'Everywhere';
const box = $('[data-find]');

register([
  {
    id: 'palette', words: 'Go to anything, do anything', group: EVERYWHERE, keys: ['Ctrl k'], inFields: true, listed: false,
    when: () => !$('dialog[open]:not(#palette)'), run: () => openPalette(),
  },
  { id: 'link', words: 'Copy the link of this page', group: EVERYWHERE, keys: ['y'], icon: 'link', run: () => copy(location.href, 'Link copied.') },
  { id: 'unmark', words: 'Unmark all runs marked for compare', group: EVERYWHERE, icon: 'mark', when: () => marked().length > 0, run: () => unmarkAll() },
  { id: 'theme', words: 'Switch between light and dark', group: EVERYWHERE, icon: 'moon', ...press('[data-theme-toggle]') },
  { id: 'undo', words: 'Undo what was just deleted', group: EVERYWHERE, keys: ['u'], icon: 'undo', ...press('.toast [data-undo]') },
  { id: 'help', words: 'Keys of this page', group: EVERYWHERE, keys: ['?'], icon: 'keys', run: () => openDialog('keys') },
  { id: 'close', words: 'Close, or clear the selection', group: EVERYWHERE, shown: 'Esc', listed: false, run: () => {} },
]);

box?.addEventListener('click', () => openPalette(box.value));
box?.addEventListener('input', () => {
  const typed = box.value;
  box.value = '';
  openPalette(typed);
});
