/** The visitor's camera. The page asks for it only when the visitor presses a button. */
import { isEmbedded } from '../../shared/dom.ts';
import { OwnTabError } from '../../shared/errors.ts';
import { makeMutedVideo, playVideo, requestVideoFrame, type Source } from './source.ts';

export interface CameraDevice {
  id: string;
  label: string;
}

const OTHERS_WORK = 'a picture, a video or the built-in scene work without it.';
const REFUSED = `The camera was refused. Allow it for this page beside the browser's address bar, then press “Use my camera” again; ${OTHERS_WORK}`;
const INSECURE =
  'Browsers give the camera only to pages that come over https or from this machine (localhost). A picture or a video under “Subject” works as well.';
const EMBEDDED = `This page is shown inside another one, where the browser gives it no camera. Open it in a tab of its own; ${OTHERS_WORK}`;
const FORBIDDEN = `This site forbids the camera to its pages (by the header Permissions-Policy), which only its owner can change; ${OTHERS_WORK}`;

/** Whether the site and the pages around this one let it have the camera; undefined if the browser does not say. */
function isCameraAllowed(): boolean | undefined {
  const { featurePolicy } = document as { featurePolicy?: { allowsFeature(name: string): boolean } };
  return featurePolicy?.allowsFeature('camera');
}

/** What to say where there is no camera interface at all: browsers hide it from pages that came over http. */
function insecureError(): Error {
  // Over https, the page around this one is the one that came over http.
  const isOwnFault = location.protocol !== 'https:' || !isEmbedded();
  return isOwnFault ? new Error(INSECURE) : new OwnTabError(EMBEDDED);
}

function refusalError(): Error {
  const isAllowed = isCameraAllowed();
  if (isEmbedded() && !isAllowed) return new OwnTabError(EMBEDDED);
  return new Error(isAllowed === false ? FORBIDDEN : REFUSED);
}

function cameraError(error: unknown): Error {
  const name = error instanceof DOMException || error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return refusalError();
  return new Error(cameraErrorMessage(name));
}

function cameraErrorMessage(name: string): string {
  switch (name) {
    case 'NotFoundError':
      return 'No camera was found. Plug one in and try again, or open a picture or a video under “Subject”.';
    case 'OverconstrainedError':
      return 'That camera is no longer there. Choose another one under “Subject”.';
    case 'NotReadableError':
    case 'AbortError':
      return 'The camera does not answer; another program may be using it. Close that program and try again.';
    default:
      return `The camera could not be opened (${name || 'unknown reason'}). A picture or a video under “Subject” works as well.`;
  }
}

/** Opens the camera with this id; without an id, the one that faces the visitor. */
export async function openCamera(deviceId: string | null, onEnded: () => void): Promise<Source> {
  if (!navigator.mediaDevices?.getUserMedia) throw insecureError();
  const constraints = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: 'user' };
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...constraints, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 60 } },
    });
  } catch (error) {
    throw cameraError(error);
  }
  try {
    return await sourceFromStream(stream, onEnded);
  } catch {
    for (const track of stream.getTracks()) track.stop();
    throw new Error(
      'The camera opened but sends no pictures. Unplug it and plug it in again, or choose another one.',
    );
  }
}

async function sourceFromStream(stream: MediaStream, onEnded: () => void): Promise<Source> {
  const video = makeMutedVideo();
  video.srcObject = stream;
  await video.play();
  const track = stream.getVideoTracks()[0];
  track?.addEventListener('ended', onEnded);
  return {
    kind: 'camera',
    frame: video,
    isMirrored: track?.getSettings().facingMode !== 'environment',
    isStill: false,
    play: () => playVideo(video),
    pause: () => video.pause(),
    step: async () => {
      await playVideo(video);
      await new Promise<void>(resolve => requestVideoFrame(video, resolve));
      video.pause();
    },
    requestFrame: callback => requestVideoFrame(video, callback),
    stop: () => {
      track?.removeEventListener('ended', onEnded);
      for (const one of stream.getTracks()) one.stop();
      video.srcObject = null;
    },
  };
}

/** The cameras that the browser lists: none until the visitor gives permission. */
export async function listCameras(): Promise<CameraDevice[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  return devices
    .filter(device => device.kind === 'videoinput' && device.deviceId !== '')
    .map((device, index) => ({
      id: device.deviceId,
      label: device.label || `Camera ${index + 1}`,
    }));
}

/** Whether the camera may be opened without a prompt; false if the browser does not say. */
export async function isCameraGranted(): Promise<boolean> {
  const status = await navigator.permissions?.query({ name: 'camera' }).catch(() => null);
  return status?.state === 'granted';
}
