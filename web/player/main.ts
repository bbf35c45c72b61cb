/** The entry of the live page. */
import { errorMessage } from '../shared/errors.ts';
import { App } from './app.ts';
import { Notifications } from './ui/notifications.ts';

document.documentElement.dataset.started = ''; // see shared/unstarted.js
const notifications = new Notifications();
try {
  const app = new App(notifications);
  void app.start();
} catch (error) {
  notifications.alert(`This page cannot run here: ${errorMessage(error)}`);
}
