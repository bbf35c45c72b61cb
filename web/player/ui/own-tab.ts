/** Opens this page in a tab of its own, where the page around it stands in the way of something. */
import type { AlertAction, Notifications } from './notifications.ts';

export const makeTabAction = (notifications: Notifications): AlertAction => ({
  label: 'Open in a new tab',
  run: () => {
    const { href } = location;
    // The page around this one may forbid new tabs too.
    if (!window.open(href)) notifications.alert(`No new tab could be opened. Open ${href} in one.`);
  },
});
