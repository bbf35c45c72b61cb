/** What of the page a form may use. */
import type { Backend } from '../painters/painter.ts';
import type { Notifications } from './notifications.ts';

export interface PageParts {
  readonly notifications: Notifications;
  /** The one that the page's address asks for. */
  readonly backend: Backend | null;
}
