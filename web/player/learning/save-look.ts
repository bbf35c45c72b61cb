/** Saves what was learned. */
import { readLookInfo } from '../../engine/index.ts';
import { isEmbedded, saveFile } from '../../shared/dom.ts';
import type { LookLoader } from '../look-loader.ts';
import type { LookList } from '../ui/look-list.ts';
import type { Notifications } from '../ui/notifications.ts';
import type { Session } from './session.ts';

interface SaveParts {
  readonly notifications: Notifications;
  readonly lookLoader: LookLoader;
  readonly lookList: LookList;
}

/** Offers the look as a file, and adds it to the page's looks. */
export async function saveLearned(
  session: Session,
  { lookList, lookLoader, notifications }: SaveParts,
): Promise<void> {
  const bytes = await session.save();
  const info = await readLookInfo(bytes);
  const { name, form } = session.task;
  const file = `${slugify(name)}-${session.steps}.onnx`;
  lookList.addLooks([{ ...info, name, file, bytes: bytes.length, preview: null }], async () => {
    await lookLoader.loadFile(new File([bytes], file));
    if (lookLoader.current?.fileName === file) lookList.select(file);
  });
  saveFile(new Blob([bytes]), file);
  const isDoubtful = isEmbedded()
    ? ' If it is not in your downloads, open this page in a tab of its own.'
    : '';
  const said = `“${name}” is in your downloads, and among the looks here.${isDoubtful}`;
  notifications.inform(`${said} ${form.remark}`.trim());
}

const slugify = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '') || 'look';
