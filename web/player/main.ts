/** The live page: puts subject, look, painter and controls together. */
import { errorMessage } from '../shared/errors.ts';
import { App } from './app.ts';
import { Speech } from './ui/notifications.ts';

document.documentElement.dataset.started = ''; // see public/unstarted.js
const speech = new Speech();
try {
  const app = new App(speech);
  void app.start();
} catch (problem) {
  speech.fail(`This page cannot run here: ${errorMessage(problem)}`);
}
