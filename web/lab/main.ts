/** The entry of the lab page. */
import { Page } from './shell/page.ts';
import { TABS } from './tabs.ts';

document.documentElement.dataset.started = ''; // see shared/unstarted.js
new Page(TABS);
