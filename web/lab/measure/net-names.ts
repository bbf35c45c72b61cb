/** The names of the networks that are timed. */

export const NET_NAMES = ['lenet', 'resnet20', 'mobilenet'] as const;
export type NetName = (typeof NET_NAMES)[number];

/** As `limner bench everywhere` calls them. */
export const NET_LABELS: Readonly<Record<NetName, string>> = {
  lenet: 'LeNet',
  resnet20: 'ResNet-20',
  mobilenet: 'MobileNet',
};
